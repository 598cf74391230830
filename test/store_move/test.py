#!/usr/bin/python3
"""Backups under writes, restores, and everything moved between an embedded store and etcd."""

import base64
import collections
import json
import os
import re
import signal
import sys

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

from harness import process  # noqa: E402
from harness.etcd import Cluster  # noqa: E402
from harness.rollcall import Embedded, cli  # noqa: E402
from harness.scenario import BINARY, main  # noqa: E402
from harness.wait import check, equal, wait_for  # noqa: E402

MARK = "/rollcall/v1/copy"
NODES = 3000
SERVICES = 10  # so that each fits one DNS message
Value = collections.namedtuple("Value", "value lease")

# Each transaction is one more key and the number of the last: a state that holds anything else
# than 1 to the last never was.  It says what was acknowledged.
WRITER = """
i=0
while :; do
  i=$((i + 1))
  printf '\\nput /seq/%s %s\\nput /last %s\\n\\n\\n' $i $i $i | "$@" txn >/dev/null && echo $i
done
"""


def key_of(number):
    return f"/skydns/internal/prom/s{number % SERVICES}/i{number}"


def served(store):
    """How many of the nodes its DNS knows."""
    return sum(len(store.targets(f"s{service}.prom.internal")) for service in range(SERVICES))


def text(done):
    return done.stdout if hasattr(done, "stdout") else done


def everything(ctl):
    """{key: Value} of a store, through etcdctl."""
    found = json.loads(text(ctl("get", "--prefix", "", "-w", "json"))).get("kvs", [])
    return {base64.b64decode(kv["key"]): Value(base64.b64decode(kv.get("value", "")), kv.get("lease", 0))
            for kv in found}


def times(ctl, lease):
    """(granted, left) of a lease, in seconds."""
    said = text(ctl("lease", "timetolive", f"{lease:x}"))
    match = re.search(r"granted with TTL\((\d+)s\), remaining\((\d+)s\)", said)
    check(match, f"lease {lease:x}: {said}")
    return int(match[1]), int(match[2])


def grant(ctl, seconds):
    return int(text(ctl("lease", "grant", str(seconds))).split()[1], 16)


def count(ctl):
    return json.loads(text(ctl("get", "--prefix", "", "--keys-only", "--limit=1", "-w", "json"))).get("count", 0)


def said(done, status, *texts):
    check(done.returncode == status and all(text in done.stdout + done.stderr for text in texts),
          f"status {status} and {texts}, not {done.returncode}:\n{done.stdout}{done.stderr}")
    return done


def acknowledged(writer):
    return int((writer.output().split() or ["0"])[-1])


def backups(scenario, source):
    """Three, while writes go on; each is a state that was, and none lacks what was acknowledged."""
    lease = grant(source.ctl, 60)
    source.ctl("put", "/leased", "x", f"--lease={lease:x}")
    writer = scenario.start("writer", ["sh", "-c", WRITER, "writer", *source.etcdctl()], env={"ETCDCTL_API": "3"})
    made = []
    for number in range(3):
        start = acknowledged(writer) + 10
        wait_for("writes", lambda start=start: acknowledged(writer) >= start)
        file, before = scenario.path(f"backup{number}"), acknowledged(writer)
        said(cli("store", "backup", file, f"--store.path={source.path}"), 0, file)
        # One may be done and not yet acknowledged.
        made.append((file, before, acknowledged(writer) + 1))
        check(writer.running(), "writes go on")
    writer.kill()
    wait_for("some of the lease to be gone", lambda: times(source.ctl, lease)[1] <= 58)
    said(cli("store", "backup", made[0][0], f"--store.path={source.path}"), 1, made[0][0])

    states = []
    for number, (file, before, after) in enumerate(made):
        path = scenario.path(f"restored{number}")
        said(cli("store", "restore", file, f"--store.path={path}"), 0, path)
        said(cli("store", "check", f"--store.path={path}"), 0, "SUCCESS")
        restored = Embedded(scenario, name=f"restored{number}", path=path, api="127.0.0.1:2380",
                            listen="127.0.0.1:5301")
        granted, left = times(restored.ctl, lease)
        check(granted == 60 and left >= 59, f"the lease has all of its time again: {left} of {granted}")
        state = everything(restored.ctl)
        last = int(state[b"/last"].value)
        check(before <= last <= after, f"{before} was acknowledged before, {after} after, {last} is there")
        sequence = {f"/seq/{i}".encode(): Value(str(i).encode(), 0) for i in range(1, last + 1)}
        equal({k: v for k, v in state.items() if k.startswith(b"/seq/")}, sequence, "the writer's sequence")
        equal(state[b"/leased"], Value(b"x", lease), "what has a lease")
        equal(served(restored), NODES, "it is served")
        states.append(last)
        check(identity(restored) != identity(source), "clients see another cluster")
        equal(restored.process.stop(), 0, "its end")
    check(states == sorted(set(states)), f"each is later: {states}")
    scenario.step(f"backups beside a writer, restored: its first {', '.join(map(str, states))} writes and no others")
    return made[-1][0]


