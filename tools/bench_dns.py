#!/usr/bin/python3
"""Questions a second, beside Knot DNS, NSD, PowerDNS and BIND on the same data, and beside a loop
that only echoes.

    ROLLCALL=build/release/rollcall tools/bench_dns.py [--rounds=7] [--seconds=3] [--sets=srv,a]
                                                       [--peers=knot,nsd] [--quick] [--json=FILE]

Each server runs on one processor, with one worker; the load, on another.  Each round asks every
server in turn, in another order each time.  For each set: questions a second as the load got them,
questions for each second of the server's processor, lost questions, the mean latency; the median
with minimum and maximum, and its ratio to the echo loop, which sends replies of the size of ours,
and to the best peer.  A peer that does not give the same number of records to the same questions as
we do is left out of that set, and it is said why.
"""

import argparse
import json
import os
import random
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

import bench_peers  # noqa: E402
from bench_peers import ROOT, SERVERS, Zones  # noqa: E402

TOOLS = f"{os.path.dirname(bench_peers.BINARY)}/bench"
SERVER_CPU, LOAD_CPU = 0, 1
PORT = 5400  # and those after it


class Set:
    """A kind of question: what to ask, and how."""

    def __init__(self, title, questions, tcp=None):
        self.title, self.questions, self.tcp = title, questions, tcp


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
        "srv": Set("SRV of 3 with glue", srv),
        "a": Set("A", a),
        "aaaa": Set("AAAA, no data", aaaa),
        "nx": Set("NXDOMAIN", nx),
        "ptr": Set("PTR", ptr),
        "srv20": Set("SRV of 20 in 1232 octets", twenty),
        "mix": Set("a mix of these", mix),
        # (connections, questions at a time on each; 0: a connection for each question, of which
        # Knot and BIND take ten at a time: more wait for a second)
        "tcp100": Set("SRV of 100 by TCP", [(hundred, "SRV")], (20, 4)),
        "tcp100new": Set("the same, new connections", [(hundred, "SRV")], (8, 0)),
        "tcp1300": Set("SRV of 1,300 by TCP", [(thousand, "SRV")], (10, 2)),
        "tcp1300new": Set("the same, new connections", [(thousand, "SRV")], (8, 0)),
    }


def ask_udp(server, one, seconds, directory):
    data = f"{directory}/questions"
    with open(data, "w", encoding="ascii") as handle:
        handle.writelines(f"{name} {kind}\n" for name, kind in one.questions)
    command = ["taskset", "-c", str(LOAD_CPU), f"{SERVERS}/dnsperf", "-s", "127.0.0.1", "-p", str(server.port),
               "-d", data, "-l", str(seconds), "-c", "8", "-q", "200", "-e"]
    before = server.cpu()
    said = subprocess.run(command, capture_output=True, text=True, timeout=seconds + 20, check=True).stdout
    used = server.cpu() - before

    def number(label):
        return float(re.search(rf"{label}: +([\d.]+)", said)[1])

    done = number("Queries completed")
    return {"rate": number("Queries per second"), "per_cpu": done / max(used, 0.01),
            "lost": number("Queries lost"), "latency_us": number(r"Average Latency \(s\)") * 1e6}


def ask_tcp(server, one, seconds):
    connections, depth = one.tcp
    before = server.cpu()
    said = subprocess.run(["taskset", "-c", str(LOAD_CPU), f"{TOOLS}/tcp_load", str(server.port), str(seconds),
                           str(connections), str(depth), *[name for name, _ in one.questions]],
                          capture_output=True, text=True, timeout=seconds + 20, check=False)
    if said.returncode:
        raise RuntimeError(f"{server.name}: {said.stderr.strip()}")
    used = server.cpu() - before
    got = json.loads(said.stdout)
    return {"rate": got["answers"] / got["seconds"], "per_cpu": got["answers"] / max(used, 0.01), "lost": 0,
            "latency_us": got["p50"]}


def shape(reply):
    return reply.rcode(), *(sum(len(rrset) for rrset in section) for section in (reply.answer, reply.additional))


def difference(ours, peer, one):
    """Where the peer's answer has other numbers of records than ours; None: nowhere."""
    for name, kind in random.Random(2).sample(one.questions, min(5, len(one.questions))):
        want = shape(ours.ask(name, kind, tcp=one.tcp is not None))
        got = shape(peer.ask(name, kind, tcp=one.tcp is not None))
        # How much glue comes along is a server's own choice where it is large.
        if got[:2] != want[:2] or (want[1] < 20 and got != want):
            return f"{name} {kind}: {', '.join(map(str, got))} (rcode, answer, additional), " \
                   f"not {', '.join(map(str, want))}"
    return None


