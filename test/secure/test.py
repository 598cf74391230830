#!/usr/bin/python3
"""A cluster that asks for certificates and passwords, through the program alone."""

import os
import re
import shlex
import shutil
import sys

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

from harness import dns, process  # noqa: E402
from harness.bind import Bind  # noqa: E402
from harness.certificates import Authority  # noqa: E402
from harness.client import Client  # noqa: E402
from harness.etcd import Cluster  # noqa: E402
from harness.rollcall import Server, cli, instances  # noqa: E402
from harness.scenario import BINARY, ROOT, main, server  # noqa: E402
from harness.wait import check, equal, wait_for  # noqa: E402

DOMAIN = "corp.test"
NODE = "/skydns/internal/prom/node"
SERIAL = "/rollcall/v1/serial"
CHILD = [sys.executable, f"{ROOT}/test/cli/child.py"]
NAMED = """
options {
  directory "@DIRECTORY@"; listen-on { any; }; allow-query { any; }; recursion no;
  pid-file none; session-keyfile none; dnssec-validation no;
};
zone "corp.test" { type primary; file "db.corp"; };
"""
ZONE = """$TTL 5
@  SOA  ns.corp.test. hostmaster.corp.test. 1 3600 900 604800 5
   NS   ns
ns A    10.53.0.2
"""


def identity(who):
    return [f"--etcd.cacert={who.ca}", f"--etcd.cert={who.cert}", f"--etcd.key={who.key}"]


class Site:
    """The company's DNS, the members, a host for the server and one for an exporter."""

    def __init__(self, scenario):
        self.scenario = scenario
        net = scenario.network
        company = net.host("company", 2)
        self.members = [net.host(f"etcd{i}", 10 + i) for i in (1, 2, 3)]
        self.ns1, self.box, self.late = (net.host(name, number, [company.address])
                                         for number, name in enumerate(("ns1", "box", "late"), 20))
        records = "".join(f"{m.name} A {m.address}\n_etcd-client-ssl._tcp SRV 0 0 2379 {m.name}\n"
                          for m in self.members)
        Bind(scenario, NAMED, {"db.corp": ZONE + records}, host=company, address=company.address)
        authority = Authority(scenario)
        self.client = authority.issue("client")
        # A token lives for less than the three seconds between two proofs of contact.
        self.etcd = Cluster(scenario, self.members, tls=self.members_identity(authority),
                            flags=["--auth-token-ttl=2", "--bcrypt-cost=4"])
        self.stranger = Authority(scenario, "stranger")

    def members_identity(self, authority):
        names = [f"DNS:{m.name}.{DOMAIN}" for m in self.members]
        addresses = [f"IP:{m.address}" for m in self.members]
        return authority.issue("etcd", *names, *addresses, "IP:127.0.0.1")

    def switch_on_authentication(self):
        """As the page says, user for user."""
        with open(f"{ROOT}/doc/operating.md", encoding="utf-8") as handle:
            page = handle.read()
        commands = re.findall(r"^etcdctl (.*)$", page.split("```sh etcd\n")[1], re.MULTILINE)
        check("auth enable" in commands, f"the page: {commands}")
        for command in commands:
            self.etcd.ctl(*shlex.split(command))
        passwords = dict(re.findall(r"user add ([\w-]+):(\S+)", page))
        self.etcd.user = f"root:{passwords['root']}"
        return passwords

    def as_user(self, name, password, who=None, file=None):
        """The flags of a user; his password file is named after him."""
        file = self.scenario.write(f"{file or name}.password", password + "\n")
        return [f"--etcd.discovery-srv={DOMAIN}", *identity(who or self.client),
                f"--etcd.user={name}", f"--etcd.password-file={file}"]

    def change(self, number, through, seconds=10):
        """A put, until `through` shows it."""
        self.etcd.put(f"/skydns/internal/prom/sign/s{number}", {"host": f"192.0.2.{number}", "port": 1})
        wait_for(f"change {number}", lambda: through.answer(f"s{number}.sign.prom.internal", "A")[1],
                 seconds)


