// Changes are seen as they happen; and when nothing can be known, that is said.
import assert from "node:assert/strict";
import { close, eventually, open, rows, tell } from "./frame.mjs";

export async function live(browser, base) {
  const page = await open(browser, base, "#/service/etcd.prom.internal");
  const first = rows(page).first();
  await eventually("it passes", async () => (await first.innerText()).includes("passing"));
  await page.getByText("live", { exact: true }).waitFor();
  const changes = await open(browser, base, "#/changes");
  await changes.getByText("live", { exact: true }).waitFor();
  await eventually("changes", async () => (await rows(changes).count()) > 10);
  await tell(base, "change?instance=etcd-00000.etcd.prom.internal");
  await eventually("critical", async () => (await first.innerText()).includes("critical"));
  await eventually("the change", async () =>
    /etcd-00000[^]*critical/.test(await rows(changes).first().innerText()),
  );
  // Whoever reads further down is not disturbed.
  await changes.mouse.wheel(0, 2000);
  await eventually(
    "further down",
    async () => (await rows(changes).first().getAttribute("data-row")) > 5,
  );
  const read = await changes.evaluate(
    () => document.elementFromPoint(300, 500)?.closest(".row")?.innerText,
  );
  await tell(base, "change?instance=etcd-00002.etcd.prom.internal");
  await changes.getByText("1 new change").waitFor();
  assert.equal(
    await changes.evaluate(() => document.elementFromPoint(300, 500)?.closest(".row")?.innerText),
    read,
  );
  await changes.getByText("1 new change").click();
  await eventually("it", async () =>
    (await rows(changes).first().innerText()).includes("etcd-00002"),
  );
  await close(changes);
  await close(page);
}

export async function outage(browser, base) {
  const page = await open(browser, base);
  page.expected.push(/Failed to load resource|ERR_/);
  await page.getByText("live", { exact: true }).waitFor();
  await tell(base, "set?down=true");
  await page.getByText(/No connection to the server/).waitFor({ timeout: 12000 });
  await page.getByText("disconnected").waitFor();
  assert.ok((await rows(page).count()) > 10, "what was known is still shown");
  await tell(base, "set?down=false");
  await page.getByText(/No connection/).waitFor({ state: "hidden", timeout: 12000 });
  await page.getByText("live", { exact: true }).waitFor({ timeout: 12000 });
  await close(page);
}

// Without a stream of events it looks every few seconds.
export async function polling(browser, base) {
  await tell(base, "set?noStreams=true");
  const page = await open(browser, base, "#/service/etcd.prom.internal");
  page.expected.push(/status of 503/);
  await page.getByText("every 5 s").waitFor({ timeout: 12000 });
  await tell(base, "change?instance=etcd-00001.etcd.prom.internal");
  await eventually(
    "critical",
    async () =>
      /etcd-00001[^]*?\n/.test(await rows(page).nth(1).innerText()) &&
      (await rows(page).nth(1).innerText()).includes("critical"),
    12000,
  );
  await tell(base, "set?noStreams=false");
  await close(page);
}

export async function standing(browser, base) {
  const page = await open(browser, base);
  page.expected.push(/status of 503/);
  for (const [said, text] of [
    ["standing=stale&stale=125", /The server is not sure.*no sign for 2 min/],
    ["standing=never", /The server knows nothing yet/],
    ["standing=synced&stale=0&trouble=the+disk+is+full", /takes no writes.*the disk is full/],
  ]) {
    await tell(base, `set?${said}`);
    await page.locator(".banner").filter({ hasText: text }).waitFor({ timeout: 12000 });
  }
  await tell(base, "set?trouble=");
  await page.locator(".banner").waitFor({ state: "hidden", timeout: 12000 });
  await close(page);
}
