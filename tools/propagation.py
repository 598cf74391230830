#!/usr/bin/python3
"""How long a put into etcd takes to be in a DNS answer.

    ROLLCALL=build/release/rollcall tools/propagation.py [PUTS]

One etcd, one rollcall with 10,000 instances, on this machine.  Each put goes through etcd's
JSON gateway on a connection that stays open (the same put as etcdctl's, without the time
etcdctl takes to start); then one name after the other is asked for by UDP, as fast as it
goes, until it is there.  Two distributions:

    ack     from etcd's acknowledgement to the end of the first answer that has it
    sent    from sending the put to the same moment, so etcd's own work is in it
"""

import base64
import http.client
import json
import os
import socket
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "test"))

import dns.message  # noqa: E402

from harness import rollcall  # noqa: E402
from harness.etcd import Cluster  # noqa: E402
from harness.scenario import main  # noqa: E402
from harness.wait import Failure, wait_for  # noqa: E402

INSTANCES = 10_000
LIMIT_MS = 10.0  # for the 99th percentile, from the acknowledgement


def encode(text):
    return base64.b64encode(text.encode()).decode()


class Gateway:
    def __init__(self):
        self.connection = http.client.HTTPConnection("127.0.0.1", 2379, timeout=5)
        self.connection.connect()
        self.connection.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def put(self, key, value):
        """(when it was sent, when it was acknowledged)"""
        body = json.dumps({"key": encode(key), "value": encode(value)})
        sent = time.perf_counter()
        self.connection.request("POST", "/v3/kv/put", body)
        reply = self.connection.getresponse()
        reply.read()
        if reply.status != 200:
            raise Failure(f"etcd: {reply.status} {reply.reason}")
        return sent, time.perf_counter()


def until_answered(connection, name, seconds=5):
    """When the first answer with a record came, and how many questions that took."""
    query = dns.message.make_query(name, "A").to_wire()
    deadline, asked = time.perf_counter() + seconds, 0
    while True:
        connection.send(query)
        reply = connection.recv(4096)
        asked += 1
        now = time.perf_counter()
        if int.from_bytes(reply[6:8], "big"):
            return now, asked
        if now > deadline:
            raise Failure(f"{name} is not there {seconds} s after its put")


def distribution(what, seconds):
    values = sorted(value * 1000 for value in seconds)

    def at(share):
        return values[min(len(values) - 1, int(share * len(values)))]

    print(f"{what:5}  p50 {at(0.5):7.3f} ms   p90 {at(0.9):7.3f} ms   p99 {at(0.99):7.3f} ms   "
          f"p99.9 {at(0.999):7.3f} ms   max {values[-1]:7.3f} ms", flush=True)
    return at(0.99)


def run(scenario):
    puts = int(sys.argv[1]) if len(sys.argv) > 1 else 2000
    etcd = Cluster(scenario)
    etcd.load((f"/skydns/internal/prom/s{i // 100:03}/host{i:05}",
               {"host": f"10.0.{i >> 8}.{i & 255}", "port": 9100}) for i in range(INSTANCES))
    server = rollcall.Server(scenario, "http://127.0.0.1:2379")
    wait_for("all instances", lambda: len(server.targets("s099.prom.internal")) == 100)

    gateway = Gateway()
    connection = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    connection.connect(("127.0.0.1", 5300))
    connection.settimeout(2)
    from_ack, from_sent, questions = [], [], 0
    for number in range(puts):
        sent, acknowledged = gateway.put(f"/skydns/internal/prom/bench/p{number}",
                                         '{"host":"192.0.2.1","port":9100}')
        answered, asked = until_answered(connection, f"p{number}.bench.prom.internal")
        from_ack.append(answered - acknowledged)
        from_sent.append(answered - sent)
        questions += asked
        time.sleep(0.002)  # one change at a time; etcd idle in between
    print(f"propagation: {puts} puts, {INSTANCES} instances, {questions / puts:.1f} questions a put")
    distribution("sent", from_sent)
    worst = distribution("ack", from_ack)
    if worst > LIMIT_MS:
        raise Failure(f"p99 {worst:.3f} ms is above {LIMIT_MS} ms")


main(run, "propagation")
