#!/usr/bin/python3
"""Lost, retained, stopped, maintained and held: what two servers write, and what they answer."""

import datetime
import json
import os
import pty
import subprocess
import sys

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

from harness.etcd import Cluster  # noqa: E402
from harness.rollcall import STORE, Server, cli, instances, web  # noqa: E402
from harness.scenario import BINARY, main  # noqa: E402
from harness.wait import check, equal, holds, wait_for  # noqa: E402

PROM = "/skydns/internal/prom"
V1 = "/rollcall/v1"


def now(seconds=0):
    at = datetime.datetime.utcnow() + datetime.timedelta(seconds=seconds)
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")


class Owner:
    """What an agent does for one instance: a registration, and a sign of life by a lease."""

    def __init__(self, etcd, host, service="node", **extension):
        self.etcd, self.host = etcd, host
        self.key = f"{PROM}/{service}/{host}"
        self.live()
        etcd.put(self.key, {"host": f"192.0.2.{int(host[-2:])}", "port": 9100,
                            "rollcall": {"owner": f"agent:{host}", **extension}})

    def live(self, health="passing", ttl=600):
        granted = self.etcd.ctl("lease", "grant", str(ttl)).split()[1]
        value = json.dumps({"since": now(), "by": f"agent:{self.host}", "health": health})
        self.etcd.ctl("put", f"--lease={granted}", f"{V1}/alive{self.key}", value)

    def die(self):
        """Its lease is not renewed any more, and ends."""
        self.live(ttl=2)


def targets(server, name):
    return {target.split(".")[0] for target in server.targets(f"{name}.prom.internal")}


def metrics(port):
    """{"NAME{LABELS}": value} of a server."""
    rows = (line.rsplit(" ", 1) for line in web("/metrics", port)[1].splitlines() if line[0] != "#")
    return {name: float(value) for name, value in rows}


class Site:
    """Two servers on one etcd."""

    def __init__(self, scenario):
        self.etcd = Cluster(scenario)
        self.servers = [
            Server(scenario, self.etcd.endpoints, f"--web.listen-address=127.0.0.1:{9530 + i}",
                   name=f"ns{i + 1}", listen=f"127.0.0.1:{5300 + i}") for i in range(2)]

    def both(self, what, name, want, seconds=10):
        for server in self.servers:
            wait_for(f"{what}, on {server.name}", lambda s=server: targets(s, name) == want, seconds)

    def sum(self, name):
        return sum(metrics(9530 + i).get(f"rollcall_{name}", 0) for i in range(2))

    def written(self, verb):
        return self.sum(f'keeper_writes_total{{what="{verb}"}}')


def while_asked(meanwhile, *words):
    """What the command says after a yes at its terminal, where `meanwhile` happens before that."""
    terminal, its_end = pty.openpty()
    with subprocess.Popen([BINARY, *words], stdin=its_end, stdout=subprocess.PIPE) as child:
        os.close(its_end)
        try:
            said = b""
            while not said.endswith(b"[y/N] "):
                piece = os.read(child.stdout.fileno(), 4096)
                check(piece, f"it asks: {said}")
                said += piece
            meanwhile()
            os.write(terminal, b"y\n")
            rest, _ = child.communicate(timeout=20)
        finally:
            child.kill()
            os.close(terminal)
    equal(child.returncode, 0, f"its end: {rest}")
    return rest.decode()


def losing(scenario, site):
    etcd = site.etcd
    owners = {f"server0{i}": Owner(etcd, f"server0{i}") for i in (1, 2, 3)}
    etcd.put(f"{PROM}/node/server04", {"host": "192.0.2.4", "port": 9100})
    everyone = {*owners, "server04"}
    site.both("all to be well", "_healthy.node", everyone)
    site.both("all to be registered", "node", everyone)

    watch = scenario.start("watch", [BINARY, "watch", "node", "--server=http://127.0.0.1:9531"])
    watch.wait_output("+ server02.node.prom.internal 192.0.2.2 9100 passing")
    owners["server02"].die()
    site.both("who is lost to leave the healthy view", "_healthy.node", everyone - {"server02"})
    site.both("and to stay in the inventory", "node", everyone)
    lost = f"{V1}/lost{PROM}/node/server02"
    record = json.loads(wait_for("its date", lambda: etcd.get(lost)))
    check(record["by"].startswith("serve@"), f"who dated it: {record}")
    wait_for("both servers to count it", lambda: site.sum("lost") == 2)
    wait_for("its state to be counted", lambda: site.sum('instances{state="lost"}') == 2, 15)
    equal(json.loads(etcd.ctl("get", lost, "-w", "json"))["kvs"][0]["version"], 1, "dated once")
    equal(site.written("date_lost"), 1, "by one of them")
    [listed] = [one for one in instances("node") if one["instance"] == "server02"]
    equal((listed["state"], listed["since"], listed["why"]),
          ("lost", record["since"], "no sign of life from agent:server02"), "what list shows")
    check("server02" in cli("list", "node").stdout, "the table")
    watch.wait_output(f" ~ server02.node.prom.internal 192.0.2.2 9100 lost since={record['since']} ")

    site.servers[0].restart()
    site.both("a restarted server to agree", "_healthy.node", everyone - {"server02"})
    equal(json.loads(etcd.get(lost)), record, "the date after a restart")

    owners["server02"].live()
    site.both("who is back to be well again", "_healthy.node", everyone)
    wait_for("its date to go", lambda: not etcd.get(lost))
    wait_for("the watch to say so", lambda: watch.output().rstrip().splitlines()[-1].count(
        " ~ server02.node.prom.internal 192.0.2.2 9100 passing "))
    equal(watch.stop(), 0, "the watch's end")
    owners["server03"].live("critical")
    site.both("who is ill to leave it too", "_healthy.node", everyone - {"server03"})
    scenario.step("a loss is dated once, and leaves the healthy view but not the inventory")
    return owners


