#!/usr/bin/python3
"""rollcall run: a sign of life beside the registration, and restarts that are no gap."""

import json
import os
import re
import signal
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

from harness.etcd import Cluster  # noqa: E402
from harness.rollcall import Server, cli, instances  # noqa: E402
from harness.scenario import BINARY, main  # noqa: E402
from harness.wait import check, equal, holds, wait_for  # noqa: E402

KEY = "/skydns/internal/prom/app/box"
ALIVE, STOPPING, GONE = (f"/rollcall/v1/{area}{KEY}" for area in ("alive", "stopping", "gone"))
CHILD = [sys.executable, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "cli/child.py")]
PENDING = "/var/lib/rollcall/pending"
PORT = 9300
REGISTERED = re.compile(r'msg=(registered |"registered already")')
TTL = 5


class Box:
    """What runs as app/box, again and again."""

    def __init__(self, scenario, etcd):
        self.scenario, self.etcd = scenario, etcd
        self.starts = 0

    def start(self, *flags, status=0, delay=0, host="box", address="127.0.0.1", port=PORT):
        self.starts += 1
        return self.scenario.start(
            f"run{self.starts}", [BINARY, "run", "app", f"--host={host}", f"--address={address}", f"--port={port}",
                                  f"--lease-ttl={TTL}s", *flags, "--", *CHILD, str(port), str(status), str(delay)])

    def registered(self, *flags, **how):
        """Started, and registered as passing."""
        run = self.start(*flags, **how)
        wait_for("it to be registered", lambda: REGISTERED.search(run.output()), 20)
        equal((self.health(), self.etcd.get(KEY) is None), ("passing", False), "its health, and whether it is there")
        return run

    def health(self):
        return (self.record(ALIVE) or {}).get("health")

    def record(self, key):
        text = self.etcd.get(key)
        return text and json.loads(text)

    def kv(self, key):
        found = json.loads(self.etcd.ctl("get", key, "-w", "json")).get("kvs")
        return found[0] if found else None


def child_of(run):
    return int(re.search(r"msg=started .*pid=(\d+)", run.output())[1])


def alive(scenario, etcd, box):
    run = box.registered("--retain=2h", "--label=rack=r12")
    value = box.record(KEY)
    equal(value["rollcall"], {"owner": "run:box", "labels": {"rack": "r12"}, "retain": "2h"}, "what it registers")
    equal(box.kv(KEY).get("lease", 0), 0, "the registration persists")
    record = box.record(ALIVE)
    equal((record["by"], record["health"], record["why"]), ("run:box", "passing", "127.0.0.1:9300 accepts connections"),
          "its sign of life")
    check(box.kv(ALIVE)["lease"], "which goes with a lease")
    before = box.kv(ALIVE)["mod_revision"], box.kv(KEY)["mod_revision"]
    holds("nothing is written while nothing changes",
          lambda: (box.kv(ALIVE)["mod_revision"], box.kv(KEY)["mod_revision"]) == before, TTL * 2)
    refused = cli("register", "app", "--host=box", "--address=127.0.0.7", f"--port={PORT}")
    check("run:box at 127.0.0.1:9300" in refused.stderr and refused.returncode == 1, refused.stderr)
    scenario.step("registered with a sign of life, and quiet")
    return run


def restarts(scenario, etcd, box, run):
    """Watched by revision: neither the key nor its sign of life is ever gone."""
    watch = etcd.start_ctl("watch", "watch", "--prefix", "", "--command-timeout=600s")
    marker = "/marker"
    wait_for("the watch to see", lambda: etcd.put(marker, "x") and marker in watch.output())
    first = box.kv(KEY)["mod_revision"]
    for _ in range(2):
        before = time.time()
        equal(run.stop(), 0, "its exit status")
        stopping = box.record(STOPPING)
        equal((stopping["by"], stopping["why"]), ("run:box", "stopped"), "the mark of a stop")
        until = time.mktime(time.strptime(stopping["until"] + "UTC", "%Y-%m-%dT%H:%M:%SZ%Z")) - time.timezone
        check(before + 58 <= until <= time.time() + 61, f"its end: {stopping['until']}, now {time.time()}")
        equal(box.health(), "critical", "health of what does not run")
        check("until" in run.output().split('msg="stopping;')[1].splitlines()[0], run.output())
        run = box.registered("--retain=2h", "--label=rack=r12")
        equal(etcd.get(STOPPING), None, "the mark, once it is back")
    scenario.step("a restart within the grace")

    run.stop()
    run = box.start("--retain=2h", "--label=rack=r12", delay=2 * TTL)
    wait_for("the mark to go before the port answers", lambda: not etcd.get(STOPPING))
    equal((box.health(), box.record(ALIVE)["why"]), ("critical", "127.0.0.1:9300 does not answer yet"), "meanwhile")
    holds("it is alive, for longer than a lease", lambda: box.health() == "critical", TTL + 2)
    wait_for("it to be passing", lambda: box.health() == "passing", 3 * TTL)
    scenario.step("a start that takes longer than the lease lasts")

    equal(box.kv(KEY)["mod_revision"], first, "the registration was never touched")
    deleted = [after for kind, after in zip(watch.output().splitlines(), watch.output().splitlines()[1:])
               if kind == "DELETE"]
    equal(set(deleted), {STOPPING}, "all that was ever deleted")
    watch.stop()
    return run


