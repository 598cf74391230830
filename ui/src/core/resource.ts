// An answer of the API that is kept true while it is shown.

import { useEffect, useRef, useState } from "preact/hooks";
import { ApiError, get, type Change } from "./api";
import { listen } from "./live";

export interface Resource<T> {
  data: T | undefined; // what came last, also while it is read again
  error: Error | undefined;
}

const rest = 1000; // ms between two reads, at least
const again = 5000; // ms after one that failed

// Whether the same question may be answered another time.
export function mayPass(error: Error): boolean {
  return !(error instanceof ApiError && error.status >= 400 && error.status < 500);
}

export interface Care {
  concerns?: (change: Change) => boolean; // whether a change may have changed the answer
  every?: number; // s: read again even if nothing was told
}
export const once: Care = { concerns: () => false };

// `url` null: nothing is asked.
export function useResource<T>(url: string | null, care: Care = {}): Resource<T> {
  const [state, setState] = useState<Resource<T> & { url: string | null }>({
    url: null,
    data: undefined,
    error: undefined,
  });
  const now = useRef(care);
  now.current = care;
  useEffect(() => {
    if (url === null) return undefined;
    const stop = new AbortController();
    let retry: ReturnType<typeof setTimeout> | undefined;
    const reader = throttled(rest, async () => {
      try {
        const data = await get<T>(url, stop.signal);
        if (!stop.signal.aborted) setState({ url, data, error: undefined });
      } catch (error) {
        if (stop.signal.aborted) return;
        clearTimeout(retry);
        if (mayPass(error as Error)) retry = setTimeout(() => reader.ask(), again);
        setState((before) => ({
          url,
          data: before.url === url ? before.data : undefined,
          error: error as Error,
        }));
      }
    });
    reader.ask();
    const deaf = listen((change) => {
      if (change === null || (now.current.concerns?.(change) ?? true)) reader.ask();
    });
    const timer =
      now.current.every &&
      setInterval(() => !document.hidden && reader.ask(), 1000 * now.current.every);
    return () => {
      clearInterval(timer);
      clearTimeout(retry);
      deaf();
      reader.stop();
      stop.abort();
    };
  }, [url]);
  // The answer to another question is none; but a moment of it is calmer than an empty page.
  return { data: state.data, error: state.url === url ? state.error : undefined };
}

// Runs `work` when asked: at once, then one run at a time with `gap` ms between them, or four
// times what it took; however often it is asked meanwhile, once more.
export function throttled(
  gap: number,
  work: () => Promise<void>,
): { ask: () => void; stop: () => void } {
  let timer: ReturnType<typeof setTimeout> | undefined;
  let running = false;
  let asked = false;
  let stopped = false;
  const run = async () => {
    running = true;
    asked = false;
    const began = performance.now();
    await work();
    if (stopped) return;
    const took = performance.now() - began;
    timer = setTimeout(
      () => {
        running = false;
        if (asked) void run();
      },
      Math.max(gap, 4 * took),
    );
  };
  return {
    ask() {
      asked = true;
      if (!running && !stopped) void run();
    },
    stop() {
      stopped = true;
      clearTimeout(timer);
    },
  };
}
