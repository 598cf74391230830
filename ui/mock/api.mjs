// The API of doc/openapi.yaml over a made-up fleet, for development and for the browser test.
import { zone } from "./data.mjs";

const below = (one, name) => {
  const whole = `${one.instance}.${one.name}`;
  return !name || whole === name || whole.endsWith(`.${name}`);
};
const words = (text) => (text ?? "").toLowerCase().split(/\s+/).filter(Boolean);

function fits(query) {
  const name = query.get("name") ?? "";
  const states = query.getAll("state");
  const labels = [...query]
    .filter(([key]) => key.startsWith("label."))
    .map(([key, value]) => [key.slice(6), value]);
  const asked = words(query.get("q"));
  return (one) => {
    if (!below(one, name) || (states.length > 0 && !states.includes(one.state))) return false;
    if (!labels.every(([key, value]) => one.labels[key] === value)) return false;
    if (asked.length === 0) return true;
    const text =
      `${one.instance}.${one.name} ${one.address}:${one.port} ${one.owner ?? ""} ${one.state} ${Object.entries(
        one.labels,
      )
        .map(([k, v]) => `${k}=${v}`)
        .join(" ")}`.toLowerCase();
    return asked.every((word) => text.includes(word));
  };
}

function instances(fleet, query) {
  const limit = Number(query.get("limit") ?? 500);
  const after = query.get("after") ?? "";
  const all = fleet.instances.filter(fits(query));
  const from = after ? all.findIndex((one) => one.key > after) : 0;
  const page = from < 0 ? [] : all.slice(from, from + limit);
  const more = from >= 0 && limit > 0 && from + limit < all.length;
  return {
    revision: fleet.revision,
    standing: fleet.standing,
    total: all.length,
    instances: page,
    ...(more ? { next: page.at(-1).key } : {}),
  };
}

const octetsOf = (many, name) => 29 + name.length + many * (18 + 12 + name.length);

function services(fleet, query) {
  const byName = new Map();
  for (const one of fleet.instances) {
    const service =
      byName.get(one.name) ??
      byName
        .set(one.name, {
          name: one.name,
          service: one.service,
          zone,
          count: 0,
          states: {},
          records: 0,
          octets: {},
          over: [],
          invalid: 0,
          held: 0,
          consumers: 0,
          changed: 0,
        })
        .get(one.name);
    service.count += 1;
    service.states[one.state] = (service.states[one.state] ?? 0) + 1;
    service.invalid += one.problem ? 1 : 0;
    service.held += one.held ? 1 : 0;
    service.changed = Math.max(service.changed, one.revision);
  }
  const asked = words(query.get("q"));
  return [...byName.values()]
    .filter((one) => asked.every((word) => one.name.includes(word)))
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .map((one) => {
      const srv = octetsOf(one.count, one.name);
      return {
        ...one,
        records: one.count,
        octets: { srv, srv_with_glue: srv + 16 * one.count },
        consumers: consumers(fleet).filter((who) => who.name.endsWith(one.name)).length,
      };
    });
}

function consumers(fleet) {
  const ago = (seconds) => new Date(Date.now() - 1000 * seconds).toISOString();
  const list = [];
  const names = ["node.ams1", "node.fra1", "mysql", "postgres", "redis", "kafka", "nginx", "node"];
  names.forEach((service, index) => {
    const name = `${service}.${zone}`;
    list.push({
      client: `10.0.0.${11 + (index % 2)}`,
      mechanism: "http_sd",
      name,
      user_agent: "Prometheus/3.5.0",
      transport: "http",
      first_seen: ago(86400 * 9),
      last_seen: ago(3 + index),
      asks: 77760 - index,
      interval_seconds: 10,
      revision: fleet.revision,
      lag: 0,
      silent: false,
    });
    if (index % 2)
      list.push({
        client: "10.0.0.21",
        mechanism: "dns",
        name,
        transport: "tcp",
        first_seen: ago(86400 * 30),
        last_seen: ago(12 + index),
        asks: 86400,
        interval_seconds: 30,
        revision: fleet.revision - 40,
        lag: index,
        silent: false,
      });
  });
  list.push({
    client: "10.0.0.99",
    mechanism: "dns",
    name: `_healthy.alertmanager.${zone}`,
    transport: "udp",
    first_seen: ago(86400 * 60),
    last_seen: ago(86400 * 2),
    asks: 5000,
    interval_seconds: 30,
    revision: 900,
    lag: 120,
    silent: true,
  });
  list.push({
    client: "2001:db8::15",
    mechanism: "consul_sd",
    name: `mysql.${zone}`,
    user_agent: "Prometheus/2.53.1",
    transport: "http",
    first_seen: ago(40000),
    last_seen: ago(4),
    asks: 400,
    revision: fleet.revision,
    lag: 0,
    silent: false,
  });
  return list;
}

