#!/usr/bin/python3
"""A server that starts without its store, and what it makes of the file of what it last answered."""

import os
import random
import re
import shutil
import subprocess
import sys

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

from harness import dns, rollcall  # noqa: E402
from harness.client import Client  # noqa: E402
from harness.etcd import Cluster  # noqa: E402
from harness.scenario import main  # noqa: E402
from harness.wait import check, equal, holds, wait_for  # noqa: E402

NODE = "node.prom.internal"
COUNT = 60
STALE = 3  # Extended DNS Error "Stale Answer" (RFC 8914)


def metric(name):
    [value] = re.findall(rf"^rollcall_{name} (\S+)$", rollcall.web("/metrics")[1], re.MULTILINE)
    return float(value)


def fill(etcd):
    etcd.load((f"/skydns/internal/prom/node/n{i}", {"host": "192.0.2.1", "port": 9100 + i, "ttl": 3600})
              for i in range(COUNT))
    # One that cannot be read any more is answered as it could be last, after a restart too.
    etcd.put("/skydns/internal/prom/broken/b", {"host": "192.0.2.2", "port": 1})


def whole(server, count=COUNT):
    # A question that came before it listened gets no answer: the next one soon does.
    return len(dns.targets(NODE, timeout=0.5, **server.where())) == count


def kept(count):
    """The file has all of it: from here on a kill loses nothing."""
    wait_for("the view to be on the disk", lambda: metric("last_known_records") == count and
             metric("last_known_revision") == metric("store_revision"))


def judge(client):
    """However slow the machine is: it has asked often enough for the answers to say something."""
    wait_for("the client to have asked", lambda: client.asked > 40, 60)
    client.judge(least=40)


def kill_both(etcd, server):
    server.process.kill()
    etcd.kill()


def serial(server):
    return server.answer("prom.internal", "SOA")[1][0].split()[3]


def alone(scenario, etcd, server):
    """Both die, and only the server comes back."""
    etcd.put("/skydns/internal/prom/broken/b", "{garbage")
    wait_for("the last one", lambda: metric('invalid_records{reason="json"}'.replace("{", r"\{")) == 1)
    kept(COUNT + 1)
    before = serial(server)
    kill_both(etcd, server)
    server.start(wait=False)
    wait_for("all of it", lambda: whole(server), 5)
    reply = dns.ask(NODE, **server.where())
    check(max(rrset.ttl for rrset in reply.answer) <= 30, f"TTLs: {reply.answer}")
    reply = dns.ask(f"n1.{NODE}", "A", **server.where())
    equal([int(o.code) for o in reply.options if o.otype == 15], [STALE], "the extended error")
    equal(server.targets("broken.prom.internal"), {"b.broken.prom.internal:1"}, "the last readable value")
    equal(server.answer("nobody.prom.internal")[0], "SERVFAIL", "a name that is not known")
    equal(server.answer(f"n1.{NODE}", "AAAA"), ("NOERROR", []), "a type that is not there")
    equal(serial(server), before, "the serial")
    log = server.process.output()
    check("answering from the last known view" in log and f"keys={COUNT + 1}" in log, f"the log: {log}")
    equal(rollcall.web("/-/ready")[0], 503, "it is not ready")
    equal(metric("store_synced"), 0, "it is not synced")
    check(0 < metric("stale_seconds") < 60, "since when")
    holds("it stays so", lambda: whole(server) and
          server.answer("nobody.prom.internal")[0] == "SERVFAIL", 1)
    scenario.step(f"alone: {COUNT} targets as stale, unknown names SERVFAIL")


def converges(scenario, etcd, server):
    client = Client(server, NODE, COUNT)
    etcd.start()
    etcd.wait_healthy()
    etcd.put("/skydns/internal/prom/node/late", {"host": "192.0.2.9", "port": 9100})
    wait_for("the late one", lambda: whole(server, COUNT + 1))
    wait_for("the server to be sure", server.synced)
    judge(client)
    equal(metric("stale_seconds"), 0, "it is current")
    etcd.ctl("del", "/skydns/internal/prom/node/late")
    wait_for("one raw deletion to pass", lambda: whole(server))
    scenario.step(f"converged: {client.asked} answers, none of them smaller")


