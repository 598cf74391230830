// A change in a few words: what it was from, and to.  Pure.
import type { Change } from "./api";

function text(value: unknown): string {
  if (value === undefined || value === null || value === "") return "none";
  if (typeof value !== "object") return String(value);
  if (Array.isArray(value)) return value.map(text).join(", ");
  return Object.entries(value)
    .map(([key, one]) => `${key}=${text(one)}`)
    .join(" ");
}

function endpoint(value: Record<string, unknown>): string {
  const host = value["address"] === undefined ? "" : String(value["address"]);
  const port = value["port"] === undefined ? "" : `:${String(value["port"])}`;
  return (host.includes(":") && port ? `[${host}]` : host) + port;
}

// Somebody wrote or took away the registration itself, and did not say who he is: etcdctl, or
// another client of the store.
export function isUnsaid({ event, by }: Change): boolean {
  return !by && (event === "registered" || event === "changed" || event === "removed");
}

export function describe({ event, before, after }: Change): string {
  if (event === "registered" && after) return endpoint(after);
  if ((event === "deregistered" || event === "removed") && before) return `was ${endpoint(before)}`;
  if (!before && !after) return "";
  const names = [...new Set([...Object.keys(before ?? {}), ...Object.keys(after ?? {})])];
  return names
    .filter((name) => name !== "why" && text(before?.[name]) !== text(after?.[name]))
    .map((name) =>
      before?.[name] === undefined
        ? `${name} ${text(after?.[name])}`
        : `${name} ${text(before[name])} → ${text(after?.[name])}`,
    )
    .join(", ");
}
