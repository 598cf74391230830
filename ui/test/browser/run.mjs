#!/usr/bin/env node
// The page in a real browser, against a server that plays the API (mock/server.mjs):
// `node test/browser/run.mjs --base=http://127.0.0.1:9531/ [--chromium=FILE] [--shots=DIR] [STEP...]`.
// The steps `headers` and `real` are for rollcall itself, with nothing registered; they run by name.
// The last line is `N passed, N failed`.
import * as keys from "./keys.mjs";
import * as live from "./live.mjs";
import * as program from "./real.mjs";
import * as looks from "./looks.mjs";
import * as views from "./views.mjs";
import { launch } from "./frame.mjs";

const words = process.argv.slice(2);
const options = Object.fromEntries(
  words.filter((word) => word.startsWith("--")).map((word) => word.slice(2).split("=")),
);
const asked = words.filter((word) => !word.startsWith("--"));
const base = options.base ?? "http://127.0.0.1:9531/";

const steps = {
  services: views.services,
  service: views.service,
  instance: views.instance,
  others: views.others,
  dns: views.dns,
  text: views.text,
  keys: keys.keys,
  farKeys: keys.farKeys,
  many: looks.many,
  phone: looks.phone,
  contrast: looks.contrast,
  theme: looks.theme,
  live: live.live,
  polling: live.polling,
  standing: live.standing,
  outage: live.outage,
  ...(options.shots && { screenshots: looks.screenshots }),
};

const byName = { headers: program.headers, real: program.real };

const browser = await launch(options.chromium ?? "/usr/bin/chromium");
let passed = 0;
let failed = 0;
try {
  const wanted = asked.length > 0 ? asked : Object.keys(steps);
  for (const name of wanted) {
    const step = steps[name] ?? byName[name] ?? (() => Promise.reject(new Error("no such step")));
    const began = Date.now();
    try {
      await step(browser, base, options.shots);
      passed += 1;
      console.log(`${name}: ${((Date.now() - began) / 1000).toFixed(1)} s`);
    } catch (error) {
      failed += 1;
      console.log(
        `FAILED ${name}: ${error.message}\n${error.stack
          .split("\n")
          .filter((line) => line.includes("test/browser"))
          .slice(0, 3)
          .join("\n")}`,
      );
      for (const context of browser.contexts()) await context.close();
    }
  }
} finally {
  await browser.close();
}
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed > 0 || passed === 0 ? 1 : 0;
