// Where an instance is found: the names and addresses that give it.  Pure.
import type { Instance } from "./api";

export interface Way {
  kind: string; // "SRV", "A", "http_sd", ...
  what: string;
  // Why it is not found there after all; "": it is.
  not: string;
}

// The name and those above it, below the zone: node.a.prom.internal, a.prom.internal.
export function namesAbove(name: string, zone: string): string[] {
  const found = [];
  for (
    let at = name;
    at !== zone && (zone === "" || at.endsWith(`.${zone}`));
    at = at.slice(at.indexOf(".") + 1)
  ) {
    found.push(at);
    if (!at.includes(".")) break;
  }
  return found;
}

function notHealthy({ state }: Instance): string {
  return state === "critical" || state === "lost" || state === "maintenance"
    ? `it is ${state}`
    : "";
}

export function ways(instance: Instance): Way[] {
  const { name, zone = "", address = "", port = 0 } = instance;
  const names = namesAbove(name, zone);
  const noAddress = address === "" ? "it has no address" : "";
  const noPort = noAddress || (port ? "" : "it has no port");
  const literal = /^[0-9.]+$/.test(address) ? "A" : address.includes(":") ? "AAAA" : "CNAME";
  return [
    ...names.map((one) => ({ kind: "SRV", what: one, not: noAddress })),
    ...names.slice(0, 1).map((one) => ({
      kind: "SRV",
      what: `_healthy.${one}`,
      not: noAddress || notHealthy(instance),
    })),
    { kind: literal, what: `${instance.instance}.${name}`, not: noAddress },
    ...names.map((one) => ({ kind: "http_sd", what: `/sd/${one}`, not: noPort })),
    ...names.slice(0, 1).map((one) => ({
      kind: "http_sd",
      what: `/sd/${one}?state=healthy`,
      not: noPort || notHealthy(instance),
    })),
    ...(instance.service
      ? [{ kind: "consul_sd", what: `${instance.service}, datacenter ${zone}`, not: noPort }]
      : []),
  ];
}
