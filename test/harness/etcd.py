"""A real etcd: one member or several, and stock etcdctl."""

import http.client
import json
import os
import shutil
import signal

from . import certificates, process
from .scenario import server
from .wait import Failure, wait_for


class Member:
    """One etcd of a cluster, with a data directory that outlives a kill.

    tls: its certificates.Identity; then it demands certificates of its clients too.
    """

    def __init__(self, scenario, name, address, host=None, flags=(), tls=None):
        self.scenario, self.name, self.address, self.host = scenario, name, address, host
        self.flags, self.tls = list(flags), tls
        self.directory = scenario.path(f"{name}.etcd")
        self.scheme = "https" if tls else "http"
        self.url = f"{self.scheme}://{address}:2379"
        self.process = None
        if tls:
            self.flags += ["--trusted-ca-file", tls.ca, "--cert-file", tls.cert, "--key-file", tls.key,
                           "--client-cert-auth"]

    def start(self, peers, state="new"):
        listen = [self.url]
        if self.address != "127.0.0.1":
            listen.append(f"{self.scheme}://127.0.0.1:2379")
        self.process = self.scenario.start(
            self.name,
            [server("etcd"), "--name", self.name, "--data-dir", self.directory,
             "--listen-client-urls", ",".join(listen), "--advertise-client-urls", self.url,
             "--listen-peer-urls", f"http://{self.address}:2380",
             "--initial-advertise-peer-urls", f"http://{self.address}:2380",
             "--initial-cluster", peers, "--initial-cluster-state", state,
             "--logger", "zap", "--log-outputs", "stderr", "--log-level", "warn", *self.flags],
            host=self.host)

    def kill(self):
        self.process.kill()

    def freeze(self):
        """Keeps its connections and answers nothing, as on a host that swaps or hangs."""
        self.process.signal(signal.SIGSTOP)
        tasks = f"/proc/{self.process.pid}/task"

        def stopped():
            for task in os.listdir(tasks):
                with open(f"{tasks}/{task}/stat", encoding="ascii") as handle:
                    if handle.read().rsplit(")", 1)[1].split()[0] != "T":
                        return False
            return True
        wait_for(f"{self.name} to stand still", stopped)

    def thaw(self):
        self.process.signal(signal.SIGCONT)

    def healthy(self):
        """Its own word that it has a leader and can write."""
        return json.loads(self._get("/health")).get("health") == "true"

    def leads(self):
        return self._metric("etcd_server_is_leader") > 0

    def watched(self):
        """Whether somebody has a watch on it."""
        return self._metric("etcd_debugging_mvcc_watcher_total") > 0

    def _metric(self, name):
        [value] = [line.split()[1] for line in self._get("/metrics").splitlines() if line.startswith(name + " ")]
        return float(value)

    def _get(self, path):
        if self.tls:
            connection = http.client.HTTPSConnection(self.address, 2379, timeout=0.5,
                                                     context=certificates.context(self.tls))
        else:
            connection = http.client.HTTPConnection(self.address, 2379, timeout=0.5)
        try:
            connection.request("GET", path)
            return connection.getresponse().read().decode()
        finally:
            connection.close()


class Cluster:
    """hosts: none for one member on 127.0.0.1, else a member on each; tls: as Member's.

    user: as whom etcdctl logs in, "NAME:PASSWORD".
    """

    def __init__(self, scenario, hosts=(), name="etcd", flags=(), tls=None):
        self.scenario, self.tls, self.user = scenario, tls, None
        if hosts:
            self.members = [Member(scenario, f"{name}{i}", host.address, host, flags, tls)
                            for i, host in enumerate(hosts, 1)]
        else:
            self.members = [Member(scenario, name, "127.0.0.1", None, flags, tls)]
        self.peers = ",".join(f"{m.name}=http://{m.address}:2380" for m in self.members)
        self.start()
        self.wait_healthy()

    @property
    def endpoints(self):
        return ",".join(member.url for member in self.members)

    def start(self):
        for member in self.members:
            if not member.process or not member.process.running():
                member.start(self.peers)

    def wait_healthy(self, members=None, seconds=30):
        for member in members or self.members:
            wait_for(f"{member.name} to be healthy", member.healthy, seconds)

    def kill(self):
        for member in self.members:
            if member.process.running():
                member.kill()

    def wipe(self):
        """As a restore of an empty backup: what comes back is another cluster."""
        self.kill()
        for member in self.members:
            shutil.rmtree(member.directory)

    def snapshot(self, path):
        self.ctl("snapshot", "save", path, member=self.members[0])

    def restore(self, path):
        """From a snapshot, with every member dead: under the cluster's id, its revision as it was then."""
        for member in self.members:
            shutil.rmtree(member.directory)
            done = process.run([server("etcdctl"), "snapshot", "restore", path, "--name", member.name,
                                "--data-dir", member.directory, "--initial-cluster", self.peers,
                                "--initial-advertise-peer-urls", f"http://{member.address}:2380"],
                               env={"ETCDCTL_API": "3"})
            if done.returncode:
                raise Failure(f"etcdctl snapshot restore: {done.stderr}")

    def move_leader(self, member):
        if member.leads():
            return
        [number] = [line.split(",")[0] for line in self.ctl("member", "list").splitlines()
                    if line.split(", ")[2] == member.name]
        [leader] = [other for other in self.members if other.leads()]
        self.ctl("move-leader", number, member=leader)
        wait_for(f"{member.name} to lead", member.leads)

    def ctl(self, *words, **how):
        """Stock etcdctl; its output."""
        done = self.try_ctl(*words, **how)
        if done.returncode:
            raise Failure(f"etcdctl {' '.join(words)}: {done.stderr}")
        return done.stdout

    def try_ctl(self, *words, stdin=None, timeout=30, member=None):
        """Stock etcdctl, on one member or with all to choose from; a CompletedProcess."""
        return process.run(self.etcdctl(*words, member=member), env={"ETCDCTL_API": "3"}, stdin=stdin,
                           timeout=timeout)

    def start_ctl(self, name, *words):
        """etcdctl that goes on: a Process."""
        return self.scenario.start(name, self.etcdctl(*words), env={"ETCDCTL_API": "3"})

    def etcdctl(self, *words, member=None):
        """The command line of stock etcdctl; it wants ETCDCTL_API=3."""
        who = ["--user", self.user] if self.user else []
        if self.tls:
            who += ["--cacert", self.tls.ca, "--cert", self.tls.cert, "--key", self.tls.key]
        return [server("etcdctl"), "--endpoints", member.url if member else self.endpoints, *who, *words]

    def put(self, key, value):
        """A value, or an object that becomes JSON."""
        return self.ctl("put", key, value if isinstance(value, str) else json.dumps(value))

    def load(self, pairs):
        """Many puts, 100 to a transaction, with one etcdctl for each thousand."""
        pairs = list(pairs)
        for start in range(0, len(pairs), 100):
            puts = "".join(f"put {key} {json.dumps(json.dumps(value))}\n"
                           for key, value in pairs[start:start + 100])
            self.ctl("txn", stdin=f"\n{puts}\n\n")

    def get(self, key):
        """The value of one key; None: it is not there."""
        lines = self.ctl("get", key, "--print-value-only").splitlines()
        return lines[0] if lines else None

    def keys(self, prefix):
        return [k for k in self.ctl("get", "--prefix", "--keys-only", prefix).splitlines() if k]

    def delete(self, key, *options):
        return self.ctl("del", key, *options)
