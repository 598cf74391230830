// What stands in the search box: words, `state:lost`, `rack=r12`.  The text itself is what the
// URL keeps; this is its meaning, and how a click adds to it.

export interface Search {
  words: string[];
  states: string[];
  labels: Array<[string, string]>;
}

export function parseSearch(text: string): Search {
  const found: Search = { words: [], states: [], labels: [] };
  for (const token of text.split(/\s+/).filter(Boolean)) {
    const equals = token.indexOf("=");
    if (token.startsWith("state:")) {
      found.states.push(...token.slice(6).split(",").filter(Boolean));
    } else if (equals > 0) {
      found.labels.push([token.slice(0, equals), token.slice(equals + 1)]);
    } else {
      found.words.push(token);
    }
  }
  return found;
}

export function formatSearch(search: Search): string {
  const tokens = [...search.words];
  if (search.states.length > 0) tokens.push(`state:${search.states.join(",")}`);
  tokens.push(...search.labels.map(([key, value]) => `${key}=${value}`));
  return tokens.join(" ");
}

// The text with a state asked for, or no more.
export function toggleState(text: string, state: string): string {
  const search = parseSearch(text);
  search.states = search.states.includes(state)
    ? search.states.filter((one) => one !== state)
    : [...search.states, state];
  return formatSearch(search);
}

// The text with a label asked for; a value with a blank cannot be written as one token.
export function withLabel(text: string, key: string, value: string): string {
  if (/\s/.test(key + value)) return text;
  const search = parseSearch(text);
  search.labels = [...search.labels.filter(([other]) => other !== key), [key, value]];
  return formatSearch(search);
}