def comparable(servers, one):
    asked = [servers[0]]
    for peer in servers[1:]:
        why = difference(servers[0], peer, one)
        if why:
            print(f"\n{one.title}: without {peer.name}, which answers {why}")
        else:
            asked.append(peer)
    return asked


def measure(servers, one, options, directory):
    rows = {server.name: [] for server in servers}
    for number in range(options.rounds):
        turn = number % len(servers)
        for server in servers[turn:] + servers[:turn]:
            print(f"\r{one.title}: round {number + 1} of {options.rounds}, {server.name:10}", end="",
                  file=sys.stderr, flush=True)
            if one.tcp:
                rows[server.name].append(ask_tcp(server, one, options.seconds))
            else:
                rows[server.name].append(ask_udp(server, one, options.seconds, directory))
    print("\r" + " " * 78 + "\r", end="", file=sys.stderr, flush=True)
    return rows


def spread(values):
    return f"{statistics.median(values):,.0f} [{min(values):,.0f}, {max(values):,.0f}]"


def table(one, rows):
    median = {name: statistics.median(row["per_cpu"] for row in each) for name, each in rows.items()}
    peers = [value for name, value in median.items() if name not in ("rollcall", "echo")]
    print(f"\n{one.title}")
    print(f"{'':10}{'a second':>32}{'a CPU-second':>34}{'lost':>7}{'latency':>10}{'of echo':>9}{'of best':>9}")
    for name, each in rows.items():
        of_echo = f"{median[name] / median['echo']:.2f}" if "echo" in median else ""
        of_best = f"{median[name] / max(peers):.2f}" if peers else ""
        latency = f"{statistics.median(row['latency_us'] for row in each):,.0f} us"
        print(f"{name:10}{spread([row['rate'] for row in each]):>32}{spread([row['per_cpu'] for row in each]):>34}"
              f"{sum(row['lost'] for row in each):>7.0f}{latency:>10}{of_echo:>9}{of_best:>9}", flush=True)


def start_echo(size, directory):
    os.makedirs(directory, exist_ok=True)
    return bench_peers.Server("echo", PORT, [f"{TOOLS}/echo", str(PORT), str(size)], directory, SERVER_CPU)


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n", maxsplit=1)[0],
                                     epilog="example: tools/bench_dns.py --quick --sets=srv,a --peers=knot,nsd")
    names = list(sets(Zones(3)))
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--seconds", type=int, default=3, help="that each server is asked in a round")
    parser.add_argument("--services", type=int, default=1000, help="of three instances")
    parser.add_argument("--sets", default=",".join(names), help="of " + ",".join(names))
    parser.add_argument("--peers", default=",".join(bench_peers.ORDER[1:]), help="besides rollcall")
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
        if name not in bench_peers.ORDER[1:]:
            parser.error(f"no such peer: {name} (of {', '.join(bench_peers.ORDER[1:])})")
    if os.cpu_count() < 2:
        parser.error("one processor for the servers and one for the load are needed")
    return options


def main():
    options = arguments()
    zones = Zones(options.services)
    kinds = sets(zones)
    base = tempfile.mkdtemp(prefix="bench-dns-", dir=f"{ROOT}/build")
    servers, raw = [], {}
    try:
        files = zones.files(base)
        for number, name in enumerate(["rollcall", *options.peers]):
            servers.append(bench_peers.start(name, base, PORT + 10 * (number + 1), zones, files, SERVER_CPU))
            servers[-1].wait(f"host0.{zones.services[-1][0]}.{Zones.FORWARD}", "A")
            servers[-1].wait(Zones.reverse(list(zones.names())[-1][0]), "PTR")
        for name in options.sets:
            one, asked = kinds[name], comparable(servers, kinds[name])
            echo = None
            if not one.tcp:
                size = statistics.median_low(len(servers[0].ask(*question).to_wire())
                                             for question in one.questions[:50])
                echo = start_echo(size, f"{base}/echo")
                asked.append(echo)
                time.sleep(0.2)
            try:
                raw[name] = measure(asked, one, options, base)
            finally:
                if echo:
                    echo.stop()
            table(one, raw[name])
    finally:
        for server in servers:
            server.stop()
        shutil.rmtree(base, ignore_errors=True)
    if options.json:
        with open(options.json, "w", encoding="utf-8") as handle:
            json.dump(raw, handle, indent=1)


main()
