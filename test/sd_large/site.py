"""A server with 100,000 targets in one name, and what answers of it cost; for test.py, and on the
release build for `script/bench http`."""

import base64
import http.client
import json
import resource
import socket
import threading
import time

from harness.etcd import Cluster
from harness.rollcall import Server
from harness.wait import check, equal, wait_for

TARGETS = 100_000
CLIENTS = 50
WAITING = 5_000
AT_ONCE = 5_000  # puts of one transaction of etcd
WEB = ("127.0.0.1", 9530)
SD = "/sd/node.prom.internal"
MIB = 1 << 20


def registration(number):
    value = {"host": f"10.{number >> 16}.{number >> 8 & 255}.{number & 255}", "port": 9100,
             "rollcall": {"owner": f"agent:h{number:06}", "tags": ["linux"],
                          "labels": {"rack": f"r{number % 500}", "role": "web"}}}
    return f"/skydns/internal/prom/node/h{number:06}", value


def load(pairs):
    """Puts by etcd's JSON gateway, thousands to a transaction."""
    def put(key, value):
        text = [base64.b64encode(part.encode()).decode() for part in (key, json.dumps(value))]
        return {"requestPut": {"key": text[0], "value": text[1]}}

    connection = http.client.HTTPConnection("127.0.0.1", 2379, timeout=60)
    for start in range(0, len(pairs), AT_ONCE):
        puts = [put(key, value) for key, value in pairs[start:start + AT_ONCE]]
        connection.request("POST", "/v3/kv/txn", json.dumps({"success": puts}))
        reply = connection.getresponse()
        text = reply.read()
        check(reply.status == 200, text[:300])
    connection.close()


def memory(server, what="RssAnon"):
    """In octets."""
    with open(f"/proc/{server.process.pid}/status", encoding="ascii") as status:
        [line] = [line for line in status if line.startswith(what + ":")]
    return int(line.split()[1]) * 1024


