#!/usr/bin/python3
"""A disk that is full, read-only, broken or damaged, under a server that goes on answering."""

import os
import random
import shutil
import subprocess
import sys

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

from harness import dns, process  # noqa: E402
from harness.rollcall import Embedded, cli, web  # noqa: E402
from harness.scenario import BINARY, main  # noqa: E402
from harness.wait import check, equal, holds, wait_for  # noqa: E402

NODE = "node.prom.internal"


def fill(directory, leave=0):
    """Takes all room of the file system but `leave` octets."""
    stat = os.statvfs(directory)
    with open(f"{directory}/filler", "wb") as handle:
        os.posix_fallocate(handle.fileno(), 0, stat.f_bavail * stat.f_frsize - leave)


def says(state, refused=lambda: True):
    """Readiness and metrics tell how the disk is.  `refused`: what makes it so again, since a full
    disk is looked at now and then, and has room for that."""
    well = state == "good"

    def told():
        if not refused():
            return False
        ready, text = web("/-/ready")
        reason = well or "takes no writes" in text or "never synced" in text
        metrics = web("/metrics")[1]
        return ready == (200 if well else 503) and reason and \
            f'rollcall_store_disk_state{{state="{state}"}} 1\n' in metrics

    wait_for(f"readiness and metrics to say {state}", told, 10)
    equal(web("/-/healthy")[0], 200, "the process is well")


def orders_wait(server):
    """A registration that finds no room at all is kept, as in an outage, not given up."""
    for size in (50_000, 5_000, 500, 50):
        for number in range(1000):
            if server.try_put(f"/other/{size}/{number}", "x" * size).returncode:
                break
    kept = cli("register", "node", "--host=late", "--address=192.0.2.9", "--port=9100")
    equal(kept.returncode, 0, f"an order without room: {kept.stderr}")
    check("the order is kept" in kept.stderr and "space exceeded" in kept.stderr, kept.stderr)
    flushed = cli("register", "--flush")
    check(flushed.returncode, "it cannot be carried out yet")
    waiting = [name for _, _, names in os.walk("/var/lib/rollcall/pending") for name in names]
    check(not os.path.exists("/var/lib/rollcall/pending/broken"), f"nor is it set aside: {waiting}")
    # Not asked for any more: the rest goes on without it.
    shutil.rmtree("/var/lib/rollcall/pending")


def full(scenario):
    disk = scenario.path("small")
    os.mkdir(disk)
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=40m", "small", disk], check=True)
    server = Embedded(scenario, name="full", path=f"{disk}/data")
    server.put("/skydns/internal/prom/node/a", {"host": "192.0.2.1", "port": 9100})
    wait_for("the first", lambda: server.targets(NODE) == {f"a.{NODE}:9100"})
    fill(disk)
    # What room the file has is used up first.
    written = 0
    while written < 200:
        done = server.try_put(f"/other/{written}", "x" * 500_000)
        if done.returncode:
            break
        written += 1
    check("database space exceeded" in done.stderr, f"the error says why: {done.stderr}")
    check(server.try_put("/other/again", "x" * 500_000).returncode, "and again")
    equal(server.targets(NODE), {f"a.{NODE}:9100"}, "answers go on")
    equal(server.answer("nobody.prom.internal")[0], "NXDOMAIN", "the store is read as before")
    check("No space left" in server.process.output(), "the log says why")
    says("full", lambda: server.try_put("/other/again", "x" * 500_000).returncode)
    orders_wait(server)

    server.restart()
    equal(server.targets(NODE), {f"a.{NODE}:9100"}, "a start on a full disk serves what is there")
    check(server.try_put("/other/again", "x" * 500_000).returncode, "but takes nothing")
    os.unlink(f"{disk}/filler")
    server.restart()
    server.put("/skydns/internal/prom/node/b", {"host": "192.0.2.2", "port": 9100})
    wait_for("the second", lambda: server.targets(NODE) == {f"a.{NODE}:9100", f"b.{NODE}:9100"})
    fill(disk)
    while not server.try_put("/other/more", "x" * 500_000).returncode:
        pass
    os.unlink(f"{disk}/filler")
    wait_for("room without a restart", lambda: not server.try_put("/other/more", "y").returncode)
    says("good")
    scenario.step(f"full after {written} puts; answers go on, room makes it write again")
    return server, disk


def read_only(scenario, server, disk):
    both = {f"a.{NODE}:9100", f"b.{NODE}:9100"}
    server.process.stop()
    subprocess.run(["mount", "-o", "remount,ro", disk], check=True)
    server.start()
    equal(server.targets(NODE), both, "a read-only file system is served from")
    refused = server.try_put("/skydns/internal/prom/node/c", "{}")
    check(refused.returncode, "writes are refused")
    says("full")
    check("Read-only" in server.process.output(), f"the log says why: {server.process.output()[-500:]}")
    subprocess.run(["mount", "-o", "remount,rw", disk], check=True)
    server.restart()
    server.put("/skydns/internal/prom/node/c", {"host": "192.0.2.3", "port": 9100})
    wait_for("the third", lambda: server.targets(NODE) == both | {f"c.{NODE}:9100"})
    server.process.stop()
    scenario.step("read-only: answers go on, writes are refused")


