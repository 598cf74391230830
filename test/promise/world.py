"""The machines: a store, one rollcall or two, hosts with exporters, and a Prometheus that asks by DNS and by HTTP.

    ns1, ns2            rollcall, DNS on port 53; the embedded store as well
    etcd1 ...           the members of the cluster
    rack                all targets but those of the boxes: 10.54.0.0/16, one node_exporter
    box1 ...            a host of its own each, with a node_exporter; see owners.py
    monitor             Prometheus, with nothing but ns1 (and ns2) in its resolv.conf; a second job for
                        each name asks ns1 by http_sd
"""

import glob
import itertools
import json
import os
import shutil
import subprocess
import time

from harness import process, rollcall
from harness.etcd import Cluster
from harness.prometheus import Prometheus
from harness.wait import Failure, check, wait_for

from owners import EXPORTER, Run
from roll import Roll, target
from watch import HTTP

PREFIX = "/skydns/internal/prom"
OWN = "/rollcall/v1"
REFRESH = 5  # seconds between two lookups of Prometheus
BOXES = 3
CONFIG = "global: {scrape_interval: 5s, scrape_timeout: 4s}\nscrape_configs:\n"
DNS_JOB = """- job_name: {job}
  dns_sd_configs: [{{names: [{names}], refresh_interval: {refresh}s}}]
"""
# By HTTP the same are found; that they are scraped is seen by the others.
HTTP_JOB = """- job_name: {job}{http}
  scrape_interval: 60s
  http_sd_configs:
"""
HTTP_NAME = """  - {{url: "http://{address}:9530/sd/{name}?instance=dns", refresh_interval: {refresh}s}}
"""


def key(service, host):
    return "/".join([PREFIX, *reversed(f"{host}.{service}".split("."))])


