#!/usr/bin/python3
"""Questions while registrations change, beside questions while nothing does.

    ROLLCALL=build/release/rollcall tools/bench_churn.py [--rate=5000] [--instances=30000] [--rounds=7]
                                                         [--seconds=5] [--quick] [--json=FILE]

The changes (a registration gets another port, ten to a transaction) go to the embedded store by its
etcd API.  The one worker by UDP has processor 0; the loads have processor 1, the one that changes
things behind the one that asks; the server's other threads have processor 2.  Where there are only
two, they share the worker's, and the highest latencies are also those of a worker that waits for its
turn.  Rounds in turns: asked as much as it takes, still and while
things change, for the questions a CPU-second of the worker's thread; then at 30 % of what it takes, by
the clock, for the latencies.  The other threads of the server - the store's writer, its API's and the
feed - are told apart, by the share of a processor they take.
"""

import argparse
import contextlib
import json
import os
import statistics
import sys
import time

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path[:0] = [os.path.dirname(os.path.abspath(__file__)), f"{ROOT}/test"]

import bench_fleet  # noqa: E402
from bench_figures import Goals, progress, spread, threads, used_since  # noqa: E402
from bench_fleet import Fleet  # noqa: E402
from harness.scenario import main  # noqa: E402
from harness.wait import Failure  # noqa: E402

PORT = 5300
OTHERS = 2  # the processor of the threads that do not answer, if there is one
SHARE = 0.3  # of what it takes, for the latencies


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n", maxsplit=1)[0])
    parser.add_argument("--rate", type=int, default=5000, help="changes a second")
    parser.add_argument("--instances", type=int, default=30_000, help="in services of three")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--seconds", type=int, default=5, help="of each part of a round")
    parser.add_argument("--quick", action="store_true", help="three rounds of two seconds")
    parser.add_argument("--json", help="all figures, to a file")
    options = parser.parse_args()
    if options.quick:
        options.rounds, options.seconds = 3, 2
    return options


OPTIONS = arguments()


class Bench:
    def __init__(self, scenario):
        self.fleet = Fleet(OPTIONS.instances, 3)
        self.server = bench_fleet.begin_embedded(scenario, "rollcall", PORT)
        self.fleet.fill(bench_fleet.url(PORT))
        bench_fleet.wait_answers(self.server, PORT, self.fleet.last(), 60)
        self.questions = self.fleet.questions(scenario.path("questions.txt"))
        time.sleep(2)  # what the filling left to do
        self.worker, self.rate = self.find_worker()
        if len(os.sched_getaffinity(0)) > 2:
            for thread in threads(self.server.pid):
                if thread != self.worker:
                    os.sched_setaffinity(thread, {OTHERS})

    def find_worker(self):
        """The thread that answers: the one that works while nothing but questions comes; and how
        many questions a second it takes."""
        before = threads(self.server.pid)
        rate = bench_fleet.dnsperf(self.server.pid, PORT, self.questions, OPTIONS.seconds)["rate"]
        used = used_since(before, threads(self.server.pid))
        worker = max(used, key=used.get)
        others = sum(used.values()) - used[worker]
        if others > 0.1 * used[worker]:
            raise Failure(f"no thread answers alone: {used}")
        return worker, rate

    @contextlib.contextmanager
    def changing(self, figures):
        """Registrations change meanwhile."""
        child = bench_fleet.start_tool("fleet_load", bench_fleet.url(PORT), "churn", self.fleet.count, 3,
                                       bench_fleet.ZONES, OPTIONS.rate, OPTIONS.seconds + 1, 10, nice=5)
        time.sleep(0.5)  # both ends of the changes lie outside of what is measured
        try:
            yield
        finally:
            told = bench_fleet.told(child)
            figures["changed"] = told["puts"] / told["seconds"]

    def saturated(self, figures):
        before = threads(self.server.pid)
        got = bench_fleet.dnsperf(self.server.pid, PORT, self.questions, OPTIONS.seconds)
        used = used_since(before, threads(self.server.pid))
        answered = got["rate"] * OPTIONS.seconds
        figures["per_worker_cpu"] = answered / max(used[self.worker], 0.01)
        figures["others"] = sorted((seconds / OPTIONS.seconds for thread, seconds in used.items()
                                    if thread != self.worker and seconds), reverse=True)
        figures["lost"] = got["lost"]

    def by_the_clock(self, figures):
        got = bench_fleet.tool("udp_load", PORT, OPTIONS.seconds, int(self.rate * SHARE), self.questions)
        figures.update({"p50": got["p50"], "p999": got["p999"], "max": got["max"],
                        "clock_lost": got["lost"], "late": got["late"]})
        if set(got["rcodes"]) != {"NOERROR"}:
            raise Failure(f"answers other than NOERROR: {got['rcodes']}")

    def round(self):
        still, changing = {}, {}
        self.saturated(still)
        with self.changing(changing):
            self.saturated(changing)
        self.by_the_clock(still)
        with self.changing(changing):
            self.by_the_clock(changing)
        return still, changing


def report(still, changing):
    def of(rows, name):
        return [row[name] for row in rows]

    for title, rows in (("nothing changes", still), ("registrations change", changing)):
        print(f"{title}: questions a CPU-second of the worker {spread(of(rows, 'per_worker_cpu'))}\n"
              f"    p50 {spread(of(rows, 'p50'))} us, p99.9 {spread(of(rows, 'p999'))} us, "
              f"max {max(of(rows, 'max')):,.0f} us; the load was late by {max(of(rows, 'late')):,.0f} us at most\n"
              f"    the other threads, % of a processor: "
              f"{', '.join(f'{share * 100:.0f}' for share in statistics.median_low(of(rows, 'others'))[:5]) or '0'}")
    median = {name: (statistics.median(of(still, name)), statistics.median(of(changing, name)))
              for name in ("per_worker_cpu", "p999")}
    goals = Goals()
    goals.add("changes a second", statistics.median(of(changing, "changed")), at_least=int(OPTIONS.rate * 0.98))
    goals.add("questions a CPU-second, of when nothing changes",
              median["per_worker_cpu"][1] / median["per_worker_cpu"][0], at_least=0.9, digits=2)
    goals.add(f"p99.9 at {SHARE:.0%}, of when nothing changes", median["p999"][1] / median["p999"][0],
              at_most=2, digits=2)
    goals.add(f"lost at {SHARE:.0%}", sum(of(changing, "clock_lost")), at_most=0)
    goals.end()


def run(scenario):
    bench = Bench(scenario)
    print(f"{OPTIONS.instances:,} instances; it takes {bench.rate:,.0f} questions a second", flush=True)
    still, changing = [], []
    for number in range(OPTIONS.rounds):
        for rows, row in zip((still, changing), bench.round()):
            rows.append(row)
        progress(f"round {number + 1} of {OPTIONS.rounds}")
    report(still, changing)
    if OPTIONS.json:
        with open(OPTIONS.json, "w", encoding="utf-8") as handle:
            json.dump({"still": still, "changing": changing}, handle, indent=1)


main(run, "bench-churn")
