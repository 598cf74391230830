#!/usr/bin/env node
// The unit tests: test/unit/*.test.ts, made into plain modules, run by node's own runner.  The
// last line is `N passed, N failed`.
import { build } from "esbuild";
import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { fileURLToPath } from "node:url";

const here = fileURLToPath(new URL("./unit/", import.meta.url));
const made = mkdtempSync(`${tmpdir()}/rollcall-ui-`);
try {
  await build({
    entryPoints: readdirSync(here)
      .filter((name) => name.endsWith(".test.ts"))
      .map((name) => here + name),
    outdir: made,
    outExtension: { ".js": ".mjs" },
    bundle: true,
    platform: "node",
    format: "esm",
    logLevel: "warning",
  });
  const tests = readdirSync(made).map((name) => `${made}/${name}`);
  const done = spawnSync(process.execPath, ["--test", "--test-reporter=tap", ...tests], {
    encoding: "utf8",
  });
  const count = (what) =>
    Number(done.stdout.match(new RegExp(`^# ${what} (\\d+)$`, "m"))?.[1] ?? 0);
  if (done.status !== 0) console.log(done.stdout, done.stderr);
  console.log(`${count("pass")} passed, ${count("fail")} failed`);
  process.exitCode = done.status === 0 && count("pass") > 0 ? 0 : 1;
} finally {
  rmSync(made, { recursive: true });
}
