"""What people and programs write: values that cannot be read, too many, the same twice."""

import random
import socket
import threading

from harness.wait import check

from roll import target
from world import key

from .fault import Fault

TEN = [("node", f"h{i:03}") for i in range(20, 30)]


class Garbage(Fault):
    """The last readable value goes on being served; keys that were never readable hurt nobody."""

    name = "garbage in one key"
    stores = ("etcd", "embedded")
    those = TEN[:1]
    reaches = True

    def cause(self):
        self.world.garble(self.those)
        self.world.garble([("node", "broken"), ("broken", "node")], "\x00\x01{\"host\":7}")

    def end(self):
        self.world.put_back(self.those)


class TenGarbage(Garbage):
    name = "garbage in ten keys"
    those = TEN


class GarbageThenRestart(Garbage):
    """The last readable value is nowhere but in the last-known-good file."""

    name = "garbage in ten keys, then rollcall restarted"
    brief = ("embedded",)
    those = TEN
    silent = True

    def cause(self):
        super().cause()
        self.world.restart_servers()


class Huge(Garbage):
    name = "a value of more than 1 MiB in one key"

    def cause(self):
        self.world.garble(self.those, '{"host":"10.54.0.1","port":9100,"text":"' + "x" * 1_200_000 + '"}')


class Grown(Fault):
    """Over 64 KiB Prometheus keeps what it has: no answer may be a part of the whole."""

    name = "a name grown past 64 KiB, and back"
    stores = ("etcd", "embedded")
    silent = True

    def cause(self):
        # Long names, so that few will do: each costs Prometheus something.
        self.grown = [f"{'x' * 63}.{i:0>63}" for i in range(500)]
        self.world.load(("node", host, self.world.address()) for host in self.grown)

    def end(self):
        self.world.deregister_many(self.grown)


class Twice(Fault):
    """Two hosts that take one another's name."""

    name = "two hosts register the same instance in turn"
    stores = ("etcd", "embedded")
    reaches = True
    hold, brief_hold = 0, 0

    def cause(self):
        for _ in range(5):
            for box in self.world.boxes:
                self.world.register("node", "h020", box.address)


class Flooded(Fault):
    """Octets that are no question, by UDP and TCP, while Prometheus asks."""

    name = "the DNS port flooded with garbage"
    stores = ("etcd",)
    reaches = True

    def cause(self):
        self.over = threading.Event()
        self.thread = threading.Thread(target=self._flood, daemon=True)
        self.thread.start()

    def _flood(self):
        dice = random.Random(7)
        where = (self.servers[0].address, 53)
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
            while not self.over.wait(0.01):
                for _ in range(20):
                    udp.sendto(dice.randbytes(dice.randrange(1, 600)), where)
                try:
                    with socket.create_connection(where, timeout=1) as tcp:
                        tcp.sendall(dice.randbytes(300))
                except OSError:
                    pass

    def end(self):
        self.over.set()
        self.thread.join()


class RawDelete(Fault):
    """The way of the old script: a single one passes, and at once."""

    name = "one key deleted by etcdctl del"
    stores = ("etcd", "embedded")
    reaches = True
    hold, brief_hold = 0, 0

    def cause(self):
        self.roll.leave([target("node", "h010")])
        self.world.ctl("del", key("node", "h010"))


class RawDeletes(Fault):
    """A script that goes mad: up to the limit they leave, all others are held."""

    name = "eighty keys deleted one by one by etcdctl del"
    stores = ("etcd", "embedded")
    reaches = True
    limit = 30  # 15% of 200

    def cause(self):
        self.hosts = [f"h{i:03}" for i in range(100, 180)]
        self.roll.leave_open([target("node", host) for host in self.hosts])
        for host in self.hosts:
            self.world.ctl("del", key("node", host))

    def during(self):
        found = self.servers[0].targets("node.prom.internal")
        left = [host for host in self.hosts if target("node", host) not in found]
        check(len(left) <= self.limit, f"{len(left)} of 80 left, which is more than {self.limit}")

    def end(self):
        self.world.load(("node", host, self.world.addresses["node", host]) for host in self.hosts)


class Marked(Fault):
    """Deregistrations are never held, however many."""

    name = "a hundred deregistered at once"
    stores = ("etcd", "embedded")
    reaches = True
    hold, brief_hold = 0, 0

    def cause(self):
        self.world.deregister_many([f"h{i:03}" for i in range(90, 190)])


class MarkedMeanwhile(Marked):
    name = "a hundred deregistered while rollcall was down"
    stores = ("etcd",)
    silent = True

    def cause(self):
        self.servers[0].process.kill()
        super().cause()
        self.world.compact()
        self.servers[0].start(wait=False)