class Answer:
    """What came to one request of its own connection, and when, in seconds from its sending."""

    def __init__(self, path, before=None, stop_after=None):
        with socket.create_connection(WEB, timeout=60) as connection:
            if before:
                before.wait()
            began = time.monotonic()
            connection.sendall(f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n".encode())
            octets = bytearray()
            self.first = 0.0
            buffer = bytearray(MIB)
            while count := connection.recv_into(buffer):
                octets += memoryview(buffer)[:count]
                self.first = self.first or (b'[{"targets"' in octets and time.monotonic() - began)
                if stop_after and len(octets) > stop_after:
                    break
            self.last = time.monotonic() - began
        head, _, body = bytes(octets).partition(b"\r\n\r\n")
        self.status = int(head.split()[1])
        self.chunked = b"transfer-encoding: chunked" in head.lower()
        self.body = unchunked(body) if self.chunked and not stop_after else body

    def __str__(self):
        return f"first octet after {self.first * 1000:.0f} ms, last after {self.last * 1000:.0f} ms"


def unchunked(octets):
    pieces, at = [], 0
    while True:
        end = octets.index(b"\r\n", at)
        size = int(octets[at:end], 16)
        if size == 0:
            equal(octets[end:], b"\r\n\r\n", "behind the last piece")
            return b"".join(pieces)
        pieces.append(octets[end + 2:end + 2 + size])
        at = end + 4 + size


def counter(name):
    connection = http.client.HTTPConnection(*WEB, timeout=10)
    connection.request("GET", "/metrics")
    lines = connection.getresponse().read().decode().splitlines()
    connection.close()
    [line] = [line for line in lines if line.startswith(name + " ")]
    return float(line.split()[1])


class Site:
    def __init__(self, scenario):
        self.scenario = scenario
        self.etcd = Cluster(scenario, flags=[f"--max-txn-ops={AT_ONCE}", "--max-request-bytes=20000000"])
        pairs = [registration(number) for number in range(TARGETS)]
        load([(f"/rollcall/v1/alive{key}", {"since": "2026-01-01T00:00:00Z", "health": "passing"}) for key, _ in pairs])
        load(pairs)
        self.server = Server(scenario, self.etcd.endpoints)
        wait_for("all of them", lambda: counter("rollcall_registrations") == TARGETS, 60)
        self.idle = memory(self.server)
        scenario.step(f"{TARGETS} targets")

    def change(self, number):
        """One target is touched, so that what was made of the name is old."""
        made = counter("rollcall_sd_answers_made_total")
        key, value = registration(number)
        value["rollcall"]["labels"]["role"] = f"changed{made:.0f}"
        self.etcd.put(key, value)
        wanted = value["rollcall"]["labels"]["role"].encode()
        # A name of one target, so that nothing is made of the large one meanwhile.
        wait_for("the change", lambda: wanted in Answer(f"/sd/h{number:06}.node.prom.internal").body)


def alone(site, rounds=5):
    """Asked by one client: (answers that are made, the same sent again), each by its first octet."""
    Answer(SD)
    fresh, again = [], []
    for number in range(rounds):
        site.change(number)
        fresh.append(Answer(SD))
        again.append(Answer(SD))
    for made, sent_again in zip(fresh, again):
        equal((made.status, made.chunked), (200, True), "in pieces, while it is made")
        equal((sent_again.status, sent_again.chunked), (200, False), "whole")
        check(made.body == sent_again.body, "made and sent again are not the same")
    equal(len(json.loads(fresh[-1].body)), TARGETS, "targets")
    return tuple(sorted(answers, key=lambda answer: answer.first) for answers in (fresh, again))


def together(site):
    """All at once, while it is made; some of them read a little and go no further for a while:
    (octets of memory above idle, first octets in order)."""
    site.change(7)
    made = counter("rollcall_sd_answers_made_total")
    peak = [0]
    start, over = threading.Event(), threading.Event()
    answers = [None] * CLIENTS

    def look():
        while not over.wait(0.005):
            peak[0] = max(peak[0], memory(site.server))

    def ask(number):
        answers[number] = Answer(SD, before=start, stop_after=MIB if number % 10 == 0 else None)

    threads = [threading.Thread(target=ask, args=[number]) for number in range(CLIENTS)]
    looker = threading.Thread(target=look)
    for thread in [looker, *threads]:
        thread.start()
    start.set()
    for thread in threads:
        thread.join()
    over.set()
    looker.join()
    equal(len({answer.body for number, answer in enumerate(answers) if number % 10}), 1, "answers")
    equal(len(json.loads(answers[1].body)), TARGETS, "targets")
    equal(counter("rollcall_sd_answers_made_total") - made, 1, "made")
    return peak[0] - site.idle, sorted(answer.first for answer in answers)


def waiting(site):
    """Half of them event streams, half blocking queries: octets of memory that they take."""
    resource.setrlimit(resource.RLIMIT_NOFILE, (WAITING + 1000, WAITING + 1000))
    blocking = "/v1/health/service/quiet?wait=600s&index="
    site.etcd.put("/skydns/internal/prom/quiet/a", {"host": "10.200.0.1", "port": 1})
    wait_for("a quiet name", lambda: b"10.200.0.1" in Answer("/sd/quiet.prom.internal").body)
    connection = http.client.HTTPConnection(*WEB, timeout=10)
    connection.request("GET", blocking + "0")
    reply = connection.getresponse()
    reply.read()
    index = reply.headers["X-Consul-Index"]
    before = memory(site.server)
    sockets = []
    for number in range(WAITING):
        path = "/api/v1/events" if number % 2 else blocking + index
        one_of_them = socket.create_connection(WEB, timeout=30)
        one_of_them.sendall(f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode())
        sockets.append(one_of_them)
    for stream in sockets[1::2]:
        check(stream.recv(100).startswith(b"HTTP/1.1 200 "), "an event stream")
    wait_for("all queries to wait", lambda: counter("rollcall_sd_blocking_queries") == WAITING / 2, 30)
    extra = memory(site.server) - before
    site.etcd.put("/skydns/internal/prom/quiet/b", {"host": "10.200.0.2", "port": 1})
    for query in sockets[0::2]:
        check(query.recv(100).startswith(b"HTTP/1.1 200 "), "a query that waited")
    for each in sockets:
        each.close()
    return extra
