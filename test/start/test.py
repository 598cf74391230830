#!/usr/bin/python3
"""What a server says before it knows, and what it makes of what it finds."""

import os
import signal
import subprocess
import sys

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

from harness import dns, rollcall  # noqa: E402
from harness.etcd import Cluster  # noqa: E402
from harness.rollcall import cli  # noqa: E402
from harness.scenario import main  # noqa: E402
from harness.wait import check, equal, holds, wait_for  # noqa: E402

POISON = ["", "{", "null x", "[]", "7", '"text"', '{"host":"10.0.0.1","port":"80"}',
          '{"host":"10.0.0.1","ttl":-1}', '{"host":1}', '{"host":"a..b"}', "\x01",
          '{"host":"' + "x" * 300 + '"}', '{"host":"10.0.0.1","port":80.5}', "[" * 5000]


def before_etcd(scenario):
    """No store yet: SERVFAIL for all but the SOA; then data without a restart."""
    server = rollcall.Server(scenario, "http://127.0.0.1:2379", wait=False)
    wait_for("an answer at all", lambda: server.answer("node.prom.internal")[0] == "SERVFAIL")
    equal(server.answer("prom.internal", "SOA")[0], "NOERROR", "the SOA")
    holds("nothing is denied before the store was seen",
          lambda: server.answer("nobody.prom.internal")[0] == "SERVFAIL", 2)
    etcd = Cluster(scenario)
    etcd.put("/skydns/internal/prom/node/server01", {"host": "192.0.2.1", "port": 9100})
    wait_for("the data", lambda: server.targets("node.prom.internal") ==
             {"server01.node.prom.internal:9100"}, 10)
    equal(server.answer("nobody.prom.internal")[0], "NXDOMAIN", "a name that is not there")
    scenario.step("a start without etcd: SERVFAIL, then data")
    return etcd, server


def poison(scenario, etcd, server):
    for i, value in enumerate(POISON):
        etcd.ctl("put", "--", f"/skydns/internal/prom/node/bad{i:02}", value)
    for key in ("/skydns/internal/prom/node//x", "/skydns/internal/prom/node/" + "l" * 64):
        etcd.put(key, {"host": "192.0.2.66", "port": 1})
    etcd.put("/skydns/internal/prom/node/server02", {"host": "192.0.2.2", "port": 9100})
    good = {f"server0{i}.node.prom.internal:9100" for i in (1, 2)}
    wait_for("the good ones", lambda: good <= server.targets("node.prom.internal"))
    equal(server.targets("node.prom.internal"), good, "only the good ones")
    check("bad00" in server.process.output(), "the log names the key")
    equal(cli("check", "records").returncode, 1, "check records")
    server.process.kill()
    server.start()
    equal(server.targets("node.prom.internal"), good, "the same after a restart")
    # One that is mended counts at once.
    etcd.put("/skydns/internal/prom/node/bad00", {"host": "192.0.2.3", "port": 9100})
    wait_for("the mended one", lambda: "bad00.node.prom.internal:9100" in
             server.targets("node.prom.internal"))
    scenario.step(f"{len(POISON) + 2} values that cannot be read hurt only themselves")
    server.process.stop()


def zones(scenario, etcd):
    etcd.put("/skydns/local/prom/node/a", {"host": "10.7.0.1", "port": 1})
    etcd.put("/skydns/arpa/in-addr/10/7/0/1", {"host": "a.node.prom.local"})
    server = rollcall.Server(scenario, "http://127.0.0.1:2379", name="zones",
                             zones=["prom.internal", "prom.local", "10.7.0.0/24"])
    equal(server.targets("node.prom.local"), {"a.node.prom.local:1"}, "the second zone")
    check(server.targets("node.prom.internal"), "the first zone")
    equal(server.answer("1.0.7.10.in-addr.arpa", "PTR"), ("NOERROR", ["PTR a.node.prom.local."]), "reverse")
    equal(server.answer("1.0.8.10.in-addr.arpa", "PTR")[0], "REFUSED", "another network")
    equal(server.answer("www.example.com", "A")[0], "REFUSED", "a name outside")
    server.process.stop()
    scenario.step("several zones and a reverse zone")


def forwarding(scenario, etcd):
    here = os.path.dirname(os.path.abspath(__file__))
    scenario.start("upstream", [sys.executable, f"{here}/upstream.py", "5399"])
    wait_for("the upstream", lambda: dns.answer("up.example", "A", port=5399)[0] == "NOERROR")
    etcd.put("/skydns/internal/prom/out", {"host": "www.example.com"})
    server = rollcall.Server(scenario, "http://127.0.0.1:2379", "--dns.forward=127.0.0.1:5399",
                             name="forwarding")
    equal(server.answer("www.example.com", "A"), ("NOERROR", ["A 203.0.113.7"]), "forwarded")
    equal(server.answer("out.prom.internal", "A"),
          ("NOERROR", ["A 203.0.113.7", "CNAME www.example.com."]), "an alias to outside")
    equal(server.answer("nobody.prom.internal", "A")[0], "NXDOMAIN", "ours is not forwarded")
    equal(server.process.stop(), 0, "a clean stop")
    scenario.step("names outside, and aliases to them, by the forwarder")


def wrong_flags(scenario):
    for flags, said in ((["--zone=a..b"], "a..b"), (["--dns.listen-address=nowhere"], "nowhere"),
                        (["--dns.default-ttl=soon"], "soon"), (["--no-such"], "no-such")):
        result = cli("serve", "--store=etcd", f"--store.path={scenario.path('wrong')}", *flags)
        equal(result.returncode, 2, f"{flags}: status ({result.stderr})")
        check(said in result.stderr, f"{flags}: {result.stderr}")
    config = scenario.write("rollcall.yml", "zones: [prom.internal]\nno_such_field: 1\n")
    result = cli("serve", f"--config.file={config}")
    equal(result.returncode, 2, "an unknown field")
    check("no_such_field" in result.stderr or "zones" in result.stderr, "it is named")
    scenario.step("flags and files that cannot be: status 2 and a sentence")


def unheard(scenario):
    """Nobody reads its log: he has gone, or there never was one."""
    server = rollcall.Embedded(scenario, name="unheard", api="127.0.0.1:2399")
    server.process.stop()
    left = subprocess.Popen(server.argv, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                            stderr=subprocess.PIPE)
    try:
        wait_for("it to serve", server.synced)
        left.stderr.close()
        for _ in range(3):  # each a line
            left.send_signal(signal.SIGUSR1)
            holds("it serves", server.synced, 0.3)
        left.send_signal(signal.SIGTERM)
        equal(left.wait(10), 0, "the end of one whose log's reader has gone")
    finally:
        left.kill()

    closed = scenario.start("closed", ["sh", "-c", 'exec "$@" <&- >&- 2>&-', "sh", *server.argv])
    wait_for("it to serve", server.synced)
    closed.signal(signal.SIGUSR1)
    holds("it serves", server.synced, 0.3)
    equal(closed.stop(), 0, "the end of one without standard files")
    for directory, _, names in os.walk(server.path):
        for name in names:
            with open(os.path.join(directory, name), "rb") as handle:
                check(b"level=info" not in handle.read(), f"its log is in {name}")
    scenario.step("a log that nobody reads ends nothing, and is written into no other file")


def run(scenario):
    etcd, server = before_etcd(scenario)
    poison(scenario, etcd, server)
    zones(scenario, etcd)
    forwarding(scenario, etcd)
    wrong_flags(scenario)
    unheard(scenario)


main(run)