def port_goes_silent(scenario, box, run):
    os.kill(child_of(run), signal.SIGUSR1)
    wait_for("its health to be critical", lambda: box.health() == "critical", 30)
    check("Connection refused" in box.record(ALIVE)["why"], box.record(ALIVE))
    os.kill(child_of(run), signal.SIGUSR2)
    wait_for("it to be passing again", lambda: box.health() == "passing", 30)
    scenario.step("a port that answers no more, and then again")


def killed(scenario, etcd, box, run):
    before = box.kv(KEY)["mod_revision"]
    child = child_of(run)
    run.kill()
    wait_for("its sign of life to go", lambda: not etcd.get(ALIVE), TTL * 3)
    equal(box.kv(KEY)["mod_revision"], before, "the registration stays")
    equal(etcd.get(GONE), None, "no deregistration")
    [listed] = instances("app")
    equal(listed["state"], "lost", "its state")
    os.kill(child, signal.SIGTERM)
    scenario.step("kill -9: lost, and still registered")
    run = box.registered("--retain=2h", "--label=rack=r12")
    equal(box.kv(KEY)["mod_revision"], before, "the registration, when it is back")
    return run


def others_at_it(scenario, etcd, box, run):
    etcd.delete(KEY)
    wait_for("it to be put back", lambda: etcd.get(KEY))
    check("vanished without being deregistered" in run.output(), run.output())
    etcd.put(KEY, "garbage")
    wait_for("it to be mended", lambda: "garbage" not in (etcd.get(KEY) or "garbage"))
    equal(cli("deregister", "app", "--instance=box").returncode, 0, "deregister")
    run.wait_output("stays away")
    wait_for("its sign of life to go", lambda: not etcd.get(ALIVE))
    holds("it stays away", lambda: not etcd.get(KEY), TTL)
    equal(run.stop(), 0, "its exit status")
    check(etcd.get(GONE), "the mark stays")
    scenario.step("deleted: put back; deregistered: stays away")


def two_holders(scenario, etcd, box):
    first = box.registered()
    second = box.start("--instance=box", host="other", address="127.0.0.2", port=PORT + 1)
    second.wait_output("run:box at 127.0.0.1:9300, which is alive; not given to run:other at 127.0.0.2:9301")
    check(second.running(), "its exporter runs all the same")
    holds("the first one keeps it", lambda: box.record(KEY)["rollcall"]["owner"] == "run:box", 3)
    first.stop()
    wait_for("the second to have it once the first has stopped",
             lambda: box.record(KEY)["rollcall"]["owner"] == "run:other", 40)
    equal((box.record(ALIVE)["by"], etcd.get(STOPPING)), ("run:other", None), "the second's sign of life")
    check("another registration stood there" in second.output(), second.output())
    second.stop()
    etcd.delete(STOPPING)
    equal(cli("deregister", "app", "--instance=box").returncode, 0, "deregister")
    scenario.step("two holders: the second is refused, with both named, until the first lets go")


def waiting():
    if not os.path.isdir(PENDING):
        return []
    orders = []
    for name in os.listdir(PENDING):
        if name.endswith(".json"):
            with open(f"{PENDING}/{name}", encoding="utf-8") as handle:
                orders.append(json.load(handle))
    return orders


def etcd_away(scenario, etcd, box):
    run = box.registered()
    before = box.kv(KEY)["mod_revision"]
    etcd.kill()
    run.wait_output("the store is away", 20)
    run.stop(20)
    equal([order["verb"] for order in waiting()], ["stop"], "the stop waits")
    run = box.start()
    run.wait_output("listening")
    wait_for("the order to be void", lambda: not waiting())
    etcd.start()
    etcd.wait_healthy()
    wait_for("it to be registered", lambda: REGISTERED.search(run.output()), 20)
    equal((box.kv(KEY)["mod_revision"], box.health(), etcd.get(STOPPING)), (before, "passing", None), "the registration")
    scenario.step("a restart while etcd is away")

    etcd.kill()
    run.wait_output("the store is away", 20)
    run.stop(20)
    etcd.start()
    etcd.wait_healthy()
    equal(cli("list").returncode, 0, "any call")
    equal(waiting(), [], "carried out")
    check(box.record(STOPPING)["until"], "a stop, with its end")
    check(etcd.get(KEY), "it is still there")
    etcd.kill()
    equal(cli("deregister", "app", "--host=box", f"--port={PORT}", timeout=60).returncode, 0, "deregister")
    equal([order["verb"] for order in waiting()], ["deregister"], "waits")
    run = box.start()
    run.wait_output("listening")
    etcd.start()
    etcd.wait_healthy()
    wait_for("it to be registered", lambda: REGISTERED.search(run.output()), 20)
    equal((waiting(), box.health()), ([], "passing"), "the last order counts")
    equal(run.stop(), 0, "stop")
    scenario.step("a stop while etcd is away becomes one with its end")


