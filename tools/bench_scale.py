#!/usr/bin/python3
"""A million instances beside three thousand: how soon a start answers, what they cost in memory, how
fast they are answered, and what the worst questions do to the others.

    ROLLCALL=build/release/rollcall tools/bench_scale.py [--instances=1000000] [--per=3,100] [--rounds=7]
                                                         [--seconds=3] [--stores=embedded,etcd] [--quick]

Five zones.  Starts may use every processor, and are timed until the first answer with all records; the
names that are checked afterwards are from all of the fleet.  Memory is what is resident beyond that
of a server without registrations, for each instance, less its key and value; the embedded store's own
copy is in it.  For the throughput both servers run, with one worker on processor 0, and are asked in
turns; the questions are for names of all the fleet.
"""

import argparse
import json
import os
import socket
import statistics
import sys
import time

import dns.message

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path[:0] = [os.path.dirname(os.path.abspath(__file__)), f"{ROOT}/test"]

import bench_fleet  # noqa: E402
from bench_figures import Goals, cpu, memory, progress, spread  # noqa: E402
from bench_fleet import Fleet  # noqa: E402
from harness import process  # noqa: E402
from harness.dns import answer  # noqa: E402
from harness.etcd import Cluster  # noqa: E402
from harness.scenario import main, server  # noqa: E402
from harness.wait import Failure, wait_for  # noqa: E402

LARGE, SMALL = 5300, 5400  # ports of DNS; those after them are the server's other ones
SMALL_COUNT = 3000
EVERYWHERE = sorted(os.sched_getaffinity(0))
NO_ETCD = ("--store=etcd", "--etcd.endpoint=http://127.0.0.1:9")
RATE = 10_000  # questions a second that the worst ones are asked beside


class Shape:
    """A fleet of one shape, and the figures that it yields."""

    def __init__(self, scenario, goals, options, per):
        self.scenario, self.goals, self.options = scenario, goals, options
        self.fleet = Fleet(options.instances, per)
        self.octets = 0
        self.title = f"services of {per}"

    def add(self, what, *figure, **how):
        self.goals.add(f"{self.title}: {what}", *figure, **how)

    def start(self, name, *flags):
        """(process, seconds until it answered); says what that took of the processors."""
        began = time.monotonic()
        child = bench_fleet.begin(self.scenario, name, LARGE, *flags, processors=EVERYWHERE)
        bench_fleet.wait_answers(child, LARGE, self.fleet.last(), 120)
        took = time.monotonic() - began
        self.add(f"seconds of a processor until then, {name}", cpu(child.pid), "s", digits=2)
        self.fleet.whole(LARGE)
        return child, took

    def weigh(self, child, empty, source, **goal):
        self.kept(LARGE)
        time.sleep(6)  # what a start still has to do: answers are sized, every five seconds
        for field, name in (("VmRSS", "resident"), ("RssAnon", "anonymous")):
            beyond = (memory(child.pid)[field] - empty[field] - self.octets) / self.fleet.count
            self.add(f"octets beyond key and value, {source}, {name}", beyond, "",
                     **(goal if field == "VmRSS" else {}))

    def kept(self, port):
        """The last known view is on the disk."""
        wait_for("the last known view to be kept", lambda: bench_fleet.metric(
            port, "rollcall_last_known_records") == self.fleet.count, 120, every=0.2)

    def embedded(self, empty):
        path = self.scenario.path(self.title)
        flags = (f"--store.path={path}", f"--store.listen-address=127.0.0.1:{LARGE + 2}")
        first = bench_fleet.begin(self.scenario, "filled", LARGE, *flags, processors=EVERYWHERE)
        began = time.monotonic()
        self.octets = self.fleet.fill(bench_fleet.url(LARGE))
        self.add("filled, embedded", time.monotonic() - began, "s", digits=1)
        self.kept(LARGE)
        first.stop(60)

        again, took = self.start("embedded", *flags)
        self.add("first full answers, embedded", took, "s", at_most=4, digits=2)
        self.weigh(again, empty, "embedded")
        again.stop(60)

        known, took = self.start("last known", f"--store.path={path}", *NO_ETCD)
        self.add("first full answers, last known, no store", took, "s", at_most=2, digits=2)
        known.stop(60)
        return flags

    def etcd(self, empty):
        cluster = Cluster(self.scenario, name=f"etcd{self.fleet.per}",
                          flags=["--quota-backend-bytes", str(8 << 30)])
        began = time.monotonic()
        self.octets = self.fleet.fill(cluster.endpoints)
        self.add("filled, etcd", time.monotonic() - began, "s", digits=1)
        fed, took = self.start("etcd", "--store=etcd", f"--etcd.endpoint={cluster.endpoints}",
                               f"--store.path={self.scenario.path(f'fed{self.fleet.per}')}")
        self.add("first full answers, etcd", took, "s", at_most=10, digits=2)
        self.weigh(fed, empty, "etcd", at_most=400)
        fed.stop(60)
        cluster.kill()

    def throughput(self, large):
        small_fleet = Fleet(SMALL_COUNT, self.fleet.per)
        small = bench_fleet.begin_embedded(self.scenario, f"small{self.fleet.per}", SMALL)
        small_fleet.fill(bench_fleet.url(SMALL))
        bench_fleet.wait_answers(small, SMALL, small_fleet.last(), 30)
        sides = [(large, LARGE, self.fleet.questions(self.scenario.path("large.txt")), []),
                 (small, SMALL, small_fleet.questions(self.scenario.path("small.txt")), [])]
        for number in range(self.options.rounds):
            for child, port, questions, rows in sides if number % 2 else sides[::-1]:
                rows.append(bench_fleet.dnsperf(child.pid, port, questions, self.options.seconds))
            progress(f"throughput, round {number + 1} of {self.options.rounds}")
        small.stop()
        per_cpu = [[row["per_cpu"] for row in rows] for *_, rows in sides]
        print(f"{self.title}: questions a CPU-second: {spread(per_cpu[0])}; "
              f"with {SMALL_COUNT:,}: {spread(per_cpu[1])}", flush=True)
        self.add(f"throughput, of that with {SMALL_COUNT:,}",
                 statistics.median(per_cpu[0]) / statistics.median(per_cpu[1]), "",
                 at_least=0.85 if self.fleet.per == 3 else None, digits=2)
        self.add("questions lost", sum(row["lost"] for *_, rows in sides for row in rows))
        return {"large": sides[0][3], "small": sides[1][3]}


