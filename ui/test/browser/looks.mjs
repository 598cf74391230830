// Large fleets, small screens, dark rooms: what can be measured of how it looks.
import assert from "node:assert/strict";
import { close, eventually, open, rows } from "./frame.mjs";

export const views = [
  "#/services",
  "#/services?q=nothing",
  "#/service/kafka.prom.internal",
  "#/service/node.prom.internal?show=prometheus&how=dns_sd",
  "#/service/node.prom.internal?show=sizes",
  "#/instances",
  "#/instance/kafka-00000.kafka.prom.internal",
  "#/problems",
  "#/consumers",
  "#/changes",
  "#/dns?name=mysql.prom.internal&type=SRV",
  "#/dns",
];

// What the page's thread has worked so far, in ms of processor time, so that it counts the same on
// a machine that has other things to do.
async function worked(session) {
  const { metrics } = await session.send("Performance.getMetrics");
  return (
    1000 *
    ["ScriptDuration", "LayoutDuration", "RecalcStyleDuration"].reduce(
      (sum, name) => sum + metrics.find((one) => one.name === name).value,
      0,
    )
  );
}

// 100,000 instances: few rows are drawn, and a frame costs little.
export async function many(browser, base) {
  const page = await open(browser, base, "#/instances");
  await eventually("rows", async () => (await rows(page).count()) > 20);
  await page.getByText("100,000 instances").waitFor();
  const session = await page.context().newCDPSession(page);
  await session.send("Performance.enable", { timeDomain: "threadTicks" });
  const turns = 60;
  const before = await worked(session);
  let most = 0;
  await page.mouse.move(700, 500);
  for (let turn = 0; turn < turns; turn++) {
    await page.mouse.wheel(0, 1800);
    await page.evaluate(() => new Promise(requestAnimationFrame));
    if (turn % 10 === 0) most = Math.max(most, await rows(page).count());
  }
  const each = ((await worked(session)) - before) / turns;
  await eventually("what is seen is there", async () => {
    const texts = await rows(page).allInnerTexts();
    return texts.length > 20 && texts.every((text) => text.includes("srv-"));
  });
  const first = Number(await rows(page).first().getAttribute("data-row"));
  console.log(
    `  row ${first} of 100,000; ${most} rows drawn at most; ${each.toFixed(1)} ms of work for a screenful`,
  );
  assert.ok(first > 2000, `only at row ${first}`);
  assert.ok(most < 80, `${most} rows drawn`);
  assert.ok(each < 60, `a screenful takes ${each} ms`);
  await close(page);
}

// At 360 pixels nothing sticks out sideways.
export async function phone(browser, base) {
  const page = await open(browser, base, "", {
    viewport: { width: 360, height: 760 },
    hasTouch: true,
  });
  for (const view of views) {
    await page.goto(base + view);
    await page.locator("main h1").first().waitFor();
    await page.waitForTimeout(150);
    const width = await page.evaluate(() => document.scrollingElement.scrollWidth);
    assert.ok(width <= 360, `${view}: ${width} pixels wide`);
  }
  await close(page);
}

// Every text against its ground, as WCAG 2 reckons it: 4.5 at least.
export async function contrast(browser, base) {
  for (const colorScheme of ["light", "dark"]) {
    const page = await open(browser, base, "", { colorScheme });
    for (const view of views) {
      await page.goto(base + view);
      await page.locator("main h1").first().waitFor();
      await page.waitForTimeout(150);
      assert.deepEqual(await page.evaluate(pale), [], `${view}, ${colorScheme}`);
    }
    await close(page);
  }
}

// In the page: texts whose contrast is less, each once.
function pale() {
  const parts = (color) => (color.match(/[\d.]+/g) ?? []).map(Number);
  const light = ([r, g, b]) => {
    const [x, y, z] = [r, g, b].map((one) =>
      one / 255 <= 0.03928 ? one / 255 / 12.92 : ((one / 255 + 0.055) / 1.055) ** 2.4,
    );
    return 0.2126 * x + 0.7152 * y + 0.0722 * z;
  };
  const ground = (element) => {
    for (let at = element; at; at = at.parentElement) {
      const color = parts(getComputedStyle(at).backgroundColor);
      if (color.length === 3 || color[3] === 1) return color;
    }
    return [255, 255, 255];
  };
  const found = new Set();
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    const element = node.parentElement;
    if (!node.data.trim() || !element.checkVisibility()) continue;
    const [a, b] = [light(parts(getComputedStyle(element).color)), light(ground(element))].sort(
      (x, y) => y - x,
    );
    const ratio = (a + 0.05) / (b + 0.05);
    if (ratio < 4.5)
      found.add(
        `${element.className || element.tagName}: ${ratio.toFixed(2)} (${node.data.slice(0, 20)})`,
      );
  }
  return [...found];
}

export async function theme(browser, base) {
  const page = await open(browser, base, "", { colorScheme: "dark", reducedMotion: "reduce" });
  const ground = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
  const dark = await ground();
  await page.keyboard.press("t"); // light
  const light = await ground();
  assert.notEqual(light, dark);
  await page.reload();
  assert.equal(await ground(), light, "it is remembered");
  await page.keyboard.press("t"); // dark
  assert.equal(await ground(), dark);
  await page.goto(`${base}#/service/node.prom.internal?show=sizes`);
  await page.locator(".fill").first().waitFor();
  assert.equal(
    await page
      .locator(".fill")
      .first()
      .evaluate((one) => getComputedStyle(one).transitionDuration),
    "0s",
    "nothing moves for who wants it so",
  );
  await close(page);
}

// To be looked at by people.
export async function screenshots(browser, base, directory) {
  for (const [name, viewport, colorScheme] of [
    ["light", { width: 1400, height: 900 }, "light"],
    ["dark", { width: 1400, height: 900 }, "dark"],
    ["phone", { width: 360, height: 760 }, "light"],
  ]) {
    const page = await open(browser, base, "", { viewport, colorScheme });
    for (const [index, view] of views.entries()) {
      await page.goto(base + view);
      await page.locator("main h1").first().waitFor();
      await page.waitForTimeout(300);
      await page.screenshot({ path: `${directory}/${name}-${String(index).padStart(2, "0")}.png` });
    }
    await close(page);
  }
}
