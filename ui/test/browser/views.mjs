// Each view shows what it is there for; what others wrote is shown as text.
import assert from "node:assert/strict";
import { close, eventually, hash, open, rows } from "./frame.mjs";

const hostile = `<img src=x onerror="document.title='owned'">`;

export async function services(browser, base) {
  const page = await open(browser, base);
  await page.getByRole("heading", { name: /Services 21 services, 100,000 instances/ }).waitFor();
  assert.equal(
    await rows(page)
      .first()
      .innerText()
      .then((text) => text.includes("alertmanager")),
    true,
  );
  await page.getByRole("button", { name: "Octets" }).click();
  assert.equal(hash(page), "#/services?sort=size");
  await eventually("the largest first", async () =>
    (await rows(page).first().innerText()).includes("node.ams1"),
  );
  await page.goBack();
  await eventually("by name again", async () =>
    (await rows(page).first().innerText()).includes("alertmanager"),
  );
  await page.getByRole("link", { name: "kafka.prom.internal" }).click();
  assert.equal(hash(page), "#/service/kafka.prom.internal");
  await close(page);
}

export async function service(browser, base) {
  const page = await open(browser, base, "#/service/node.prom.internal");
  await page.getByRole("table", { name: "instances" }).waitFor();
  await page.getByRole("button", { name: /^lost/ }).click();
  assert.equal(hash(page), "#/service/node.prom.internal?q=state%3Alost");
  await eventually("only the lost ones", async () => {
    const texts = await rows(page).allInnerTexts();
    return texts.length > 0 && texts.length < 20 && texts.every((text) => text.includes("lost"));
  });
  // The address says it all: it can be sent to somebody.
  await page.reload();
  await eventually(
    "the same",
    async () =>
      (await rows(page).allInnerTexts()).every((text) => text.includes("lost")) &&
      (await rows(page).count()) > 0,
  );
  assert.equal(await page.getByLabel("search").inputValue(), "state:lost");
  await page.goBack();
  await eventually("all again", async () => (await rows(page).count()) > 20);
  await page.locator("button.label").filter({ hasText: "rack" }).first().click();
  assert.match(hash(page), /q=rack%3Dr\d\d/);
  await page.getByRole("button", { name: "show all" }).click();

  await page.getByRole("tab", { name: "Add to prometheus.yml" }).click();
  await page.getByText(`url: ${base}sd/node.prom.internal`).waitFor();
  await page.getByRole("radio", { name: "dns_sd" }).click();
  await page.getByText("names: [node.prom.internal]").waitFor();
  await page.getByText(/Close to the most that DNS can carry/).waitFor();
  await page.getByRole("radio", { name: "consul_sd" }).click();
  await page.getByText("datacenter: prom.internal").waitFor();
  await page.getByRole("tab", { name: "Consumers" }).click();
  await page.getByText("10.0.0.12").waitFor();
  await page.getByRole("tab", { name: "Sizes" }).click();
  await page.getByText(/Over 100 records/).waitFor();
  await page.getByRole("tab", { name: "Changes" }).click();
  await page
    .getByRole("table", { name: "changes" })
    .or(page.getByText("Nothing has changed"))
    .waitFor();
  await close(page);
}

export async function instance(browser, base) {
  const page = await open(browser, base, "#/instance/kafka-00000.kafka.prom.internal");
  await page.getByText("rollcall protect release kafka-00000.kafka.prom.internal").waitFor();
  await page.getByText("/skydns/internal/prom/kafka/kafka-00000").waitFor();
  await page.getByRole("link", { name: "_healthy.kafka.prom.internal" }).waitFor();
  await page.getByText("no: it is lost").first().waitFor();
  await page.getByText("10.0.0.12").waitFor();
  page.expected.push(/status of 404/); // the browser's own word about the answer
  await page.goto(`${base}#/instance/nobody.kafka.prom.internal`);
  await page.getByText("Not registered").waitFor();
  await close(page);
}

export async function others(browser, base) {
  const page = await open(browser, base, "#/problems");
  for (const title of [
    /4 held/,
    /1 value that cannot be read/,
    /\d critical/,
    /\d lost/,
    /\d large names/,
    /\d in maintenance/,
  ]) {
    await page.getByRole("heading", { name: title }).waitFor();
  }
  await page.getByText('member port: "80" is not an integer').waitFor();
  await page.goto(`${base}#/consumers`);
  await page.getByText("silent").waitFor();
  await page.keyboard.press("/");
  await page.keyboard.type("consul_sd");
  await eventually("one consumer", async () => (await rows(page).count()) === 1);
  await page.goto(`${base}#/changes?q=decommissioned`);
  await eventually(
    "deregistrations",
    async () =>
      (await rows(page).allInnerTexts()).every((text) => text.includes("anna")) &&
      (await rows(page).count()) > 3,
  );
  await close(page);
}

export async function dns(browser, base) {
  const page = await open(browser, base, "#/dns");
  await page.getByRole("textbox", { name: "name" }).fill("mysql.prom.internal");
  await page.getByRole("button", { name: "ask", exact: true }).click();
  assert.equal(hash(page), "#/dns?name=mysql.prom.internal&type=SRV");
  await page
    .getByText("mysql.prom.internal. 15 IN SRV 10 100 9101 mysql-00000.mysql.prom.internal.")
    .waitFor();
  assert.equal(await page.getByRole("img", { name: /octets/ }).count(), 4);
  await page.getByLabel("type").selectOption("A");
  await page.getByText("mysql.prom.internal. 15 IN A 10.20.0.0").waitFor();
  await page.goto(`${base}#/dns?name=nothing.prom.internal&type=SRV`);
  await page.getByText(/drops every target/).waitFor();
  page.expected.push(/status of 400/);
  await page.goto(`${base}#/dns?name=%3Cb%3E&type=SRV`);
  await page.getByText('"<b>" is not a name').waitFor();
  await close(page);
}

// A label, a reason, a text that would be a script, wherever they are shown.
export async function text(browser, base) {
  const page = await open(browser, base, "#/service/mysql.prom.internal");
  await page.getByText(hostile).first().waitFor();
  await page.goto(`${base}#/instance/mysql-00000.mysql.prom.internal`);
  assert.equal(
    (await page.getByText(hostile).count()) >= 2 ||
      (await eventually("its label", async () => (await page.getByText(hostile).count()) >= 2)),
    true,
  );
  for (const evil of [
    `#/service/${encodeURIComponent(hostile)}`,
    `#/instances?q=${encodeURIComponent(hostile)}`,
    `#/dns?name=${encodeURIComponent(hostile)}`,
  ]) {
    page.expected.push(/status of 40[04]/);
    await page.goto(base + evil);
    await eventually("it as text", async () =>
      (await page.locator("main").innerText()).includes("onerror"),
    );
  }
  assert.equal(await page.locator("img").count(), 0);
  assert.ok(!(await page.title()).startsWith("owned"));
  await close(page);
}
