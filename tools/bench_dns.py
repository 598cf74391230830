#!/usr/bin/python3
"""Questions a second, beside Knot DNS, NSD, PowerDNS and BIND on the same data, and beside a loop
that only echoes.

    ROLLCALL=build/release/rollcall tools/bench_dns.py [--rounds=7] [--seconds=3] [--sets=srv,a]
                                                       [--peers=knot,nsd] [--quick] [--json=FILE]

Each server runs on one processor, with one worker; the load, on another.  Each round asks every
server in turn, in another order each time.  For each set: the size of a reply, questions a second as
the load got them, questions for each second of the server's processor, how busy that was, the share of
questions lost, the latency (by UDP the mean, by TCP median and 99th percentile); the median with
minimum and maximum, and its ratio to the echo loop, which sends replies of the size of ours, and to
the best peer.  Then which goals are reached: where a server is not below another by more
than the interquartile range of its own rounds, it is as good.

`two` is rollcall with two workers, that share the one processor.  A peer that does not give the same
number of records to the same questions as we do is left out of that set, and so is one that fails; it
is said why.
"""

import argparse
import json
import os
import random
import re
import statistics
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path[:0] = [os.path.dirname(os.path.abspath(__file__)), f"{ROOT}/test"]

import bench_peers  # noqa: E402
import dns.exception  # noqa: E402
from bench_figures import as_good, progress, spread  # noqa: E402
from bench_peers import SERVERS, Zones  # noqa: E402
from harness.scenario import main  # noqa: E402
from harness.wait import Failure  # noqa: E402

TOOLS = f"{os.path.dirname(bench_peers.BINARY)}/bench"
SERVER_CPU, LOAD_CPU = 0, 1
PORT = 5400  # and those after it
MOST_LOST = 0.01  # what is more is told below the table
OURS = ("rollcall", "two")


class Set:
    """A kind of question: what to ask, how, and what share of the echo loop's figure to reach."""

    def __init__(self, title, questions, tcp=None, of_echo=None):
        self.title, self.questions, self.tcp, self.of_echo = title, questions, tcp, of_echo


def sets(zones):
    chance = random.Random(1)
    service = [f"{name}.{Zones.FORWARD}" for name, _, _ in zones.services]
    some = [chance.choice(service) for _ in range(20_000)]
    srv = [(name, "SRV") for name in some]
    a = [(f"host{chance.randrange(3)}.{name}", "A") for name in some]
    aaaa = [(name, "AAAA") for name, _ in a]
    nx = [(f"nowhere{chance.randrange(10_000)}.{Zones.FORWARD}", "A") for _ in some]
    addresses = [address for address, _ in zones.names()]
    ptr = [(Zones.reverse(chance.choice(addresses)), "PTR") for _ in some]
    twenty = [(f"twenty.{Zones.FORWARD}", "SRV")]
    mix = [chance.choice(kind) for kind in chance.choices([srv, a, aaaa, nx, ptr], [5, 2, 1, 1, 1], k=20_000)]
    hundred, thousand = f"hundred.{Zones.FORWARD}", f"thousand.{Zones.FORWARD}"
    return {
        "srv": Set("SRV of 3 with glue", srv, of_echo=0.85),
        "a": Set("A", a, of_echo=0.9),
        "aaaa": Set("AAAA, no data", aaaa),
        "nx": Set("NXDOMAIN", nx, of_echo=0.9),
        "ptr": Set("PTR", ptr),
        "srv20": Set("SRV of 20 in 1232 octets", twenty),
        "mix": Set("a mix of these", mix),
        # (connections, questions at a time on each; 0: a connection for each question, of which
        # Knot and BIND take ten at a time: more wait for a second)
        "tcp100": Set("SRV of 100 by TCP", [(hundred, "SRV")], (20, 4)),
        "tcp100new": Set("SRV of 100 by TCP, new connections", [(hundred, "SRV")], (8, 0)),
        "tcp1300": Set("SRV of 1,300 by TCP", [(thousand, "SRV")], (10, 2)),
        "tcp1300new": Set("SRV of 1,300 by TCP, new connections", [(thousand, "SRV")], (8, 0)),
    }


def ask_udp(server, one, seconds):
    data = f"{server.directory}/questions"
    with open(data, "w", encoding="ascii") as handle:
        handle.writelines(f"{name} {kind}\n" for name, kind in one.questions)
    said = load([f"{SERVERS}/dnsperf", "-s", "127.0.0.1", "-p", server.port, "-d", data, "-l", seconds,
                 "-c", 8, "-q", 200, "-e"], seconds)

    def number(label):
        return float(re.search(rf"{label}: +([\d.]+)", said)[1])

    return {"answers": number("Queries completed"), "seconds": number(r"Run time \(s\)"),
            "lost": number("Queries lost") / max(number("Queries sent"), 1),
            "latency_us": [number(r"Average Latency \(s\)") * 1e6]}


