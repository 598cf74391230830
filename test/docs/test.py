#!/usr/bin/python3
"""Runs what README.md and doc/ show.

README.md and doc/store.md stand on rollcall's own store, the other pages on an etcd that is there
before.  192.0.2.1 and 192.0.2.21, machines of the examples, are this one: the store under
test, and an etcd.
"""

import glob
import os
import re
import subprocess
import sys

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

from harness import process  # noqa: E402
from harness.etcd import Cluster  # noqa: E402
from harness.rollcall import cli  # noqa: E402
from harness.scenario import BINARY, ROOT, SERVERS, main, server  # noqa: E402
from harness.wait import Failure, check, equal, wait_for  # noqa: E402

FENCE = re.compile(r"^```(\w+)([^\n]*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
# What stands in for programs of a machine that was booted by systemd.
OWN_STORE = ["README.md", "doc/store.md"]
STAND_INS = {"http://192.0.2.21:2379": "http://127.0.0.1:22379", "192.0.2.1:2379": "127.0.0.1:2379",
             "build/release/rollcall": BINARY,
             "/usr/bin/prometheus-node-exporter": server("prometheus-node-exporter")}
SYSTEMCTL = """#!/bin/sh
for word; do unit=$word; done
case $unit in
  daemon-reload) exit 0 ;;
  *@*) unit=${unit%%@*}@ ;;
esac
exec test -e "/etc/systemd/system/$unit.service"
"""


def blocks(page):
    """(language, attributes, text, line) of each fenced block."""
    with open(f"{ROOT}/{page}", encoding="utf-8") as handle:
        text = handle.read()
    for match in FENCE.finditer(text):
        language, attributes, body = match.groups()
        yield language, attributes.split(), body, text.count("\n", 0, match.start()) + 1


class Page:
    """One page's run: its etcd, its servers, what its last block printed."""

    def __init__(self, scenario, name):
        self.scenario, self.name = scenario, name
        self.label = name.replace("/", "-").removesuffix(".md")
        self.printed = ""
        self.servers, self.background, self.served = [], [], None
        self.env = {"PATH": f"{scenario.path('bin')}:{os.environ['PATH']}", "HOME": "/root",
                    "ETCDCTL_API": "3"}

    def shell(self, text, place):
        """A block, command by command where it is one to a line."""
        self.printed = ""
        for number, command in enumerate(commands(text)):
            # Documented for another machine, or as what script/build makes.
            for documented, here in STAND_INS.items():
                command = command.replace(documented, here)
            words = command.split()
            if words[0].startswith("./script/"):
                check(os.access(f"{ROOT}/{words[0]}", os.X_OK), f"{place}: no {words[0]}")
            elif words[:2] in (["rollcall", "serve"], ["rollcall", "run"], ["rollcall", "watch"]):
                self.beside(command, words[1], f"{self.label}-{place.rsplit(':')[-1]}-{number}")
            elif words == ["systemctl", "stop", "rollcall"]:
                self.stop_servers()
            elif words == ["systemctl", "start", "rollcall"]:
                self.beside(self.served, "serve", f"{self.label}-{place.rsplit(':')[-1]}-{number}")
            else:
                done = subprocess.run(["bash", "-ec", command], cwd=ROOT, env=self.env, timeout=120,
                                      capture_output=True, text=True, check=False)
                check(done.returncode == 0, f"{place}: {command}\n{done.stdout}{done.stderr}")
                self.printed += done.stdout
        while self.background:
            self.background.pop().stop()

    def beside(self, command, verb, name):
        if verb == "serve":
            self.served = command
            port = (re.findall(r"--dns.listen-address=127.0.0.1:(\d+)", command) or ["5300"])[0]
            if port == "5300":
                self.stop_servers()
            if "--store.path" not in command:
                command += f" --store.path={self.scenario.path(name)}.data"
        child = self.scenario.start(name, ["bash", "-c", f"exec {command}"], env=self.env, cwd=ROOT)
        if verb == "serve":
            self.servers.append(child)
            zone = (re.findall(r"--zone=(\S+)", command) or ["prom.internal"])[0]
            wait_for(f"{command} to serve", lambda: "status: NXDOMAIN" in process.run(
                [server("dig"), "@127.0.0.1", "-p", port, f"nobody.{zone}"]).stdout, 15)
        else:
            self.background.append(child)
            if verb == "run":
                wait_for("its registration", lambda: re.search(
                    r"node/" + os.uname().nodename.split(".")[0].lower(), self.keys()), 15)

    def stop_servers(self):
        while self.servers:
            self.servers.pop().stop()

    def keys(self):
        return subprocess.run(["etcdctl", "get", "--prefix", "--keys-only", "/skydns"], env=self.env,
                              capture_output=True, text=True, check=False).stdout

    def close(self):
        for child in self.background + self.servers:
            child.stop()


def commands(text):
    """Lines; a function or a loop is taken as one with what follows it."""
    if re.search(r"\b(do|\(\) \{)\b|\(\) \{", text):
        return [text]
    return [line for line in text.replace("\\\n", " ").splitlines()
            if line.strip() and not line.startswith("#")]


def elsewhere(scenario, name):
    """An etcd that leaves rollcall's own store its port."""
    url, peer = "http://127.0.0.1:22379", "http://127.0.0.1:22380"
    return scenario.start(name, [server("etcd"), "--data-dir", scenario.path(f"{name}.etcd"),
                                 "--listen-client-urls", url, "--advertise-client-urls", url,
                                 "--listen-peer-urls", peer, "--initial-advertise-peer-urls", peer,
                                 "--initial-cluster", f"default={peer}", "--log-level", "error"])


def execute(scenario, name):
    label = f"etcd-{os.path.basename(name)}"
    own = name in OWN_STORE
    etcd = elsewhere(scenario, label) if own else Cluster(scenario, name=label, flags=["--enable-v2"])
    page = Page(scenario, name)
    if name == "doc/migrate.md":
        # What the one who migrates has.
        etcd.put("/skydns/local/prom/node/server01", {"host": "192.168.1.1", "port": 9100})
        process.run([server("etcdctl"), "set", "/skydns/local/prom/old/server01", '{"host":"192.168.1.1"}'],
                    env={"ETCDCTL_API": "2"})
    count = 0
    for language, attributes, text, line in blocks(name):
        place = f"{name}:{line}"
        count += 1
        if any(a.startswith("file=") for a in attributes):
            continue  # compared below
        if language == "sh":
            page.shell(text, place)
        elif language == "text":
            for wanted in text.splitlines():
                check(wanted in page.printed, f"{place}: not printed: {wanted}\n{page.printed}")
        elif language == "yaml" and "config" in attributes:
            file = scenario.write(f"config-{line}.yml", text)
            done = cli("check", "config", file)
            check(done.returncode == 0, f"{place}: {done.stdout}{done.stderr}")
        elif language == "yaml":
            promtool(scenario.write(f"prometheus-{line}.yml", text), place)
        else:
            raise Failure(f"{place}: nothing executes ```{language}")
    if name == "doc/migrate.md":
        equal(etcd.get("/skydns/local/prom/old/server01"), '{"host":"192.168.1.1"}', "the v2 data, by v3")
    page.close()
    etcd.kill()
    scenario.step(f"{name}: {count} blocks")


def promtool(file, place):
    done = process.run([server("promtool"), "check", "config", file])
    check(done.returncode == 0, f"{place}: {done.stdout}{done.stderr}")


def files():
    done = process.run([sys.executable, f"{ROOT}/tools/doc_files.py", "--check"])
    check(done.returncode == 0, done.stderr)
    for file in glob.glob(f"{ROOT}/packaging/examples/prometheus*.yml"):
        promtool(file, file)
    unbound = f'include: "{ROOT}/packaging/examples/unbound.conf"\nserver:\n  username: ""\n  chroot: ""\n  directory: "/"\n'
    return unbound


def private(scenario, *directories):
    """Lays a file system of our own over directories that documented commands write to."""
    for directory in directories:
        upper = scenario.path(f"over{directory.replace('/', '-')}")
        os.makedirs(f"{upper}/upper")
        os.makedirs(f"{upper}/work")
        subprocess.run(["mount", "-t", "overlay", "overlay", "-o",
                        f"lowerdir={directory},upperdir={upper}/upper,workdir={upper}/work", directory],
                       check=True)


def run(scenario):
    subprocess.run(["mount", "-t", "tmpfs", "scenario", scenario.directory], check=True)
    private(scenario, "/etc", "/usr/bin", "/var")
    os.makedirs(scenario.path("bin"))
    for name in os.listdir(SERVERS):
        os.symlink(f"{SERVERS}/{name}", scenario.path(f"bin/{name}"))
    os.symlink(BINARY, scenario.path("bin/rollcall"))
    for name, text in (("systemctl", SYSTEMCTL), ("systemd-sysusers", "#!/bin/sh\n")):
        os.chmod(scenario.write(f"bin/{name}", text), 0o755)

    unbound = scenario.write("unbound.conf", files())
    done = process.run([server("unbound-checkconf"), unbound])
    check(done.returncode == 0, f"unbound.conf: {done.stdout}{done.stderr}")
    scenario.step("the files the pages show are those of packaging/examples")
    for name in ["README.md", "doc/store.md", "doc/prometheus.md", "doc/migrate.md", "doc/operating.md"]:
        execute(scenario, name)


main(run)
