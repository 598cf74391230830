#!/usr/bin/python3
"""Discovery over HTTP with 100,000 targets in one name, beside its goals.

    ROLLCALL=build/release/rollcall tools/bench_http.py [ROUNDS]

Server, etcd and clients share the machine's processors.  Medians of ROUNDS (11): to the first octet
of the targets and to the last, of an answer that is made and of one that is sent again; then
memory, with 50 clients at once and with 5,000 that wait.  test/sd_large holds looser bounds in
every test run, with the same code.
"""

import os
import statistics
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path[:0] = [os.path.dirname(os.path.abspath(__file__)), f"{ROOT}/test"]

from bench_figures import Goals  # noqa: E402
from harness.scenario import main  # noqa: E402
from sd_large.site import CLIENTS, WAITING, Site, alone, together, waiting  # noqa: E402


def median_ms(answers, what):
    return statistics.median(getattr(answer, what) for answer in answers) * 1000


def run(scenario):
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 11
    site = Site(scenario)
    fresh, again = alone(site, rounds)
    extra, firsts = together(site)
    idle = waiting(site)
    goals = Goals()
    goals.add("made: first octet", median_ms(fresh, "first"), "ms", at_most=100)
    goals.add("made: last octet", median_ms(fresh, "last"), "ms", at_most=1000)
    goals.add("sent again: first octet", median_ms(again, "first"), "ms", at_most=20, digits=1)
    goals.add("sent again: last octet", median_ms(again, "last"), "ms")
    goals.add("octets of the answer", len(fresh[0].body) / 1e6, "MB")
    goals.add(f"{CLIENTS} at once: anonymous memory above idle", extra / 1e6, "MB", at_most=300)
    goals.add(f"{CLIENTS} at once: the last one's first octet", firsts[-1] * 1000, "ms")
    goals.add(f"{WAITING:,} event streams and blocking queries: memory", idle / 1e6, "MB", at_most=100)
    goals.end()


main(run, "bench-http")