def retaining(scenario, site):
    etcd = site.etcd
    Owner(etcd, "server05", service="short", retain="8s").die()
    long_lost = Owner(etcd, "server06", service="short", retain="1h")
    Owner(etcd, "server09", service="far").die()
    site.both("both to be there", "short", {"server05", "server06"})
    wait_for("it to be announced", lambda: site.sum("retain_due") >= 1)
    check(etcd.get(f"{PROM}/short/server05"), "announced before it is done")
    site.both("it to be deregistered", "short", {"server06"}, 30)
    gone = json.loads(etcd.get(f"{V1}/gone{PROM}/short/server05"))
    check("retained for 8s" in gone["why"], f"the mark: {gone}")
    check(not etcd.get(f"{V1}/lost{PROM}/short/server05"), "nothing is said of it any more")

    long_lost.die()
    lost = f"{V1}/lost{PROM}/short/server06"
    wait_for("the loss of the other", lambda: etcd.get(lost))
    refused = cli("deregister", "--lost-for=0s", "short")
    equal(refused.returncode, 2, "it is not done without a yes")
    check("server06" in refused.stdout and "--yes" in refused.stderr, f"but shown: {refused}")
    equal(cli("deregister", "--lost-for=1h", "short", "--yes").returncode, 0, "nothing so old")
    site.both("nothing to be gone", "short", {"server06"})
    done = cli("deregister", "--lost-for=0s", "short", "--yes")
    check("deregistered " + long_lost.key in done.stdout, f"said: {done}")
    site.both("it to be gone", "short", set())
    wait_for("its date to go", lambda: not etcd.get(lost))

    at = ["--server=http://127.0.0.1:9531", "--etcd.endpoint=http://127.0.0.1:1"]
    shown = instances("far", *at)
    equal([(one["instance"], one["state"]) for one in shown], [("server09", "lost")], "by a server")
    refused = cli("deregister", "--lost-for=0s", *at)
    equal(refused.returncode, 2, "it is not done without a yes")
    check("server09" in refused.stdout and "--yes" in refused.stderr, f"but shown: {refused}")
    back = Owner(etcd, "server10", service="far")
    for words in (at, []):
        back.die()
        site.both("it to be there", "far", {"server09", "server10"})
        date = f"{V1}/lost{back.key}"
        wait_for("its loss on every server", lambda: etcd.get(date) and all(
            next(one for one in instances("far", f"--server=http://127.0.0.1:{port}")
                 if one["instance"] == "server10").get("since") == json.loads(etcd.get(date))["since"]
            for port in (9530, 9531)))
        said = while_asked(back.live, "deregister", "--lost-for=0s", "server10.far", *words)
        check(f"no longer as it was: {back.key}" in said, f"who is back meanwhile stays: {said}")
        holds("it is there", lambda: "server10" in targets(site.servers[0], "far"), 1)
        wait_for("its date to go", lambda: not etcd.get(date))
    etcd.ctl("del", back.key)
    site.both("the other to be left", "far", {"server09"})
    none = cli("deregister", "--lost-for=1h", "far", "--yes", *at)
    check("nothing at or below far.prom.internal has been lost for 1h" in none.stderr, f"{none}")
    done = cli("deregister", "--lost-for=0s", "far", "--yes", *at)
    equal(done.stdout.splitlines()[-1], f"deregistered {PROM}/far/server09", f"said: {done}")
    site.both("it to be gone", "far", set())
    gone = json.loads(etcd.get(f"{V1}/gone{PROM}/far/server09"))
    check("--lost-for=0s" in gone["why"], f"the mark: {gone}")
    check(not etcd.get(f"{V1}/lost{PROM}/far/server09"), "and its date")
    equal(cli("deregister", "far", "--instance=server09", *at).returncode, 2, "one by one")
    scenario.step("what is lost goes after its retain, or when somebody says so")


