#!/usr/bin/python3
"""Many agents on one server: the herd when all come back at once, and the server's memory.

    test.py [--all]     --all: ten thousand; else a thousand, for a shorter time
"""

import json
import os
import re
import subprocess
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

from harness import rollcall  # noqa: E402
from harness.scenario import BINARY, main  # noqa: E402
from harness.wait import check, wait_for  # noqa: E402

FLEET = os.path.join(os.path.dirname(BINARY), "test/agents/agents_fleet")
ALL = "--all" in sys.argv
AGENTS = int(os.environ.get("ROLLCALL_AGENTS", "10000" if ALL else "1000"))
SERVICES = int(os.environ.get("ROLLCALL_AGENTS_SERVICES", "1"))
LEASE = 30 if ALL else 12
MEMORY = 400  # MB, for ten thousand
# Until a client that has gone without a word is missed, and what was its own is given back.
SETTLING = 30 + 30
DROP, RESET = ("DROP",), ("REJECT", "--reject-with", "tcp-reset")
PATIENCE = 240 if ALL else 60  # this machine has two processors, for agents and server


class Fleet:
    def __init__(self, scenario):
        # Its threads are many, and need little.
        self.process = scenario.start("fleet", [
            "sh", "-c", f"ulimit -s 256; exec {FLEET} 2379 {AGENTS} {SERVICES} {LEASE}"])

    def seconds(self):
        """What it has said so far, a second each."""
        return [json.loads(line) for line in self.process.output().splitlines() if line.startswith("{")]

    def right(self):
        told = self.seconds()
        return told[-1]["right"] if told else 0

    def wait_right(self, what):
        wait_for(what, lambda: self.right() == AGENTS, PATIENCE, every=0.2)


def anonymous(server):
    """Megabytes of its memory that no file stands behind."""
    with open(f"/proc/{server.process.pid}/status", encoding="utf-8") as handle:
        return int(re.search(r"RssAnon:\s+(\d+) kB", handle.read())[1]) / 1000


def metric(name):
    return float(re.search(rf"^rollcall_{name} (\S+)$", rollcall.web("/metrics")[1], re.M)[1])


def check_memory(scenario, server, base, when):
    """What it takes for its agents, once nothing is there of the connections they had before."""
    # Of a thousand: what the server's threads leave in the heap does not go by their number.
    most = base + (MEMORY - base) * AGENTS / 10000 + (0 if ALL else 10)
    at_once = anonymous(server)
    wait_for("no more streams than agents", lambda: metric("store_api_watch_streams") == AGENTS, SETTLING)
    gone = time.monotonic()
    try:
        wait_for(f"no more than {most:.0f} MB", lambda: anonymous(server) <= most, SETTLING, every=1)
    finally:
        taken = anonymous(server)
        scenario.step(f"the server's anonymous memory, {when}: {at_once:.0f} MB; {time.monotonic() - gone:.0f} s "
                      f"after the last stream of before {taken:.0f} MB, {(taken - base) * 1000 / AGENTS:.1f} KB for "
                      f"each agent; {metric('store_watches'):.0f} watches")


def packets(add, *target):
    """From now on, or no more, all packets between agents and server go there."""
    for side in ("dport", "sport"):
        subprocess.run(["iptables", "-w", "-A" if add else "-D", "INPUT", "-p", "tcp", f"--{side}",
                        "2379", "-j", *target], check=True)


def registrations(server):
    """{key: mod_revision} of all that agents register."""
    done = server.ctl("get", "--prefix", "/skydns/", "--keys-only", "--write-out=fields", timeout=60)
    check(done.returncode == 0, done.stderr)
    return dict(zip(re.findall(r'^"Key" : "(.*)"$', done.stdout, re.M),
                    re.findall(r'^"ModRevision" : (\d+)$', done.stdout, re.M)))


def show(scenario, fleet, since, what):
    """The herd, second by second; what it asked for in all."""
    told = fleet.seconds()[since:]
    scenario.step(what)
    print("      second    right  connects  reads  writes  grants  renewals", flush=True)
    for number, one in enumerate(told):
        if any(one[name] for name in ("connects", "reads", "writes", "grants")):
            print(f"      {number + 1:6} {one['right']:8} {one['connects']:9} {one['reads']:6} "
                  f"{one['writes']:7} {one['grants']:7} {one['renewals']:9}", flush=True)
    return {name: sum(one[name] for one in told) for name in ("writes", "grants")}


def run(scenario):
    server = rollcall.Embedded(scenario)
    base = anonymous(server)
    fleet = Fleet(scenario)
    fleet.wait_right(f"{AGENTS} agents to have registered")
    show(scenario, fleet, 0, f"{AGENTS} agents with {SERVICES} services each come for the first time")
    before = registrations(server)
    check(len(before) == AGENTS * SERVICES, f"{len(before)} registrations")

    check_memory(scenario, server, base, "all there")

    # The server is away for a moment: its leases live on, so nothing has to be written.
    server.process.kill()
    wait_for("all to miss it", lambda: fleet.right() < AGENTS / 10, 30)
    time.sleep(2)
    since, back = len(fleet.seconds()), time.monotonic()
    server.start()
    fleet.wait_right("all to be back")
    asked = show(scenario, fleet, since, f"the server was killed: all are right "
                 f"{time.monotonic() - back:.1f} s after its start")
    check(asked["writes"] <= AGENTS * 0.02, f"{asked['writes']} writes where nothing had changed")
    check(registrations(server) == before, "every registration was left alone")
    check_memory(scenario, server, base, "all back")

    # All are cut off at once, and of most of them the server does not hear.
    packets(True, *RESET)
    wait_for("all to miss it", lambda: fleet.right() < AGENTS / 10, LEASE)
    since, back = len(fleet.seconds()), time.monotonic()
    packets(False, *RESET)
    fleet.wait_right("all to be back")
    show(scenario, fleet, since, f"all were cut off: all are right {time.monotonic() - back:.1f} s after that")
    check(registrations(server) == before, "every registration was left alone")
    check_memory(scenario, server, base, "all back")

    # The network is away for so long that all leases end: each agent has one transaction to make.
    packets(True, *DROP)
    wait_for("all leases to end", lambda: metric("store_leases") == 0, LEASE * 4 + 30, every=0.5)
    since, back = len(fleet.seconds()), time.monotonic()
    packets(False, *DROP)
    fleet.wait_right("all to be back")
    asked = show(scenario, fleet, since, f"the network was away until all leases had ended: all are right "
                 f"{time.monotonic() - back:.1f} s after its return")
    check(asked["writes"] <= AGENTS * 1.05, f"{asked['writes']} transactions, more than one for each agent")
    check(registrations(server) == before, "every registration was left alone")
    check_memory(scenario, server, base, "all back")


main(run)
