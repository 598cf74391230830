"""The program under test."""

import json
import urllib.error
import urllib.request

from . import dns, process
from .scenario import BINARY, server
from .wait import Failure, wait_for


class Server:
    """rollcall serve --store=etcd, restartable.

    listen: "ADDRESS:PORT" of its DNS side.  path: where it keeps what it answered last.
    """

    def __init__(self, scenario, endpoints, *flags, name="rollcall", path=None, **how):
        self.path = path or scenario.path(f"{name}.data")
        etcd = ["--store=etcd", f"--store.path={self.path}",
                *(f"--etcd.endpoint={e}" for e in endpoints.split(",") if endpoints)]
        self.begin(scenario, name, [*etcd, *flags], **how)

    def begin(self, scenario, name, flags, host=None, env=None, listen="127.0.0.1:5300",
              zones=("prom.internal",), wait=True):
        self.scenario, self.name, self.host, self.env = scenario, name, host, env
        self.address, port = listen.rsplit(":", 1)
        self.port = int(port)
        self.zone = zones[0]
        self.argv = [BINARY, "serve", f"--dns.listen-address={listen}",
                     *(f"--zone={z}" for z in zones), *flags]
        self.process = None
        self.start(wait)

    def start(self, wait=True):
        self.process = self.scenario.start(self.name, self.argv, host=self.host, env=self.env)
        if wait:
            wait_for(f"{self.name} to know its zone", self.synced, 15)

    def restart(self):
        self.process.stop()
        self.start()

    def synced(self):
        """A name that is not there is NXDOMAIN only from a server that knows (rule D1)."""
        # A question that came before it listened gets no answer: the next one soon does.
        return self.answer(f"nobody.{self.zone}", timeout=0.2)[0] == "NXDOMAIN"

    def where(self):
        return {"server": self.address, "port": self.port}

    def answer(self, name, rdtype="SRV", **how):
        return dns.answer(name, rdtype, **self.where(), **how)

    def targets(self, name):
        return dns.targets(name, **self.where())

    def addresses(self, name):
        return dns.addresses(name, **self.where())


class Embedded(Server):
    """rollcall serve on a store of its own, in `path`, its etcd API at `api`.

    tls: its certificates.Identity; then it demands certificates of its clients too, which show
    the same one.  user: as whom etcdctl logs in, "NAME:PASSWORD".
    """

    def __init__(self, scenario, *flags, name="rollcall", path=None, api="127.0.0.1:2379",
                 tls=None, **how):
        self.path = path or scenario.path(f"{name}.data")
        self.api, self.tls, self.user = api, tls, None
        if tls:
            flags += (f"--store.cert={tls.cert}", f"--store.key={tls.key}",
                      f"--store.client-ca={tls.ca}")
        self.begin(scenario, name, [f"--store.path={self.path}", f"--store.listen-address={api}",
                                    *flags], **how)

    @property
    def url(self):
        return f"{'https' if self.tls else 'http'}://{self.api}"

    def etcdctl(self, *words):
        """The command line of stock etcdctl; it wants ETCDCTL_API=3."""
        who = ["--user", self.user] if self.user else []
        if self.tls:
            who += ["--cacert", self.tls.ca, "--cert", self.tls.cert, "--key", self.tls.key]
        return [server("etcdctl"), "--endpoints", self.url, *who, *words]

    def ctl(self, *words, stdin=None, timeout=30):
        """Stock etcdctl; a CompletedProcess."""
        return process.run(self.etcdctl(*words), env={"ETCDCTL_API": "3"}, stdin=stdin,
                           host=self.host, timeout=timeout)

    def start_ctl(self, name, *words, **how):
        """etcdctl that goes on: a Process."""
        return self.scenario.start(name, self.etcdctl(*words), env={"ETCDCTL_API": "3"},
                                   host=self.host, **how)

    def try_put(self, key, value):
        text = value if isinstance(value, str) else json.dumps(value)
        return self.ctl("put", "--", key, stdin=text)

    def load(self, pairs):
        """Many puts, 100 to a transaction."""
        pairs = list(pairs)
        for start in range(0, len(pairs), 100):
            puts = "".join(f"put {key} {json.dumps(json.dumps(value))}\n"
                           for key, value in pairs[start:start + 100])
            done = self.ctl("txn", stdin=f"\n{puts}\n\n")
            if done.returncode:
                raise Failure(f"txn: {done.stderr}")

    def put(self, key, value):
        done = self.try_put(key, value)
        if done.returncode:
            raise Failure(f"put {key}: {done.stderr}")


def web(path, port=9530):
    """(status, text) of a server's HTTP side, which is there a moment after it answers."""
    def ask():
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=5) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()
        except urllib.error.URLError as error:
            if isinstance(error.reason, ConnectionRefusedError):
                return None
            raise
    return wait_for("its HTTP side", ask, 5)


def cli(*words, env=None, host=None, timeout=30, pending=None):
    """rollcall WORDS: a CompletedProcess."""
    return process.run([BINARY, *words], env=env, host=host, timeout=timeout)


# What reads says so where it is the store that is meant: without, it asks a server that answers.
STORE = "--etcd.endpoint=http://127.0.0.1:2379"


def instances(*words, **how):
    """rollcall list --output=json, decoded; of the store, unless the words or `env` say where."""
    named = how.get("env") or any(word.startswith(("--server=", "--etcd.")) for word in words)
    where = () if named else (STORE,)
    return json.loads(cli("list", "--output=json", *words, *where, **how).stdout)
