// What the server tells by itself: changes as they happen, and how sure it is of itself.
//
// One EventSource while the page is seen (a browser has six connections to a server, for all
// tabs together); where it cannot be had, a look every few seconds in its place.

import { signal } from "@preact/signals";
import { address, changeEvents, get, type Change, type StoreStatus } from "./api";

// `live`: events come; `polling`: they do not, but answers do; `down`: nothing does.
export const link = signal<"connecting" | "live" | "polling" | "down">("connecting");
export const lastContact = signal(0); // ms, by our clock; 0: never
export const store = signal<StoreStatus | null>(null);

// null: anything may have changed.
export type Listener = (change: Change | null) => void;
const listeners = new Set<Listener>();
export function listen(listener: Listener): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}
function tell(change: Change | null): void {
  for (const listener of listeners) listener(change);
}

const lookEvery = 5_000; // ms
const tryStreamEvery = 15_000;
const hiddenStreamFor = 60_000;

let source: EventSource | null = null;
let lastId = "";
let triedAt = 0;
let closeHidden: ReturnType<typeof setTimeout> | undefined;

function connect(): void {
  triedAt = Date.now();
  source?.close();
  const opened = new EventSource(address("events", { since: lastId }));
  source = opened;
  opened.onopen = () => {
    // What changed before it was open, nobody told us; from the last change on that we know of,
    // the server does.
    if (lastId === "" || link.value === "down") tell(null);
    link.value = "live";
    lastContact.value = Date.now();
  };
  opened.onerror = () => {
    if (link.value === "live") link.value = "connecting";
    void look();
  };
  for (const name of changeEvents) {
    opened.addEventListener(name, (event) => {
      if (event.lastEventId) lastId = event.lastEventId;
      lastContact.value = Date.now();
      tell(parse(event.data as string));
    });
  }
  opened.addEventListener("reset", (event) => {
    if (event.lastEventId) lastId = event.lastEventId;
    tell(null);
  });
}

function parse(text: string): Change | null {
  try {
    return JSON.parse(text) as Change;
  } catch {
    return null;
  }
}

let looking = false;
async function look(): Promise<void> {
  if (looking) return;
  looking = true;
  const before = link.value;
  try {
    store.value = await get<StoreStatus>(address("status/store"));
    lastContact.value = Date.now();
    if (source?.readyState === EventSource.OPEN) {
      // What was asked meanwhile has failed.
      if (before === "down") tell(null);
      link.value = "live";
    } else {
      link.value = "polling";
      tell(null);
      if (Date.now() - triedAt > tryStreamEvery || before === "down") connect();
    }
  } catch {
    link.value = "down";
  } finally {
    looking = false;
  }
}

export function start(): void {
  connect();
  void look();
  setInterval(() => {
    if (!document.hidden) void look();
  }, lookEvery);
  document.addEventListener("visibilitychange", () => {
    clearTimeout(closeHidden);
    if (document.hidden) {
      closeHidden = setTimeout(() => source?.close(), hiddenStreamFor);
    } else {
      if (source?.readyState !== EventSource.OPEN) connect();
      void look();
    }
  });
  // So that a wrong guess at the network is not shown for longer than it lasts.
  window.addEventListener("online", () => void look());
}
