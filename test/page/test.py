#!/usr/bin/python3
"""The page in a real browser: see README.md."""

import os
import sys

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

import contract  # noqa: E402
from harness import process, rollcall  # noqa: E402
from harness.scenario import ROOT, main  # noqa: E402
from harness.wait import check, equal  # noqa: E402

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


def plays_by_the_book(scenario, base):
    """What the mock server says is what the API would."""
    book = contract.Contract(f"{ROOT}/doc/openapi.yaml")
    for path in ("instances?limit=2000", "instances?state=lost&limit=50", "services", "history?limit=1000", "consumers",
                 "protection", "maintenance", "dns?name=mysql.prom.internal&type=SRV", "dns?name=example.com&type=A",
                 "status/store", "status/runtimeinfo", "status/buildinfo"):
        equal(book.problems(base, f"api/v1/{path}"), [], path)
    equal(book.problems(base, "api/v1/instances/blackbox-00000.blackbox.prom.internal", "api/v1/instances/{name}"), [],
          "one instance")
    scenario.step("the mock server answers as doc/openapi.yaml says")


def program(scenario):
    """The page that is compiled into the program, on its own API."""
    rollcall.Embedded(scenario)
    check('<div id="page">' in rollcall.web("/")[1], "the program was built without its page")
    browse(scenario, "http://127.0.0.1:9530/", "headers", "real")


def run(scenario):
    check(os.path.exists(f"{UI}/dist/index.html"), "the page is not built: run script/ui")
    mock = scenario.start("mock", ["node", f"{UI}/mock/server.mjs", "--port=9531"])
    mock.wait_output("a fleet of 100000", 20)
    plays_by_the_book(scenario, "http://127.0.0.1:9531/")
    browse(scenario, "http://127.0.0.1:9531/")
    program(scenario)


main(run)