def nothing_known(scenario, etcd, server):
    """No file at all: SERVFAIL until the first list is whole."""
    kill_both(etcd, server)
    shutil.rmtree(directory(server))
    server.start(wait=False)
    unsure(server, "without a file")
    etcd.start()
    wait_for("the data", lambda: whole(server))
    wait_for("the server to be sure", server.synced)
    kept(COUNT + 1)
    scenario.step("neither store nor file: SERVFAIL, then data")


def unsure(server, what):
    wait_for(f"{what}: an answer", lambda: server.answer(NODE, timeout=0.5)[0] == "SERVFAIL")
    equal(server.answer("prom.internal", "SOA")[0], "NOERROR", f"{what}: the SOA")
    holds(f"{what}: nothing is said", lambda: server.answer(NODE)[0] == "SERVFAIL" and
          server.answer("nobody.prom.internal")[0] == "SERVFAIL", 0.5)


def directory(server):
    return f"{server.path}/last-known"


def damage(file, kind):
    with open(file, "r+b") as handle:
        if kind == "text":
            handle.truncate(0)
            handle.write(b"not a file of ours\n" * 1000)
        elif kind == "cut short":
            handle.truncate(16384)
        else:
            handle.seek(8192)
            size = os.path.getsize(file) - 8192
            handle.write(random.Random(7).randbytes(size) if kind == "garbage" else bytes(size))


def damaged(scenario, etcd, server):
    file = f"{directory(server)}/last-known.mdb"
    good = scenario.path("good")
    kill_both(etcd, server)
    shutil.copy(file, good)
    for kind in ("text", "cut short", "zeroes", "garbage"):
        shutil.copy(good, file)
        damage(file, kind)
        server.start(wait=False)
        unsure(server, kind)
        check("is not to be trusted" in server.process.output(), f"{kind}: the log says so")
        check(not os.path.exists(file), f"{kind}: it is out of the way")
        server.process.kill()
    aside = [name for name in os.listdir(directory(server)) if "damaged" in name]
    check(1 <= len(aside) <= 3, f"what was set aside: {aside}")
    server.start(wait=False)
    etcd.start()
    wait_for("the data", lambda: whole(server))
    wait_for("the server to be sure", server.synced)
    kept(COUNT + 1)
    scenario.step(f"damaged files are refused and set aside ({len(aside)} kept), then data")


def taken_away(scenario, etcd, server):
    """The directory goes while the server runs: made anew before the next outage."""
    client = Client(server, NODE, COUNT)
    shutil.rmtree(server.path)
    etcd.put("/skydns/internal/prom/other/o", {"host": "192.0.2.3", "port": 3})
    kept(COUNT + 2)
    check(metric("last_known_errors_total") >= 1, "it is counted")
    judge(client)
    kill_both(etcd, server)
    server.start(wait=False)
    wait_for("all of it", lambda: whole(server), 5)
    equal(server.targets("other.prom.internal"), {"o.other.prom.internal:3"}, "the last change")
    etcd.start()
    wait_for("the server to be sure", server.synced)
    scenario.step("the directory removed under a server: made anew, and good for a start")


