#!/usr/bin/python3
"""consul_sd's API under two clients: Prometheus's way of asking, and the npm package consul."""

import json
import os
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

from harness.etcd import Cluster  # noqa: E402
from harness.rollcall import Server, cli  # noqa: E402
from harness.scenario import ROOT, main  # noqa: E402
from harness.wait import check, equal, holds, wait_for  # noqa: E402
from prometheus_consul import ConsulSd  # noqa: E402

PROM = "/skydns/internal/prom"
MODULES = os.environ.get("ROLLCALL_NODE_MODULES", f"{ROOT}/build/node/node_modules")


class Site:
    def __init__(self, scenario):
        self.scenario = scenario
        self.etcd = Cluster(scenario)
        for i in (1, 2):
            self.register("node", i, tags=["linux"])
        self.register("mysql", 3)
        self.server = Server(scenario, self.etcd.endpoints)
        wait_for("its HTTP side", lambda: cli("list").returncode == 0)
        self.client = ConsulSd()

    def register(self, service, number, **extension):
        self.etcd.put(f"{PROM}/{service}/server0{number}",
                      {"host": f"192.0.2.{number}", "port": 9100, "rollcall": extension})

    def deregister(self, service, number):
        done = cli("deregister", service, f"--host=server0{number}",
                   f"--etcd.endpoint={self.etcd.endpoints}")
        equal(done.returncode, 0, done.stderr)

    def wait(self, service, wanted, seconds=15):
        """Until the client has them; how long it took."""
        began = time.monotonic()
        wanted = {f"192.0.2.{number}:9100": health for number, health in wanted.items()}
        wait_for(f"{service} to be {wanted}", lambda: self.client.targets(service) == wanted, seconds)
        return time.monotonic() - began


def as_prometheus(site):
    site.wait("node", {1: "passing", 2: "passing"})
    site.wait("mysql", {3: "passing"})
    took = []
    for number in (4, 5, 6):
        site.register("node", number)
        took.append(site.wait("node", {n: "passing" for n in (1, 2, *range(4, number + 1))}))
    for number in (4, 5, 6):
        site.deregister("node", number)
    site.wait("node", {1: "passing", 2: "passing"})
    site.scenario.step(f"as Prometheus: targets come after {', '.join(f'{t * 1000:.0f}' for t in took)} ms")
    site.register("redis", 7)
    site.wait("redis", {7: "passing"})
    site.deregister("redis", 7)
    wait_for("the service to go", lambda: "redis" not in site.client.services)
    site.scenario.step("as Prometheus: a service comes and goes")


def states(site):
    """What Consul's client makes of them."""
    key = f"{PROM}/node/server01"
    alive = f"/rollcall/v1/alive{key}"
    site.register("node", 1, owner="agent:server01")
    site.wait("node", {1: "critical", 2: "passing"})
    for health in ("passing", "warning", "critical"):
        site.etcd.put(alive, {"since": "2026-01-31T12:00:00Z", "by": "agent:server01", "health": health})
        site.wait("node", {1: health, 2: "passing"})
    done = cli("maintenance", "on", "server02", "--until=1h", "--reason=test",
               f"--etcd.endpoint={site.etcd.endpoints}")
    equal(done.returncode, 0, done.stderr)
    site.wait("node", {1: "critical", 2: "maintenance"})
    done = cli("maintenance", "off", "server02", f"--etcd.endpoint={site.etcd.endpoints}")
    equal(done.returncode, 0, done.stderr)
    site.register("node", 1, tags=["linux"])
    site.wait("node", {1: "passing", 2: "passing"})
    site.scenario.step("lost, passing, warning, critical, maintenance: as Consul would say it")


def outage(site):
    before = site.client.errors
    for member in site.etcd.members:
        member.kill()
    wait_for("it to be told that nobody is sure", lambda: site.client.errors > before, 30)
    holds("all are kept", lambda: len(site.client.targets("node")) == 2, 3)
    site.server.process.kill()
    site.server.start(wait=False)
    holds("all are kept", lambda: len(site.client.targets("node")) == 2, 3)
    site.etcd.start()
    site.etcd.wait_healthy()
    site.register("node", 8)
    site.wait("node", {1: "passing", 2: "passing", 8: "passing"}, 30)
    site.deregister("node", 8)
    site.wait("node", {1: "passing", 2: "passing"})
    site.scenario.step("the store dies and our server restarts: all are kept, and it goes on")


def npm_client(site):
    if not os.path.exists(f"{MODULES}/consul"):
        sys.exit(f"{MODULES}/consul is not there: run script/node_modules first")
    client = os.path.join(os.path.dirname(os.path.abspath(__file__)), "client.js")
    program = site.scenario.start("npm-consul", ["node", client, "9530"], env={"NODE_PATH": MODULES})

    def lines():
        return program.output().splitlines()
    wait_for("its watch", lambda: any(line.startswith("change: ") for line in lines()), 20)
    equal(lines()[:7], [
        "leader: true", "datacenters: prom.internal",
        f"services: {json.dumps({'mysql': [], 'node': ['linux']}, separators=(',', ':'))}",
        "nodes: 192.0.2.1:9100 192.0.2.2:9100", "passing: server01.node server02.node",
        "tagged: server01.node server02.node", "change: server01.node server02.node"], "its answers")
    site.register("node", 9)
    wait_for("the new one", lambda: lines()[-1] == "change: server01.node server02.node server09.node")
    site.server.process.kill()
    site.server.start()
    site.deregister("node", 9)
    wait_for("it to be gone", lambda: lines()[-1] == "change: server01.node server02.node", 20)
    check(program.running(), "it goes on")
    site.scenario.step("npm consul: plain calls, and a watch over a restart of the server")


def run(scenario):
    site = Site(scenario)
    as_prometheus(site)
    states(site)
    npm_client(site)
    outage(site)
    site.client.stop()


main(run)
