"""The program under test."""

import json

from . import dns, process
from .scenario import BINARY
from .wait import wait_for


class Server:
    """rollcall serve --store=etcd, restartable.  `listen`: "ADDRESS:PORT" of its DNS side."""

    def __init__(self, scenario, endpoints, *flags, name="rollcall", host=None,
                 listen="127.0.0.1:5300", zones=("prom.internal",), wait=True):
        self.scenario, self.name, self.host = scenario, name, host
        self.address, port = listen.rsplit(":", 1)
        self.port = int(port)
        self.zone = zones[0]
        self.argv = [BINARY, "serve", "--store=etcd", f"--store.path={scenario.path(name)}.data",
                     f"--dns.listen-address={listen}", *(f"--zone={z}" for z in zones),
                     *(f"--etcd.endpoint={e}" for e in endpoints.split(",") if endpoints), *flags]
        self.process = None
        self.start(wait)

    def start(self, wait=True):
        self.process = self.scenario.start(self.name, self.argv, host=self.host)
        if wait:
            wait_for(f"{self.name} to know its zone", self.synced, 15)

    def synced(self):
        """A name that is not there is NXDOMAIN only from a server that knows (rule D1)."""
        return self.answer(f"nobody.{self.zone}")[0] == "NXDOMAIN"

    def where(self):
        return {"server": self.address, "port": self.port}

    def answer(self, name, rdtype="SRV", **how):
        return dns.answer(name, rdtype, **self.where(), **how)

    def targets(self, name):
        return dns.targets(name, **self.where())

    def addresses(self, name):
        return dns.addresses(name, **self.where())


def cli(*words, env=None, host=None, timeout=30, pending=None):
    """rollcall WORDS: a CompletedProcess."""
    return process.run([BINARY, *words], env=env, host=host, timeout=timeout)


def instances(*words, **how):
    """rollcall list --output=json, decoded."""
    return json.loads(cli("list", "--output=json", *words, **how).stdout)
