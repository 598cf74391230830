"""The servers that tools/bench_dns.py measures: how each is configured, started and stopped.

All serve the same zones on 127.0.0.1, each with one process or one worker for questions, on the
processor it is given.  What they need besides lies in a directory of their own.
"""

import contextlib
import os
import subprocess
import time

import dns.exception
import dns.message
import dns.query

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
SERVERS = f"{ROOT}/build/servers/bin"
BINARY = os.environ.get("ROLLCALL", f"{ROOT}/build/release/rollcall")
TICK = os.sysconf("SC_CLK_TCK")
ORDER = ["rollcall", "knot", "nsd", "pdns", "bind"]


class Zones:
    """What is asked for: `services` of three, one of 20, of 100 and of 1,300, and names of addresses."""

    FORWARD = "prom.local"
    REVERSE = "10.in-addr.arpa"

    def __init__(self, services):
        self.services = [(f"node{i}", 3, f"10.{i // 250}.{i % 250}") for i in range(services)]
        self.large = [("twenty", 20, "10.200.0"), ("hundred", 100, "10.201.0")]
        self.large += [("thousand", 1300, "10.202")]

    def instances(self):
        """(service, instance, address)"""
        for service, count, net in self.services + self.large:
            for i in range(count):
                tail = f"{i + 1}" if net.count(".") == 2 else f"{i // 250}.{i % 250 + 1}"
                yield service, f"host{i}", f"{net}.{tail}"

    def names(self):
        """(address, name): of the first instance of each service of three."""
        for service, _, net in self.services:
            yield f"{net}.1", f"host0.{service}.{self.FORWARD}"

    @staticmethod
    def reverse(address):
        return ".".join(reversed(address.split("."))) + ".in-addr.arpa"

    def files(self, directory):
        """The zones as master files, each with its name."""
        head = ("$TTL 15\n@ 5 IN SOA ns.dns.{0}. hostmaster.{0}. 1 7200 1800 86400 5\n"
                "@ IN NS ns.elsewhere.\n")
        weights = {service: max(1, 100 // count) for service, count, _ in self.services + self.large}
        lines = [head.format(self.FORWARD)]
        for service, instance, address in self.instances():
            target = f"{instance}.{service}"
            lines.append(f"{service} IN SRV 10 {weights[service]} 9100 {target}\n{target} IN A {address}\n")
        back = [head.format(self.REVERSE)]
        back += [f"{self.reverse(address)}. IN PTR {name}.\n" for address, name in self.names()]
        files = {}
        for zone, text in ((self.FORWARD, lines), (self.REVERSE, back)):
            files[zone] = f"{directory}/{zone}.zone"
            with open(files[zone], "w", encoding="ascii") as handle:
                handle.writelines(text)
        return files


def children(pid):
    found = [pid]
    for task in os.listdir(f"/proc/{pid}/task"):
        # A thread may just have ended.
        with contextlib.suppress(FileNotFoundError), \
                open(f"/proc/{pid}/task/{task}/children", encoding="ascii") as handle:
            for child in handle.read().split():
                found += children(child)
    return found


class Server:
    """One that runs, on the processor with this number, or on some of them: "0,1"."""

    def __init__(self, name, port, argv, directory, processor):
        self.name, self.port, self.directory = name, port, directory
        with open(f"{directory}/log", "wb") as log:
            self.child = subprocess.Popen(["taskset", "-c", str(processor), *argv], cwd=directory,
                                          stdin=subprocess.DEVNULL, stdout=log, stderr=log)

    def cpu(self):
        """Seconds of the processor, of it and of all its processes."""
        total = 0
        for pid in children(self.child.pid):
            with open(f"/proc/{pid}/stat", encoding="ascii") as handle:
                fields = handle.read().rsplit(")", 1)[1].split()
            total += int(fields[11]) + int(fields[12])
        return total / TICK

    def fate(self):
        """How it ended, if it did."""
        status = self.child.poll()
        return "" if status is None else f"it ended with status {status}; "

    def ask(self, name, kind, tcp=False):
        query = dns.message.make_query(name, kind, use_edns=0, payload=1232)
        if tcp:
            return dns.query.tcp(query, "127.0.0.1", port=self.port, timeout=3)
        return dns.query.udp(query, "127.0.0.1", port=self.port, timeout=3)

    def wait(self, name, kind, seconds=60):
        deadline = time.monotonic() + seconds
        while True:
            try:
                if self.ask(name, kind).answer:
                    return
            except (OSError, dns.exception.DNSException):
                pass
            if self.child.poll() is not None or time.monotonic() > deadline:
                with open(f"{self.directory}/log", encoding="utf-8", errors="replace") as log:
                    raise RuntimeError(f"{self.name} does not answer for {name}:\n{log.read()[-2000:]}")
            time.sleep(0.05)

    def stop(self):
        self.child.terminate()
        try:
            self.child.wait(10)
        except subprocess.TimeoutExpired:
            self.child.kill()
            self.child.wait()


def write(path, text):
    with open(path, "w", encoding="ascii") as handle:
        handle.write(text)
    return path


def knot(directory, port, zones):
    text = f"""server:
    rundir: {directory}
    listen: 127.0.0.1@{port}
    udp-workers: 1
    tcp-workers: 1
    background-workers: 1
database:
    storage: {directory}
log:
  - target: stderr
    any: warning
template:
  - id: default
    zonefile-sync: -1
    journal-content: none
zone:
"""
    text += "".join(f"  - domain: {zone}\n    file: {file}\n" for zone, file in zones.items())
    return [f"{SERVERS}/knotd", "-c", write(f"{directory}/knot.conf", text)]


def nsd(directory, port, zones):
    text = f"""server:
    server-count: 1
    ip-address: 127.0.0.1@{port}
    username: ""
    chroot: ""
    zonesdir: "{directory}"
    database: ""
    zonelistfile: "{directory}/zone.list"
    xfrdfile: "{directory}/xfrd.state"
    pidfile: "{directory}/nsd.pid"
    tcp-count: 200
    rrl-ratelimit: 0
    rrl-whitelist-ratelimit: 0
remote-control:
    control-enable: no
"""
    text += "".join(f"zone:\n    name: {zone}\n    zonefile: {file}\n" for zone, file in zones.items())
    return [f"{SERVERS}/nsd", "-d", "-c", write(f"{directory}/nsd.conf", text)]


def bind(directory, port, zones):
    text = f"""options {{
    directory "{directory}";
    pid-file "{directory}/named.pid";
    session-keyfile "{directory}/session.key";
    managed-keys-directory "{directory}";
    listen-on port {port} {{ 127.0.0.1; }};
    listen-on-v6 {{ none; }};
    recursion no;
    minimal-responses no-auth;
    max-records-per-type 0;
    dnssec-validation no;
}};
controls {{ }};
"""
    text += "".join(f'zone "{zone}" {{ type primary; file "{file}"; }};\n' for zone, file in zones.items())
    return [f"{SERVERS}/named", "-g", "-n", "1", "-c", write(f"{directory}/named.conf", text)]


def pdns(directory, port, zones):
    write(f"{directory}/named.conf",
          "".join(f'zone "{zone}" {{ type master; file "{file}"; }};\n' for zone, file in zones.items()))
    text = f"""launch=bind
bind-config={directory}/named.conf
module-dir={ROOT}/build/servers/root/usr/lib/x86_64-linux-gnu/pdns
local-address=127.0.0.1
local-port={port}
socket-dir={directory}
receiver-threads=1
distributor-threads=1
guardian=no
daemon=no
disable-syslog=yes
loglevel=3
max-tcp-connections=200
reuseport=no
"""
    write(f"{directory}/pdns.conf", text)
    return [f"{SERVERS}/pdns_server", f"--config-dir={directory}"]


def start_two(base, port, zones, processors):
    """A rollcall with two workers: it makes as many as it has processors, and is then left the first."""
    directory = f"{base}/two"
    os.makedirs(directory)
    server = start_rollcall(directory, port, zones, ",".join(map(str, processors)))
    server.name = "two"
    subprocess.run(["taskset", "-a", "-p", "-c", str(processors[0]), str(server.child.pid)],
                   stdout=subprocess.DEVNULL, check=True)
    return server


def start_rollcall(directory, port, zones, processor):
    """Fed by its own store, as etcdctl would do it."""
    store = f"127.0.0.1:{port + 1}"
    argv = [BINARY, "serve", f"--zone={Zones.FORWARD}", f"--zone={Zones.REVERSE}",
            f"--dns.listen-address=127.0.0.1:{port}", f"--store.listen-address={store}",
            f"--web.listen-address=127.0.0.1:{port + 2}", f"--store.path={directory}/store",
            "--log.level=warn"]
    server = Server("rollcall", port, argv, directory, processor)
    puts = [(f"local/prom/{service}/{instance}", f'{{"host":"{address}","port":9100}}')
            for service, instance, address in zones.instances()]
    puts += [("/".join(["arpa", "in-addr", *address.split(".")]), f'{{"host":"{name}"}}')
             for address, name in zones.names()]
    feed(store, puts)
    return server


def feed(store, puts, seconds=30):
    deadline = time.monotonic() + seconds
    environment = {**os.environ, "ETCDCTL_API": "3"}
    for first in range(0, len(puts), 100):
        words = "".join("put /skydns/%s \"%s\"\n" % (path, value.replace('"', '\\"'))
                        for path, value in puts[first:first + 100])
        while True:
            done = subprocess.run([f"{SERVERS}/etcdctl", f"--endpoints={store}", "txn"],
                                  input=f"\n{words}\n\n", text=True, capture_output=True,
                                  env=environment, check=False)
            if done.returncode == 0:
                break
            if time.monotonic() > deadline:
                raise RuntimeError(f"cannot feed rollcall: {done.stderr}")


def start(name, base, port, zones, files, processor):
    directory = f"{base}/{name}"
    os.makedirs(directory)
    if name == "rollcall":
        return start_rollcall(directory, port, zones, processor)
    argv = {"knot": knot, "nsd": nsd, "bind": bind, "pdns": pdns}[name](directory, port, files)
    return Server(name, port, argv, directory, processor)
