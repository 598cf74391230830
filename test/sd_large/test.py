#!/usr/bin/python3
"""100,000 targets in one answer of http_sd: how soon, and at what cost in memory."""

import os
import sys

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

from harness.scenario import main  # noqa: E402
from harness.wait import check  # noqa: E402
from sd_large.site import CLIENTS, MIB, WAITING, Site, alone, together, waiting  # noqa: E402


def run(scenario):
    site = Site(scenario)
    fresh, again = alone(site)
    scenario.step(f"{len(fresh[0].body) / 1e6:.0f} MB made: {fresh[2]}; again: {again[2]}")
    check(0 < fresh[0].first < 0.5, f"the first octet of one that is made: {fresh[0]}")
    check(fresh[0].last < 5, f"its last: {fresh[0]}")
    check(0 < again[0].first < 0.1, f"the first of one that is sent again: {again[0]}")

    extra, firsts = together(site)
    scenario.step(f"{CLIENTS} at once: made once, first octets after {firsts[0] * 1000:.0f} to "
                  f"{firsts[-1] * 1000:.0f} ms; {extra / MIB:.0f} MiB above idle")
    check(extra < 300 * MIB, f"{extra / MIB:.0f} MiB more")

    extra = waiting(site)
    scenario.step(f"{WAITING} event streams and blocking queries: {extra / MIB:.0f} MiB more")
    check(extra < 100 * MIB, f"{extra / MIB:.0f} MiB more")


main(run)
