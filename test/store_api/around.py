"""Who stands around the store: a mirror, clients that find it by SRV, a second rollcall."""

import json
import warnings

from harness import process
from harness.certificates import Authority
from harness.rollcall import Embedded, Server, cli
from harness.scenario import server
from harness.wait import check, equal, wait_for

with warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)
    import crypt

ZONE = "prom.internal"
NODE = f"node.{ZONE}"


def _under(ctl, prefix):
    """{key: value} of what etcdctl prints."""
    lines = ctl("get", "--prefix", prefix).splitlines()
    return dict(zip(lines[::2], lines[1::2]))


def mirrors(scenario, ours, etcd):
    def from_ours(*words, **how):
        return ours.ctl(*words, **how).stdout

    both = (("to-etcd", from_ours, ours.start_ctl, etcd.ctl, etcd.endpoints),
            ("from-etcd", etcd.ctl, etcd.start_ctl, from_ours, ours.url))
    for name, source, start, destination, url in both:
        prefix, target = f"/{name}/", f"/mirrored-{name}/"
        for number in range(30):
            source("put", f"{prefix}{number}", f"before {number}")
        mirror = start(name, "make-mirror", f"--prefix={prefix}", f"--dest-prefix={target}", url)
        wait_for(f"{name}: what was there", lambda: len(_under(destination, target)) == 30)
        source("put", f"{prefix}0", "changed")
        source("del", f"{prefix}1")
        source("txn", stdin=f"\nput {prefix}new yes\ndel {prefix}2\n\n\n")
        want = {key.replace(prefix, target): value for key, value in _under(source, prefix).items()}
        equal(len(want), 29, "what the source holds")
        wait_for(f"{name}: what came since", lambda: _under(destination, target) == want)
        mirror.kill()
    scenario.step("make-mirror: to etcd and from etcd, what was there and what comes")


def second(scenario, ours):
    """--store=etcd on the embedded store of another rollcall."""
    follower = Server(scenario, ours.url, name="follower", listen="127.0.0.1:5301")
    for instance in "abc":
        equal(cli("register", "node", f"--host={instance}", f"--address=192.0.2.{ord(instance)}", "--port=9100",
                  f"--etcd.endpoint={ours.url}").returncode, 0, "a registration through the API")
    lease = ours.ctl("lease", "grant", "60").stdout.split()[1]
    ours.ctl("put", "/skydns/internal/prom/node/d", '{"host":"192.0.2.1","port":1}', f"--lease={lease}")
    wait_for("all of them", lambda: len(follower.targets(NODE)) == 4)
    for name, kind in ((NODE, "SRV"), (f"a.{NODE}", "A"), (ZONE, "SOA"), (f"d.{NODE}", "SRV"),
                       (f"nobody.{ZONE}", "SRV"), (NODE, "A")):
        wait_for(f"the same answer to {name} {kind}",
                 lambda name=name, kind=kind: follower.answer(name, kind) == ours.answer(name, kind), 5)
    ours.process.kill()
    equal(len(follower.targets(NODE)), 4, "it goes on without the first")
    ours.start()
    ours.put("/skydns/internal/prom/node/e", {"host": "192.0.2.5", "port": 1})
    wait_for("both to follow", lambda: len(follower.targets(NODE)) == len(ours.targets(NODE)) == 5)
    follower.process.stop()
    scenario.step("a second rollcall on this one's store answers the same, and outlives its kill -9")


class Home:
    """The store's host, and a host whose only nameserver is the store's own DNS."""

    def __init__(self, scenario):
        self.scenario = scenario
        self.store = scenario.network.host("store", 10, ["10.53.0.10"])
        self.box = scenario.network.host("box", 11, [self.store.address])

    def ctl(self, host, *words, who=()):
        return process.run([server("etcdctl"), *who, *words], env={"ETCDCTL_API": "3"}, host=host)


def _srv(through, name):
    return [record.split()[1:] for record in through.answer(name)[1] if record.startswith("SRV")]


def discovery(scenario, home):
    """Plain: for who is on the same host, since it listens on loopback alone."""
    listen = f"{home.store.address}:53"
    quiet = Embedded(scenario, name="quiet", host=home.store, listen=listen)
    equal(_srv(quiet, f"_etcd-client._tcp.{ZONE}"), [], "nobody else could reach a store on loopback")
    equal(quiet.process.stop(), 0, "its end")
    plain = Embedded(scenario, "--store.advertise=127.0.0.1:2379", name="plain", path=quiet.path,
                     host=home.store, listen=listen)
    [found] = wait_for("its record", lambda: _srv(plain, f"_etcd-client._tcp.{ZONE}"))
    equal(found[2], "2379", f"its port: {found}")
    done = home.ctl(home.store, "--discovery-srv", ZONE, "put", "/found", "by SRV")
    equal((done.returncode, done.stdout), (0, "OK\n"), f"etcdctl --discovery-srv: {done.stderr}")
    equal(plain.ctl("get", "/found", "--print-value-only").stdout, "by SRV\n", "it was this one")
    done = home.ctl(home.store, "--discovery-srv", f"nothing.{ZONE}", "get", "/found")
    check(done.returncode, "and it is found by its record alone")
    equal(plain.process.stop(), 0, "its end")
    quiet.start()
    wait_for("the record to go when it is no longer advertised", lambda: not _srv(quiet, f"_etcd-client._tcp.{ZONE}"))
    quiet.process.stop()
    scenario.step("_etcd-client._tcp: etcdctl --discovery-srv finds it, through its own DNS")


