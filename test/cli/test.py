#!/usr/bin/python3
"""register, deregister, list, watch, check records and run, as a person or a unit uses them."""

import hashlib
import json
import os
import signal
import sys

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

from harness.certificates import Authority  # noqa: E402
from harness.etcd import Cluster  # noqa: E402
from harness.rollcall import STORE, Embedded, cli, instances, web  # noqa: E402
from harness.scenario import BINARY, main  # noqa: E402
from harness.wait import check, equal, wait_for  # noqa: E402

NODE = "/skydns/internal/prom/node"
CHILD = [sys.executable, os.path.join(os.path.dirname(os.path.abspath(__file__)), "child.py")]
PENDING = "/var/lib/rollcall/pending"


def done(result, what):
    check(result.returncode == 0, f"{what}: status {result.returncode}\n{result.stderr}")
    return result


def value(etcd, key):
    text = etcd.get(key)
    return text and json.loads(text)


def registering(scenario, etcd):
    """The key and value of SkyDNS, once however often it is asked for."""
    words = ("register", "node", "--host=server01", "--address=192.0.2.1", "--port=9100",
             "--label", "rack=r12")
    done(cli(*words), "register")
    stored = value(etcd, f"{NODE}/server01")
    equal((stored["host"], stored["port"], stored["rollcall"]["labels"]),
          ("192.0.2.1", 9100, {"rack": "r12"}), "the value")
    check("ttl" not in stored, "a ttl only when asked for")
    check(not stored["rollcall"].get("owner"), "what `register` writes is static")
    revision = etcd.ctl("get", f"{NODE}/server01", "-w", "json")
    done(cli(*words), "register again")
    equal(etcd.ctl("get", f"{NODE}/server01", "-w", "json").split('"kvs"')[1],
          revision.split('"kvs"')[1], "a repeat writes nothing")

    done(cli("register", "node", "--host=server01", "--address=192.0.2.1", "--port=9200",
             "--ttl=60s"), "a second port")
    equal((value(etcd, f"{NODE}/server01-9200") or {}).get("ttl"), 60,
          "a second port of a host is HOST-PORT, with its ttl")
    done(cli("register", "ns.dns", "--instance=ns1", "--address=192.0.2.53"), "a name server")
    equal(value(etcd, "/skydns/internal/prom/dns/ns/ns1")["host"], "192.0.2.53", "ns1")
    done(cli("register", "node.a", "--host=server03", "--address=2001:db8::3", "--port=9100"), "v6")
    equal(value(etcd, "/skydns/internal/prom/a/node/server03")["host"], "2001:db8::3", "a shard")
    scenario.step("register writes what SkyDNS reads, once")


def environment(scenario, etcd):
    """The unit file's environment is as good as flags, and ETCD_BASE_PATH is taken verbatim."""
    env = {"EXPORTER_TYPE": "node.b", "EXPORTER_ADDRESS": "192.0.2.9", "EXPORTER_PORT": "9104",
           "ETCD_ENDPOINT": "http://127.0.0.1:2379", "ETCD_BASE_PATH": "/skydns/local/prom"}
    done(cli("register", "--host=server09", env=env), "register by environment")
    equal(value(etcd, "/skydns/local/prom/b/node/server09")["port"], 9104, "base, reversed type, host")
    done(cli("register", "node", "--host=server09", "--port=9105", env=env), "a flag wins")
    equal(value(etcd, "/skydns/local/prom/node/server09")["port"], 9105, "the flag's port")
    done(cli("deregister", "--host=server09", env=env), "deregister by environment")
    equal(etcd.get("/skydns/local/prom/b/node/server09"), None, "gone")
    scenario.step("the environment of the unit file")


def deregistering(scenario, etcd):
    done(cli("deregister", "node", "--instance=server01-9200"), "deregister")
    equal(etcd.get(f"{NODE}/server01-9200"), None, "the registration")
    check(etcd.get("/rollcall/v1/gone/skydns/internal/prom/node/server01-9200"), "the gone mark")
    again = cli("deregister", "node", "--instance=server01-9200")
    check("server01-9200" in again.stderr + again.stdout, "it says what was not there")
    scenario.step("deregister leaves the mark of a deregistration")


