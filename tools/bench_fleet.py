"""A fleet that rollcall serves, and questions for it: what bench_scale.py and bench_churn.py share.

Servers have processor 0 and one worker by UDP; loads have processor 1.
"""

import http.client
import json
import os
import random
import re
import socket
import subprocess

import dns.message

from bench_figures import cpu, on_processors

from harness import process
from harness.dns import answer
from harness.scenario import BINARY, server
from harness.wait import Failure, wait_for

TOOLS = f"{os.path.dirname(BINARY)}/bench"
ZONES = 5
NAMES = [f"zone{i}.test" for i in range(ZONES)]
SERVERS, LOADS = 0, 1


class Fleet:
    """`count` instances in services of `per`, as bench/fleet_load.cc registers them."""

    def __init__(self, count, per):
        self.count, self.per = count, per
        self.services = -(-count // per)

    def name(self, service):
        return f"s{service}.{NAMES[service % ZONES]}"

    def last(self):
        """The name of an instance, which fits any answer."""
        return f"h{self.count - 1}.{self.name(self.services - 1)}"

    def fill(self, url):
        """Octets of the keys and values."""
        return tool("fleet_load", url, "fill", self.count, self.per, ZONES, seconds=900)["octets"]

    def questions(self, path, most=200_000):
        """A file of SRV questions for names of all the fleet, in no order: of services, or where
        those do not fit a datagram, of instances."""
        chance = random.Random(1)
        with open(path, "w", encoding="ascii") as handle:
            for _ in range(most):
                instance = chance.randrange(self.count)
                name = self.name(instance // self.per)
                handle.write(f"{name} SRV\n" if self.per < 10 else f"h{instance}.{name} SRV\n")
        return path

    def whole(self, port):
        """Whether names from all of it are answered with all they have."""
        chance = random.Random(2)
        some = [0, self.services - 2, *(chance.randrange(self.services - 1) for _ in range(50))]
        for service in some:
            rcode, records = answer(self.name(service), "SRV", port=port, tcp=True)[:2]
            if rcode != "NOERROR" or len(records) != self.per:
                raise Failure(f"{self.name(service)}: {rcode}, {len(records)} records instead of {self.per}")


def tool(name, *words, seconds=120):
    """A program of bench/ on the loads' processor; the object it prints."""
    return told(start_tool(name, *words), seconds)


def start_tool(name, *words, nice=0):
    with on_processors(LOADS):
        return subprocess.Popen(["nice", "-n", str(nice), f"{TOOLS}/{name}", *map(str, words)],
                                stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def told(child, seconds=120):
    out, err = child.communicate(timeout=seconds)
    if child.returncode:
        raise Failure(f"{os.path.basename(child.args[3])}: {err.strip()}")
    return json.loads(out)


def dnsperf(pid, port, questions, seconds):
    """As many questions as one server takes: {"rate", "per_cpu", "lost"}"""
    with on_processors(LOADS):
        before = cpu(pid)
        done = process.run([server("dnsperf"), "-s", "127.0.0.1", "-p", port, "-d", questions, "-l", seconds,
                            "-c", 8, "-q", 200, "-e"], timeout=seconds + 30)
        used = cpu(pid) - before

    def number(label):
        return float(re.search(rf"{label}: +([\d.]+)", done.stdout)[1])

    if done.returncode:
        raise Failure(f"dnsperf: {done.stderr}")
    return {"rate": number("Queries per second"), "lost": number("Queries lost"),
            "per_cpu": number("Queries completed") / max(used, 0.01)}


def begin(scenario, name, port, *flags, processors=(SERVERS,)):
    """A rollcall, with a worker for each of the processors: a harness Process."""
    zones = [f"--zone={zone}" for zone in NAMES]
    with on_processors(*processors):
        return scenario.start(name, [BINARY, "serve", f"--dns.listen-address=127.0.0.1:{port}",
                                     f"--web.listen-address=127.0.0.1:{port + 1}", "--log.level=warn",
                                     *zones, *flags])


def begin_embedded(scenario, name, port, **how):
    """With a store of its own, which is at url(port)."""
    return begin(scenario, name, port, f"--store.path={scenario.path(name)}",
                 f"--store.listen-address=127.0.0.1:{port + 2}", **how)


def url(port):
    return f"http://127.0.0.1:{port + 2}"


def wait_answers(child, port, name, seconds):
    """Until it answers for a name with records; a question each two milliseconds."""
    question = dns.message.make_query(name, "SRV").to_wire()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as connection:
        connection.connect(("127.0.0.1", port))
        connection.settimeout(0.05)

        def there():
            if not child.running():
                raise Failure(f"{child.name} has ended: {child.output()[-2000:]}")
            connection.send(question)
            reply = connection.recv(4096)
            return reply[3] & 15 == 0 and int.from_bytes(reply[6:8], "big") > 0

        wait_for(f"{child.name} to answer for {name}", there, seconds, every=0.002)


def metric(port, name):
    """A value of a server's /metrics; None: it is not there, or the server not yet."""
    connection = http.client.HTTPConnection("127.0.0.1", port + 1, timeout=10)
    try:
        connection.request("GET", "/metrics")
        lines = connection.getresponse().read().decode().splitlines()
    except OSError:
        return None
    finally:
        connection.close()
    return next((float(line.split()[1]) for line in lines if line.startswith(name + " ")), None)
