// A table as long as it likes, of which only the rows are drawn that are seen.
//
// All rows are equally high, on a phone higher than elsewhere.  The page itself scrolls, not the
// table.  j, k and the arrows move the focus along its rows (parts/keys.ts).

import { effect } from "@preact/signals";
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import type { ComponentChildren } from "preact";
import { narrow } from "../core/screen";
import { visible, type Range } from "../core/window";
import { setActiveRows } from "./keys";

export interface Column {
  name: string;
  title?: string;
  right?: boolean;
  sort?: { is: boolean; by: () => void; rising?: boolean };
}

interface Properties {
  label: string;
  kind: string; // of its CSS: how wide its columns are
  columns: Column[];
  count: number;
  total?: number; // if more than can be scrolled to yet
  row: (index: number) => ComponentChildren; // its cells
  id: (index: number) => string; // of what is in the row, so that it keeps its focus
  want?: (first: number, end: number) => void;
  heights?: { wide: number; narrow: number };
}

export function Rows({ label, kind, columns, count, total, row, id, want, heights }: Properties) {
  const body = useRef<HTMLDivElement>(null);
  const [range, setRange] = useState<Range>({ first: 0, end: 0 });
  const [height, setHeight] = useState(
    narrow.value ? (heights?.narrow ?? 64) : (heights?.wide ?? 36),
  );
  const focusNext = useRef(-1);

  useEffect(
    () =>
      effect(() => {
        setHeight(narrow.value ? (heights?.narrow ?? 64) : (heights?.wide ?? 36));
      }),
    [],
  );

  useLayoutEffect(() => {
    const look = () => {
      const top = body.current?.getBoundingClientRect().top ?? 0;
      const next = visible(top, window.innerHeight, height, count);
      setRange((before) =>
        before.first === next.first && before.end === next.end ? before : next,
      );
    };
    look();
    window.addEventListener("scroll", look, { passive: true });
    window.addEventListener("resize", look);
    // What is above the table may grow.
    const observer = new ResizeObserver(look);
    observer.observe(document.body);
    return () => {
      window.removeEventListener("scroll", look);
      window.removeEventListener("resize", look);
      observer.disconnect();
    };
  }, [count, height]);

  useEffect(() => want?.(range.first, range.end), [range, want]);

  useLayoutEffect(() => {
    if (focusNext.current < 0) return;
    const found = body.current?.querySelector<HTMLElement>(
      `[data-row="${focusNext.current}"] a, [data-row="${focusNext.current}"] button`,
    );
    if (!found) return;
    focusNext.current = -1;
    found.focus({ preventScroll: true });
  });

  useEffect(
    () =>
      setActiveRows({
        count,
        current: () => {
          const at = document.activeElement?.closest<HTMLElement>("[data-row]");
          return at && body.current?.contains(at) ? Number(at.dataset["row"]) : -1;
        },
        firstSeen: () => {
          const top = body.current?.getBoundingClientRect().top ?? 0;
          return Math.min(count - 1, Math.max(0, Math.ceil((headEnd() - top) / height)));
        },
        focus: (index) => {
          const top = (body.current?.getBoundingClientRect().top ?? 0) + index * height;
          const low = headEnd() + height;
          if (top < low) window.scrollBy({ top: top - low });
          else if (top + height > window.innerHeight)
            window.scrollBy({ top: top + 2 * height - window.innerHeight });
          focusNext.current = index;
          // Drawn with the next look; if it is there already, nothing else would draw it.
          setRange((before) => ({ ...before }));
        },
      }),
    [count, height],
  );

  const drawn = [];
  for (let index = range.first; index < Math.min(range.end, count); index++) {
    drawn.push(
      <div
        class="row"
        role="row"
        key={id(index)}
        data-row={index}
        aria-rowindex={index + 2}
        style={{ transform: `translateY(${index * height}px)`, height: `${height}px` }}
      >
        {row(index)}
      </div>,
    );
  }
  return (
    <div
      class={`rows ${kind}`}
      role="table"
      aria-label={label}
      aria-rowcount={(total ?? count) + 1}
    >
      <div class="head" role="rowgroup">
        <div class="row" role="row" aria-rowindex={1}>
          {columns.map((column) => (
            <Head {...column} />
          ))}
        </div>
      </div>
      <div class="body" role="rowgroup" ref={body} style={{ height: `${count * height}px` }}>
        {drawn}
      </div>
    </div>
  );
}

// The lower end of what sticks to the upper edge.
function headEnd(): number {
  return document.querySelector("header.top")?.getBoundingClientRect().bottom ?? 0;
}

function Head({ name, title, right, sort }: Column) {
  return (
    <div
      class={right ? "cell right" : "cell"}
      role="columnheader"
      title={title}
      aria-sort={sort && (sort.is ? (sort.rising ? "ascending" : "descending") : "none")}
    >
      {sort ? (
        <button class="sort" type="button" onClick={sort.by}>
          {name}
          <span aria-hidden="true">{sort.is ? (sort.rising ? " ↑" : " ↓") : ""}</span>
        </button>
      ) : (
        name
      )}
    </div>
  );
}

export function Cell({
  children,
  class: kind = "",
  title,
  right,
}: {
  children?: ComponentChildren;
  class?: string;
  title?: string | undefined;
  right?: boolean;
}) {
  return (
    <div class={`cell ${right ? "right " : ""}${kind}`} role="cell" title={title}>
      {children}
    </div>
  );
}