def refusals(scenario, etcd):
    """A sentence that says what is wrong, status 2 for usage and 1 or 2 for bad values."""
    before = etcd.keys("/")
    for words, said in (
            (["node", "--port=9100", "--address=server01"], "not an IP address"),
            (["node", "--port=0", "--address=192.0.2.1"], "port"),
            (["node", "--port=65536", "--address=192.0.2.1"], "65535"),
            (["node", "--port=http", "--address=192.0.2.1"], "http"),
            (["node", "--address=192.0.2.1"], "port"),
            (["no de", "--port=9100", "--address=192.0.2.1"], "character"),
            (["node", "--port=9100", "--address=192.0.2.1", "--instance=a.b"], "dot"),
            (["_healthy.node", "--port=9100", "--address=192.0.2.1"], "_healthy"),
            (["node", "--port=9100", "--address=192.0.2.1", "--label", "a-b=c"], "a-b"),
            (["node", "--port=9100", "--address=192.0.2.1", "--ttl=soon"], "soon")):
        result = cli("register", *words)
        check(result.returncode in (1, 2), f"{words}: status {result.returncode}")
        check(said in result.stderr, f"{words} should speak of {said!r}: {result.stderr!r}")
        equal(len([l for l in result.stderr.splitlines() if l.strip()]), 1, f"{words}: one sentence")
    equal(cli("register", "--no-such-flag").returncode, 2, "an unknown flag")
    equal(cli("conjure").returncode, 2, "an unknown command")
    equal(etcd.keys("/"), before, "nothing was written")
    for words in ([], ["--help"], ["register", "--help"], ["--version"]):
        result = cli(*words)
        equal(result.returncode, 0 if words else 2, f"{words}: status")
    scenario.step("bad input is refused in one sentence")


def listing(scenario, etcd):
    etcd.put(f"{NODE}/broken", '{"host":')
    table = done(cli("list"), "list").stdout
    for word in ("server01", "192.0.2.1", "9100", "static", "broken"):
        check(word in table, f"{word} in the table:\n{table}")
    found = instances("node")
    check(isinstance(found, list) and "server01" in json.dumps(found), f"json: {found}")
    check("server03" not in json.dumps(found), "node does not hold the shard node.a")
    bad = cli("check", "records")
    equal(bad.returncode, 1, "check records with a broken value")
    check(f"{NODE}/broken" in bad.stdout + bad.stderr, "it names the key")
    etcd.delete(f"{NODE}/broken")
    equal(cli("check", "records").returncode, 0, "check records, mended")
    scenario.step("list and check records")


def watching(scenario, etcd):
    watch = scenario.start("watch", [BINARY, "watch", "node"])
    wait_for("what is there", lambda: "server01" in watch.output())
    etcd.put(f"{NODE}/server05", {"host": "192.0.2.5", "port": 9100})
    watch.wait_output("server05")
    etcd.delete(f"{NODE}/server05")
    wait_for("its end", lambda: watch.output().count("server05") >= 2)
    equal(watch.stop() in (0, 143, -15), True, "watch ends on SIGTERM")
    scenario.step("watch shows what comes and goes")