def ttl(name, through):
    """The TTL of its SRV records; 0: there is none."""
    return max((rrset.ttl for rrset in dns.ask(name, **through.where()).answer), default=0)


def serial(through):
    [soa] = through.answer("prom.internal", "SOA")[1]
    return int(soa.split()[3])


def said(result, status, *texts):
    """The exit status, and what the messages speak of; the result."""
    check(result.returncode == status and all(text in result.stderr for text in texts),
          f"status {status} and {texts}, not {result.returncode}:\n{result.stdout}{result.stderr}")
    return result


def commands(site, host, serve):
    """What a host does all day, with the role of the page."""
    etcd, box = site.etcd, site.box
    watch = site.scenario.start("watch", [BINARY, "watch", "node", *host], host=box)
    watch.wait_output("watching")
    node = ["register", "node", "--port=9100"]
    said(cli(*node, *host, host=box), 0)
    by_environment = [flag for flag in host if not flag.startswith("--etcd.discovery-srv")]
    repeated = said(cli(*node, *by_environment, host=box, env={"ETCD_ENDPOINT": DOMAIN}), 0)
    check("unchanged" in repeated.stdout, f"the same by environment: {repeated.stdout}")
    wait_for("the answer", lambda: serve.targets("node.prom.internal") == {"box.node.prom.internal:9100"})
    equal([found["address"] for found in instances("node", *host, host=box)], [box.address],
          "the address is the one towards etcd")
    run = site.scenario.start("run", [BINARY, "run", "app", "--port=9400", "--stop-grace=0s", *host, "--",
                                      *CHILD, "9400"], host=box)
    wait_for("the program to be registered", lambda: etcd.get("/skydns/internal/prom/app/box"))
    equal(run.stop(), 0, "its end")
    equal(etcd.get("/skydns/internal/prom/app/box"), None, "it is deregistered")
    said(cli("deregister", "node", "--port=9100", *host, host=box), 0)
    equal(etcd.get(f"{NODE}/box"), None, "deregistered")
    watch.wait_output(" - box.node")
    said(cli(*node, *host, host=box), 0)
    watch.stop()
    site.scenario.step("register, list, watch, run, deregister: by SRV, certificate and password")


def own_writes(site):
    """With the role of the page a server carries out stops; from here on it may only read there."""
    etcd = site.etcd
    key = "/skydns/internal/prom/stopped/a"
    etcd.put(key, {"host": "192.0.2.9", "port": 1, "rollcall": {"owner": "agent:a"}})
    etcd.put(f"/rollcall/v1/stopping{key}",
             {"since": "2026-01-01T00:00:00Z", "until": "2026-01-01T00:00:01Z", "why": "stopped"})
    wait_for("the stop to be carried out", lambda: not etcd.get(key))
    check(etcd.get(f"/rollcall/v1/gone{key}"), "with its mark")
    etcd.ctl("role", "grant-permission", "rollcall-server", "--prefix=true", "read", "/skydns")
    site.scenario.step("a server deregisters what was stopped, until it may no more")


def roles(site, serve, for_server, host):
    etcd, box = site.etcd, site.box
    other = ["--host=other", "--port=9100"]
    said(cli("register", "node", *other, *for_server, host=box), 1,
         "permission denied (as user rollcall-server)")
    said(cli("deregister", "node", "--port=9100", *for_server, host=box), 1, "permission denied")
    said(cli("list", "node", *for_server, host=box), 0)
    said(cli("list", "--prefix=/elsewhere", *host, host=box), 1, "permission denied (as user rollcall-host)")
    equal(etcd.keys(NODE), [f"{NODE}/box"], "what stands there")
    lease = etcd.ctl("lease", "grant", "120").split()[1]
    etcd.ctl("put", "/skydns/internal/prom/leased/a", '{"host":"192.0.2.9","port":1}', f"--lease={lease}")
    # The server may ask how long a lease lasts.
    wait_for("the TTL of what has a lease", lambda: 100 < ttl("leased.prom.internal", serve) <= 120)
    site.scenario.step("a server may not register, a host may not look elsewhere")


