// The route of this page, as a signal; the browser's history behind it.

import { signal } from "@preact/signals";
import { formatRoute, parseRoute, type Route } from "./route";

export const route = signal<Route>(parseRoute(location.hash));

window.addEventListener("popstate", () => {
  route.value = parseRoute(location.hash);
});

// A step that the back button undoes.
export function go(to: Route | string): void {
  const hash = typeof to === "string" ? to : formatRoute(to);
  if (hash !== location.hash) history.pushState(null, "", hash);
  route.value = parseRoute(hash);
}

// Parameters of what is shown.  `typed`: one letter of many, which the back button skips.
export function set(params: Record<string, string>, typed = false): void {
  const now = route.value;
  const next = { ...now, params: { ...now.params, ...params } };
  if (typed) history.replaceState(null, "", formatRoute(next));
  else history.pushState(null, "", formatRoute(next));
  route.value = parseRoute(formatRoute(next));
}

export function param(name: string): string {
  return route.value.params[name] ?? "";
}
