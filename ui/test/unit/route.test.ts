import assert from "node:assert/strict";
import { test } from "node:test";
import { formatRoute, parseRoute } from "../../src/core/route";

test("an address leads to a view, its name and its parameters", () => {
  for (const [hash, view, arg, params] of [
    ["", "services", "", {}],
    ["#/", "services", "", {}],
    ["#/nonsense/x", "services", "", {}],
    ["#/service", "services", "", {}],
    [
      "#/service/node.prom.internal?q=state%3Alost",
      "service",
      "node.prom.internal",
      { q: "state:lost" },
    ],
    ["#/instance/a%2Fb.node.prom.internal", "instance", "a/b.node.prom.internal", {}],
    ["#/instance/100%25.x", "instance", "100%.x", {}],
    ["#/instance/100%.x", "instance", "100%.x", {}],
    ["#/dns?name=_healthy.node&type=SRV", "dns", "", { name: "_healthy.node", type: "SRV" }],
  ] as const) {
    assert.deepEqual(parseRoute(hash), { view, arg, params }, hash);
  }
});

test("what is written is read as the same", () => {
  for (const arg of ["node.prom.internal", "a/b", "50%", "ü?#&=", "<img src=x>"]) {
    const route = { view: "service" as const, arg, params: { q: `x=${arg} y`, show: "sizes" } };
    assert.deepEqual(parseRoute(formatRoute(route)), route);
  }
  assert.equal(formatRoute({ view: "services", arg: "", params: { q: "" } }), "#/services");
});