def etcd_replaced(scenario, etcd, box):
    run = box.registered()
    etcd.wipe()
    etcd.start()
    etcd.wait_healthy()
    wait_for("it to be there again", lambda: etcd.get(KEY) and box.health() == "passing", 20)
    equal(run.stop(), 0, "stop")
    scenario.step("an etcd that has lost all of it")


def other_ways(scenario, etcd, box):
    run = box.registered("--stop-grace=0s")
    run.stop()
    equal([etcd.get(key) for key in (KEY, STOPPING, ALIVE)], [None] * 3, "--stop-grace=0s")
    check(etcd.get(GONE), "the mark of a deregistration")

    run = box.registered("--on-stop=keep")
    run.stop()
    check(etcd.get(KEY) and not etcd.get(STOPPING), "--on-stop=keep")

    run = box.registered("--on-loss=remove")
    check(box.kv(KEY)["lease"] == box.kv(ALIVE)["lease"] != 0, "the registration goes with the lease")
    os.kill(child_of(run), signal.SIGSTOP)  # it must not end by itself: that would be a crash
    run.kill()
    wait_for("it to go", lambda: not etcd.get(KEY), TTL * 3)
    equal(etcd.get(GONE), None, "no deregistration")
    os.kill(child_of(run), signal.SIGKILL)
    scenario.step("--stop-grace=0s, --on-stop=keep, --on-loss=remove")

    for flags, said in ((["--lease-ttl=1s"], "from 5s to 1h"), (["--lease-ttl=5500ms"], "whole number"),
                        (["--on-loss=perhaps"], "neither remove nor keep"), (["--on-stop=no"], "neither deregister"),
                        (["--stop-grace=soon"], "soon"), (["--retain=2y"], "2y"),
                        (["--retain=2h", "--on-loss=remove"], "nothing is retained")):
        refused = cli("run", "app", "--address=127.0.0.1", "--port=9300", *flags, "--", "true")
        equal((refused.returncode, said in refused.stderr), (2, True), f"{flags}: {refused.stderr}")
    scenario.step("flags that make no sense")


def with_a_server(scenario, etcd, box):
    """What Prometheus would be told, and who carries a stop out."""
    server = Server(scenario, "http://127.0.0.1:2379")
    target = {f"box.app.prom.internal:{PORT}"}

    def answers(name="app.prom.internal"):
        return server.targets(name) == target

    run = box.registered("--stop-grace=4s")
    wait_for("the answer", answers)
    run.stop()
    wait_for("the healthy view to be without it", lambda: not answers("_healthy.app.prom.internal"))
    run = box.registered("--stop-grace=4s")
    wait_for("the healthy view to have it", lambda: answers("_healthy.app.prom.internal"))
    holds("it is answered, past the end of its grace", answers, 6)
    run.stop()
    holds("it is answered within its grace", answers, 2)
    wait_for("its deregistration", lambda: not etcd.get(KEY), 10)
    equal((box.record(GONE)["by"], box.record(GONE)["why"], etcd.get(STOPPING)), ("run:box", "stopped", None),
          "the mark of a deregistration")
    wait_for("no answer", lambda: not server.targets("app.prom.internal"))
    scenario.step("a server carries out a stop, and not that of one who is back")

    run = box.registered("--on-loss=remove")
    run.stop()
    wait_for("it to go", lambda: not etcd.get(KEY), TTL * 2)
    check(etcd.get(GONE), "deregistered before its lease ends")
    server.process.stop()
    scenario.step("so it does with what would go with its lease")


def run(scenario):
    etcd = Cluster(scenario)
    box = Box(scenario, etcd)
    child = alive(scenario, etcd, box)
    child = restarts(scenario, etcd, box, child)
    port_goes_silent(scenario, box, child)
    child = killed(scenario, etcd, box, child)
    others_at_it(scenario, etcd, box, child)
    two_holders(scenario, etcd, box)
    etcd_away(scenario, etcd, box)
    etcd_replaced(scenario, etcd, box)
    other_ways(scenario, etcd, box)
    with_a_server(scenario, etcd, box)


main(run)
