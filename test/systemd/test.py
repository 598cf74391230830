#!/usr/bin/python3
"""serve, as systemd sees it: notifications, the watchdog, and an end in time."""

import os
import re
import signal
import socket
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

from harness import dns, process  # noqa: E402
from harness.etcd import Cluster  # noqa: E402
from harness.rollcall import cli  # noqa: E402
from harness.scenario import BINARY, ROOT, main  # noqa: E402
from harness.unit import confined  # noqa: E402
from harness.wait import check, equal, wait_for  # noqa: E402

SERVE = [BINARY, "serve", "--store=etcd"]


def notifications(scenario, etcd):
    path = scenario.path("notify")
    sink = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    sink.bind(path)
    sink.setblocking(False)
    told = []

    def tells(text):
        while True:
            try:
                told.append(sink.recv(4096).decode())
            except BlockingIOError:
                return any(text in message for message in told)

    etcd.put("/skydns/internal/prom/node/a", {"host": "192.0.2.1", "port": 9100})
    server = scenario.start("notify", [*SERVE, f"--store.path={scenario.path('data')}"], env={"NOTIFY_SOCKET": path, "WATCHDOG_USEC": "1000000"})
    wait_for("READY=1", lambda: tells("READY=1"))
    wait_for("its status", lambda: tells("STATUS=synced"))
    check(any("1 registrations, 0 invalid" in message for message in told), told)
    for _ in range(3):
        told.clear()
        wait_for("a sign of life within the second asked for", lambda: tells("WATCHDOG=1"), 1)
    server.signal(signal.SIGTERM)
    equal(server.wait(5), 0, "its exit status")
    check(tells("STOPPING=1"), told)
    scenario.step("ready, alive, stopping: systemd is told")


def started(scenario, name, *flags, said):
    """A server whose log has said so much."""
    server = scenario.start(name, [*SERVE, f"--store.path={scenario.path(name + '.data')}", *flags])
    server.wait_output(said, 15)
    return server


def stopped_in_time(server):
    before = time.monotonic()
    server.signal(signal.SIGTERM)
    equal(server.wait(10), 0, "its exit status")
    took = time.monotonic() - before
    check(took < 3, f"it took {took:.1f} s to end")


def stopping(scenario, etcd):
    stopped_in_time(started(scenario, "synced", said="synced with the store"))
    stopped_in_time(started(scenario, "unfound", "--etcd.discovery-srv=nowhere.test", said="store lost"))
    frozen = started(scenario, "frozen", said="synced with the store")
    etcd.members[0].process.signal(signal.SIGSTOP)
    frozen.wait_output("store lost", 15)
    stopped_in_time(frozen)
    etcd.members[0].process.signal(signal.SIGCONT)
    etcd.wait_healthy()
    lost = started(scenario, "lost", said="synced with the store")
    etcd.kill()
    lost.wait_output("store lost")
    stopped_in_time(lost)
    scenario.step("SIGTERM ends it within three seconds, whatever etcd does")


def refusing(scenario):
    """What cannot work by waiting ends at once, with the cause."""
    taken = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    taken.bind(("127.0.0.1", 5300))
    for flags, status, said in (([], 1, "another program holds it"),
                                (["--dns.listen-address=192.0.2.77:5300"], 1, "no interface"),
                                (["--etcd.cacert=/no/such/file"], 2, "No such file")):
        server = scenario.start("refused", [*SERVE, f"--store.path={scenario.path('refused.data')}", *flags])
        equal(server.wait(10), status, f"{flags}: status")
        check(said in server.output(), f"{flags}: {server.output()}")
    scenario.step("an address that is taken or not ours, a certificate that is not there")


def shipped(scenario):
    """rollcall.service and its backup, by what packaging/ has."""
    program = scenario.write("rollcall", "")
    process.run(["mount", "--bind", BINARY, program]).check_returncode()
    with open(f"{ROOT}/packaging/default/rollcall", encoding="utf-8") as handle:
        own, cluster = re.findall(r'^#?ARGS="(.*)"$', handle.read(), re.M)

    def knows():
        return dns.targets("node.prom.internal", port=53) == {"a.node.prom.internal:9100"}

    argv = confined("rollcall", program, "nobody", own)
    server = scenario.start("shipped", argv)
    server.wait_output("synced with the store", 15)
    equal(cli("register", "node", "--host=a", "--address=192.0.2.1", "--port=9100").returncode, 0, "register")
    wait_for("its answer at port 53", knows)
    server.kill()
    server = scenario.start("shipped", argv)
    wait_for("the same after kill -9", knows)
    backup = process.run(confined("rollcall-backup", program, "nobody"))
    equal(backup.returncode, 0, f"the backup: {backup.stderr}")
    saved = [f"/var/lib/rollcall-backup/{name}" for name in os.listdir("/var/lib/rollcall-backup")]
    equal(len(saved), 1, "one file")
    equal(server.stop(), 0, "its exit status")
    restored = cli("store", "restore", f"--store.path={scenario.path('restored')}", saved[0])
    equal(restored.returncode, 0, f"its restore: {restored.stderr}")
    # The line for a cluster, which is not there.
    server = scenario.start("shipped-etcd", confined("rollcall", program, "nobody", cluster))
    server.wait_output("store lost", 15)
    equal(server.stop(), 0, "its exit status")
    scenario.step("the shipped units: nobody's rights, and only their own directories to write to")


def run(scenario):
    shipped(scenario)
    etcd = Cluster(scenario)
    notifications(scenario, etcd)
    stopping(scenario, etcd)
    refusing(scenario)


main(run)
