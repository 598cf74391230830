// Instances of a question to the API, however many: pages of them as they are scrolled to.
import { useCallback, useEffect, useMemo } from "preact/hooks";
import { address, get, states, type Change, type Instance, type Instances } from "../core/api";
import { listen } from "../core/live";
import { set, param } from "../core/location";
import { Pages } from "../core/pages";
import { mayPass, throttled } from "../core/resource";
import { link } from "../core/route";
import { parseSearch, toggleState, withLabel } from "../core/search";
import { count, plural } from "../core/text";
import { Cell, Rows, type Column } from "./rows";
import { Age, Empty, Labels, ServiceLink, Waiting } from "./small";
import { Shape, StateBadge } from "./state";

function question(name: string, text: string) {
  const { words, states: asked, labels } = parseSearch(text);
  return {
    name,
    q: words.join(" "),
    state: asked,
    ...Object.fromEntries(labels.map(([key, value]) => [`label.${key}`, value])),
  };
}

export function below(name: string, change: Change): boolean {
  const whole = change.instance ? `${change.instance}.${change.name ?? ""}` : (change.name ?? "");
  return name === "" || whole === name || whole.endsWith(`.${name}`) || change.key.startsWith("@");
}

function usePages(name: string, text: string): Pages<Instance> {
  const pages = useMemo(
    () =>
      new Pages<Instance>(async (after, limit, signal) => {
        const data = await get<Instances>(
          address("instances", { ...question(name, text), limit, after }),
          signal,
        );
        return { rows: data.instances, total: data.total, next: data.next ?? "" };
      }),
    [name, text],
  );
  useEffect(() => {
    pages.want(0, 1);
    const reader = throttled(1000, async () => pages.refresh());
    const deaf = listen((change) => (change === null || below(name, change)) && reader.ask());
    return () => {
      deaf();
      reader.stop();
      pages.close();
    };
  }, [pages]);
  return pages;
}

// `name` "": of all names, which are shown too.
export function InstanceRows({ name }: { name: string }) {
  const text = param("q");
  const pages = usePages(name, text);
  pages.changed.value;
  const want = useCallback((first: number, end: number) => pages.want(first, end), [pages]);
  const error = pages.error.value;
  useEffect(() => {
    if (!error || !mayPass(error)) return undefined;
    const retry = setTimeout(() => pages.refresh(), 5000);
    return () => clearTimeout(retry);
  }, [error]);
  if (!pages.loaded) return <Waiting error={error} />;
  if (pages.count === 0) return <Nobody text={text} />;
  const columns: Column[] = [
    { name: "State" },
    { name: "Instance" },
    ...(name === "" ? [{ name: "Service" }] : []),
    { name: "Address" },
    { name: "Since", right: true, title: "of the state" },
    { name: "Why" },
    { name: "Labels" },
  ];
  return (
    <>
      {text && (
        <p class="fit" role="status">
          {plural(pages.total, "instance fits", "instances fit")}
        </p>
      )}
      <Rows
        label="instances"
        kind={name === "" ? "instances all" : "instances"}
        columns={columns}
        count={pages.count}
        total={pages.total}
        want={want}
        id={(index) => pages.row(index)?.key ?? `row ${index}`}
        row={(index) => {
          const one = pages.row(index);
          return one ? (
            <InstanceCells of={one} named={name === ""} text={text} />
          ) : (
            <Cell class="coming">…</Cell>
          );
        }}
      />
      {error && (
        <p class="soft" role="status">
          {error.message}
        </p>
      )}
    </>
  );
}

export function endpoint({
  address: host = "",
  port = 0,
}: {
  address?: string;
  port?: number;
}): string {
  const shown = host.includes(":") ? `[${host}]` : host;
  return port ? `${shown}:${port}` : shown;
}

function InstanceCells({ of, named, text }: { of: Instance; named: boolean; text: string }) {
  const state = of.problem ? "invalid" : (of.state ?? "static");
  return (
    <>
      <Cell class="state-cell">
        <StateBadge state={state} />
        {of.held && (
          <span class="tag held" title={of.held.why}>
            held
          </span>
        )}
        {of.stopping && (
          <span class="tag" title={of.stopping.why}>
            stopping
          </span>
        )}
      </Cell>
      <Cell class="first">
        <a class="open" href={link("instance", `${of.instance}.${of.name}`)}>
          {of.instance}
        </a>
      </Cell>
      {named && (
        <Cell class="service">
          <ServiceLink name={of.name} zone={of.zone} />
        </Cell>
      )}
      <Cell class="address mono" title={endpoint(of)}>
        {endpoint(of) || <span class="soft">{of.text ? "text only" : "none"}</span>}
      </Cell>
      <Cell right class="since">
        {of.since ? <Age since={of.since} /> : <span class="soft">–</span>}
      </Cell>
      <Cell class="why" title={of.problem ?? of.why}>
        {of.problem ?? of.why}
      </Cell>
      <Cell class="labels-cell">
        <Labels of={of.labels} pick={(key, value) => set({ q: withLabel(text, key, value) })} />
      </Cell>
    </>
  );
}

// The states as a filter; how many there are of each, where that is known.
export function StateFilter({ counts }: { counts?: Partial<Record<string, number>> | undefined }) {
  const text = param("q");
  const asked = parseSearch(text).states;
  return (
    <div class="filter" role="group" aria-label="only these states">
      {states.map((state) => (
        <button
          type="button"
          class={`chip ${state}`}
          aria-pressed={asked.includes(state)}
          onClick={() => set({ q: toggleState(text, state) })}
        >
          <Shape of={state} />
          {state}
          {counts && <b>{count(counts[state] ?? 0)}</b>}
        </button>
      ))}
      {text && (
        <button type="button" class="plain" onClick={() => set({ q: "" })}>
          show all
        </button>
      )}
    </div>
  );
}

function Nobody({ text }: { text: string }) {
  return (
    <Empty title={text ? `Nothing fits “${text}”` : "Nothing is registered here"}>
      {text ? (
        <p>
          All words must occur, in name, address, port, owner, tags or labels.{" "}
          <button type="button" class="plain" onClick={() => set({ q: "" })}>
            show all
          </button>
        </p>
      ) : (
        <p>
          Was it deregistered? <a href={link("changes")}>Changes</a> tell by whom, and why.
        </p>
      )}
    </Empty>
  );
}
