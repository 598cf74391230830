// A fleet to look at: the same on every start, made of a seed.

export const zone = "prom.internal";

// 0 <= next() < 1.
export function random(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

export const hostile = `<img src=x onerror="document.title='owned'">`;

const sizes = [
  ["node", 1240],
  ["mysql", 64],
  ["postgres", 38],
  ["redis", 96],
  ["kafka", 27],
  ["nginx", 310],
  ["haproxy", 24],
  ["blackbox", 6],
  ["snmp", 3],
  ["etcd", 3],
  ["rabbitmq", 9],
  ["alertmanager", 3],
  ["memcached", 44],
  ["process", 880],
  ["smartctl", 1100],
  ["ipmi", 1150],
  ["windows", 57],
];

function reversed(name) {
  return `/skydns/${name.split(".").reverse().join("/")}`;
}

const ago = (seconds) => new Date(Date.now() - 1000 * seconds).toISOString();

function owned(one, dice, next) {
  one.owner = `agent:${one.host}`;
  one.health = "passing";
  one.state = "passing";
  if (dice < 0.002)
    Object.assign(one, {
      state: "lost",
      why: "its owner gives no sign of life",
      since: ago(60 + 90000 * next()),
    });
  else if (dice < 0.004)
    Object.assign(one, {
      state: "critical",
      health: "critical",
      why: "GET /metrics: connection refused",
      since: ago(20 + 9000 * next()),
    });
  else if (dice < 0.007)
    Object.assign(one, {
      state: "warning",
      health: "warning",
      why: "answered in 1.8 s",
      since: ago(20 + 9000 * next()),
    });
  else if (dice < 0.009) {
    const why = "kernel update, CHG-4711";
    Object.assign(one, {
      state: "maintenance",
      why,
      since: ago(3600 * next()),
      maintenance: { since: ago(1800), by: "anna", why, until: ago(-7200) },
    });
  }
}

// `size`: how many instances there are in all; what the named services do not have, `node` of
// the sites gets.
export function makeInstances(size) {
  const next = random(7);
  const sites = ["ams1", "fra1", "lon2", "nyc3"];
  const left = Math.max(0, size - sizes.reduce((sum, [, many]) => sum + many, 0));
  const all = [
    ...sizes.map(([service, many]) => [service, many]),
    ...sites.map((site, index) => [
      `node.${site}`,
      Math.floor(left / 4) + (index === 0 ? left % 4 : 0),
    ]),
  ];
  const found = [];
  let revision = 1000;
  for (const [service, many] of all) {
    const name = `${service}.${zone}`;
    for (let number = 0; number < many; number++) {
      const site = service.includes(".") ? service.split(".")[1] : sites[number % 4];
      const host = `${service.startsWith("node") ? "srv" : service}-${String(number).padStart(5, "0")}`;
      const one = {
        key: `${reversed(name)}/${host}`,
        name,
        instance: host,
        service,
        zone,
        address: `10.${20 + sites.indexOf(site)}.${(number >> 8) & 255}.${number & 255}`,
        port: 9100 + (all.findIndex(([other]) => other === service) % 40),
        state: "static",
        since: ago(3600 * 24 * 40 * next()),
        host,
        labels: {
          rack: `r${String(1 + Math.floor(40 * next())).padStart(2, "0")}`,
          site,
          env: next() < 0.85 ? "prod" : "stage",
        },
        revision: ++revision,
      };
      if (next() < 0.93) owned(one, next(), next);
      else delete one.since;
      found.push(one);
    }
  }
  strange(found);
  found.sort((a, b) => (a.key < b.key ? -1 : 1));
  return found;
}

// What real fleets have too.
function strange(found) {
  const of = (service) => found.filter((one) => one.service === service);
  const [first, second, third] = of("mysql");
  if (!first) return;
  Object.assign(first, { labels: { ...first.labels, note: hostile }, why: hostile, text: hostile });
  second.address = "2001:db8:20::17";
  third.address = "db.example.com";
  const [lastRedis] = of("redis").slice(-1);
  Object.assign(lastRedis, { problem: 'member port: "80" is not an integer', state: "static" });
  for (const one of of("kafka").slice(0, 4)) {
    one.held = {
      since: ago(480),
      by: "serve@ns1",
      why: "5 vanished at once without a deregistration",
    };
    one.state = "lost";
  }
  Object.assign(of("blackbox")[0], {
    scheme: "https",
    metrics_path: "/probe",
    params: { module: "http_2xx" },
    interval: "30s",
    tags: ["edge", "probe"],
    ttl: 30,
    retain: "7d",
  });
}