def stopping(scenario, site):
    etcd = site.etcd
    for host in ("server07", "server08"):
        Owner(etcd, host, service="stop")
        etcd.put(f"{V1}/stopping{PROM}/stop/{host}",
                 {"since": now(), "until": now(6), "by": f"agent:{host}", "why": "stopped"})
    site.both("who stops to be there", "stop", {"server07", "server08"})
    etcd.ctl("del", f"{V1}/stopping{PROM}/stop/server08")  # it is back
    site.both("who is not back to be deregistered", "stop", {"server08"}, 30)
    equal(json.loads(etcd.get(f"{V1}/gone{PROM}/stop/server07"))["why"], "stopped", "the mark's reason")
    holds("who is back stays", lambda: targets(site.servers[0], "stop") == {"server08"}, 1)
    scenario.step("a stop is carried out after its grace, unless it is back")


def maintaining(scenario, site, everyone):
    etcd = site.etcd
    for word, subject, left in (("server01.node", f"{PROM}/node/server01", {"server02", "server04"}),
                                ("node", f"{PROM}/node", set()),
                                ("server02", "/@server02", {"server01", "server04"})):
        done = cli("maintenance", "on", word, "--reason=new disks")
        equal(done.returncode, 0, f"maintenance on {word}: {done.stderr}")
        site.both(f"{word} to be left out", "_healthy.node", left)
        site.both("the inventory to have all", "node", everyone)
        [listed] = json.loads(cli("maintenance", "list", "--output=json").stdout)
        equal(listed["reason"], "new disks", "the reason")
        cli("maintenance", "on", word, "--until=2s", "--reason=new disks")
        site.both(f"{word} to be back at its end", "_healthy.node", {"server01", "server02", "server04"})
        wait_for("its record to go", lambda s=subject: not etcd.get(f"{V1}/maintenance{s}"))
    equal(cli("maintenance", "on", "nowhere").returncode, 1, "what is not there")
    equal(cli("maintenance", "on", "@server99").returncode, 0, "but outright it can be said ahead")
    equal(cli("maintenance", "off", "server99").returncode, 0, "and ended")
    equal(cli("maintenance", "off", "server99").returncode, 1, "once")
    scenario.step("maintenance of an instance, a service and a host, until its end")


def holding(scenario, site):
    etcd = site.etcd
    names = {f"db{i}" for i in range(4)}
    for name in names:
        etcd.put(f"{PROM}/db/{name}", {"host": "192.0.2.9", "port": 9104})
    site.both("the databases", "db", names)
    watch = scenario.start("watch", [BINARY, "watch", "db", STORE])
    watch.wait_output("db3")
    etcd.ctl("del", "--prefix", f"{PROM}/db/")
    wait_for("all to be held in the store",
             lambda: len(etcd.ctl("get", "--prefix", "--keys-only", f"{V1}/held/").split()) == 4)
    site.both("nothing to be missing", "db", names)
    wait_for("both servers to say so", lambda: site.sum("held") == 8)
    table = cli("protect", "list").stdout
    check(all(name in table for name in names) and "4 vanished at once" in table, table)
    equal({one["instance"] for one in instances("db") if "held" in one}, names, "list shows it")
    for name in names:
        watch.wait_output(f"- {name}.db")
    watch.wait_output("held: 4 vanished at once")

    site.servers[1].restart()
    site.both("a restarted server to hold them too", "db", names)

    etcd.put(f"{PROM}/db/db0", {"host": "192.0.2.9", "port": 9104})
    wait_for("who is back to be held no longer", lambda: not etcd.get(f"{V1}/held{PROM}/db/db0"))
    done = cli("protect", "release", "db1.db")
    equal(done.stdout, f"released {PROM}/db/db1\n", "one is released")
    site.both("it to go", "db", names - {"db1"})
    equal(cli("protect", "release", "db").returncode, 0, "the others")
    site.both("them to go", "db", {"db0"})
    equal(cli("protect", "release", "db").returncode, 1, "nothing is held any more")
    check(etcd.get(f"{V1}/gone{PROM}/db/db2"), "a release leaves the mark of a deregistration")
    watch.wait_output("- db1.db.prom.internal")
    etcd.ctl("del", f"{PROM}/db/db0")
    site.both("a single key deleted by hand to go", "db", set())
    scenario.step("what vanished together is held by both until it is back or released")


def run(scenario):
    site = Site(scenario)
    owners = losing(scenario, site)
    retaining(scenario, site)
    stopping(scenario, site)
    owners["server03"].die()
    maintaining(scenario, site, {*owners, "server04"})
    holding(scenario, site)


main(run)
