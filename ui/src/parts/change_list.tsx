// What has changed, the latest first; what happens meanwhile comes in at the top.
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { address, get, type Change, type History } from "../core/api";
import { listen } from "../core/live";
import { link } from "../core/route";
import { describe } from "../core/change";
import { below } from "./instance_rows";
import { Cell, Rows, type Column } from "./rows";
import { Clock, Empty, Waiting } from "./small";
import { StateBadge } from "./state";

const page = 200;
const most = 5000; // that are kept here

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
  next: string;
  error: Error | undefined;
  loaded: boolean;
}

function useHistory(name: string): Kept & { more: () => void } {
  const [kept, setKept] = useState<Kept>({
    changes: [],
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
        setKept((now) => ({ ...now, changes: withNew(now.changes, change) }));
    });
    return () => {
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

// A stream that goes on may say again what was read meanwhile.
function withNew(changes: Change[], change: Change): Change[] {
  const known = changes.slice(0, page).some((one) => identity(one) === identity(change));
  return known ? changes : [change, ...changes].slice(0, most);
}

export function ChangeList({ name, search = "" }: { name: string; search?: string }) {
  const { changes, next, error, loaded, more } = useHistory(name);
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
      <Cell class="by" title={of.by}>
        {of.by}
      </Cell>
      <Cell class="why" title={of.why}>
        {of.why}
      </Cell>
    </>
  );
}
