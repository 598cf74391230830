"""What happens to those who own registrations, and to their hosts."""

import functools
import signal
import subprocess
import time

from harness.wait import check, equal, wait_for

from owners import LEASE, Agent, Run
from roll import target
from world import OWN, key

from .fault import Fault


class AgentFault(Fault):
    """The boxes are registered by their agents."""

    owner = Agent
    hold = 2 * LEASE + 5

    def __init__(self, world):
        super().__init__(world)
        self.box = world.boxes[0]
        self.target = target("node", self.box.name)

    @property
    def agent(self):
        return self.world.owners[self.box.name]

    def record(self, area):
        return self.world.etcd.get(f"{OWN}/{area}{key('node', self.box.name)}")

    def up(self):
        return self.world.prometheus.query(f'up{{job="node",instance="{self.target}"}}')


class Killed(AgentFault):
    name = "an agent killed"
    brief = ("etcd",)
    brief_hold = LEASE + 8

    def cause(self):
        self.agent.process.kill()

    def during(self):
        check(self.record("lost"), "its instance is dated as lost")
        equal(self.up(), ["1"], "its exporter is well")

    def end(self):
        self.agent.start()

    def after(self):
        wait_for("it to be alive again", lambda: self.record("alive") and not self.record("lost"), 10)


class Frozen(Killed):
    name = "an agent stopped (SIGSTOP)"

    def cause(self):
        self.agent.process.signal(signal.SIGSTOP)

    def end(self):
        self.agent.process.signal(signal.SIGCONT)


class HostDies(AgentFault):
    name = "a host with an agent dies (its network removed)"

    def cause(self):
        self.agent.kill_all()
        subprocess.run(["ip", "link", "del", f"v-{self.box.name}"], check=True)
        subprocess.run(["ip", "netns", "del", self.box.name], check=True)

    def during(self):
        check(self.record("lost"), "its instance is dated as lost")
        equal(self.up(), ["0"], "its target is down")


class AllDie(AgentFault):
    name = "all agents killed at once"

    def cause(self):
        for owner in self.world.owners.values():
            owner.process.kill()

    def end(self):
        for owner in self.world.owners.values():
            owner.start()


class Restarted(AgentFault):
    """As by an upgrade; on_stop: deregister, after a grace."""

    name = "agents with on_stop: deregister restarted five times"
    hold = 20  # longer than the grace

    owner = functools.partial(Agent, on_stop="deregister")

    def cause(self):
        for _ in range(5):
            for owner in self.world.owners.values():
                owner.process.stop()
            time.sleep(1)
            for owner in self.world.owners.values():
                owner.start()
            time.sleep(2)


class Outage(AgentFault):
    """Their leases end with it: nobody can renew them."""

    name = "etcd: killed for longer than the agents' leases, agents restarted"
    hold = 3 * LEASE

    def cause(self):
        self.world.etcd.kill()
        for owner in self.world.owners.values():
            owner.process.kill()
            owner.start()

    def end(self):
        self.world.etcd.start()

    def after(self):
        wait_for("it to be alive again", lambda: self.record("alive") and not self.record("lost"), 15)


class Wiped(AgentFault):
    """The agents put back what is theirs, by themselves."""

    name = "every key wiped under agents"
    hold = 10
    reaches = True

    def cause(self):
        self.world.ctl("del", "--from-key", "")
        self.world.wait_held()

    def during(self):
        for box in self.world.boxes:
            check(self.world.etcd.get(key("node", box.name)), f"{box.name} is registered again")

    def end(self):
        self.world.put_back()


class Twin(AgentFault):
    """A clone of a machine, which speaks in the name of the first."""

    name = "another machine with an agent of the same host name"
    hold = 15
    reaches = True

    def cause(self):
        self.twin = Agent(self.world, self.world.scenario.network.host("twin", 70), host=self.box.name)

    def during(self):
        equal(self.servers[0].addresses(f"{self.box.name}.node.prom.internal"), {self.box.address}, "the address")
        check("refused" in self.twin.process.output(), "the twin is told so")


class Stopped(Restarted):
    """A clean stop that was meant: after the grace it leaves."""

    name = "an agent with on_stop: deregister stopped for good"
    hold = 0

    def cause(self):
        self.roll.leave([self.target])
        self.agent.process.stop()
        # The grace, and what a server takes to see that it is past.
        wait_for("the server to deregister it", lambda: self.record("gone"), 25)


class RunFault(AgentFault):
    """The boxes are registered by `rollcall run`, whose children are the exporters."""

    owner = Run


class RunKilled(RunFault):
    """Its exporter runs on, and the registration stays."""

    name = "rollcall run killed, its exporter runs on"
    hold = 45

    def cause(self):
        self.agent.process.kill()

    def during(self):
        equal(self.up(), ["1"], "its exporter is well")

    def end(self):
        self.agent.kill_all()
        self.agent.start()


class RunRestarted(RunFault):
    name = "rollcall run restarted five times"
    hold = 20

    def cause(self):
        for _ in range(5):
            self.agent.process.stop()
            self.agent.start()
            time.sleep(2)


class RunHostDies(RunKilled):
    name = "a host with rollcall run dies, and boots again"

    def cause(self):
        self.agent.kill_all()

    def during(self):
        equal(self.up(), ["0"], "its target is down")