def ask_tcp(server, one, seconds):
    got = json.loads(load([f"{TOOLS}/tcp_load", server.port, seconds, *one.tcp, *[name for name, _ in one.questions]],
                          seconds))
    return {"answers": got["answers"], "seconds": got["seconds"], "lost": 0, "latency_us": [got["p50"], got["p99"]]}


def load(command, seconds):
    """What a load says at its end."""
    done = subprocess.run(["taskset", "-c", str(LOAD_CPU), *map(str, command)], capture_output=True, text=True,
                          timeout=seconds + 20, check=False)
    if done.returncode:
        raise Failure(done.stderr.strip() or f"{command[0]}: status {done.returncode}")
    return done.stdout


def ask(server, one, seconds):
    """The figures of one server in one round."""
    before = server.cpu()
    got = (ask_tcp if one.tcp else ask_udp)(server, one, seconds)
    used = max(server.cpu() - before, 0.01)
    if server.fate():
        raise Failure("its figures of this round are worth nothing")
    return {"rate": got["answers"] / got["seconds"], "per_cpu": got["answers"] / used,
            "busy": used / got["seconds"], "lost": got["lost"], "latency_us": got["latency_us"]}


def shape(reply):
    return reply.rcode(), *(sum(len(rrset) for rrset in section) for section in (reply.answer, reply.additional))


def difference(ours, peer, one):
    """Where the peer's answer has other numbers of records than ours; None: nowhere."""
    for name, kind in random.Random(2).sample(one.questions, min(20, len(one.questions))):
        want = shape(ours.ask(name, kind, tcp=one.tcp is not None))
        got = shape(peer.ask(name, kind, tcp=one.tcp is not None))
        # How much glue comes along is a server's own choice where it is large.
        if got[:2] != want[:2] or (want[1] < 20 and got != want):
            return f"{name} {kind}: {', '.join(map(str, got))} (rcode, answer, additional), " \
                   f"not {', '.join(map(str, want))}"
    return None


def size(server, one):
    """Octets of a reply, in the middle of some."""
    return statistics.median_low(len(server.ask(*question, tcp=one.tcp is not None).to_wire())
                                 for question in one.questions[:50])


class Asking:
    """One set, asked of those that answer it as we do."""

    def __init__(self, one, servers, options):
        self.one, self.options = one, options
        self.servers, self.why, self.rows, self.sizes = [servers[0]], {}, {}, {}
        for server in servers[1:]:
            try:
                why = difference(servers[0], server, one)
            except (OSError, EOFError, dns.exception.DNSException) as error:
                why = f"nothing to {one.questions[0]}: {error!r}"
            if why:
                self.leave_out(server, f"answers {why}")
            else:
                self.servers.append(server)
        self.sizes = {server.name: size(server, one) for server in self.servers}

    def leave_out(self, server, why):
        """Ours may not be left out."""
        if server.name in OURS:
            raise Failure(f"{self.one.title}: {server.name} {why}")
        self.why[server.name] = why

    def measure(self, echo):
        servers = self.servers + ([echo] if echo else [])
        self.rows = {server.name: [] for server in servers}
        for number in range(self.options.rounds):
            turn = number % len(servers)
            for server in servers[turn:] + servers[:turn]:
                if server.name in self.why:
                    continue
                progress(f"{self.one.title}: round {number + 1} of {self.options.rounds}, {server.name}")
                try:
                    self.rows[server.name].append(ask(server, self.one, self.options.seconds))
                except (Failure, OSError) as error:
                    self.rows.pop(server.name)
                    self.leave_out(server, f"failed in round {number + 1}: {server.fate()}{error}")
        progress("")

    def table(self):
        print(f"\n{self.one.title}")
        median = {name: statistics.median(row["per_cpu"] for row in each) for name, each in self.rows.items()}
        peers = [value for name, value in median.items() if name not in (*OURS, "echo")]
        print(f"{'':10}{'octets':>7}{'a second':>30}{'a CPU-second':>32}{'busy':>6}{'lost':>7}{'latency, us':>16}"
              f"{'of echo':>9}{'of best':>9}")
        for name, each in self.rows.items():
            of_echo = f"{median[name] / median['echo']:.2f}" if "echo" in median else ""
            of_best = f"{median[name] / max(peers):.2f}" if peers else ""
            latency = " / ".join(f"{statistics.median(values):,.0f}"
                                 for values in zip(*(row["latency_us"] for row in each)))
            print(f"{name:10}{self.sizes.get(name, self.sizes['rollcall']):>7,}"
                  f"{spread([row['rate'] for row in each]):>30}{spread([row['per_cpu'] for row in each]):>32}"
                  f"{statistics.median(row['busy'] for row in each):>6.0%}"
                  f"{statistics.mean(row['lost'] for row in each):>7.2%}{latency:>16}{of_echo:>9}{of_best:>9}")
            if statistics.mean(row["lost"] for row in each) > MOST_LOST:
                self.why[name] = f"lost more than {MOST_LOST:.0%} of the questions"
        for name, why in self.why.items():
            print(f"    {name} {why}")
        for what, reached in self.goals(median):
            print(f"    {what}: {'reached' if reached else 'missed'}", flush=True)
            if not reached:
                yield f"{self.one.title}: {what}"

    def goals(self, median):
        """(what, whether it is reached)"""
        per_cpu = {name: [row["per_cpu"] for row in each] for name, each in self.rows.items()}
        ours = per_cpu["rollcall"]
        best = max((name for name in median if name not in (*OURS, "echo")), key=median.get, default=None)
        if best:
            yield f"at least the best peer's ({best})", as_good(ours, median[best])
        if self.one.of_echo and "echo" in median:
            yield f"at least {self.one.of_echo} of the echo loop's", as_good(ours, self.one.of_echo * median["echo"])
        if "two" in median:
            yield "two workers: at least 0.9 of one's", as_good(per_cpu["two"], 0.9 * median["rollcall"])