def pending(scenario, etcd):
    """With etcd away an order is kept, and carried out by whatever comes next."""
    etcd.kill()
    order = ("register", "node", "--host=server06", "--address=192.0.2.6", "--port=9100")
    refused = cli(*order, "--require-store", timeout=60)
    equal(refused.returncode, 1, "--require-store")
    kept = done(cli(*order, timeout=60), "register without etcd")
    check(kept.stderr.strip(), "it warns")
    equal(len(os.listdir(PENDING)), 1, "one order is kept")
    done(cli(*order, timeout=60), "again")
    equal(len(os.listdir(PENDING)), 1, "the same order is one order")
    done(cli("deregister", "node", "--host=server01", timeout=60), "deregister without etcd")
    equal(len(os.listdir(PENDING)), 2, "a deregistration is kept as well")
    etcd.start()
    etcd.wait_healthy()
    done(cli("register", "--flush"), "--flush")
    equal(os.listdir(PENDING), [], "all are carried out")
    equal(value(etcd, f"{NODE}/server06")["host"], "192.0.2.6", "registered later")
    equal(etcd.get(f"{NODE}/server01"), None, "deregistered later")

    etcd.kill()
    done(cli("register", "node", "--host=server07", "--address=192.0.2.7", "--port=9100", timeout=60),
         "once more")
    etcd.start()
    etcd.wait_healthy()
    done(cli("list"), "any later call")
    equal(value(etcd, f"{NODE}/server07")["host"], "192.0.2.7", "carried out by it")
    scenario.step("orders outlive etcd's absence")


def supervising(scenario, etcd):
    """`run`: registered when the port answers; only a clean stop deregisters (at once, as told)."""
    key = "/skydns/internal/prom/app/box"

    def start(name, port, *status):
        return scenario.start(name, [BINARY, "run", "app", "--host=box", "--address=127.0.0.1",
                                     f"--port={port}", "--stop-grace=0s", "--", *CHILD, str(port), *status])

    run = start("run-term", 9300, "7")
    wait_for("it to be registered", lambda: etcd.get(key))
    run.signal(signal.SIGHUP)
    run.wait_output("hup")
    equal(run.stop(), 7, "the child's exit status")
    check("signal 15" in run.output(), "the child was asked to stop")
    equal(etcd.get(key), None, "SIGTERM deregisters")

    run = start("run-int", 9301)
    wait_for("it to be registered", lambda: etcd.get(key))
    run.signal(signal.SIGINT)
    equal(run.wait(), 0, "SIGINT")
    equal(etcd.get(key), None, "SIGINT deregisters")

    run = start("run-kill", 9302)
    wait_for("it to be registered", lambda: etcd.get(key))
    run.kill()
    check(etcd.get(key), "kill -9 does not deregister")
    done(cli("deregister", "app", "--instance=box"), "by hand")

    crash = scenario.start("run-crash", [BINARY, "run", "app", "--host=box", "--address=127.0.0.1",
                                         "--port=9303", "--", "/bin/sh", "-c",
                                         f"{CHILD[0]} {CHILD[1]} 9303 & sleep 1; kill -9 $!; exit 3"])
    equal(crash.wait(20), 3, "a crash's status")
    check(etcd.get(key), "a crash does not deregister")
    done(cli("deregister", "app", "--instance=box"), "by hand")

    equal(cli("run", "app", "--port=9304", "--", "/no/such/program").returncode in (126, 127), True,
          "a command that cannot be started")
    equal(cli("run", "app", "--port=9304").returncode, 2, "no command")
    scenario.step("run deregisters on a clean stop and on nothing else")

    etcd.kill()
    run = start("run-away", 9305)
    run.wait_output("listening on 9305")
    etcd.start()
    etcd.wait_healthy()
    wait_for("it to register once etcd is there", lambda: etcd.get(key), 20)
    equal(run.stop(20), 0, "stop")
    equal(etcd.get(key), None, "and out again")
    scenario.step("run starts the exporter whatever etcd does")


