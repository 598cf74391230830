// The made-up fleet as it changes: who listens to it hears of each change.
import { makeInstances, random } from "./data.mjs";

const changeLimit = 10000;

export function makeFleet(size = 100_000) {
  const instances = makeInstances(size);
  const fleet = {
    instances,
    revision: 1000 + instances.length + 1,
    standing: "synced",
    trouble: undefined,
    stale: 0,
    history: [],
    streams: new Set(),
    down: false,
    next: random(11),
  };
  for (let i = 0; i < 300; i++) fleet.history.unshift(made(fleet, 900 - 3 * i));
  return fleet;
}

function made(fleet, secondsAgo) {
  const at = fleet.instances[Math.floor(fleet.next() * fleet.instances.length)];
  const dice = fleet.next();
  const base = {
    revision: ++fleet.revision,
    id: String(fleet.revision),
    time: new Date(Date.now() - 1000 * secondsAgo).toISOString(),
    key: at.key,
    name: at.name,
    instance: at.instance,
  };
  if (dice < 0.4)
    return {
      ...base,
      event: "health",
      by: at.owner,
      why: "answered in 1.8 s",
      before: { health: "passing" },
      after: { health: "warning", why: "answered in 1.8 s" },
    };
  if (dice < 0.6)
    return {
      ...base,
      event: "registered",
      by: at.owner ?? "anna",
      after: { address: at.address, port: at.port, labels: at.labels },
    };
  if (dice < 0.75)
    return {
      ...base,
      event: "changed",
      by: "bob",
      before: { labels: at.labels },
      after: { labels: { ...at.labels, env: "stage" } },
    };
  if (dice < 0.85)
    return {
      ...base,
      event: "deregistered",
      by: "anna",
      why: "decommissioned",
      before: { address: at.address, port: at.port },
    };
  return {
    ...base,
    event: dice < 0.93 ? "lost" : "alive",
    why: dice < 0.93 ? "its lease ended" : undefined,
  };
}

// One instance changes its state, and whoever listens hears of it.
export function change(
  fleet,
  pick,
  event = "health",
  set = { state: "critical", health: "critical", why: "GET /metrics: connection refused" },
) {
  const at = pick
    ? fleet.instances.find((one) => `${one.instance}.${one.name}` === pick)
    : fleet.instances[Math.floor(fleet.next() * 200)];
  if (!at) return null;
  const before = { health: at.health };
  fleet.revision += 1;
  Object.assign(at, set, { since: new Date().toISOString(), revision: fleet.revision });
  const said = {
    id: String(fleet.revision),
    revision: fleet.revision,
    time: new Date().toISOString(),
    event,
    key: at.key,
    name: at.name,
    instance: at.instance,
    by: at.owner,
    why: at.why,
    before,
    after: { health: at.health },
  };
  fleet.history.unshift(said);
  fleet.history.length = Math.min(fleet.history.length, changeLimit);
  for (const stream of fleet.streams)
    stream.write(`id: ${said.id}\nevent: ${event}\ndata: ${JSON.stringify(said)}\n\n`);
  return said;
}
