import assert from "node:assert/strict";
import { test } from "node:test";
import { describe, isUnsaid } from "../../src/core/change";
import { crossed, nearTheEnd, onScale } from "../../src/core/limits";
import { snippet } from "../../src/core/prometheus_yml";
import { namesAbove, ways } from "../../src/core/reach";
import { age, clock, duration } from "../../src/core/text";
import { visible } from "../../src/core/window";

test("durations are short", () => {
  for (const [seconds, text] of [
    [-5, "0 s"],
    [0.9, "0 s"],
    [59, "59 s"],
    [60, "1 min"],
    [3599, "59 min"],
    [3600, "1 h"],
    [5000, "1 h 23 min"],
    [6 * 3600 + 60, "6 h"],
    [86399, "23 h"],
    [86400, "1 d"],
    [86400 * 400, "400 d"],
    [86400 * 800, "2 y"],
  ] as const) {
    assert.equal(duration(seconds), text);
  }
  assert.equal(age(undefined, 0), "");
  assert.equal(age("no time", 0), "");
  assert.equal(age("1970-01-01T00:00:00Z", 5000), "5 s");
});

test("a time of another day shows its day", () => {
  const now = Date.now();
  assert.match(clock(new Date(now).toISOString(), now), /^\d\d:\d\d:\d\d$/);
  assert.match(clock(new Date(now - 86400_000 * 3).toISOString(), now), /^\d{4}-\d\d-\d\d \d\d:/);
  assert.equal(clock("", now), "");
});

test("only the rows that are seen are drawn, and a few beyond", () => {
  for (const [top, height, rows, first, end] of [
    [0, 100, 1000, 0, 18],
    [-1000, 100, 1000, 92, 118],
    [-1000, 100, 50, 50, 50],
    [500, 100, 1000, 0, 0],
    [0, 100, 5, 0, 5],
    [-9900, 100, 1000, 982, 1000],
  ] as const) {
    const range = visible(top, height, 10, rows);
    assert.deepEqual(range, { first, end }, `${top} of ${rows}`);
  }
});

test("limits are crossed by what is larger, not by what is as large", () => {
  assert.deepEqual(crossed(100, 1232), []);
  assert.deepEqual(
    crossed(101, 1233).map((one) => one.value),
    [100, 1232],
  );
  assert.deepEqual(
    crossed(1, 65536).map((one) => one.value),
    [1232, 4096, 65535],
  );
  assert.ok(!nearTheEnd(52428) && nearTheEnd(52429));
  assert.ok(
    onScale(512) < onScale(1232) && onScale(65535) < 1 && onScale(1e9) === 1 && onScale(0) === 0,
  );
});

const target = {
  name: "node.prom.internal",
  service: "node",
  zone: "prom.internal",
  server: "http://10.0.0.1:9530",
  labels: ["rack"],
};

test("what is to be written into prometheus.yml", () => {
  assert.equal(
    snippet("dns_sd", target),
    `scrape_configs:
  - job_name: node
    dns_sd_configs:
      - names: [node.prom.internal]
        refresh_interval: 10s`,
  );
  assert.equal(
    snippet("http_sd", target),
    `scrape_configs:
  - job_name: node
    http_sd_configs:
      - url: http://10.0.0.1:9530/sd/node.prom.internal
        refresh_interval: 10s
    relabel_configs:
      - source_labels: [__meta_rollcall_instance]
        target_label: instance
      - action: labelmap
        regex: __meta_rollcall_label_(.+)`,
  );
  assert.match(
    snippet("consul_sd", { ...target, server: "https://[::1]:9530" }),
    /- server: "\[::1\]:9530"\n        scheme: https\n        datacenter: prom.internal\n        services: \[node\]/,
  );
  assert.equal(
    snippet("consul_sd", {
      ...target,
      service: "node.a",
      server: "http://10.0.0.1/discovery",
      labels: ["rack", "site", "odd|one"],
    }),
    `scrape_configs:
  - job_name: node.a
    consul_sd_configs:
      - server: "10.0.0.1"
        path_prefix: "/discovery"
        datacenter: prom.internal
        services: [node.a]
        refresh_interval: 2s
    relabel_configs:
      - source_labels: [__meta_consul_service_id]
        regex: "(.+)\\\\.node\\\\.a"
        target_label: instance
      - action: labelmap
        regex: __meta_consul_service_metadata_(rack|site)`,
  );
  // What YAML would read as something else is quoted.
  assert.match(
    snippet("dns_sd", { ...target, service: "123", name: "*.x" }),
    /job_name: "123"[^]*names: \["\*\.x"\]/,
  );
});

test("an instance is found by its name, those above it, and by its own", () => {
  assert.deepEqual(namesAbove("node.a.prom.internal", "prom.internal"), [
    "node.a.prom.internal",
    "a.prom.internal",
  ]);
  assert.deepEqual(namesAbove("x.y", ""), ["x.y", "y"]);
  const one = {
    key: "",
    name: "node.prom.internal",
    instance: "s1",
    zone: "prom.internal",
    service: "node",
    address: "192.0.2.1",
    port: 9100,
    labels: {},
    revision: 1,
  };
  assert.ok(ways({ ...one, state: "passing" }).every((way) => way.not === ""));
  const lost = ways({ ...one, state: "lost" }).filter((way) => way.not !== "");
  assert.deepEqual(
    lost.map((way) => way.what),
    ["_healthy.node.prom.internal", "/sd/node.prom.internal?state=healthy"],
  );
  assert.equal(
    ways({ ...one, address: "2001:db8::1" }).find((way) => way.what.startsWith("s1."))?.kind,
    "AAAA",
  );
});

test("a change tells what it was from and to", () => {
  const change = { revision: 1, time: "", key: "/k" };
  for (const [event, before, after, text] of [
    ["registered", undefined, { address: "2001:db8::1", port: 1 }, "[2001:db8::1]:1"],
    ["deregistered", { address: "192.0.2.1", port: 9100 }, undefined, "was 192.0.2.1:9100"],
    [
      "health",
      { health: "passing" },
      { health: "critical", why: "x" },
      "health passing → critical",
    ],
    ["changed", { port: 1, ttl: 5 }, { port: 2, ttl: 5 }, "port 1 → 2"],
    ["changed", { labels: { a: "1" } }, { labels: { a: "2" } }, "labels a=1 → a=2"],
    ["lost", undefined, undefined, ""],
  ] as const) {
    assert.equal(
      describe({ ...change, event, ...(before && { before }), ...(after && { after }) }),
      text,
    );
  }
});

test("a change says when nobody has said who made it", () => {
  const change = { revision: 1, time: "", key: "" };
  assert.ok(isUnsaid({ ...change, event: "registered" }));
  assert.ok(isUnsaid({ ...change, event: "removed" }));
  assert.ok(!isUnsaid({ ...change, event: "changed", by: "ann" }));
  assert.ok(!isUnsaid({ ...change, event: "lost" }));
});
