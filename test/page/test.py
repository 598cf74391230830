#!/usr/bin/python3
"""The page in a real browser: see README.md."""

import os
import sys

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

from harness import process  # noqa: E402
from harness.scenario import ROOT, main  # noqa: E402
from harness.wait import check  # noqa: E402

UI = f"{ROOT}/ui"
CHROMIUM = "/usr/bin/chromium"


def browse(scenario, base, *steps):
    """Runs steps of ui/test/browser, all of them if none is named."""
    check(os.path.exists(CHROMIUM), "no Chromium: run script/deps browser")
    shots = os.environ.get("ROLLCALL_SHOTS")
    done = process.run(["node", f"{UI}/test/browser/run.mjs", f"--base={base}", f"--chromium={CHROMIUM}",
                        *([f"--shots={shots}"] if shots else []), *steps], timeout=280)
    for line in done.stdout.splitlines():
        scenario.step(line)
    check(done.returncode == 0, f"the browser's steps: {done.stderr[-2000:]}")


def run(scenario):
    check(os.path.exists(f"{UI}/dist/index.html"), "the page is not built: run script/ui")
    mock = scenario.start("mock", ["node", f"{UI}/mock/server.mjs", "--port=9531"])
    mock.wait_output("a fleet of 100000", 20)
    browse(scenario, "http://127.0.0.1:9531/")


main(run)