def identity(store):
    return json.loads(store.ctl("get", "x", "-w", "json").stdout)["header"]["cluster_id"]


def refusals(scenario, source, backup):
    """What would overwrite or mislead."""
    full = scenario.path("full")
    os.mkdir(full)
    scenario.write("full/notes", "not ours")
    said(cli("store", "restore", backup, f"--store.path={full}"), 1, full)
    equal(os.listdir(full), ["notes"], "what is in there stays alone")
    said(cli("store", "restore", backup, f"--store.path={source.path}"), 1, source.path)
    other = scenario.write("garbage", "no backup\n" * 1000)
    said(cli("store", "restore", other, f"--store.path={scenario.path('from-garbage')}"), 1, other)
    check(not os.path.exists(scenario.path("from-garbage/store.mdb")), "nothing is left of a failed restore")
    with open(backup, "rb") as handle:
        half = handle.read()
    with open(scenario.path("half"), "wb") as handle:
        handle.write(half[:len(half) // 2])
    said(cli("store", "restore", scenario.path("half"), f"--store.path={scenario.path('from-half')}"), 1,
         "half: a page is damaged or missing")
    check(not os.path.exists(scenario.path("from-half/store.mdb")), "nor of half a backup")
    second = process.run([BINARY, "serve", f"--store.path={source.path}", "--dns.listen-address=127.0.0.1:5399"])
    said(second, 1, f"in use by process {source.process.pid}")
    open_to_all = process.run([BINARY, "serve", f"--store.path={scenario.path('open')}",
                               "--store.listen-address=0.0.0.0:2380"])
    said(open_to_all, 2, "--store.users-file", "--store.client-ca")
    scenario.step("restore: into an empty directory only, and nothing but a whole backup; one server on a path")


def copy(source, target, *flags, **how):
    return cli("store", "copy", f"--from={source}", f"--to={target}", *flags, timeout=60, **how)


def without_own(state):
    """Without the records by which the source itself is found."""
    return {key: value for key, value in state.items()
            if b"/_etcd-client" not in key and not key.startswith(b"/rollcall/v1/advertised/")}


def to_etcd(scenario, source, etcd):
    """By URL, from a server that runs; interrupted on the way."""
    held = [grant(source.ctl, 75) for _ in range(20)]
    for lease in held:
        puts = "".join(f"put /held/{lease:x}/{i} {i}\n" for i in range(10))
        said(source.ctl("txn", stdin=f"\n{puts}\n\n"), 0)  # first without
        leased = "".join(f"put --lease={lease:x} /held/{lease:x}/{i} {i}\n" for i in range(10))
        said(source.ctl("txn", stdin=f"\n{leased}\n\n"), 0)
    short = grant(source.ctl, 5)
    keeping = source.start_ctl("keep-alive", "lease", "keep-alive", f"{short:x}")
    source.ctl("put", "/short", "x", f"--lease={short:x}")
    equal(everything(source.ctl)[f"/held/{held[0]:x}/1".encode()].lease, held[0], "leases hold keys")

    for attempt in range(10):
        copying = scenario.start(f"copy{attempt}", [BINARY, "store", "copy", f"--from={source.url}",
                                                    f"--to={etcd.endpoints}"])
        wait_for("the copy to be under way", lambda: count(etcd.ctl) > 100 or not copying.running(), every=0.001)
        if copying.running():
            copying.kill()
            there = everything(etcd.ctl)
            if MARK.encode() in there:
                break
        etcd.delete("--prefix", "")
    check(MARK.encode() in there and 100 < len(there) < NODES, f"it was killed on the way, at {len(there)} keys")

    # What happens before it is run again.
    for key in (key_of(1), key_of(2999)):
        source.ctl("del", key)
    source.put(key_of(2), {"host": "192.0.2.2", "port": 4711})
    done = said(copy(source.url, etcd.endpoints), 0, "are at both ends and equal", "left out: 2 records")
    equal(done.stderr, "", "without a terminal there is no bar")
    equal(len(done.stdout.splitlines()), 2, f"what it says: {done.stdout}")
    want, got = without_own(everything(source.ctl)), everything(etcd.ctl)
    check(len(want) > NODES, f"{len(want)} keys")
    check(len(want) + 2 == len(everything(source.ctl)), "the source's own records are left out")
    equal(got, want, "keys, values and leases, and neither a mark nor what was deleted meanwhile")
    for lease in held[:3] + [short]:
        granted, left = times(etcd.ctl, lease)
        equal(granted, times(source.ctl, lease)[0], "the time of a lease")
        check(left >= granted - 4, f"all of it was left: {left} of {granted}")
    scenario.step(f"copy to three members, killed at {len(there)} keys, run again: {len(got)} keys, {len(held) + 1} leases")

    keeping.kill()
    wait_for("a lease that nobody renews to end there", lambda: etcd.get("/short") is None, 15)
    equal(len(etcd.keys("/held")), 200, "the others go on")
    scenario.step("a host that does not come back is noticed after the copy")


def terminal(scenario, source, etcd):
    """On a terminal there is a bar, which is gone at the end; and again there is nothing to do."""
    command = f"{BINARY} store copy --from={source.url} --to={etcd.endpoints}"
    done = process.run(["script", "-qec", command, "/dev/null"])
    check(done.returncode == 0 and "copying  [" in done.stdout, f"a bar: {done.stdout!r}{done.stderr}")
    done = said(copy(source.url, etcd.endpoints), 0, "(0 written, 0 removed)")
    scenario.step("copy: a bar on a terminal only; run again, it finds nothing to do")


def back(scenario, etcd):
    """Into a directory, where a server starts; and to a server that runs, which holds other keys."""
    path = scenario.path("back")
    said(copy(etcd.endpoints, path), 0, "are at both ends and equal")
    said(cli("store", "check", f"--store.path={path}"), 0, "SUCCESS")
    restored = Embedded(scenario, name="back", path=path, api="127.0.0.1:2380", listen="127.0.0.1:5301")
    equal(everything(restored.ctl), everything(etcd.ctl), "what is in the directory")
    equal(served(restored), NODES - 2, "it is served")
    equal(restored.targets("i2.s2.prom.internal"), {"i2.s2.prom.internal:4711"}, "as it was last")
    said(copy(path, etcd.endpoints), 2, "in use", "by its URL")
    equal(restored.process.stop(), 0, "its end")

    target = Embedded(scenario, name="target", api="127.0.0.1:2380", listen="127.0.0.1:5301")
    target.put("/other/app", "theirs")
    target.put(key_of(3), "theirs")
    before = everything(target.ctl)
    done = said(copy(etcd.endpoints, target.url), 1, key_of(3), "overwritten")
    now = everything(target.ctl)
    equal({key: now[key] for key in before}, before, "what it held is still as it was")
    said(copy(etcd.endpoints, target.url, "--overwrite"), 0, "left alone: 1 keys")
    now = everything(target.ctl)
    equal(now.pop(b"/other/app"), before[b"/other/app"], "a key of its own")
    equal(now, everything(etcd.ctl), "all the rest")
    said(copy(target.url, target.url), 1, "the same store")
    said(copy(scenario.path("nowhere"), target.url), 2, "is not there")
    target.process.stop()
    scenario.step("copy back: into a directory, and beside other keys; a conflict is named and nothing replaced")


def stopped(scenario, source, etcd):
    """By Ctrl-C: it says how to go on."""
    for attempt in range(10):
        etcd.delete("--prefix", "")
        copying = scenario.start(f"stopped{attempt}", [BINARY, "store", "copy", f"--from={source.url}",
                                                       f"--to={etcd.endpoints}"])
        wait_for("the copy to be under way", lambda: count(etcd.ctl) > 100 or not copying.running(), every=0.001)
        copying.signal(signal.SIGINT)
        if copying.wait():
            break
    check("run it again to go on" in copying.output(), copying.output())
    equal(copying.wait(), 1, "its status")
    said(copy(source.url, etcd.endpoints), 0)
    equal(everything(etcd.ctl), without_own(everything(source.ctl)), "all of it")
    scenario.step("copy: Ctrl-C, run again")


def impossible_lease(scenario, source):
    """A cluster whose shortest lease is longer than one of the source's."""
    slow = Cluster(scenario, [scenario.network.host("slow1", 20)], name="slow",
                   flags=["--heartbeat-interval=500", "--election-timeout=5000"])
    lease = grant(source.ctl, 5)
    keeping = source.start_ctl("keep-alive-5", "lease", "keep-alive", f"{lease:x}")
    source.ctl("put", "/a-short-one", "x", f"--lease={lease:x}")
    said(copy(source.url, slow.endpoints), 1, f"lease {lease} lives for 5 s at the source")
    keeping.kill()
    scenario.step("a lease that cannot have its time fails the copy")


def run(scenario):
    members = [scenario.network.host(f"etcd{i}", 10 + i) for i in (1, 2, 3)]
    etcd = Cluster(scenario, members)
    source = Embedded(scenario, "--store.advertise=127.0.0.1:2379", name="source")
    source.load((key_of(i), {"host": f"10.{i // 62500}.{i // 250 % 250}.{i % 250}", "port": 9100})
                for i in range(NODES))
    wait_for("all of them", lambda: served(source) == NODES)
    backup = backups(scenario, source)
    refusals(scenario, source, backup)
    to_etcd(scenario, source, etcd)
    terminal(scenario, source, etcd)
    back(scenario, etcd)
    stopped(scenario, source, etcd)
    impossible_lease(scenario, source)


main(run)
