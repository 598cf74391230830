// The page as the program serves it, on its own API: what is registered by it is seen at once.
import assert from "node:assert/strict";
import { close, eventually, open, rows } from "./frame.mjs";

const hostile = "<img src=x onerror=alert(1)>";
const name = (host) => `${host}.node.prom.internal`;

async function write(base, method, host, body) {
  const answer = await fetch(`${base}api/v1/instances/${name(host)}`, {
    method,
    headers: { "content-type": "application/json" },
    ...(body && { body: JSON.stringify(body) }),
  });
  assert.equal(answer.status, 200, `${method} ${host}: ${await answer.clone().text()}`);
}

export async function headers(browser, base) {
  const index = await fetch(base);
  const text = await index.text();
  assert.match(
    index.headers.get("content-security-policy"),
    /^default-src 'none'; script-src 'self'/,
  );
  assert.equal(index.headers.get("cache-control"), "no-cache");
  const script = text.match(/assets\/[\w.-]+\.js/)[0];
  for (const [accept, encoding] of [
    ["gzip", "gzip"],
    ["identity", null],
  ]) {
    const answer = await fetch(base + script, { headers: { "accept-encoding": accept } });
    assert.equal(answer.headers.get("content-encoding"), encoding);
    assert.match(answer.headers.get("cache-control"), /immutable/);
    assert.match(await answer.text(), /rollcall/);
  }
  assert.equal((await fetch(`${base}assets/nothing.js`)).status, 404);
  assert.equal((await fetch(`${base}index.html`)).status, 404);
}

export async function real(browser, base) {
  await write(base, "PUT", "server01", {
    address: "192.0.2.1",
    port: 9100,
    labels: { rack: "r12", note: hostile },
  });
  const page = await open(browser, base);
  await page.getByRole("link", { name: "node.prom.internal" }).click();
  await page.getByText(hostile).waitFor();
  await page.getByText("live", { exact: true }).waitFor();
  await write(base, "PUT", "server02", { address: "2001:db8::2", port: 9100 });
  await eventually("the second", async () => (await rows(page).count()) === 2);
  await page.getByText("[2001:db8::2]:9100").waitFor();

  await page.goto(`${base}#/instance/${name("server02")}`);
  await page.getByText("/skydns/internal/prom/node/server02").waitFor();
  await eventually("its registration", async () =>
    (await rows(page).allInnerTexts()).some((text) => text.includes("registered")),
  );
  page.expected.push(/status of 404/);
  await write(base, "DELETE", "server02");
  await page.getByText("Not registered").waitFor();
  await page.getByText(/deregistered at/).waitFor();

  await page.goto(`${base}#/dns?name=node.prom.internal&type=SRV`);
  await page.getByText(/SRV 10 100 9100 server01\.node\.prom\.internal\./).waitFor();
  await page.goto(`${base}#/changes`);
  await eventually("both", async () => (await rows(page).count()) >= 3);
  for (const [view, title] of [
    ["problems", "Nothing to look at"],
    ["consumers", /Consumers/],
    ["instances", /1 instance/],
  ]) {
    await page.goto(`${base}#/${view}`);
    await page.getByText(title).first().waitFor();
  }
  await page.goto(`${base}#/service/node.prom.internal?show=sizes`);
  await page.getByText("Within all limits").waitFor();
  await close(page);
}
