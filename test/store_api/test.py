#!/usr/bin/python3
"""Stock clients of etcd on the embedded store: etcdctl, and one of Node.js."""

import os
import sys

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

import around  # noqa: E402
import npm  # noqa: E402
import session  # noqa: E402
import talks  # noqa: E402
from harness.etcd import Cluster  # noqa: E402
from harness.rollcall import Embedded  # noqa: E402
from harness.scenario import main  # noqa: E402


def run(scenario):
    ours = Embedded(scenario, name="ours", api="127.0.0.1:23790")
    etcd = Cluster(scenario)
    session.compare(scenario, ours, etcd)
    session.refusals(scenario, ours)
    for talk in (talks.watches, talks.leases, talks.locks, talks.elections):
        talk(scenario, ours)
    if os.environ.get("ROLLCALL_LONG"):
        talks.perf(scenario, ours)
    npm.commands(scenario, ours)
    npm.watch_over_a_kill(scenario, ours)
    around.facts(scenario, ours)
    around.mirrors(scenario, ours, etcd)
    etcd.kill()
    around.second(scenario, ours)
    ours.process.stop()
    home = around.Home(scenario)
    around.discovery(scenario, home)
    store, client = around.secure(scenario, home)
    npm.users(scenario, store, client, home.box)


main(run)
