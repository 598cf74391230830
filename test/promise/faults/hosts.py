"""What happens to the machines that are watched, and to the one that watches."""

import subprocess
import sys

from harness.scenario import ROOT
from harness.wait import equal, wait_for

from roll import target

from .fault import Fault


class HostDies(Fault):
    """That is what `up == 0` is for."""

    name = "a host dies (its network removed)"
    stores = ("etcd", "embedded")
    reaches = True

    def cause(self):
        self.box = self.world.boxes[0]
        self.world.exporters[self.box.name].kill()
        subprocess.run(["ip", "link", "del", f"v-{self.box.name}"], check=True)
        subprocess.run(["ip", "netns", "del", self.box.name], check=True)

    def during(self):
        instance = target("node", self.box.name)
        up = f'up{{job="node",instance="{instance}"}}'
        wait_for("its target to be down", lambda: self.world.prometheus.query(up) == ["0"], 20)
        equal(self.world.watch.prometheus.health[instance], "down", "its health")


class ForeignResolver(Fault):
    """It says NXDOMAIN to all; ours is up, and stands before it."""

    name = "a resolver that says NXDOMAIN behind ours"
    reaches = True

    def before(self):
        foreign = self.world.scenario.network.host("foreign", 60)
        self.world.scenario.start("foreign", [sys.executable, f"{ROOT}/test/promise/foreign.py", foreign.address],
                                  host=foreign)
        self.resolvers = [self.servers[0].address, foreign.address]

    def cause(self):
        self._resolv_conf(self.resolvers)

    def end(self):
        self._resolv_conf(self.resolvers[:1])

    def _resolv_conf(self, servers):
        self.world.monitor.resolv_conf("".join(f"nameserver {server}\n" for server in servers))


class ForeignResolverInOutage(ForeignResolver):
    name = "a resolver that says NXDOMAIN behind ours, etcd down"
    reaches = False

    def cause(self):
        super().cause()
        self.world.etcd.kill()

    def end(self):
        self.world.etcd.start()