class World:
    """As the fault wants it: see faults/fault.py for what it may ask for."""

    def __init__(self, scenario, store, fault):
        self.scenario, self.store, self.fault = scenario, store, fault
        self.roll = Roll()
        self.addresses = {}  # (service, host): address
        self._numbers = itertools.count(1)
        self._lay_network(scenario.network)
        self._start_exporters()
        if store == "etcd":
            for host in self.etcd_hosts:
                self.small_disk(f"{host.name}.etcd", fault.etcd_disk)
            self.etcd = Cluster(scenario, self.etcd_hosts, flags=fault.etcd_flags)
            self.etcd_urls = self.etcd.endpoints
        self.servers = [self._server(host) for host in self.server_hosts]
        self.load(self._initial())
        self.owners = {}  # name of a box: who registers it, if not we
        if fault.owner:
            self.roll.add("node", [target("node", box.name) for box in self.boxes])
            self.owners = {box.name: fault.owner(self, box) for box in self.boxes}
        self.prometheus = self.start_prometheus()

    def _lay_network(self, net):
        self.server_hosts = [net.host(f"ns{i}", 10 + i) for i in range(1, self.fault.replicas + 1)]
        self.etcd_hosts = [net.host(f"etcd{i}", 20 + i) for i in range(1, self.fault.members + 1)] \
            if self.store == "etcd" else []
        self.monitor = net.host("monitor", 30, [host.address for host in self.server_hosts])
        self.rack = net.host("rack", 40)
        self.boxes = [net.host(f"box{i}", 40 + i) for i in range(1, BOXES + 1)]
        _ip("-n", "rack", "route", "add", "local", "10.54.0.0/16", "dev", "lo")
        _ip("-n", "monitor", "route", "add", "10.54.0.0/16", "via", self.rack.address)

    def _start_exporters(self):
        hosts = [self.rack] + ([] if self.fault.owner is Run else self.boxes)
        self.exporters = {host.name: self.scenario.start(f"exporter-{host.name}", EXPORTER, host=host)
                          for host in hosts}

    def _server(self, host):
        where = {"name": host.name, "host": host, "listen": f"{host.address}:53",
                 "env": self.server_env()}
        self.small_disk(f"{host.name}.data", self.fault.server_disk)
        flags = (*self.fault.flags, f"--web.listen-address={host.address}:9530")
        if self.store == "embedded":
            return rollcall.Embedded(self.scenario, *flags, **where)
        return rollcall.Server(self.scenario, self.etcd_urls, *flags, **where)

    def server_env(self):
        """Its clock follows what set_clock() says, if the fault moves it."""
        if not self.fault.fake_clock:
            return None
        [library] = glob.glob("/usr/lib/*/faketime/libfaketime.so.1")
        return {"LD_PRELOAD": library, "FAKETIME_TIMESTAMP_FILE": self.set_clock("+0"),
                "FAKETIME_CACHE_DURATION": "1", "FAKETIME_DONT_FAKE_MONOTONIC": "1"}

    def set_clock(self, offset):
        """Seconds off, "+3600"; seen within a second."""
        path = self.scenario.path("clock")
        with open(f"{path}.new", "w", encoding="ascii") as handle:
            handle.write(offset + "\n")
        os.rename(f"{path}.new", path)
        return path

    def small_disk(self, name, size):
        if size:
            path = self.scenario.path(name)
            os.makedirs(path)
            subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size},mode=700", name, path], check=True)

    def _initial(self):
        """[(service, host, address)] of the start: the boxes are among the nodes."""
        initial = []
        for service, count in self.fault.services.items():
            own = self.boxes if service == "node" else []
            initial += [(service, box.name, box.address) for box in own if not self.fault.owner]
            initial += [(service, f"h{i:03}", self.address()) for i in range(1, count - len(own) + 1)]
        return initial

    def address(self):
        """A new one, of the rack."""
        number = next(self._numbers)
        return f"10.54.{number // 250}.{number % 250 + 1}"

    def start_prometheus(self):
        jobs = {}
        for service in self.fault.services:
            jobs.setdefault("node" if service == "node" else "others", []).append(f"{service}.prom.internal")
        config = CONFIG
        for job, names in jobs.items():
            config += DNS_JOB.format(job=job, names=", ".join(names), refresh=REFRESH)
            config += HTTP_JOB.format(job=job, http=HTTP)
            config += "".join(HTTP_NAME.format(address=self.server_hosts[0].address, name=name, refresh=REFRESH)
                              for name in names)
        return Prometheus(self.scenario, config, host=self.monitor, address=self.monitor.address)

    # What people do.

    def register(self, service, host, address=None):
        """The command; with the store away the order is kept, and all is well too."""
        address = address or self.address()
        self.addresses[service, host] = address
        self.roll.add(service, [target(service, host)])
        return self.command("register", service, f"--host={host}", f"--address={address}", "--port=9100")

    def deregister(self, service, host):
        self.roll.leave([target(service, host)])
        return self.command("deregister", service, f"--host={host}")

    def command(self, *words):
        done = self.try_command(*words)
        check(done.returncode == 0, f"rollcall {' '.join(words)}: {done.stdout}{done.stderr}")
        return done

    def try_command(self, *words):
        # Where the embedded store is, its server's host; else one that nothing happens to.
        if self.store == "embedded":
            return rollcall.cli(*words, host=self.server_hosts[0])
        return rollcall.cli(*words, *self.endpoint_flags())

    def endpoint_flags(self):
        return [f"--etcd.endpoint={url}" for url in self.etcd_urls.split(",")]

    def local(self, *words):
        """A command that needs no store."""
        done = rollcall.cli(*words)
        check(done.returncode == 0, f"rollcall {' '.join(words)}: {done.stdout}{done.stderr}")

    # What others write, by stock etcdctl.

    def value(self, service, host):
        return {"host": self.addresses[service, host], "port": 9100}

    def load(self, those):
        """Raw puts of (service, host, address), as SkyDNS's users write them."""
        those = list(those)
        for service, host, address in those:
            self.addresses[service, host] = address
            self.roll.add(service, [target(service, host)])
        self.transact([f"put {key(s, h)} {json.dumps(json.dumps(self.value(s, h)))}" for s, h, _ in those])

    def put_back(self, pairs=None):
        """Those who own them register again, as at the start: the pairs, or all that should be there."""
        wanted = self.roll.wanted()
        pairs = [p for p in pairs or self.addresses if target(*p) in wanted]
        self.load((service, host, self.addresses[service, host]) for service, host in pairs)

    def transact(self, requests, size=100):
        for start in range(0, len(requests), size):
            self.ctl("txn", stdin="\n" + "\n".join(requests[start:start + size]) + "\n\n\n")

    def ctl(self, *words, stdin=None, timeout=30):
        """Stock etcdctl, patient; its output."""
        words = ("--command-timeout=20s", *words)
        if self.store == "etcd":
            return self.etcd.ctl(*words, stdin=stdin, timeout=timeout)
        done = self.servers[0].ctl(*words, stdin=stdin, timeout=timeout)
        if done.returncode:
            raise Failure(f"etcdctl {' '.join(words)}: {done.stderr}")
        return done.stdout

    def deregister_many(self, hosts):
        """Nodes, by transactions such as a deregistering verb makes."""
        self.roll.leave([target("node", host) for host in hosts])
        mark = json.dumps(json.dumps({"since": "2026-01-01T00:00:00Z", "by": "test", "why": "many"}))
        self.transact([f"del {key('node', host)}\nput {OWN}/gone{key('node', host)} {mark}" for host in hosts],
                      size=60)

    def garble(self, pairs, value="{not json"):
        for service, host in pairs:
            self.ctl("put", "--", key(service, host), stdin=value)

    def grant(self, seconds):
        """The id of a new lease, as etcdctl writes it."""
        return self.ctl("lease", "grant", str(seconds)).split()[1]

    def revision(self):
        return json.loads(self.ctl("get", "x", "-w", "json"))["header"]["revision"]

    def compact(self):
        """All history but the last revision."""
        self.ctl("compact", str(self.revision()))

    def wait_held(self):
        """Until a server has written down that it holds what was registered, if it is not there."""
        def known(service="node", host="h007"):
            held = self.ctl("get", "--prefix", "--keys-only", f"{OWN}/held/").split()
            there = self.ctl("get", "--keys-only", key(service, host)).split()
            return held and (there or f"{OWN}/held{key(service, host)}" in held)
        wait_for("what is held to be written down", known, 20, every=0.1)

    def wait_all_held(self):
        """Until that is so of every registration: a server that starts before knows only some."""
        def known():
            held = set(self.ctl("get", "--prefix", "--keys-only", f"{OWN}/held/").split())
            there = set(self.ctl("get", "--prefix", "--keys-only", "/skydns/").split())
            return all(key(*pair) in there or f"{OWN}/held{key(*pair)}" in held
                       for pair in self.addresses)
        wait_for("all that is held to be written down", known, 20, every=0.1)

    # What happens to servers.

    def restart_servers(self, wait=False):
        for each in self.servers:
            each.process.kill()
        for each in self.servers:
            each.start(wait)

    def back_up(self):
        """Of the embedded store: the file."""
        backup = self.scenario.path("backup")
        self.local("store", "backup", backup, f"--store.path={self.servers[0].path}")
        return backup

    def restore(self, backup):
        """Of a server that is stopped, as the page on operating says."""
        path = self.servers[0].path
        os.mkdir(f"{path}.old")
        for file in glob.glob(f"{path}/store.mdb*"):
            shutil.move(file, f"{path}.old/")
        self.local("store", "restore", f"--store.path={path}", backup)

    def store_directory(self, each):
        return self.scenario.path(f"{each.name}.data")

    def writing(self, act):
        """`act`, in the midst of puts."""
        children = [process.Process(f"put{i}", self.servers[0].etcdctl("txn"), self.scenario.path("puts.log"),
                                    env={"ETCDCTL_API": "3"}, host=self.servers[0].host, talks=True)
                    for i in range(4)]
        for number, child in enumerate(children):
            child.child.stdin.write(("\n" + "".join(f"put /other/{number}/{i} {'x' * 5000}\n"
                                                    for i in range(100)) + "\n\n").encode())
            child.child.stdin.close()
        time.sleep(0.02)
        act()
        for child in children:
            child.wait(15)

    def partition(self, on=True, chains=("INPUT", "OUTPUT")):
        """Between the servers and the members every packet is dropped, and only there."""
        for host in self.server_hosts:
            for member in self.etcd_hosts:
                for chain in chains:
                    words = ["iptables", "-w", "-I" if on else "-D", chain, "-s" if chain == "INPUT" else "-d",
                             member.address, "-j", "DROP"]
                    done = process.run(["ip", "netns", "exec", host.netns, *words])
                    check(done.returncode == 0, done.stderr)


def _ip(*words):
    subprocess.run(["ip", *words], check=True)
