// The time, by the server's clock, as a signal: what shows ages follows it.
import { signal } from "@preact/signals";
import { serverNow } from "./api";

export const now = signal(serverNow());
export function startClock(): void {
  setInterval(() => {
    if (!document.hidden) now.value = serverNow();
  }, 1000);
}
