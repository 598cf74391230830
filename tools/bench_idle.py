#!/usr/bin/python3
"""What a server costs that nobody asks: its memory, how often it wakes up, its share of a processor.

    ROLLCALL=build/release/rollcall tools/bench_idle.py [SECONDS]

With a thousand instances in its own store, and the threads' voluntary context switches counted as
the times that they woke up.
"""

import glob
import os
import shutil
import sys
import tempfile
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

import bench_peers  # noqa: E402
from bench_peers import ROOT, TICK, Zones  # noqa: E402

GOALS = {"resident memory, MB": 40, "wake-ups a second": 20, "% of a processor": 0.2}


def figures_of(path):
    with open(path, encoding="ascii") as handle:
        return dict(line.rstrip("\n").split(":", 1) for line in handle if ":" in line)


def wakeups(pid):
    return sum(int(figures_of(file)["voluntary_ctxt_switches"])
               for file in glob.glob(f"/proc/{pid}/task/*/status"))


def main():
    seconds = int(sys.argv[1]) if len(sys.argv) > 1 else 30
    base = tempfile.mkdtemp(prefix="bench-idle-", dir=f"{ROOT}/build")
    zones = Zones(333)
    zones.large = []
    server = None
    try:
        server = bench_peers.start("rollcall", base, 5400, zones, {}, ",".join(map(str, os.sched_getaffinity(0))))
        server.wait(f"host0.{zones.services[-1][0]}.{Zones.FORWARD}", "A")
        time.sleep(5)  # what the filling left to do
        pid = server.child.pid
        woken, worked = wakeups(pid), server.cpu()
        time.sleep(seconds)
        got = {"resident memory, MB": int(figures_of(f"/proc/{pid}/status")["VmRSS"].split()[0]) / 1000,
               "wake-ups a second": (wakeups(pid) - woken) / seconds,
               "% of a processor": (server.cpu() - worked) / seconds * 100}
    finally:
        if server:
            server.stop()
        shutil.rmtree(base, ignore_errors=True)
    print(f"{seconds} s with {sum(1 for _ in zones.instances())} instances and no questions ({TICK} ticks a second)")
    for name, value in got.items():
        print(f"{name:22}{value:8.2f}  <= {GOALS[name]:<5} {'' if value <= GOALS[name] else 'missed'}")


main()