def worst_names(zone):
    """(what, name, type), and what has to be registered for them."""
    puts = []
    for level in range(12):
        puts += [(f"maze/f{level}/{side}", f"f{level + 1}.maze.{zone}") for side in "lr"]
    puts.append(("maze/f12", "2001:db8::1"))
    for number in range(2000):
        ways = "/".join(f"w{number >> bit & 1}" for bit in range(20))
        puts.append((f"ways/{ways}/i{number}", f"10.250.{number >> 8}.{number & 255}"))
    questions = [("alias maze", f"f0.maze.{zone}", "A"), ("20-way wildcard", "*." * 20 + f"ways.{zone}", "SRV"),
                 ("zone apex", zone, "SRV"), ("zone apex, healthy", f"_healthy.{zone}", "A"),
                 ("half of the zone", f"_shard0of2.{zone}", "SRV"),
                 ("wildcard over the zone", f"*.*.{zone}", "SRV")]
    return questions, puts


def put(url, zone, puts):
    prefix = "/skydns/" + "/".join(reversed(zone.split(".")))
    for first in range(0, len(puts), 100):
        words = "".join(f"put {prefix}/{path} {json.dumps(json.dumps({'host': host, 'port': 9100}))}\n"
                        for path, host in puts[first:first + 100])
        done = process.run([server("etcdctl"), "--endpoints", url, "txn"], env={"ETCDCTL_API": "3"},
                           stdin=f"\n{words}\n\n")
        if done.returncode:
            raise Failure(f"etcdctl txn: {done.stderr}")


