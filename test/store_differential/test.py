#!/usr/bin/python3
"""The same random operations to the embedded store and to etcd: the same answers, the same events."""

import os
import sys

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

from harness.etcd import Cluster  # noqa: E402
from harness.rollcall import Embedded  # noqa: E402
from harness.scenario import BINARY, main  # noqa: E402
from harness.wait import Failure, check  # noqa: E402

PROGRAM = f"{os.path.dirname(BINARY)}/test/store_differential/store_differential"
SEEDS = [int(seed) for seed in os.environ.get("ROLLCALL_SEEDS", "1 2 3").split()]
OPERATIONS = int(os.environ.get("ROLLCALL_OPERATIONS", "2500"))


def trial(scenario, seed, before=()):
    """Both fresh: revisions and leases begin anew; the program's status, and what it says.

    before: words for etcdctl, that only one of the two is told.
    """
    ours = Embedded(scenario, name=f"rollcall{seed}", api="127.0.0.1:23790")
    etcd = Cluster(scenario, name=f"etcd{seed}")
    if before:
        etcd.ctl(*before)
    program = scenario.start(f"differential{seed}",
                             [PROGRAM, ours.api, "127.0.0.1:2379", seed, OPERATIONS])
    status = program.wait(60 + OPERATIONS // 50)
    etcd.kill()
    ours.process.kill()
    return status, program.output().strip()


def run(scenario):
    for seed in SEEDS:
        status, said = trial(scenario, seed)
        if status:
            raise Failure(f"seed {seed}: {said}")
        scenario.step(f"seed {seed}: {said}")
    # One key that only one of them has is noticed: answers are compared.
    status, said = trial(scenario, 0, ["put", "d", "other"])
    check(status == 1 and "---" in said, f"a difference is found: {said}")
    scenario.step(f"a key that only etcd has is noticed: {said.splitlines()[0]}")


main(run)