function dns(fleet, query) {
  const name = (query.get("name") ?? "").replace(/\.$/, "").toLowerCase();
  const type = query.get("type") ?? "SRV";
  if (!/^[a-z0-9_.-]+$/.test(name))
    throw Object.assign(new Error(`"${name}" is not a name`), { status: 400 });
  const outside = !name.endsWith(zone);
  const plain = name.replace(/^(_healthy|_shard\d+of\d+)\./, "");
  const found = outside
    ? []
    : fleet.instances.filter(
        (one) =>
          below(one, plain) &&
          (!name.startsWith("_healthy") ||
            !["lost", "critical", "maintenance"].includes(one.state)),
      );
  const answer = found.map((one) =>
    type === "SRV"
      ? `${name}. 15 IN SRV 10 100 ${one.port} ${one.instance}.${one.name}.`
      : `${name}. 15 IN A ${one.address}`,
  );
  const whole = octetsOf(answer.length, name);
  const size = (limit) => {
    const each = 30 + name.length;
    const records = whole <= limit ? answer.length : Math.floor((limit - 29 - name.length) / each);
    return { octets: Math.min(whole, octetsOf(records, name)), records, truncated: whole > limit };
  };
  return {
    name,
    type,
    rcode: outside ? "REFUSED" : found.length ? "NOERROR" : "NXDOMAIN",
    flags: ["qr", "aa", ...(whole > 65535 ? ["tc"] : [])],
    answer: answer.slice(0, size(65535).records),
    authority: found.length
      ? []
      : [
          `${zone}. 5 IN SOA ns.dns.${zone}. hostmaster.${zone}. ${fleet.revision} 7200 1800 86400 5`,
        ],
    additional:
      type === "SRV"
        ? found.slice(0, 400).map((one) => `${one.instance}.${one.name}. 15 IN A ${one.address}`)
        : [],
    sizes: { udp_512: size(512), udp_1232: size(1232), udp_4096: size(4096), tcp: size(65535) },
    records: answer.length,
  };
}

function history(fleet, query) {
  const limit = Number(query.get("limit") ?? 100);
  const before = query.get("before");
  const all = fleet.history.filter((one) => below(one, query.get("name")));
  const from = before ? all.findIndex((one) => one.id === before) + 1 : 0;
  const page = all.slice(from, from + limit);
  return {
    revision: fleet.revision,
    changes: page,
    ...(from + limit < all.length ? { next: page.at(-1).id } : {}),
  };
}

const held = (fleet) =>
  fleet.instances
    .filter((one) => one.held)
    .map(({ key, name, instance, address, port, held: said }) => ({
      key,
      name,
      instance,
      address,
      port,
      ...said,
    }));
const maintenance = (fleet) =>
  fleet.instances
    .filter((one) => one.maintenance)
    .slice(0, 30)
    .map(({ key, name, instance, maintenance: { why, ...said } }) => ({
      subject: `${instance}.${name}`,
      key,
      name: `${instance}.${name}`,
      reason: why,
      ...said,
    }));

function instance(fleet, name) {
  const found = fleet.instances.find((one) => `${one.instance}.${one.name}` === name);
  if (!found) throw Object.assign(new Error(`nothing is registered at ${name}`), { status: 404 });
  return found;
}

export function answer(fleet, path, query) {
  if (fleet.standing === "never" && path !== "status/store")
    throw Object.assign(new Error("nothing was ever synced"), { status: 503 });
  if (path.startsWith("instances/")) return instance(fleet, decodeURIComponent(path.slice(10)));
  switch (path) {
    case "instances":
      return instances(fleet, query);
    case "services":
      return services(fleet, query);
    case "history":
      return history(fleet, query);
    case "consumers":
      return consumers(fleet).filter(
        (one) =>
          !query.get("name") ||
          one.name.endsWith(query.get("name")) ||
          query.get("name").endsWith(one.name),
      );
    case "protection":
      return held(fleet);
    case "maintenance":
      return maintenance(fleet);
    case "dns":
      return dns(fleet, query);
    case "status/store":
      return {
        kind: "embedded",
        standing: fleet.standing,
        revision: fleet.revision,
        stale_seconds: fleet.stale,
        trouble: fleet.trouble,
      };
    case "status/runtimeinfo":
      return {
        hostname: "ns1",
        zones: [zone],
        registrations: fleet.instances.length,
        revision: fleet.revision,
      };
    case "status/buildinfo":
      return { version: "0.1.0" };
    default:
      throw Object.assign(new Error(`no such path: ${path}`), { status: 404 });
  }
}