def secure(scenario, home):
    """Certificates on both sides and passwords, reached from another host."""
    authority = Authority(scenario)
    name = f"store._etcd-client-ssl._tcp.{ZONE}"
    identity = authority.issue("store", f"DNS:{ZONE}", f"DNS:{name}", f"IP:{home.store.address}")
    # As `htpasswd -nB` makes it, but quick.
    users = scenario.write("users", f"# who may\nrc: {crypt.crypt('pass', '$2y$04$abcdefghijklmnopqrstuu')}\n")
    store = Embedded(scenario, f"--store.users-file={users}", name="secure", tls=identity,
                     api=f"{home.store.address}:2379", host=home.store, listen=f"{home.store.address}:53")
    store.user = "rc:pass"
    wait_for("its record", lambda: _srv(store, f"_etcd-client-ssl._tcp.{ZONE}"))
    equal(_srv(store, f"_etcd-client._tcp.{ZONE}"), [], "nothing says that it speaks without TLS")
    equal(store.ctl("put", "/skydns/internal/prom/node/a", '{"host":"192.0.2.1","port":1}').stdout, "OK\n",
          "with certificate and password")

    client = authority.issue("client")
    stranger = Authority(scenario, "stranger").issue("client")
    ca, user = ["--cacert", client.ca], ["--user", "rc:pass"]
    mine, theirs = (["--cert", who.cert, "--key", who.key] for who in (client, stranger))
    by_srv, by_url = ["--discovery-srv", ZONE], ["--endpoints", store.url]

    def get(*who):
        return home.ctl(home.box, "--dial-timeout=1s", "--command-timeout=2s", "get", "--keys-only", "--prefix",
                        "/skydns/internal/prom/node",
                        who=who)
    equal(get(*by_srv, *ca, *mine, *user).stdout.split(), ["/skydns/internal/prom/node/a"],
          "found by SRV from another host")
    named = authority.issue("rc")
    equal(get(*by_url, *ca, "--cert", named.cert, "--key", named.key).returncode, 0,
          "a certificate of a user's name is as good as the password")
    for words, why in (((*by_url, *ca, *mine), "permission denied"),
                       ((*by_url, *ca, *mine, "--user", "rc:wrong"), "invalid user ID or password"),
                       ((*by_url, *ca, *mine, "--user", "other:pass"), "invalid user ID or password"),
                       ((*by_url, *ca, *user), ""),
                       ((*by_url, *ca, *theirs, *user), ""),
                       ((*by_url, "--cacert", stranger.ca, *mine, *user), ""),
                       (("--endpoints", f"http://{store.api}", *user), "")):
        done = get(*words)
        check(done.returncode and why in done.stderr and not done.stdout,
              f"{words} is refused, with {why!r}: {done.stdout}{done.stderr}")

    password = scenario.write("password", "pass\n")
    flags = ["--etcd.discovery-srv=" + ZONE, f"--etcd.cacert={client.ca}", f"--etcd.cert={client.cert}",
             f"--etcd.key={client.key}", "--etcd.user=rc", f"--etcd.password-file={password}"]
    done = cli("register", "node", "--port=9100", *flags, host=home.box)
    equal(done.returncode, 0, f"rollcall register finds it by SRV: {done.stderr}")
    done = cli("store", "copy", f"--from={store.url}", f"--to={scenario.path('moved')}", *flags[1:], host=home.box)
    check(done.returncode == 0 and "left out: 2 records" in done.stdout, f"a copy of it: {done.stdout}{done.stderr}")
    wait_for("its answer", lambda: store.targets(NODE) == {f"a.{NODE}:1", f"box.{NODE}:9100"})
    scenario.step("TLS, client certificates, users: found by _etcd-client-ssl._tcp; all else is refused")
    return store, client


def facts(scenario, ours):
    """What the status says, for who goes by it."""
    [status] = json.loads(ours.ctl("endpoint", "status", "-w", "json").stdout)
    status = status["Status"]
    equal(status["leader"], status["header"]["member_id"], "it leads itself")
    check(status["dbSize"] >= status["dbSizeInUse"] > 0, f"sizes: {status}")
    [member] = json.loads(ours.ctl("member", "list", "-w", "json").stdout)["members"]
    equal((member["ID"], member["clientURLs"]), (status["leader"], [ours.url]), "the member")
    [health] = json.loads(ours.ctl("endpoint", "health", "-w", "json").stdout)
    equal(health["health"], True, "its health")
    hashes = {ours.ctl("endpoint", "hashkv").stdout for _ in range(2)}
    equal(len(hashes), 1, "the hash of the same")
    ours.put("/hash", "x")
    check(ours.ctl("endpoint", "hashkv").stdout not in hashes, "the hash of something else")
    scenario.step("endpoint status, health and hashkv, member list")
