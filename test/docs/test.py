#!/usr/bin/python3
"""Runs what README.md and doc/ show."""

import glob
import os
import re
import shutil
import subprocess
import sys

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

from harness import dns, process  # noqa: E402
from harness.certificates import Authority  # noqa: E402
from harness.etcd import Cluster  # noqa: E402
from harness.rollcall import cli  # noqa: E402
from harness.scenario import BINARY, ROOT, SERVERS, main, server  # noqa: E402
from harness.unit import confined  # noqa: E402
from harness.wait import Failure, check, equal, wait_for  # noqa: E402

FENCE = re.compile(r"^```(\w+)([^\n]*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
# What stands in for programs of a machine that was booted by systemd, and for htpasswd, which
# asks for the password at a terminal; "start" and "stop" are carried out here.
CHANGE_ME = "$2y$05$aaaaaaaaaaaaaaaaaaaaauC1KzPQQSB61ACjk1W.HyRU7sJoDDtJ."
STAND_INS = {
    "systemctl": """#!/bin/sh
for word; do unit=$word; done
case $unit in
  daemon-reload) exit 0 ;;
  *@*) unit=${unit%%@*}@.service ;;
  *.timer) ;;
  *) unit=$unit.service ;;
esac
exec test -e "/etc/systemd/system/$unit"
""",
    "systemd-sysusers": "#!/bin/sh\nid rollcall 2>/dev/null || exec useradd --system --user-group rollcall\n",
    "htpasswd": "#!/bin/sh\n[ \"$1\" = -nB ] && printf '%s:%s\\n\\n' \"$2\" '"
                + CHANGE_ME + "'\n",
}
MEMBERS = range(21, 24)  # of the cluster, as the pages have it


def blocks(page):
    """(language, attributes, text, line) of each fenced block."""
    with open(f"{ROOT}/{page}", encoding="utf-8") as handle:
        text = handle.read()
    for match in FENCE.finditer(text):
        language, attributes, body = match.groups()
        yield language, attributes.split(), body, text.count("\n", 0, match.start()) + 1


class Page:
    """One page's run: its stores, its servers, what its last block printed."""

    def __init__(self, scenario, name):
        self.scenario, self.name = scenario, name
        self.label = name.replace("/", "-").removesuffix(".md")
        self.printed = ""
        self.etcd, self.unit = None, None
        self.servers, self.background = [], []
        self.env = {"PATH": f"{scenario.path('bin')}:{os.environ['PATH']}", "HOME": "/root",
                    "ETCDCTL_API": "3"}
        # Where the reader is: what is relative in a command is so to the tree, or lands here.
        self.cwd = scenario.path(self.label)
        os.mkdir(self.cwd)
        for part in ("packaging", "mixin", "script"):
            os.symlink(f"{ROOT}/{part}", f"{self.cwd}/{part}")

    def shell(self, text, place):
        """A block, command by command where it is one to a line."""
        self.printed = ""
        for number, command in enumerate(commands(text)):
            words = command.split()
            if words[0].startswith("./script/"):
                check(os.access(f"{ROOT}/{words[0]}", os.X_OK), f"{place}: no {words[0]}")
            elif words[0] == "rollcall" and words[1] in ("serve", "run", "watch", "agent"):
                self.beside(command, words[1], f"{self.label}-{place.rsplit(':')[-1]}-{number}")
            else:
                self.one(command, words, place)
        while self.background:
            self.background.pop().stop()

    def one(self, command, words, place):
        """A command that ends."""
        if words[:3] == ["rollcall", "store", "copy"] and "--from=./" in command:
            self.stop_servers()  # by Ctrl-C, as the page says
        # Documented as what script/build makes; here it is the one under test.
        command = command.replace("build/release/rollcall", BINARY)

        def run():
            return subprocess.run(["bash", "-ec", command], cwd=self.cwd, env=self.env, timeout=120,
                                  capture_output=True, text=True, check=False)
        done = run()
        if words[0] == "dig":  # what was just registered may be on its way
            wait_for(f"{place}: an answer to {command}", lambda: run().stdout.strip())
            done = run()
        check(done.returncode == 0, f"{place}: {command}\n{done.stdout}{done.stderr}")
        self.printed += done.stdout
        if words[:2] == ["systemctl", "enable"] and words[-1] == "rollcall-agent":
            self.servers.append(self.scenario.start(f"{self.label}-agent", confined(
                "rollcall-agent", self.scenario.path("bin/rollcall"), "rollcall")))
        if words[0] == "systemctl" and words[-1] in ("rollcall", "rollcall-backup"):
            if words[1] in ("stop", "restart") and self.unit:
                equal(self.unit.stop(), 0, f"{place}: the unit's exit status")
                self.unit = None
            if words[1] in ("start", "restart", "enable"):
                self.start_unit(words[-1], place)

    def start_unit(self, name, place):
        with open("/etc/default/rollcall", encoding="utf-8") as handle:
            arguments = re.search(r'^ARGS="(.*)"$', handle.read(), re.M)[1]
        argv = confined(name, self.scenario.path("bin/rollcall"), "rollcall", arguments)
        if name == "rollcall-backup":
            done = process.run(argv)
            check(done.returncode == 0, f"{place}: {done.stdout}{done.stderr}")
            return
        self.unit = self.scenario.start(f"{self.label}-unit", argv)
        address = re.search(r"--dns.listen-address=(\S+):53", arguments)[1]
        self.wait_server(arguments, "127.0.0.1" if address == "0.0.0.0" else address, "53")

    @staticmethod
    def wait_server(arguments, address, port):
        zone = (re.findall(r"--zone=(\S+)", arguments) or ["prom.internal"])[0]
        wait_for(f"{arguments} to serve", lambda: "status: NXDOMAIN" in process.run(
            [server("dig"), f"@{address}", "-p", port, f"nobody.{zone}"]).stdout, 15)

    def beside(self, command, verb, name):
        command = command.replace("/usr/bin/prometheus-node-exporter", server("prometheus-node-exporter"))
        # What the reader ends has gone by the next block, as after a minute.
        command = command.replace("rollcall run ", "rollcall run --stop-grace=0s ")
        if verb == "serve":
            self.stop_servers()
        child = self.scenario.start(name, ["bash", "-c", f"exec {command}"], env=self.env, cwd=self.cwd)
        if verb == "serve":
            self.servers.append(child)
            self.wait_server(command, "127.0.0.1", "5300")
        else:
            self.background.append(child)
            if verb == "run":
                wait_for("its registration", lambda: re.search(
                    r"node/" + os.uname().nodename.split(".")[0].lower(), self.keys()), 15)

    def keys(self):
        return subprocess.run(["etcdctl", "get", "--prefix", "--keys-only", "/skydns"], env=self.env,
                              capture_output=True, text=True, check=False).stdout

    def use_etcd(self):
        """`sh etcd`: from here on the reader has an etcd on this machine, and no store of ours."""
        self.stop_servers()
        if self.etcd is None:
            self.etcd = Cluster(self.scenario, name=f"etcd-{self.label}", flags=["--enable-v2"])
        self.etcd.start()
        self.etcd.wait_healthy()

    def use_own(self, place):
        """`sh own`: from here on the reader has the unit with a store of its own, for prom.local."""
        self.stop_servers()
        if self.etcd:
            self.etcd.kill()
        with open("/etc/default/rollcall", "w", encoding="utf-8") as handle:
            handle.write('ARGS="--zone=prom.local --dns.listen-address=0.0.0.0:53"\n')
        self.start_unit("rollcall", place)
        done = cli("register", "node", "--zone=prom.local", "--host=a", "--address=192.0.2.1", "--port=9100")
        equal(done.returncode, 0, done.stderr)

    def stop_servers(self):
        for child in [*self.servers, self.unit]:
            if child:
                child.stop()
        self.servers, self.unit = [], None

    def close(self):
        for child in self.background:
            child.stop()
        self.stop_servers()
        if self.etcd:
            self.etcd.kill()


def commands(text):
    """Lines; a function or a loop is taken as one with what follows it."""
    if re.search(r"\b(do|\(\) \{)\b|\(\) \{", text):
        return [text]
    return [line for line in text.replace("\\\n", " ").splitlines()
            if line.strip() and not line.startswith("#")]


def prepare(page):
    """What the reader of a page has, and nothing of another page's."""
    for directory in glob.glob("/var/lib/rollcall*"):
        shutil.rmtree(directory)
    if page.name == "doc/migrate.md":
        page.use_etcd()
        page.etcd.put("/skydns/local/prom/node/server01", {"host": "192.168.1.1", "port": 9100})
        process.run([server("etcdctl"), "set", "/skydns/local/prom/old/server01", '{"host":"192.168.1.1"}'],
                    env={"ETCDCTL_API": "2"})
    elif page.name in ("doc/prometheus.md", "doc/agent.md"):
        page.beside("rollcall serve", "serve", page.label)
    elif page.name == "doc/troubleshooting.md":
        missing(page)
    elif page.name == "doc/operating.md":
        authority = Authority(page.scenario)
        os.makedirs("/etc/rollcall", exist_ok=True)
        for name, alternatives in (("store", ["IP:10.53.0.1"]), ("host", [])):
            identity = authority.issue(name, *alternatives)
            shutil.copy(identity.ca, "/etc/rollcall/ca.pem")
            for file, end in ((identity.cert, "pem"), (identity.key, "key")):
                shutil.copy(file, f"/etc/rollcall/{name}.{end}")
                os.chmod(f"/etc/rollcall/{name}.{end}", 0o644)


def missing(page):
    """A rollcall that this host asks on port 53, a registration, and a Prometheus's configuration."""
    page.beside("rollcall serve --dns.listen-address=127.0.0.1:5300 --dns.listen-address=127.0.0.1:53",
                "serve", page.label)
    done = cli("register", "node", "--host=server01", "--address=192.0.2.10", "--port=9100")
    equal(done.returncode, 0, done.stderr)
    os.makedirs("/etc/prometheus", exist_ok=True)
    if os.path.islink("/etc/resolv.conf"):
        os.unlink("/etc/resolv.conf")
    for file, text in (("/etc/resolv.conf", "nameserver 127.0.0.1\n"), ("/etc/prometheus/prometheus.yml", """
scrape_configs:
  - job_name: node
    dns_sd_configs: [{names: [node.prom.internal]}]
""")):
        with open(file, "w", encoding="ascii") as handle:
            handle.write(text)
    wait_for("a consumer of it", lambda: dns.targets("node.prom.internal") and
             cli("explain", "192.0.2.10").returncode == 0)


def execute(scenario, name, cluster):
    page = Page(scenario, name)
    prepare(page)
    cluster.ctl("del", "", "--from-key=true")
    count = 0
    for language, attributes, text, line in blocks(name):
        place = f"{name}:{line}"
        count += 1
        if any(a.startswith("file=") for a in attributes):
            continue  # compared below
        if "etcd" in attributes:
            page.use_etcd()
        elif "own" in attributes:
            page.use_own(place)
        if language == "sh":
            page.shell(text, place)
        elif language == "text":
            for wanted in text.splitlines():
                check(wanted in page.printed, f"{place}: not printed: {wanted}\n{page.printed}")
        elif language == "yaml" and "config" in attributes:
            file = scenario.write(f"config-{line}.yml", text)
            done = cli("check", "config", file)
            check(done.returncode == 0, f"{place}: {done.stdout}{done.stderr}")
        elif language == "yaml" and "services" in attributes:
            scenario.write(f"services-{line}.d/all.yml", text)
            done = cli("check", "services", scenario.path(f"services-{line}.d"))
            check(done.returncode == 0, f"{place}: {done.stdout}{done.stderr}")
        elif language == "yaml":
            promtool(scenario.write(f"prometheus-{line}.yml", text), place)
        else:
            raise Failure(f"{place}: nothing executes ```{language}")
    if name == "doc/migrate.md":
        equal(page.etcd.get("/skydns/local/prom/old/server01"), '{"host":"192.168.1.1"}', "the v2 data, by v3")
    if name in ("README.md", "doc/migrate.md"):
        check(cluster.keys("/skydns"), f"{name}: nothing came to the cluster")
    page.close()
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
    private(scenario, "/etc", "/usr/bin")
    os.makedirs(scenario.path("bin"))
    for name in os.listdir(SERVERS):
        os.symlink(f"{SERVERS}/{name}", scenario.path(f"bin/{name}"))
    # Not a link: another user may not be allowed to follow it.
    subprocess.run(["mount", "--bind", BINARY, scenario.write("bin/rollcall", "")], check=True)
    for name, text in STAND_INS.items():
        os.chmod(scenario.write(f"bin/{name}", text), 0o755)

    unbound = scenario.write("unbound.conf", files())
    done = process.run([server("unbound-checkconf"), unbound])
    check(done.returncode == 0, f"unbound.conf: {done.stdout}{done.stderr}")
    scenario.step("the files the pages show are those of packaging/examples")
    cluster = Cluster(scenario, [scenario.network.host(f"etcd{i}", i) for i in MEMBERS], name="member")
    for name in ["README.md", "doc/prometheus.md", "doc/agent.md", "doc/states.md", "doc/migrate.md",
                 "doc/operating.md", "doc/alerts.md",
                 "doc/troubleshooting.md", "doc/api.md"]:
        execute(scenario, name, cluster)


main(run)
