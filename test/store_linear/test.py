#!/usr/bin/python3
"""Many clients at once: one order explains all answers, and no watch misses or invents a change."""

import os
import re
import sys

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

from harness.rollcall import Embedded  # noqa: E402
from harness.scenario import BINARY, main  # noqa: E402
from harness.wait import Failure, check, wait_for  # noqa: E402

PROGRAM = f"{os.path.dirname(BINARY)}/test/store_linear/store_linear"
SECONDS = int(os.environ.get("ROLLCALL_LINEAR_SECONDS", "4"))
# How many more puts stand between two kills: what is under way then are hundreds of calls.
KILL_EVERY = 100


def revision(server):
    """Of the store; it grows with each change of the program's."""
    return int(re.search(r'"revision":(\d+)', server.ctl("get", "x", "-w", "json").stdout)[1])


def judge(scenario, server, name, kills):
    """Runs the program beside the kills; how many calls had no answer."""
    program = scenario.start(name, [PROGRAM, server.api, SECONDS])
    for number in range(kills):
        goal = revision(server) + KILL_EVERY
        wait_for("changes", lambda goal=goal: revision(server) > goal or not program.running())
        if not program.running():
            check(number > 0, f"a kill falls into the run: {program.output()}")
            break
        server.process.kill()
        server.start(wait=False)
        wait_for("the store", lambda: server.ctl("get", "x").returncode == 0)
    status = program.wait(SECONDS + 60)
    if status:
        raise Failure(f"{name}: {program.output()}")
    scenario.step(f"{name}: {program.output().strip()}")
    return int(re.search(r"(\d+) unanswered", program.output())[1])


def run(scenario):
    server = Embedded(scenario, name="server", api="127.0.0.1:2379")
    check(judge(scenario, server, "undisturbed", 0) == 0, "all calls are answered")
    # By chance none is under way in the moment of a kill.
    check(any(judge(scenario, server, f"killed{attempt}", 2 * SECONDS // 3) > 0 for attempt in range(3)),
          "kills meet calls under way")


main(run)
