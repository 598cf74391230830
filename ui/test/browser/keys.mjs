// The keyboard alone leads everywhere.
import assert from "node:assert/strict";
import { close, eventually, hash, open, rows } from "./frame.mjs";

const focused = (page) =>
  page.evaluate(
    () =>
      document.activeElement?.closest("[data-row]")?.dataset.row ??
      document.activeElement?.id ??
      "",
  );

const at = (page, where) => eventually(where, () => hash(page) === where);

export async function keys(browser, base) {
  const page = await open(browser, base);
  await eventually("rows", async () => (await rows(page).count()) > 10);
  await page.keyboard.press("/");
  assert.equal(await focused(page), "search");
  await page.keyboard.type("mysql");
  await at(page, "#/services?q=mysql");
  await eventually("one service", async () => (await rows(page).count()) === 1);
  await page.keyboard.press("Enter");
  await eventually("what was found", async () => (await focused(page)) === "0");
  await page.keyboard.press("/");
  await page.keyboard.press("Escape");
  assert.equal(await focused(page), "");
  await page.keyboard.press("Escape");
  await at(page, "#/services");
  await eventually("all services", async () => (await rows(page).count()) > 10);

  await page.keyboard.press("j");
  await eventually("the first row", async () => (await focused(page)) === "0");
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("j");
  await page.keyboard.press("k");
  await eventually("the second row", async () => (await focused(page)) === "1");
  const outline = await page.evaluate(() => getComputedStyle(document.activeElement).outlineStyle);
  assert.notEqual(outline, "none", "the focus is seen");
  await page.keyboard.press("Enter");
  await at(page, "#/service/blackbox.prom.internal");
  await eventually("its instances", async () => (await rows(page).count()) === 6);
  await page.keyboard.press("j");
  await eventually("the first row", async () => (await focused(page)) === "0");
  await page.keyboard.press("Enter");
  await at(page, "#/instance/blackbox-00000.blackbox.prom.internal");
  await page.keyboard.press("Escape");
  await at(page, "#/service/blackbox.prom.internal");
  for (const before of [
    "#/instance/blackbox-00000.blackbox.prom.internal",
    "#/service/blackbox.prom.internal",
    "#/services",
  ]) {
    await page.goBack();
    await eventually(before, () => hash(page) === before);
  }

  await page.keyboard.press("?");
  await page.getByRole("dialog").waitFor();
  await page.keyboard.press("j"); // goes nowhere while it is open
  await page.keyboard.press("Escape");
  await page.getByRole("dialog").waitFor({ state: "hidden" });
  for (const [key, view] of [
    ["2", "instances"],
    ["3", "problems"],
    ["4", "consumers"],
    ["5", "changes"],
    ["6", "dns"],
    ["1", "services"],
  ]) {
    await page.keyboard.press(key);
    await at(page, `#/${view}`);
  }
  await close(page);
}

// By rows that are not drawn yet.
export async function farKeys(browser, base) {
  const page = await open(browser, base, "#/instances");
  await eventually("rows", async () => (await rows(page).count()) > 20);
  for (let step = 0; step < 45; step++) await page.keyboard.press("j");
  await eventually("row 44", async () => (await focused(page)) === "44", 15000);
  const box = await page.locator('[data-row="44"]').boundingBox();
  assert.ok(box.y > 50 && box.y + box.height <= 900, "it is on the screen");
  await close(page);
}
