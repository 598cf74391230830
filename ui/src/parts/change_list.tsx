// What has changed, the latest first; what happens meanwhile comes in at the top.
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { address, get, type Change, type History } from "../core/api";
import { listen } from "../core/live";
import { describe, isUnsaid } from "../core/change";
import { link } from "../core/route";
import { plural } from "../core/text";
import { below } from "./instance_rows";
import { Cell, Rows, type Column } from "./rows";
import { Clock, Empty, Waiting } from "./small";
import { StateBadge } from "./state";

const page = 200;
const most = 5000; // that are kept here
const unsaid = "By etcdctl or another client, which does not say who";

const columns: Column[] = [
  { name: "When" },
  { name: "What" },
  { name: "Whom" },
  { name: "How" },
  { name: "By" },
  { name: "Why" },
];

interface Kept {
  changes: Change[];
  waiting: Change[]; // that are newer, and not shown while somebody reads further down
  next: string;
  error: Error | undefined;
  loaded: boolean;
}

function useHistory(name: string): Kept & { more: () => void } {
  const [kept, setKept] = useState<Kept>({
    changes: [],
    waiting: [],
    next: "",
    error: undefined,
    loaded: false,
  });
  const reading = useRef(false);
  // What was heard while the first page was read stays; `anew`: nothing does.
  const read = async (before: string, signal?: AbortSignal, anew = false) => {
    if (reading.current) return;
    reading.current = true;
    try {
      const data = await get<History>(address("history", { name, limit: page, before }), signal);
      setKept((now) => ({
        changes: before
          ? [...now.changes, ...data.changes]
          : [
              ...now.changes.filter((one) => !anew && one.revision > data.revision),
              ...data.changes,
            ],
        waiting: before ? now.waiting : [],
        next: data.next ?? "",
        error: undefined,
        loaded: true,
      }));
    } catch (error) {
      if (!signal?.aborted) setKept((now) => ({ ...now, error: error as Error }));
    } finally {
      reading.current = false;
    }
  };
  useEffect(() => {
    const stop = new AbortController();
    void read("", stop.signal);
    const deaf = listen((change) => {
      if (change === null) void read("", stop.signal, true);
      else if (below(name, change))
        setKept((now) => (isAtTop() ? shown(now, change) : held(now, change)));
    });
    const atTop = () => {
      if (isAtTop()) setKept((now) => (now.waiting.length > 0 ? shown(now) : now));
    };
    window.addEventListener("scroll", atTop, { passive: true });
    return () => {
      window.removeEventListener("scroll", atTop);
      deaf();
      stop.abort();
      reading.current = false;
    };
  }, [name]);
  return {
    ...kept,
    more: () => {
      if (kept.next && kept.changes.length < most) void read(kept.next);
    },
  };
}

// Rows that move away under somebody's eyes cannot be read.
function isAtTop(): boolean {
  return window.scrollY < 60;
}

function held(now: Kept, change: Change): Kept {
  return { ...now, waiting: [change, ...now.waiting].slice(0, most) };
}

// A stream that goes on may say again what was read meanwhile.
function shown(now: Kept, change?: Change): Kept {
  const known = new Set(now.changes.slice(0, page).map(identity));
  const fresh = [...(change ? [change] : []), ...now.waiting].filter(
    (one) => !known.has(identity(one)),
  );
  return { ...now, changes: [...fresh, ...now.changes].slice(0, most), waiting: [] };
}

export function ChangeList({ name, search = "" }: { name: string; search?: string }) {
  const { changes, waiting, next, error, loaded, more } = useHistory(name);
  const words = search.toLowerCase().split(/\s+/).filter(Boolean);
  const rows = useMemo(
    () =>
      changes.filter((one) => {
        const text =
          `${one.event} ${one.key} ${one.name ?? ""} ${one.by ?? ""} ${one.why ?? ""}`.toLowerCase();
        return words.every((word) => text.includes(word));
      }),
    [changes, search],
  );
  const want = (_: number, end: number) => {
    if (end >= rows.length) more();
  };
  // A search looks back further until it has found something to show.
  useEffect(() => {
    if (search && rows.length < 50) more();
  }, [changes, search]);
  if (!loaded) return <Waiting error={error} />;
  if (rows.length === 0) {
    return (
      <Empty title={search ? `No change fits “${search}”` : "Nothing has changed"}>
        <p>
          The server remembers changes since it was started; this page shows them as they happen.
        </p>
      </Empty>
    );
  }
  return (
    <>
      {waiting.length > 0 && (
        <button type="button" class="newer" onClick={() => window.scrollTo({ top: 0 })}>
          ↑ {plural(waiting.length, "new change")}
        </button>
      )}
      <Rows
        label="changes"
        kind="changes"
        columns={columns}
        count={rows.length}
        want={want}
        heights={{ wide: 36, narrow: 64 }}
        id={(index) => identity(rows[index])}
        row={(index) => {
          const one = rows[index];
          return one && <ChangeCells of={one} />;
        }}
      />
      {!next && <p class="soft end">The server's memory of changes ends here.</p>}
    </>
  );
}

function How({ of }: { of: Change }) {
  const health = of.after?.["health"];
  if (of.event !== "health" || typeof health !== "string") return <>{describe(of)}</>;
  const before = of.before?.["health"];
  return (
    <>
      {typeof before === "string" && before !== health && <>{before} → </>}
      <StateBadge state={health} />
    </>
  );
}

function identity(change: Change | undefined): string {
  return change ? `${change.id ?? change.revision} ${change.event} ${change.key}` : "";
}

function ChangeCells({ of }: { of: Change }) {
  const whom = of.instance ? `${of.instance}.${of.name ?? ""}` : (of.name ?? of.key);
  return (
    <>
      <Cell class="when mono">
        <Clock at={of.time} />
      </Cell>
      <Cell class="what">
        <span class={`event ${of.event}`}>{of.event.replace("_", " ")}</span>
      </Cell>
      <Cell class="first" title={of.key}>
        {of.name ? (
          <a class="open" href={link(of.instance ? "instance" : "service", whom)}>
            {of.instance ?? of.name}
            {of.instance && <span class="zone">.{of.name}</span>}
          </a>
        ) : (
          whom
        )}
      </Cell>
      <Cell class="how" title={describe(of)}>
        <How of={of} />
      </Cell>
      <Cell class="by" title={of.by ?? (isUnsaid(of) ? unsaid : undefined)}>
        {of.by ?? (isUnsaid(of) && <span class="soft">not said</span>)}
      </Cell>
      <Cell class="why" title={of.why}>
        {of.why}
      </Cell>
    </>
  );
}
