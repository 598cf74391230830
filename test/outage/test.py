#!/usr/bin/python3
"""kill -9, SIGSTOP and dropped packets, under a client that never stops asking."""

import itertools
import os
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

from harness import rollcall  # noqa: E402
from harness.client import Client  # noqa: E402
from harness.etcd import Cluster  # noqa: E402
from harness.scenario import main  # noqa: E402
from harness.wait import check, equal, holds, wait_for  # noqa: E402

NAME = "node.prom.internal"
WANT = {f"server0{i}.{NAME}:9100" for i in (1, 2, 3)}


def change(etcd, server, number, seconds):
    """A put through a member that lives, until the server shows it: seconds it took."""
    etcd.put(f"/skydns/internal/prom/sign/s{number}", {"host": f"192.0.2.{number}", "port": 1})
    began = time.monotonic()
    wait_for(f"change {number}", lambda: server.answer(f"s{number}.sign.prom.internal", "A")[1],
             seconds, every=0.005)
    return time.monotonic() - began


def leader(cluster, members, seconds=30):
    """Waits for one of `members` to say that it has a leader; when that was."""
    def any_healthy():
        for member in members:
            try:
                if member.healthy():
                    return True
            except OSError:
                pass
        return False
    wait_for("a leader", any_healthy, seconds, every=0.01)
    return time.monotonic()


class Trial:
    numbers = itertools.count(1)  # of all trials: a change that was there before would show nothing

    def __init__(self, scenario, etcd, server, limit):
        self.scenario, self.etcd, self.server, self.limit = scenario, etcd, server, limit
        self.worst = 0.0

    def through(self, members, what):
        """Changes flow within the limit of a leader being there, by `members`."""
        broken = time.monotonic()
        since = leader(self.etcd, members)
        endpoints, self.etcd.members = self.etcd.members, members
        try:
            change(self.etcd, self.server, next(Trial.numbers), self.limit)
        finally:
            self.etcd.members = endpoints
        now = time.monotonic()
        took = now - since
        self.worst = max(self.worst, took)
        self.scenario.step(f"{what}: a change shows {took:.2f} s after a leader is seen, "
                           f"{now - broken:.2f} s after the break")
        check(took <= self.limit, f"within {self.limit} s")


def killed(scenario, etcd, server):
    trial = Trial(scenario, etcd, server, 2.0)
    client = Client(server, NAME, len(WANT))
    one, two, three = etcd.members
    for dead in (one, two, three):
        dead.kill()
        trial.through([m for m in etcd.members if m is not dead], f"{dead.name} killed")
        etcd.start()
        etcd.wait_healthy()
    one.kill()
    two.kill()
    kept = rollcall.cli("register", "kept", "--host=box", "--address=192.0.2.4", "--port=9100",
                        *(f"--etcd.endpoint={member.url}" for member in etcd.members))
    check(kept.returncode == 0 and "the order is kept" in kept.stderr, f"an order: {kept.stderr}")
    holds("the answer is whole without a majority", lambda: server.targets(NAME) == WANT, 12)
    rcode = server.answer("nobody.prom.internal")[0]
    equal(rcode, "SERVFAIL", "nothing is denied once the store is lost")
    three.kill()
    etcd.start()
    trial.through(etcd.members, "all restarted")
    wait_for("the server to be sure again",
             lambda: server.answer("nobody.prom.internal")[0] == "NXDOMAIN")
    wait_for("the server to carry out the order", lambda: server.addresses("box.kept.prom.internal"))
    return trial, client.stop()


def dropped(scenario, etcd, server, hosts):
    etcd.wait_healthy()
    trial = Trial(scenario, etcd, server, 10.0)
    client = Client(server, NAME, len(WANT))
    for dead, host in zip(etcd.members, hosts):
        host.drop_packets()
        trial.through([m for m in etcd.members if m is not dead], f"{dead.name}'s packets dropped")
        host.drop_packets(False)
        etcd.wait_healthy()
    for host in hosts[:2]:
        host.drop_packets()
    holds("the answer is whole without a majority", lambda: server.targets(NAME) == WANT, 15)
    for host in hosts[:2]:
        host.drop_packets(False)
    trial.through(etcd.members, "packets flow again")
    return trial, client.stop()


def frozen(scenario, etcd, server):
    """SIGSTOP: connections stay open, and nobody says that anything is wrong."""
    trial = Trial(scenario, etcd, server, 10.0)
    client = Client(server, NAME, len(WANT))
    for what, leads in (("the one that serves us", False), ("the leader", True), ("both in one", None)):
        etcd.wait_healthy()
        [ours] = wait_for("a watch on one of them", lambda: [m for m in etcd.members if m.watched()])
        other = next(m for m in etcd.members if m is not ours)
        etcd.move_leader(ours if leads is None else other)
        ill = other if leads else ours
        ill.freeze()
        trial.through([m for m in etcd.members if m is not ill], f"{what} frozen ({ill.name})")
        ill.thaw()
        etcd.wait_healthy()
        trial.through(etcd.members, f"{ill.name} thawed")
    return trial, client.stop()


def judge(scenario, what, trial, client):
    scenario.step(f"{what}: {client.asked} questions, {len(client.wrong)} not answered whole, slowest "
                  f"{client.slowest * 1000:.0f} ms; slowest change {trial.worst:.2f} s")
    client.judge(least=100)


def run(scenario):
    hosts = [scenario.network.host(f"etcd{i}", 10 + i) for i in (1, 2, 3)]
    etcd = Cluster(scenario, hosts)
    for i in (1, 2, 3):
        etcd.put(f"/skydns/internal/prom/node/server0{i}", {"host": f"192.0.2.{i}", "port": 9100})
    server = rollcall.Server(scenario, etcd.endpoints)
    equal(server.targets(NAME), WANT, "before")
    judge(scenario, "killed", *killed(scenario, etcd, server))
    judge(scenario, "frozen", *frozen(scenario, etcd, server))
    judge(scenario, "dropped", *dropped(scenario, etcd, server, hosts))


main(run)