def failing_sync(scenario):
    flag = scenario.path("sync-fails")
    shim = f"{os.path.dirname(BINARY)}/test/store_crash/libpowerloss.so"
    path = scenario.path("failing")
    server = Embedded(scenario, name="failing", path=path, env={
        "LD_PRELOAD": shim, "POWERLOSS_FILE": f"{path}/store.mdb",
        "POWERLOSS_IMAGE": scenario.path("failing.image"), "POWERLOSS_FAIL": flag})
    server.put("/skydns/internal/prom/node/a", {"host": "192.0.2.1", "port": 9100})
    wait_for("the first", lambda: server.targets(NODE) == {f"a.{NODE}:9100"})
    scenario.write("sync-fails", "")
    check(server.try_put("/skydns/internal/prom/node/b", "{}").returncode, "an unsynced put fails")
    os.unlink(flag)
    refused = server.try_put("/skydns/internal/prom/node/b", "{}")
    check(refused.returncode, "after a failed sync nothing is written until the next start")
    equal(server.targets(NODE), {f"a.{NODE}:9100"}, "answers go on")
    check("no more writes until the next start" in server.process.output(), "the log says so")
    says("failed")
    server.restart()
    server.put("/skydns/internal/prom/node/b", {"host": "192.0.2.2", "port": 9100})
    wait_for("both", lambda: len(server.targets(NODE)) == 2)
    server.process.stop()
    scenario.step("a failed sync ends writing until the next start, and nothing else")


def damaged(scenario):
    server = Embedded(scenario, name="damaged")
    server.load((f"/skydns/internal/prom/node/n{i}", {"host": "192.0.2.1", "port": 9100 + i})
                for i in range(300))
    backup = scenario.path("backup")
    equal(cli("store", "backup", backup, f"--store.path={server.path}").returncode, 0, "a backup")
    equal(cli("store", "check", f"--store.path={server.path}").returncode, 0, "it is sound")
    server.process.stop()
    file = f"{server.path}/store.mdb"
    good = scenario.path("good")
    shutil.copy(file, good)
    size = 300 * 120
    for kind in ("garbage", "cut short", "zeroes"):
        shutil.copy(good, file)
        with open(file, "r+b") as handle:
            if kind == "cut short":
                handle.truncate(16384)
            else:
                handle.seek(8192)
                octets = random.Random(7).randbytes(size) if kind == "garbage" else bytes(size)
                handle.write(octets)
        # With it, answers would go on: test/last_known.
        shutil.rmtree(f"{server.path}/last-known", ignore_errors=True)
        server.start(wait=False)
        wait_for(f"{kind}: an answer", lambda: dns.answer(NODE, "SRV", port=server.port)[0] == "SERVFAIL")
        holds(f"{kind}: nothing is denied", lambda: server.answer("nobody.prom.internal")[0] == "SERVFAIL", 1)
        check("rollcall store restore" in server.process.output(), f"{kind}: the log says what to do")
        says("damaged")
        closed = server.ctl("--dial-timeout=1s", "--command-timeout=1s", "put", "a", "b")
        check(closed.returncode, f"{kind}: nothing can be written")
        check(server.process.running(), f"{kind}: the server goes on")
        equal(server.process.stop(), 0, f"{kind}: and stops cleanly")
        said = cli("store", "check", f"--store.path={server.path}")
        check(said.returncode == 1 and "FAILED" in said.stdout, f"{kind}: check says so: {said}")
    os.rename(server.path, server.path + ".old")
    equal(cli("store", "restore", backup, f"--store.path={server.path}").returncode, 0, "a restore")
    server.start()
    wait_for("all of them", lambda: len(server.targets(NODE)) == 300)
    scenario.step("damaged, cut short, zeroed: SERVFAIL and a sentence; restored: all is there")
    return server


def second(scenario, server):
    other = process.run([BINARY, "serve", f"--store.path={server.path}",
                         "--dns.listen-address=127.0.0.1:5399"])
    equal(other.returncode, 1, "a second server on the same path")
    check(f"in use by process {server.process.pid}" in other.stderr, other.stderr)
    other = process.run([BINARY, "serve", f"--store.path={scenario.path('elsewhere')}",
                         "--dns.listen-address=127.0.0.1:5399"])
    equal(other.returncode, 1, "a second server on the same address")
    check("--store.listen-address" in other.stderr, other.stderr)
    other = process.run([BINARY, "serve", f"--store.path={scenario.path('elsewhere')}",
                         "--store.listen-address=127.0.0.1:2399", "--dns.listen-address=127.0.0.1:5399",
                         "--web.listen-address=127.0.0.1:9530"])
    equal(other.returncode, 1, "a second server that is to have the web address of the first")
    check("cannot listen at 127.0.0.1:9530" in other.stderr, other.stderr)
    open_to_all = process.run([BINARY, "serve", f"--store.path={scenario.path('elsewhere')}",
                               "--store.listen-address=0.0.0.0:2380"])
    equal(open_to_all.returncode, 2, "open to all")
    check("--store.users-file" in open_to_all.stderr, open_to_all.stderr)
    scenario.step("a second server, and one that is open to all, are refused")


def run(scenario):
    server, disk = full(scenario)
    read_only(scenario, server, disk)
    failing_sync(scenario)
    second(scenario, damaged(scenario))


main(run)
