#!/usr/bin/python3
"""The embedded store beside Debian's etcd: same disk, same load, runs interleaved.

    ROLLCALL=build/release/rollcall tools/bench_store.py [ROUNDS] [KEYS]

Each round starts both from nothing, one after the other, and puts on each: single puts, puts
under load, puts with a watch.  Then KEYS keys (a million) are put into each, both are
started again, and are asked how long that took and what memory they have.  Medians, with
minimum and maximum, and the ratio of the medians.
"""

import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
BINARY = os.environ.get("ROLLCALL", f"{ROOT}/build/release/rollcall")
LOAD = f"{os.path.dirname(BINARY)}/bench/store_load"
ETCD = f"{ROOT}/build/servers/root/usr/bin/etcd"
URL = "http://127.0.0.1:23790"
TICK = os.sysconf("SC_CLK_TCK")

# name, unit, whether a higher value is better, what the ratio has to reach
FIGURES = [
    ("put, one client, p50", "us", False, 1.1),
    ("put, one client, p99", "us", False, 1.0),
    ("puts/s, 64 in flight", "1/s", True, 1.5),
    ("puts/s, 512 in flight", "1/s", True, 1.5),
    ("server CPU per put, 64", "us", False, 0.7),
    ("server CPU per put, 512", "us", False, 0.7),
    ("put to watch, p50", "us", False, None),
    ("put to watch, p99", "us", False, 1.0),
    ("ready with all keys", "s", False, None),
    ("anonymous memory", "MB", False, 0.6),
    ("pages of the file", "MB", False, None),
]


def load(*words):
    done = subprocess.run([LOAD, URL, *map(str, words)], capture_output=True, text=True, timeout=600,
                          check=False)
    if done.returncode:
        sys.exit(done.stderr)
    return json.loads(done.stdout)


class Server:
    def __init__(self, name, directory):
        self.name = name
        os.makedirs(directory, exist_ok=True)
        if name == "etcd":
            argv = [ETCD, "--data-dir", f"{directory}/etcd", "--listen-client-urls", URL,
                    "--advertise-client-urls", URL, "--listen-peer-urls", "http://127.0.0.1:23791",
                    "--initial-advertise-peer-urls", "http://127.0.0.1:23791",
                    "--initial-cluster", "default=http://127.0.0.1:23791",
                    "--quota-backend-bytes", str(8 << 30), "--logger", "zap", "--log-level", "error"]
        else:
            # The store alone: a prefix without keys, so that no answers are made of them.
            argv = [BINARY, "serve", f"--store.path={directory}/rollcall", "--prefix=/nobody",
                    f"--store.listen-address={URL.split('//')[1]}",
                    "--dns.listen-address=127.0.0.1:53999", "--log.level=error"]
        self.started = time.monotonic()
        self.child = subprocess.Popen(argv, stdin=subprocess.DEVNULL)
        load("ready")
        self.ready = time.monotonic() - self.started

    def cpu(self):
        with open(f"/proc/{self.child.pid}/stat", encoding="ascii") as handle:
            fields = handle.read().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / TICK

    def memory(self):
        """(anonymous, of files) in MB"""
        sizes = {}
        with open(f"/proc/{self.child.pid}/status", encoding="ascii") as handle:
            for line in handle:
                if line.startswith("Rss"):
                    name, size = line.split(":")
                    sizes[name] = int(size.split()[0]) / 1000
        return sizes["RssAnon"], sizes["RssFile"]

    def stop(self):
        self.child.terminate()
        self.child.wait(60)


def measure_round(name, directory):
    server = Server(name, directory)
    figures = {}
    try:
        latency = load("latency", 1500)
        figures["put, one client, p50"] = latency["p50"]
        figures["put, one client, p99"] = latency["p99"]
        for flight in (64, 512):
            before = server.cpu()
            result = load("throughput", flight, 4000)
            figures[f"puts/s, {flight} in flight"] = result["puts_per_second"]
            figures[f"server CPU per put, {flight}"] = (server.cpu() - before) / result["puts"] * 1e6
        watch = load("watch", 1500)
        figures["put to watch, p50"] = watch["p50"]
        figures["put to watch, p99"] = watch["p99"]
    finally:
        server.stop()
    return figures


def measure_many(name, directory, keys, starts):
    """Filled once, started several times."""
    server = Server(name, directory)
    try:
        load("fill", keys)
    finally:
        server.stop()
    rows = []
    for _ in range(starts):
        server = Server(name, directory)
        time.sleep(1)  # what a start still does when it answers already
        anonymous, of_files = server.memory()
        rows.append({"ready with all keys": server.ready, "anonymous memory": anonymous,
                     "pages of the file": of_files})
        server.stop()
    return rows


def table(rows):
    print(f"{'':26}{'etcd':>28}{'rollcall':>28}{'ratio':>8}{'goal':>8}")
    missed = []
    for name, unit, higher, goal in FIGURES:
        cells, medians = [], []
        for who in ("etcd", "rollcall"):
            values = [row[name] for row in rows[who] if name in row]
            if not values:
                break
            medians.append(statistics.median(values))
            digits = 2 if unit == "s" else 0
            cells.append(f"{medians[-1]:.{digits}f} [{min(values):.{digits}f}, {max(values):.{digits}f}] {unit}")
        if len(cells) < 2:
            continue
        ratio = medians[1] / medians[0]
        if goal and (ratio < goal if higher else ratio > goal):
            missed.append(name)
        wanted = f"{'>=' if higher else '<='} {goal}" if goal else ""
        print(f"{name:26}{cells[0]:>28}{cells[1]:>28}{ratio:8.2f}{wanted:>8}", flush=True)
    print("missed: " + ", ".join(missed) if missed else "every goal is reached")
    return missed


def main():
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 5
    keys = int(sys.argv[2]) if len(sys.argv) > 2 else 1_000_000
    work = tempfile.mkdtemp(prefix="bench-store-", dir=f"{ROOT}/build")
    rows = {"etcd": [], "rollcall": []}
    try:
        for number in range(rounds):
            for name in (("etcd", "rollcall"), ("rollcall", "etcd"))[number % 2]:
                rows[name].append(measure_round(name, f"{work}/{name}-{number}"))
                shutil.rmtree(f"{work}/{name}-{number}")
            print(f"round {number + 1} of {rounds}", file=sys.stderr, flush=True)
        for name in rows if keys else ():
            rows[name] += measure_many(name, f"{work}/{name}-many", keys, 5)
            shutil.rmtree(f"{work}/{name}-many")
    finally:
        shutil.rmtree(work, ignore_errors=True)
    print(f"{rounds} rounds, {keys} keys of 200 octets for the last lines")
    table(rows)


main()
