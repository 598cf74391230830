// The keyboard: one place that knows all keys, and the dialog that shows them.

import { signal } from "@preact/signals";
import { go, param, route, set } from "../core/location";
import { link, type View } from "../core/route";

export interface ActiveRows {
  count: number;
  current: () => number; // -1: the focus is elsewhere
  firstSeen: () => number;
  focus: (index: number) => void;
}

// The table that j and k move in: the one that was drawn last.
let rows: ActiveRows | null = null;
export function setActiveRows(mine: ActiveRows): () => void {
  rows = mine;
  return () => {
    if (rows === mine) rows = null;
  };
}

export const helpShown = signal(false);

export const keys: Array<[string, string]> = [
  ["/", "search"],
  ["j  ↓", "next row"],
  ["k  ↑", "previous row"],
  ["Enter", "open it"],
  ["Esc", "leave the search, clear it, go up"],
  ["1 … 6", "services, instances, problems, consumers, changes, DNS"],
  ["t", "light, dark, as the system"],
  ["?", "these keys"],
];

export const tabs: Array<[View, string]> = [
  ["services", "Services"],
  ["instances", "Instances"],
  ["problems", "Problems"],
  ["consumers", "Consumers"],
  ["changes", "Changes"],
  ["dns", "DNS"],
];

export function move(by: number): void {
  if (!rows || rows.count === 0) return;
  const now = rows.current();
  rows.focus(now < 0 ? rows.firstSeen() : Math.min(rows.count - 1, Math.max(0, now + by)));
}

function up(): void {
  const { view, arg } = route.value;
  if (param("q")) set({ q: "" });
  else if (view === "instance") go(link("service", arg.slice(arg.indexOf(".") + 1)));
  else if (view !== "services") go(link("services"));
}

export function startKeys(nextTheme: () => void): void {
  const actions: Record<string, () => void> = {
    "/": () => document.querySelector<HTMLInputElement>("#search")?.select(),
    j: () => move(1),
    ArrowDown: () => move(1),
    k: () => move(-1),
    ArrowUp: () => move(-1),
    Escape: up,
    t: nextTheme,
    "?": () => (helpShown.value = true),
  };
  tabs.forEach(([view], index) => (actions[String(index + 1)] = () => go(link(view))));
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || helpShown.value) return;
    const at = event.target as HTMLElement;
    const writes = at.matches("input, textarea, select");
    if (writes) {
      if (event.key === "Escape") at.blur();
      if (event.key === "ArrowDown" && at.id === "search") {
        event.preventDefault();
        move(1);
      }
      return;
    }
    const action = actions[event.key];
    if (!action) return;
    event.preventDefault();
    action();
  });
}
