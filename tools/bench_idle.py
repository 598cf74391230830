#!/usr/bin/python3
"""What a server costs that nobody asks: its memory, how often it wakes up, its share of a processor.

    ROLLCALL=build/release/rollcall tools/bench_idle.py [SECONDS]

With a thousand instances in its own store, and the threads' voluntary context switches counted as
the times that they woke up.
"""

import os
import sys
import time

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path[:0] = [os.path.dirname(os.path.abspath(__file__)), f"{ROOT}/test"]

from bench_figures import Goals, cpu, memory, wakeups  # noqa: E402
from harness.rollcall import Embedded  # noqa: E402
from harness.scenario import main  # noqa: E402
from harness.wait import wait_for  # noqa: E402

INSTANCES = 1000


def run(scenario):
    seconds = int(sys.argv[1]) if len(sys.argv) > 1 else 30
    server = Embedded(scenario)
    server.load((f"/skydns/internal/prom/node{i // 3}/host{i}", {"host": f"10.0.{i >> 8}.{i & 255}", "port": 9100})
                for i in range(INSTANCES))
    wait_for("the last of them", lambda: server.targets(f"node{(INSTANCES - 1) // 3}.prom.internal"))
    time.sleep(5)  # what the filling left to do
    pid = server.process.pid
    woken, worked = wakeups(pid), cpu(pid)
    time.sleep(seconds)
    print(f"{seconds} s with {INSTANCES} instances and no questions")
    goals = Goals()
    goals.add("resident memory", memory(pid)["VmRSS"] / 1e6, "MB", at_most=40, digits=1)
    goals.add("wake-ups a second", (wakeups(pid) - woken) / seconds, at_most=20, digits=1)
    goals.add("share of a processor", (cpu(pid) - worked) / seconds * 100, "%", at_most=0.2, digits=2)
    goals.end()


main(run, "bench-idle")