def ask_worst(name, kind, seconds, tcp):
    """One after the other, on one socket, reading nothing but the octets: the milliseconds of each.

    Each offers another size, which makes it a question that was not answered before.
    """
    query = dns.message.make_query(name, kind, use_edns=0)
    times, end = [], time.monotonic() + seconds
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM if tcp else socket.SOCK_DGRAM) as connection:
        connection.settimeout(5)
        connection.connect(("127.0.0.1", LARGE))
        with connection.makefile("rb") as replies:
            while time.monotonic() < end:
                query.use_edns(edns=0, payload=1232 + len(times) % 60_000)
                question = query.to_wire()
                began = time.perf_counter()
                if tcp:
                    connection.sendall(len(question).to_bytes(2, "big") + question)
                    replies.read(int.from_bytes(replies.read(2), "big"))
                else:
                    connection.send(question)
                    connection.recv(65535)
                times.append((time.perf_counter() - began) * 1000)
    return times


def worst(scenario, goals, fleet, seconds):
    questions, puts = worst_names(bench_fleet.NAMES[0])
    put(bench_fleet.url(LARGE), bench_fleet.NAMES[0], puts)
    wait_for("the maze", lambda: answer(f"w0.ways.{bench_fleet.NAMES[0]}", "A", port=LARGE)[0] == "NOERROR")
    others = fleet.questions(scenario.path("others.txt"))

    def start_others():
        return bench_fleet.start_tool("udp_load", LARGE, seconds, RATE, others)

    alone = bench_fleet.told(start_others())
    print(f"{RATE:,} other questions a second, alone: p50 {alone['p50']:.0f}, p99 {alone['p99']:.0f}, "
          f"p99.9 {alone['p999']:.0f}, max {alone['max']:.0f} us; {alone['lost']} lost", flush=True)
    for tcp in (False, True):
        for what, name, kind in questions:
            beside = start_others()
            times = ask_worst(name, kind, seconds - 0.5, tcp)
            got = bench_fleet.told(beside)
            way = f"{what}, by {'TCP' if tcp else 'UDP'}"
            goals.add(f"{way}: half of {len(times):,} within", statistics.median(times), "ms", digits=2)
            goals.add(f"{way}: the slowest", max(times), "ms", digits=2)
            print(f"    the others: p50 {got['p50']:.0f}, p99 {got['p99']:.0f}, p99.9 {got['p999']:.0f}, "
                  f"max {got['max']:.0f} us; {got['lost']} lost", flush=True)


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n", maxsplit=1)[0])
    parser.add_argument("--instances", type=int, default=1_000_000)
    parser.add_argument("--per", default="3,100", help="instances of a service, one shape for each")
    parser.add_argument("--stores", default="embedded,etcd", help="that starts and memory are measured from")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--seconds", type=int, default=3, help="that each server is asked in a round")
    parser.add_argument("--quick", action="store_true", help="100,000 instances, three rounds of two seconds")
    parser.add_argument("--json", help="the throughput's figures, to a file")
    options = parser.parse_args()
    if options.quick:
        options.instances, options.rounds, options.seconds = 100_000, 3, 2
    options.per = [int(number) for number in options.per.split(",")]
    options.stores = options.stores.split(",")
    if "embedded" not in options.stores:
        parser.error("the throughput is that of an embedded store: --stores has to have it")
    return options


OPTIONS = arguments()


def run(scenario):
    goals, raw = Goals(), {}
    print(f"{OPTIONS.instances:,} instances", flush=True)
    child = bench_fleet.begin_embedded(scenario, "empty", SMALL, processors=EVERYWHERE)
    wait_for("a server without registrations",
             lambda: answer(f"nobody.{bench_fleet.NAMES[0]}", port=SMALL, timeout=0.2)[0] == "NXDOMAIN")
    time.sleep(2)
    empty = memory(child.pid)
    child.stop()
    for per in OPTIONS.per:
        shape = Shape(scenario, goals, OPTIONS, per)
        flags = shape.embedded(empty)
        if "etcd" in OPTIONS.stores:
            shape.etcd(empty)
        large = bench_fleet.begin(scenario, "large", LARGE, *flags)
        bench_fleet.wait_answers(large, LARGE, shape.fleet.last(), 120)
        raw[shape.title] = shape.throughput(large)
        if per == OPTIONS.per[0]:
            worst(scenario, goals, shape.fleet, max(3, OPTIONS.seconds))
        large.stop(60)
    goals.end()
    if OPTIONS.json:
        with open(OPTIONS.json, "w", encoding="utf-8") as handle:
            json.dump(raw, handle, indent=1)


main(run, "bench-scale")
