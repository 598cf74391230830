"""Who owns the registration of a box: the agent, or `rollcall run` with the exporter itself."""

import json
import os
import signal
import subprocess

from harness.scenario import BINARY, server

EXPORTER = [server("prometheus-node-exporter"), "--collector.disable-defaults", "--collector.uname",
            "--web.disable-exporter-metrics", "--web.max-requests=0", "--log.level=error"]
LEASE = 10  # seconds


class Owner:
    """A program on a box, started again as it was."""

    def __init__(self, world, box, name, argv, files=None):
        self.world, self.box = world, box
        self.name, self.argv, self.files = name, argv, files
        self.process = None
        self.start()

    def start(self):
        self.process = self.world.scenario.start(self.name, self.argv, host=self.box, files=self.files)

    def kill_all(self):
        """All that runs on the box, also what it had started."""
        found = subprocess.run(["ip", "netns", "pids", self.box.netns], capture_output=True, text=True,
                               check=True)
        for pid in found.stdout.split():
            os.kill(int(pid), signal.SIGKILL)


class Agent(Owner):
    """`rollcall agent`, and beside it an exporter on port 9100; each box is a machine of its own.

    host: in whose name it speaks; on_stop: what becomes of its instance after a clean stop.
    """

    def __init__(self, world, box, host=None, on_stop="keep"):
        scenario = world.scenario
        host, name = host or box.name, f"agent-{box.name}"
        self.services = scenario.path(f"{name}.d")
        node = {"service": "node", "port": 9100, "on_stop": on_stop,
                "check": {"type": "http", "url": "http://127.0.0.1:9100/metrics", "interval": "1s", "timeout": "900ms"}}
        scenario.write(f"{name}.d/node.yml", json.dumps({"services": [node]}))
        machine = scenario.write(f"{name}.machine-id", f"{box.address.split('.')[-1]:0>32}\n")
        super().__init__(world, box, name, [
            BINARY, "agent", f"--host={host}", f"--services.path={self.services}",
            f"--state.path={scenario.path(name)}.state", f"--lease-ttl={LEASE}s", "--stop-grace=12s",
            *world.endpoint_flags()], files={"/etc/machine-id": machine})


class Run(Owner):
    """`rollcall run node -- EXPORTER`, as the shipped unit has it."""

    def __init__(self, world, box):
        super().__init__(world, box, f"run-{box.name}",
                         [BINARY, "run", "node", "--port=9100", *world.endpoint_flags(), "--", *EXPORTER])