def start_echo(octets, directory):
    os.makedirs(directory, exist_ok=True)
    return bench_peers.Server("echo", PORT, [f"{TOOLS}/echo", str(PORT), str(octets)], directory, SERVER_CPU)


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n", maxsplit=1)[0],
                                     epilog="example: script/bench dns --quick --sets=srv,a --peers=knot,nsd")
    names = list(sets(Zones(3)))
    others = [*bench_peers.ORDER[1:], "two"]
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--seconds", type=int, default=3, help="that each server is asked in a round")
    parser.add_argument("--services", type=int, default=1000, help="of three instances")
    parser.add_argument("--sets", default=",".join(names), help="of " + ",".join(names))
    parser.add_argument("--peers", default=",".join(others), help="besides rollcall")
    parser.add_argument("--quick", action="store_true", help="three rounds of two seconds")
    parser.add_argument("--json", help="all figures, to a file")
    options = parser.parse_args()
    if options.quick:
        options.rounds, options.seconds = 3, 2
    options.sets = [name for name in options.sets.split(",") if name]
    options.peers = [name for name in options.peers.split(",") if name]
    for name in options.sets:
        if name not in names:
            parser.error(f"no such set: {name} (of {', '.join(names)})")
    for name in options.peers:
        if name not in others:
            parser.error(f"no such peer: {name} (of {', '.join(others)})")
    if len(os.sched_getaffinity(0)) < 2:
        parser.error("one processor for the servers and one for the load are needed")
    if options.json:
        options.json = os.path.abspath(options.json)
    return options


OPTIONS = arguments()


def start(name, number, base, zones, files):
    port = PORT + 10 * number
    if name == "two":
        return bench_peers.start_two(base, port, zones, [SERVER_CPU, LOAD_CPU])
    return bench_peers.start(name, base, port, zones, files, SERVER_CPU)


def run(scenario):
    base = scenario.directory
    zones = Zones(OPTIONS.services)
    kinds = sets(zones)
    servers, raw, missed = [], {}, []
    try:
        files = zones.files(base)
        for number, name in enumerate(["rollcall", *OPTIONS.peers], 1):
            progress(f"starting {name}")
            servers.append(start(name, number, base, zones, files))
            servers[-1].wait(f"host0.{zones.services[-1][0]}.{Zones.FORWARD}", "A")
            servers[-1].wait(Zones.reverse(list(zones.names())[-1][0]), "PTR")
        for name in OPTIONS.sets:
            # Two workers are two of those by UDP; all TCP is one thread's.
            those = [server for server in servers if server.name != "two" or not kinds[name].tcp]
            asking = Asking(kinds[name], those, OPTIONS)
            echo = None if kinds[name].tcp else start_echo(asking.sizes["rollcall"], f"{base}/echo")
            try:
                asking.measure(echo)
            finally:
                if echo:
                    echo.stop()
            missed += asking.table()
            raw[name] = asking.rows
            if OPTIONS.json:
                with open(OPTIONS.json, "w", encoding="utf-8") as handle:
                    json.dump(raw, handle, indent=1)
    finally:
        for server in servers:
            server.stop()
    print("\nmissed: " + "; ".join(missed) if missed else "\nevery goal is reached", flush=True)


main(run, "bench-dns")
