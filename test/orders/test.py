#!/usr/bin/python3
"""Orders that wait for etcd: late, in each other's way, on a full disk, with a clock set back."""

import json
import os
import pathlib
import subprocess
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

from harness.etcd import Cluster  # noqa: E402
from harness.rollcall import Server, cli  # noqa: E402
from harness.scenario import BINARY, main  # noqa: E402
from harness.wait import check, equal, wait_for  # noqa: E402

NODE = "/skydns/internal/prom/node"
PENDING = "/var/lib/rollcall/pending"
CHILD = [sys.executable, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "cli/child.py")]


def done(result, what):
    check(result.returncode == 0, f"{what}: status {result.returncode}\n{result.stderr}")
    return result


def register(host, *more):
    return cli("register", "node", f"--host={host}", "--address=192.0.2.1", "--port=9100", *more)


def deregister(host, *more):
    return cli("deregister", "node", f"--host={host}", "--port=9100", *more)


def waiting():
    if not os.path.isdir(PENDING):
        return []
    return sorted(name for name in os.listdir(PENDING) if name.endswith(".json"))


class Away:
    """etcd is away inside."""

    def __init__(self, etcd):
        self.etcd = etcd

    def __enter__(self):
        self.etcd.kill()

    def __exit__(self, *_):
        self.etcd.start()
        self.etcd.wait_healthy()


def the_last_one_counts(scenario, etcd):
    """Also where the two are not known to be about one instance, and the clock was set back."""
    with Away(etcd):
        done(register("h1"), "register")
        name = waiting()[0]
        with open(f"{PENDING}/{name}", encoding="utf-8") as handle:
            order = json.load(handle)
        order["since_us"] += 3600 * 1000000
        with open(f"{PENDING}/{name}", "w", encoding="utf-8") as handle:
            json.dump(order, handle)
        done(cli("deregister", "node", "--host=h1"), "deregister, without the port")
        equal(len(waiting()), 2, "orders that wait")
    done(cli("register", "--flush"), "flush")
    equal((etcd.get(f"{NODE}/h1"), waiting()), (None, []), "deregistered last")

    with Away(etcd):
        done(register("h2"), "register")
    taken_back = done(deregister("h2"), "deregister what was not yet registered")
    check("taken back" in taken_back.stdout, taken_back.stdout)
    done(cli("list"), "list")
    equal(etcd.get(f"{NODE}/h2"), None, "the earlier order does not come back")
    scenario.step("the last order about an instance counts")


def others_are_left(scenario, etcd):
    done(register("h3"), "register")
    with Away(etcd):
        done(deregister("h3", "--address=192.0.2.1"), "deregister")
    etcd.put(f"{NODE}/h3", {"host": "192.0.2.200", "port": 9100})
    done(cli("list"), "list")
    check(etcd.get(f"{NODE}/h3"), "what somebody else has put since stays")
    equal(len(os.listdir(f"{PENDING}/broken")), 1, "the order is set aside, not lost")
    refused = deregister("h3", "--address=192.0.2.1")
    equal(refused.returncode, 1, "held with another address")
    check("192.0.2.200" in refused.stderr, refused.stderr)
    scenario.step("an order does not take away what somebody else has put since")


