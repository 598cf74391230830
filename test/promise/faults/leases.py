"""Leases that end together, though nobody deregistered anything."""

import json
import time

from harness.wait import equal, wait_for

from world import OWN, key

from .fault import Fault

HOSTS = [f"h{i:03}" for i in range(100, 180)]


class Expired(Fault):
    """As SkyDNS's users register: the key goes with its lease."""

    name = "40 % of the leases expire, ten keys each"
    brief = ("embedded",)
    stores = ("etcd", "embedded")
    leases = 8
    hosts = HOSTS
    reaches = True

    def cause(self):
        # Long enough to be granted all of them, however slow the machine is.
        granted = [self.world.grant(15 if self.leases < 10 else 45) for _ in range(self.leases)]
        self.world.transact(
            [f"put --lease={granted[i % self.leases]} {key('node', host)} "
             f"{json.dumps(json.dumps(self.world.value('node', host)))}" for i, host in enumerate(self.hosts)])
        equal(self._living(), len(self.hosts), "keys with a lease")
        wait_for("the leases to expire", lambda: not self._living(), 60, every=0.2)
        self.world.wait_held()

    def _living(self):
        found = self.world.ctl("get", "--prefix", "--keys-only", f"{key('node', 'h')}").split()
        return len(set(found) & {key("node", host) for host in self.hosts})

    def end(self):
        self.world.put_back([("node", host) for host in self.hosts])


class EachExpired(Expired):
    """Each on a lease of its own: eighty removals of one key."""

    name = "40 % of the leases expire, one key each"
    leases = len(HOSTS)


class AllExpired(Expired):
    name = "the one lease of a whole service expires"
    leases = 1
    hosts = [f"h{i:03}" for i in range(1, 198)]


class AliveExpired(Fault):
    """As an agent registers: what goes is the word that it lives, not the registration."""

    name = "40 % of the agents' leases expire"
    stores = ("etcd", "embedded")
    reaches = True
    extension = {}

    def before(self):
        """Registered, and not yet alive."""
        puts = []
        for host in HOSTS:
            value = {**self.world.value("node", host), "rollcall": {"owner": f"agent:{host}", **self.extension}}
            puts.append(f"put {key('node', host)} {json.dumps(json.dumps(value))}")
        self.world.transact(puts)

    def cause(self):
        granted = [self.world.grant(15) for _ in HOSTS[::10]]
        since = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
        self.world.transact([
            f"put --lease={granted[i // 10]} {OWN}/alive{key('node', host)} "
            + json.dumps(json.dumps({"since": since, "by": f"agent:{host}", "why": "", "health": "passing"}))
            for i, host in enumerate(HOSTS)])
        wait_for("all leases to expire", lambda: not self._records("alive"), 40, every=0.2)
        wait_for("each to be dated as lost", lambda: len(self._records("lost")) == len(HOSTS), 10)

    def _records(self, area):
        return self.world.ctl("get", "--prefix", "--keys-only", f"{OWN}/{area}/").split()


class Retained(AliveExpired):
    """Not removed before they have been lost for as long as their owner said."""

    name = "40 % of the agents' leases expire, with a retain of 30 min"
    extension = {"retain": "30m"}