def refusals(site, host):
    """Each mistake has a message that tells it from the others."""
    box, client = site.box, site.client
    alien = site.stranger.issue("client")

    def looks(texts, flags, status=1):
        said(cli("list", *flags, host=box), status, *texts)

    def with_files(**changes):
        given = {"cacert": client.ca, "cert": client.cert, "key": client.key, **changes}
        others = [flag for flag in host if flag not in identity(client)]
        return others + [f"--etcd.{name}={file}" for name, file in given.items() if file]

    looks(["certificate of etcd is not accepted"], with_files(cacert=alien.ca))
    looks(["certificate of etcd is not accepted"], with_files(cacert=None))
    looks(["does not accept our client certificate"], with_files(cert=None, key=None))
    looks(["does not accept our client certificate"], with_files(cert=alien.cert, key=alien.key))
    looks(["--etcd.cert: ", alien.key, "is not the one of the certificate"], with_files(key=alien.key), 2)
    looks(["invalid user ID or password (as user rollcall-host)"],
          site.as_user("rollcall-host", "x", file="wrong"))
    looks(["invalid user ID or password (as user nobody)"], site.as_user("nobody", "x"))
    looks(["permission denied (no user was named)"], [f"--etcd.discovery-srv={DOMAIN}", *identity(client)])
    looks(["name it as https://"], ["--etcd.endpoint=http://etcd1.corp.test:2379"])
    site.scenario.step("a wrong CA, certificate, key, password, user: each is told apart")


def orders(site, serve, host):
    """What etcd refuses to one waits for another, and holds up no order behind it."""
    etcd, box = site.etcd, site.box
    etcd.ctl("role", "add", "narrow")
    for right in (["readwrite", NODE], ["readwrite", "/rollcall/v1"]):
        etcd.ctl("role", "grant-permission", "narrow", "--prefix=true", *right)
    etcd.ctl("user", "add", "narrow:pass")
    etcd.ctl("user", "grant-role", "narrow", "narrow")
    away = [*(flag for flag in host if "cacert" not in flag), f"--etcd.cacert={site.stranger.certificate}"]
    for service in ("other", "node"):
        said(cli("register", service, "--host=kept", "--port=9100", *away, host=box), 0, "the order is kept")
    serve.process.wait_output("permission denied (as user rollcall-server)")
    narrow = site.as_user("narrow", "pass")
    said(cli("register", "--flush", *narrow, host=box), 1, "permission denied (as user narrow)")
    check(etcd.get(f"{NODE}/kept"), "the order behind is carried out")
    # The server, which may not, tries the same orders, and holds each while it does.
    wait_for("the other by who may",
             lambda: cli("list", *host, host=box) and etcd.get("/skydns/internal/prom/other/kept"))
    equal(serve.process.output().count("permission denied (as user rollcall-server)"), 1,
          "what the server said")
    site.scenario.step("an order that is refused waits for who may carry it out")


def mended_while_it_runs(site, passwords):
    """A server that was started with a wrong password, and with files of a wrong authority."""
    flags = site.as_user("rollcall-server", "wrong", site.client._replace(
        ca=shutil.copy(site.stranger.certificate, site.scenario.path("changing.pem"))))
    late = Server(site.scenario, "", *flags, name="late", host=site.late,
                  listen=f"{site.late.address}:53", wait=False)
    late.process.wait_output("certificate of etcd is not accepted")
    wait_for("an answer", lambda: late.answer("node.prom.internal")[0] == "SERVFAIL")
    shutil.copy(site.client.ca, site.scenario.path("changing.pem"))
    late.process.wait_output("invalid user ID or password (as user rollcall-server)")
    equal(late.answer("node.prom.internal")[0], "SERVFAIL", "it knows nothing yet")
    site.as_user("rollcall-server", passwords["rollcall-server"])
    wait_for("the right password to be found", late.synced)
    equal(late.process.stop(), 0, "its end")
    site.scenario.step("a wrong CA and a wrong password are mended while the server runs")