def a_new_start_is_not_undone(scenario, etcd):
    """A deregistration kept at the stop of an exporter, while it is started again."""
    key = "/skydns/internal/prom/app/box"
    argv = [BINARY, "run", "app", "--host=box", "--address=127.0.0.1", "--port=9400", "--stop-grace=0s",
            "--", *CHILD, "9400"]
    first = scenario.start("first", argv)
    wait_for("it to be registered", lambda: etcd.get(key))
    with Away(etcd):
        first.stop(20)
        equal(len(waiting()), 1, "the deregistration waits")
        second = scenario.start("second", argv)
        second.wait_output("listening")
        second.wait_output("not registered yet")  # it says that it waits for the store
        flushers = [subprocess.Popen([BINARY, "watch"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
                    for _ in range(4)]
    wait_for("it to be registered", lambda: "msg=registered" in second.output()
             or "registered already" in second.output())
    for flusher in flushers:
        flusher.terminate()
        flusher.wait()
    done(cli("list"), "list")
    check(etcd.get(key), "it is registered")
    equal(waiting(), [], "nothing waits")
    second.stop(20)
    scenario.step("a start is not undone by the stop before it")


def two_at_once(scenario, etcd):
    with Away(etcd):
        for number in range(12):
            done(register(f"p{number}"), "register")
    flushers = [subprocess.Popen([BINARY, "register", "--flush"], stdout=subprocess.PIPE, text=True,
                                 stderr=subprocess.DEVNULL) for _ in range(3)]
    counts = [int(flusher.communicate()[0].split()[-1]) for flusher in flushers]
    equal(sum(counts), 12, f"each order is carried out once: {counts}")
    equal((len([key for key in etcd.keys(NODE) if "/p" in key.replace(NODE, "")]), waiting()), (12, []), "all")
    scenario.step("three rollcalls carry out each order once")


def a_watch_goes_on(scenario, etcd):
    with Away(etcd):
        done(cli("register", "node", "--host=h8", "--address=192.0.2.8", "--port=9100",
                 "--etcd.endpoint=http://127.0.0.1:1"), "an order meant for another store")
        watch = scenario.start("watch", [BINARY, "watch", "node"])
        watch.wait_output("store away")
    watch.wait_output("store is back")
    etcd.put(f"{NODE}/late", {"host": "192.0.2.99", "port": 9100})
    watch.wait_output("late")
    equal((watch.output().count("store away"), watch.output().count("store is back")), (1, 1), "lines")
    equal(watch.output().count("another store"), 1, "lines about the order of another store")
    watch.stop()
    done(cli("register", "--flush"), "flush")
    check(etcd.get(f"{NODE}/h8"), "--flush carries it out here")
    scenario.step("watch goes on, and says once that etcd is away")


def no_place(scenario, etcd):
    full = scenario.path("full")
    os.makedirs(full)
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=16k", "full", full], check=True)
    with open(f"{full}/rest", "wb") as handle:
        try:
            handle.write(b"x" * 65536)
            handle.flush()
        except OSError:
            pass
    os.makedirs(f"{PENDING}/odd.json", exist_ok=True)
    with Away(etcd):
        for place, why in ((full, "No space left"), ("/etc/passwd", "Not a directory"),
                           ("/proc/none", "No such file")):
            refused = register("h9", f"--pending.path={place}")
            equal(refused.returncode, 1, place)
            check(why in refused.stderr and place in refused.stderr, refused.stderr)
        equal([name for name in os.listdir(full) if name != "rest"], [], "no half order is left")
        done(register("h9"), "an odd directory among the orders is in nobody's way")
    done(cli("register", "--flush"), "flush")
    check(etcd.get(f"{NODE}/h9"), "registered")
    os.rmdir(f"{PENDING}/odd.json")
    scenario.step("an order that could not be kept is not said to be")


def a_server_carries_them_out(scenario, etcd):
    """Once it has first seen etcd, and after each outage, with nobody calling rollcall."""
    others = ["--etcd.endpoint=http://127.0.0.1:1"]
    with Away(etcd):
        done(register("h10"), "register")
        done(register("h11", *others), "an order meant for another store")
        server = Server(scenario, "http://127.0.0.1:2379", wait=False)
    wait_for("h10, at the first sight of etcd", lambda: etcd.get(f"{NODE}/h10"))
    with Away(etcd):
        done(deregister("h10"), "deregister")
        done(register("h12"), "register")
    wait_for("h12, after an outage", lambda: etcd.get(f"{NODE}/h12"))
    wait_for("the others to be taken away", lambda: len(waiting()) == 1)
    equal((etcd.get(f"{NODE}/h10"), etcd.get(f"{NODE}/h11")), (None, None), "h10 gone, h11 not here")
    wait_for("h12 in the answer", lambda: server.answer("h12.node.prom.internal")[0] == "NOERROR")
    equal(server.process.output().count("another store"), 1, "lines about the order of another store")
    scenario.step("a server carries out what was meant for its etcd")
    return server


def answers_are_not_held_up(scenario, etcd, server):
    with Away(etcd):
        done(register("h13"), "register")
        [name] = [name for name in waiting() if "h13" in pathlib.Path(PENDING, name).read_text("utf-8")]
        kept = pathlib.Path(PENDING, name).rename(f"{PENDING}/../kept")
    wait_for("the server to be synced", server.synced)
    etcd.members[0].freeze()
    kept.rename(f"{PENDING}/{name}")
    wait_for("it to be at the order", lambda: os.path.exists(f"{PENDING}/.lock"))
    slowest = 0
    while os.path.exists(f"{PENDING}/.lock"):
        began = time.monotonic()
        equal(server.answer("h12.node.prom.internal")[0], "NOERROR", "meanwhile")
        slowest = max(slowest, time.monotonic() - began)
    check(slowest < 0.5, f"an answer took {slowest:.2f} s")
    etcd.members[0].thaw()
    wait_for("h13, when etcd goes on", lambda: etcd.get(f"{NODE}/h13"))
    server.process.stop()
    done(cli("register", "--flush"), "flush")
    scenario.step("answers are not held up by an order that takes long")


def not_ours(scenario, etcd):
    """What another user keeps from us is his."""
    with Away(etcd):
        done(register("h14"), "register")
    os.chown(PENDING, 65534, 65534)
    server = scenario.start("stranger", ["setpriv", "--bounding-set=-all", BINARY, "serve", "--store=etcd",
                                         "--log.level=debug"], env={"ROLLCALL_PENDING_PATH": PENDING})
    server.wait_output("not carried out")
    wait_for("it to be synced", lambda: "synced with the store" in server.output())
    [line] = [line for line in server.output().splitlines() if "not carried out" in line]
    check("level=debug" in line and f"{PENDING}: Permission denied" in line, line)
    equal((len(waiting()), etcd.get(f"{NODE}/h14")), (1, None), "it waits on")
    server.stop()
    os.chown(PENDING, 0, 0)
    done(cli("register", "--flush"), "flush")
    scenario.step("orders of another user are left to him")


def run(scenario):
    etcd = Cluster(scenario)
    the_last_one_counts(scenario, etcd)
    others_are_left(scenario, etcd)
    a_new_start_is_not_undone(scenario, etcd)
    two_at_once(scenario, etcd)
    a_watch_goes_on(scenario, etcd)
    no_place(scenario, etcd)
    server = a_server_carries_them_out(scenario, etcd)
    answers_are_not_held_up(scenario, etcd, server)
    not_ours(scenario, etcd)


main(run)