def where_it_reads(scenario, etcd):
    """Without a word about where: the server of this host, if one answers, and else the store."""
    etcd.put(f"{NODE}/server08", {"host": "192.0.2.8", "port": 9100})
    said = done(cli("list"), "list")
    check("server08" in said.stdout and not said.stderr, f"the store, silently: {said}")

    # A store elsewhere, that only the server knows: what it shows is what `list` shows.
    server = Embedded(scenario, name="elsewhere", api="127.0.0.1:2390")
    web("/-/ready")
    server.put(f"{NODE}/server80", {"host": "192.0.2.80", "port": 9100})
    wait_for("the server to answer it", lambda: server.targets("node.prom.internal"))
    for words in (("list",), ("list", "node")):
        said = done(cli(*words), f"{words}")
        check("server80" in said.stdout and "server08" not in said.stdout and not said.stderr, f"{words}: {said}")
    watch = scenario.start("watch-default", [BINARY, "watch"])
    watch.wait_output("server80")
    watch.stop()
    for flags, env in (((STORE,), {}), (("--prefix=/skydns",), {}), ((), {"ETCD_ENDPOINT": "127.0.0.1:2379"})):
        said = done(cli("list", *flags, env=env), f"{flags} {env}")
        check("server08" in said.stdout and "server80" not in said.stdout, f"{flags} {env}: {said}")
    # What writes has to do with the store.
    done(cli("maintenance", "on", "server08.node"), "maintenance on")
    check(etcd.get(f"/rollcall/v1/maintenance{NODE}/server08"), "it is in the store")
    check("server08" in done(cli("maintenance", "list"), "maintenance list").stdout, "and what lists it, too")
    done(cli("maintenance", "off", "server08.node"), "maintenance off")

    server.process.signal(signal.SIGSTOP)
    try:
        said = done(cli("list"), "beside a server that is stuck")
        check("server08" in said.stdout and "no rollcall server" in said.stderr, f"it is told: {said}")
    finally:
        server.process.signal(signal.SIGCONT)
    # An order that waits is carried out by any call: so that one goes to the store.
    etcd.kill()
    done(cli("register", "node", "--host=server09", "--address=192.0.2.9", "--port=9100", timeout=60), "kept")
    etcd.start()
    etcd.wait_healthy()
    check("server09" in done(cli("list"), "list").stdout, "the order is carried out, and seen")
    check("server80" in done(cli("list"), "list").stdout, "none waits any more")
    server.process.stop()
    scenario.step("what reads asks the server of this host, or the store")


def who_is_not_let_in(scenario, etcd):
    """A server that wants a login or TLS is no reason to show something else."""
    me = Authority(scenario).issue("server", "IP:127.0.0.1")
    tokens = scenario.write("tokens.yml", "tokens: [{name: reader, hash: 'sha256:%s', rights: [read]}]\n" %
                            hashlib.sha256(b"secret").hexdigest())
    secret = scenario.write("secret", "secret\n")
    server = Embedded(scenario, f"--web.tokens-file={tokens}", name="tokens", api="127.0.0.1:2390")
    wait_for("its HTTP side", lambda: cli("list").returncode == 1)
    said = cli("list")
    check("--server.token-file" in said.stderr and "--etcd.endpoint" in said.stderr, f"a login: {said}")
    equal(said.stdout, "", "and nothing else is shown")
    check(cli("watch").returncode == 1, "watch")
    check("nothing is registered" in done(cli("list", f"--server.token-file={secret}"), "token").stderr, "let in")
    check("server08" in done(cli("list", STORE), "the store").stdout, "the store, by name")
    server.process.stop()

    config = scenario.write("web.yml", f"tls_server_config: {{cert_file: {me.cert}, key_file: {me.key}}}\n")
    server = Embedded(scenario, f"--web.config.file={config}", name="tls", api="127.0.0.1:2390")
    wait_for("its HTTP side", lambda: cli("list").returncode == 1)
    check("--server=https://" in cli("list").stderr, f"TLS: {cli('list')}")
    done(cli("list", "--server=https://127.0.0.1:9530", f"--server.ca={me.ca}"), "by TLS")
    server.process.stop()
    scenario.step("a server that wants a login or TLS is told of")


def run(scenario):
    etcd = Cluster(scenario)
    registering(scenario, etcd)
    environment(scenario, etcd)
    deregistering(scenario, etcd)
    refusals(scenario, etcd)
    listing(scenario, etcd)
    watching(scenario, etcd)
    pending(scenario, etcd)
    where_it_reads(scenario, etcd)
    who_is_not_let_in(scenario, etcd)
    supervising(scenario, etcd)


main(run)