def tokens(site, serve):
    """Tokens end two seconds after their last use, and with a change of password."""
    etcd = site.etcd
    site.change(1, serve)
    etcd.ctl("user", "passwd", "rollcall-server", "--interactive=false", stdin="changed\n")
    serve.process.wait_output("invalid user ID or password (as user rollcall-server)")
    site.change(2, serve)  # the watch is still there
    wait_for("it to be no longer sure", lambda: serve.answer("nobody.prom.internal")[0] == "SERVFAIL", 15)
    site.as_user("rollcall-server", "changed")
    wait_for("the new password to be found", serve.synced)
    etcd.ctl("role", "grant-permission", "rollcall-server", "--prefix=true", "read", "/more")
    etcd.kill()
    etcd.start()
    etcd.wait_healthy()
    site.change(3, serve)
    site.scenario.step("tokens that ended, a new password, etcd restarted")


def restored(site, serve):
    """From a backup: the log begins anew, and our tokens name an index still to come."""
    etcd, scenario = site.etcd, site.scenario
    backup = scenario.path("backup")
    etcd.ctl("snapshot", "save", backup, member=etcd.members[0])
    for number in range(10, 60):
        etcd.put("/skydns/internal/prom/sign/counter", {"host": f"192.0.2.{number}"})
    site.change(60, serve)
    before = serial(serve)
    etcd.wipe()
    for member in etcd.members:
        done = process.run([server("etcdctl"), "snapshot", "restore", backup, f"--name={member.name}",
                            f"--initial-cluster={etcd.peers}", f"--data-dir={member.directory}",
                            f"--initial-advertise-peer-urls=http://{member.address}:2380"],
                           env={"ETCDCTL_API": "3"})
        check(done.returncode == 0, done.stderr)
    etcd.start()
    etcd.wait_healthy()
    wait_for("the server to raise the serial", lambda: etcd.get(SERIAL), 30)
    check(serve.addresses("s60.sign.prom.internal"), "a target left because a backup was restored")
    site.change(61, serve)
    check(serial(serve) > before, f"the serial went from {before} to {serial(serve)}")
    scenario.step("etcd restored from a backup: the server with its role raises the serial")


def another_authority(site, serve):
    """All certificates are replaced by those of another one, under the names of the old files."""
    def replace(old, new):
        for target, source in zip(old, new):
            shutil.copy(source, target)

    etcd = site.etcd
    replace(etcd.tls, site.members_identity(site.stranger))  # with it the CA file of all
    etcd.kill()
    etcd.start()
    etcd.wait_healthy()
    serve.process.wait_output("does not accept our client certificate")
    replace(site.client, site.stranger.issue("client"))
    site.change(70, serve)
    site.scenario.step("certificates of another authority, without a restart of the server")


def run(scenario):
    site = Site(scenario)
    passwords = site.switch_on_authentication()
    for_server = site.as_user("rollcall-server", passwords["rollcall-server"])
    host = site.as_user("rollcall-host", passwords["rollcall-host"])
    serve = Server(scenario, "", *for_server, name="serve", host=site.ns1, listen=f"{site.ns1.address}:53")
    scenario.step("three members, the roles of doc/operating.md, a server")
    commands(site, host, serve)
    client = Client(serve, "node.prom.internal", 1)
    own_writes(site)
    roles(site, serve, for_server, host)
    refusals(site, host)
    orders(site, serve, host)
    mended_while_it_runs(site, passwords)
    tokens(site, serve)
    restored(site, serve)
    another_authority(site, serve)
    client.judge()
    site.etcd.kill()  # it takes its time to stop
    scenario.step(f"{client.asked} questions meanwhile, all answered whole")


main(run)
