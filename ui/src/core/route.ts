// What the page shows, as it stands behind the # of its address: `#/service/NAME?q=state:lost`.
// Pure; see core/location.ts for the browser's side.

export const views = [
  "services",
  "service",
  "instances",
  "instance",
  "problems",
  "consumers",
  "changes",
  "dns",
] as const;
export type View = (typeof views)[number];

export interface Route {
  view: View;
  // Of `service` its name; of `instance` INSTANCE.NAME.
  arg: string;
  params: Record<string, string>;
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text; // a % that somebody typed
  }
}

export function parseRoute(hash: string): Route {
  const [path = "", query = ""] = split(hash.replace(/^#?\/*/, ""), "?");
  const [word = "", arg = ""] = split(path, "/");
  const view = views.find((one) => one === word) ?? "services";
  const needs = view === "service" || view === "instance";
  if (needs && arg === "") return { view: "services", arg: "", params: {} };
  const params: Record<string, string> = {};
  for (const [name, value] of new URLSearchParams(query)) params[name] = value;
  return { view, arg: needs ? decode(arg) : "", params };
}

export function formatRoute(route: Route): string {
  const arg = encodeURIComponent(route.arg);
  const set = Object.entries(route.params).filter(([, value]) => value !== "");
  const query = new URLSearchParams(set).toString();
  return `#/${route.view}${arg && `/${arg}`}${query && `?${query}`}`;
}

export function link(view: View, arg = "", params: Record<string, string> = {}): string {
  return formatRoute({ view, arg, params });
}

// In two at the first separator.
function split(text: string, separator: string): string[] {
  const at = text.indexOf(separator);
  return at < 0 ? [text] : [text.slice(0, at), text.slice(at + 1)];
}
