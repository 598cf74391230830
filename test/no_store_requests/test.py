#!/usr/bin/python3
"""etcd's own counters before and after a flood of questions."""

import os
import re
import sys
import time
import urllib.request

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

from harness import rollcall  # noqa: E402
from harness.etcd import Cluster  # noqa: E402
from harness.flood import flood  # noqa: E402
from harness.scenario import main  # noqa: E402
from harness.wait import check, equal, wait_for  # noqa: E402

INSTANCES = 10_000
PER_SERVICE = 100
QUERIES = 10_000  # of each kind


def requests():
    """What etcd has served so far: {method: requests}."""
    text = urllib.request.urlopen("http://127.0.0.1:2379/metrics", timeout=5).read().decode()
    found = {}
    for method, count in re.findall(
            r'^grpc_server_started_total\{.*grpc_method="(\w+)".*\} (\S+)$', text, re.MULTILINE):
        found[method] = found.get(method, 0) + int(float(count))
    return found


def spent(before, after):
    return {method: n - before.get(method, 0) for method, n in after.items() if n > before.get(method, 0)}


def run(scenario):
    etcd = Cluster(scenario)
    etcd.load((f"/skydns/internal/prom/s{i // PER_SERVICE:03}/host{i:05}",
               {"host": f"10.{i >> 16}.{i >> 8 & 255}.{i & 255}", "port": 9100})
              for i in range(INSTANCES))
    # Leases are asked for once each, not per question.
    lease = etcd.ctl("lease", "grant", "600").split()[1]
    etcd.ctl("put", f"--lease={lease}", "/skydns/internal/prom/leased/a", '{"host":"10.9.9.9","port":1}')
    server = rollcall.Server(scenario, "http://127.0.0.1:2379")
    wait_for("all of them", lambda: server.targets("leased.prom.internal") and
             len(server.targets(f"s{INSTANCES // PER_SERVICE - 1:03}.prom.internal")) == PER_SERVICE)
    scenario.step(f"{INSTANCES} instances loaded")

    before, began = requests(), time.monotonic()
    known = flood("127.0.0.1", 5300, [f"s{i:03}.prom.internal" for i in range(100)] +
                  ["leased.prom.internal"], QUERIES, rdtype="A")
    missing = flood("127.0.0.1", 5300, [f"nobody{i}.prom.internal" for i in range(QUERIES)], QUERIES)
    below = flood("127.0.0.1", 5300, [f"no{i}.s001.prom.internal" for i in range(QUERIES)], QUERIES)
    seconds = time.monotonic() - began
    used = spent(before, requests())
    scenario.step(f"{3 * QUERIES} questions in {seconds:.1f} s; etcd served meanwhile: {used}")

    equal(set(known), {"NOERROR"}, "known names")
    equal(set(missing), {"NXDOMAIN"}, "missing names")
    equal(set(below), {"NXDOMAIN"}, "missing names below a service")
    # A proof of contact every 3 s is allowed, and the one that may begin at either end.
    check(sum(used.values()) <= seconds / 3 + 2, f"more than the proofs of contact: {used}")
    equal(set(used) <= {"Range"}, True, f"only reads: {used}")


main(run)
