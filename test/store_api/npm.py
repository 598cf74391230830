"""The npm package etcd3: a client that shares no code with etcd's own, nor with ours."""

import os
import sys

from harness.scenario import ROOT
from harness.wait import check, equal, wait_for

CLIENT = f"{ROOT}/test/store_api/node/client.js"
MODULES = os.environ.get("ROLLCALL_NODE_MODULES", f"{ROOT}/build/node/node_modules")


def _start(scenario, store, case, *who, host=None):
    if not os.path.exists(f"{MODULES}/etcd3"):
        sys.exit(f"{MODULES}/etcd3 is not there: run script/node_modules first")
    return scenario.start(f"node-{case}", ["node", CLIENT, store.url, case, *who], talks=True, host=host,
                          env={"NODE_PATH": MODULES})


def _passed(program, seconds=30):
    equal(program.wait(seconds), 0, f"{program.name}: {program.output()}")


def commands(scenario, ours):
    program = _start(scenario, ours, "all")
    _passed(program)
    names = [line.split(":")[0] for line in program.output().splitlines() if line.endswith(": passed")]
    check(len(names) == 6, f"all of them: {names}")
    scenario.step(f"npm etcd3: {', '.join(names)}")


def watch_over_a_kill(scenario, ours):
    """Changes before, while it is away, and after."""
    program = _start(scenario, ours, "watches")
    program.wait_output("watching")
    last = 0

    def change(count):
        nonlocal last
        for _ in range(count):
            last += 1
            ours.put("w/key", str(last))
            if last % 10 == 0:
                equal(ours.ctl("del", "w/key").stdout, "1\n", "a deletion")
    for _ in range(2):
        change(20)
        ours.process.kill()
        ours.start(wait=False)
        # At once, most likely before it has come back.
        wait_for("the store", lambda: ours.ctl("get", "x").returncode == 0)
        change(15)
    program.say(f"end {last}")
    _passed(program)
    scenario.step(f"npm etcd3: a watch over two kill -9 sees each of {last} changes and the deletions, once")


def users(scenario, store, client, host):
    """With certificates and passwords."""
    program = _start(scenario, store, "users", "rc", "pass", client.ca, client.cert, client.key, host=host)
    _passed(program)
    scenario.step("npm etcd3: with certificates and a password; a wrong one is told apart")