def read_only(scenario, etcd, server):
    disk = scenario.path("disk")
    os.mkdir(disk)
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=40m", "small", disk], check=True)
    web = "--web.listen-address=127.0.0.1:9531"
    other = rollcall.Server(scenario, etcd.endpoints, web, name="other", path=f"{disk}/data",
                            listen="127.0.0.1:5301")
    wait_for("its view to be on the disk", lambda: os.path.exists(f"{disk}/data/last-known/last-known.mdb"))
    other.process.stop()
    subprocess.run(["mount", "-o", "remount,ro", disk], check=True)
    other.start()
    check(whole(other), "a read-only directory hinders nobody")
    wait_for("the log to say so", lambda: other.process.output().count("cannot be kept on the disk") == 1)
    other.process.kill()
    etcd.kill()
    other.start(wait=False)
    wait_for("what lies there", lambda: whole(other), 5)
    other.process.stop()
    unwritable = rollcall.Server(scenario, etcd.endpoints, web, name="unwritable", path="/proc/nowhere",
                                 listen="127.0.0.1:5301", wait=False)
    unsure(unwritable, "nowhere to keep it")
    etcd.start()
    wait_for("the data", lambda: whole(unwritable))
    equal(unwritable.process.output().count("is not kept"), 1, "said once")
    unwritable.process.stop()
    shared = rollcall.Server(scenario, etcd.endpoints, web, name="shared", path=server.path,
                             listen="127.0.0.1:5301")
    check(f"is in use by process {server.process.pid}" in shared.process.output(), "whose it is")
    check(whole(shared), "it serves without")
    shared.process.stop()
    wait_for("the first to be sure", server.synced)
    scenario.step("read-only, nowhere, another server's: served without, and said once")


def embedded(scenario):
    server = rollcall.Embedded(scenario, name="embedded")
    fill_embedded = ((f"/skydns/internal/prom/node/n{i}", {"host": "192.0.2.1", "port": 9100 + i})
                     for i in range(COUNT))
    server.load(fill_embedded)
    wait_for("all", lambda: whole(server))
    backup = scenario.path("backup")
    equal(rollcall.cli("store", "backup", backup, f"--store.path={server.path}").returncode, 0, "a backup")
    server.put("/skydns/internal/prom/later/l", {"host": "192.0.2.4", "port": 4})
    kept(COUNT + 1)
    server.process.kill()
    file = f"{server.path}/store.mdb"
    good = scenario.path("store.good")
    shutil.copy(file, good)
    for kind in ("cut short", "garbage"):
        damage(file, kind)
        server.start(wait=False)
        wait_for(f"{kind}: what was known last", lambda: whole(server), 5)
        equal(server.answer("nobody.prom.internal")[0], "SERVFAIL", f"{kind}: nothing is denied")
        closed = server.ctl("--dial-timeout=1s", "--command-timeout=1s", "put", "a", "b")
        check(closed.returncode, f"{kind}: nothing can be written")
        check("rollcall store restore" in server.process.output(), f"{kind}: the log says what to do")
        equal(server.process.stop(), 0, f"{kind}: a clean stop")
        shutil.copy(good, file)
    # As doc/operating.md says.  What the backup does not have is answered all the same.
    later = {"l.later.prom.internal:4"}
    for name in ("store.mdb", "store.mdb-lock"):
        os.unlink(f"{server.path}/{name}")
    restored = rollcall.cli("store", "restore", backup, f"--store.path={server.path}")
    equal(restored.returncode, 0, f"a restore: {restored.stderr}")
    server.start()
    check(whole(server) and server.targets("later.prom.internal") == later, "nothing goes by a restore")
    server.restart()
    check(whole(server) and server.targets("later.prom.internal") == later, "nor by the start after it")
    equal(server.try_put("/skydns/internal/prom/node/late", {"host": "192.0.2.9"}).returncode, 0, "a put")
    server.process.stop()
    scenario.step("the embedded store's file damaged: answered as last known; a backup restored: held")


def run(scenario):
    etcd = Cluster(scenario)
    fill(etcd)
    server = rollcall.Server(scenario, etcd.endpoints)
    check(whole(server), "before")
    alone(scenario, etcd, server)
    converges(scenario, etcd, server)
    nothing_known(scenario, etcd, server)
    damaged(scenario, etcd, server)
    taken_away(scenario, etcd, server)
    read_only(scenario, etcd, server)
    equal(server.process.stop(), 0, "a clean stop")
    etcd.kill()
    embedded(scenario)


main(run)
