// What the steps of the browser test stand on: a browser, a page that is watched, and checks.
import assert from "node:assert/strict";
import { chromium } from "playwright-core";

export async function launch(executablePath) {
  // As root in a namespace of its own there is no sandbox to be had.
  return chromium.launch({ executablePath, args: ["--no-sandbox", "--disable-gpu"] });
}

// A page in a context of its own, and all that is wrong with it: errors, what the content
// security policy refused, requests to anybody but our server.
export async function open(browser, base, hash = "", how = {}) {
  const context = await browser.newContext({
    viewport: { width: 1400, height: 900 },
    colorScheme: "light",
    ...how,
  });
  const page = await context.newPage();
  const wrong = [];
  page.expected = []; // patterns of what a step provokes
  page.on("console", (message) => {
    if (["error", "warning"].includes(message.type())) wrong.push(`console: ${message.text()}`);
  });
  page.on("pageerror", (error) => wrong.push(`error: ${error.message}`));
  page.on("request", (request) => {
    if (!request.url().startsWith(base) && !request.url().startsWith("data:"))
      wrong.push(`request to ${request.url()}`);
  });
  await page.addInitScript(() => {
    document.addEventListener("securitypolicyviolation", (event) =>
      console.error(`policy: ${event.violatedDirective} ${event.blockedURI}`),
    );
  });
  page.wrong = () => wrong.filter((one) => !page.expected.some((pattern) => pattern.test(one)));
  await page.goto(base + hash);
  return page;
}

export async function close(page) {
  assert.deepEqual(page.wrong(), [], "console and policy are silent");
  await page.context().close();
}

// Waits until `look` gives a true value; what it threw last is told if it never does.
export async function eventually(what, look, ms = 5000) {
  const until = Date.now() + ms;
  let last;
  for (;;) {
    try {
      last = await look();
      if (last) return last;
    } catch (error) {
      last = error;
    }
    if (Date.now() > until) assert.fail(`waited ${ms} ms for ${what}; last: ${last}`);
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
}

export const rows = (page) => page.locator(".rows .body .row");
export const hash = (page) => new URL(page.url()).hash;

// What a step asks of the mock server.
export async function tell(base, path) {
  const answer = await fetch(`${base}mock/${path}`, { method: "POST" });
  assert.equal(answer.status, 200);
  return answer.json();
}
