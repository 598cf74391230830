"""etcdctl where it goes on: watches, locks, elections, leases that end."""

import json
import re
import time

from harness.wait import check, equal, wait_for


def _lines(program):
    return [line for line in program.output().splitlines() if not line.startswith("{")]


def _put(ours, *words):
    equal(ours.ctl("put", *words).stdout, "OK\n", f"put {words}")


def _revision(ours):
    return json.loads(ours.ctl("get", "x", "-w", "json").stdout)["header"]["revision"]


def watches(scenario, ours):
    _put(ours, "/w/a", "1")
    revision = _revision(ours)
    _put(ours, "/w/b", "1")
    ours.ctl("del", "/w/a")
    past = ours.start_ctl("watch-past", "watch", "--prefix", "/w/", f"--rev={revision}", "--prev-kv")
    one = ours.start_ctl("watch-one", "watch", "/w/b")
    many = ours.start_ctl("watch-many", "watch", "-i", talks=True)
    many.say("watch /w/c")
    many.say("watch --prefix /w/d")
    many.say("progress")
    wait_for("progress", lambda: any("progress notify" in line for line in _lines(many)))
    # A watch of the present has begun once it tells of a change; the first may come before.
    count = 1

    def told():
        nonlocal count
        count += 1
        _put(ours, "/w/b", str(count))
        return len(_lines(one)) >= 3
    wait_for("the watch of one key", told, every=0.1)
    for key in ("/w/c", "/w/dd", "/w/other"):
        _put(ours, key, "x")
    wait_for("both interactive watches", lambda: _lines(many)[-6:] == ["PUT", "/w/c", "x", "PUT", "/w/dd", "x"])
    expected = ["PUT", "/w/a", "1", "PUT", "/w/b", "1", "DELETE", "/w/a", "1", "/w/a", ""]
    for number in range(2, count + 1):
        expected += ["PUT", "/w/b", str(number - 1), "/w/b", str(number)]
    for key in ("/w/c", "/w/dd", "/w/other"):
        expected += ["PUT", key, "x"]
    wait_for("the past and all since", lambda: len(_lines(past)) >= len(expected))
    equal(_lines(past), expected, "every change once, from the revision on, with what was before")
    first = int(_lines(one)[2])
    equal(_lines(one), [line for number in range(first, count + 1) for line in ("PUT", "/w/b", str(number))],
          "one key")
    for program in (past, one, many):
        program.stop()
    scenario.step("watch: a prefix, from the past, with what was before, several in one")


def leases(scenario, ours):
    def grant(seconds):
        return re.match(r"lease (\w+) granted", ours.ctl("lease", "grant", str(seconds)).stdout)[1]

    short, kept = grant(2), grant(2)
    watch = ours.start_ctl("watch-leases", "watch", "--prefix", "/l/", f"--rev={_revision(ours)}")
    for key in ("/l/1", "/l/2"):
        _put(ours, key, "x", f"--lease={short}")
    _put(ours, "/l/kept", "x", f"--lease={kept}")
    keeping = ours.start_ctl("keep-alive", "lease", "keep-alive", kept)
    keeping.wait_output("keepalived with TTL(2)")
    began = time.monotonic()
    wait_for("the end of the lease", lambda: _lines(watch).count("DELETE") == 2)
    check(time.monotonic() - began < 4, "not much later than after its two seconds")
    equal(ours.ctl("lease", "timetolive", short).stdout, f"lease {short} already expired\n", "it is over")
    wait_for("more renewals", lambda: len(_lines(keeping)) >= 4)
    equal(ours.ctl("get", "--prefix", "--keys-only", "/l/").stdout.split(), ["/l/kept"], "what is kept alive stays")
    ours.ctl("lease", "revoke", kept)
    wait_for("its end", lambda: _lines(watch)[-3:-1] == ["DELETE", "/l/kept"])
    wait_for("the one who kept it to be told", lambda: not keeping.running())
    check(f"lease {kept} expired or revoked" in keeping.output(), keeping.output())
    watch.stop()
    scenario.step("leases: kept alive, ended by themselves, revoked; watches see their keys go")


def locks(scenario, ours):
    first = ours.start_ctl("lock-1", "lock", "the-lock")
    held = wait_for("the first", lambda: _lines(first))[0]
    check(held.startswith("the-lock/"), f"its key: {held}")
    waiting = []
    for number in (2, 3):
        waiting.append(ours.start_ctl(f"lock-{number}", "lock", "the-lock"))
        wait_for("it to stand in line", lambda number=number: len(ours.ctl(
            "get", "--prefix", "--keys-only", "the-lock/").stdout.split()) == number)
    second, third = waiting
    equal(_lines(second) + _lines(third), [], "both wait")
    first.stop()
    wait_for("the second", lambda: _lines(second))
    equal(_lines(third), [], "in order of arrival")
    second.kill()  # its session ends with its lease, of ten seconds
    key = ours.ctl("get", "--prefix", "--keys-only", "--sort-by=CREATE", "the-lock/").stdout.split()[0]
    ours.ctl("lease", "revoke", key.rsplit("/", 1)[1])
    wait_for("the third", lambda: _lines(third))
    third.stop()
    done = ours.ctl("lock", "the-lock", "--", "sh", "-c", "echo $ETCD_LOCK_KEY")
    equal((done.returncode, done.stdout.split("/")[0]), (0, "the-lock"), "a command under the lock")
    equal(ours.ctl("get", "--prefix", "the-lock/").stdout, "", "nothing is left of it")
    scenario.step("lock: one at a time, in order; the end of a lease passes it on; with a command")


def elections(scenario, ours):
    listener = ours.start_ctl("elect-listen", "elect", "--listen", "the-post")
    one = ours.start_ctl("elect-1", "elect", "the-post", "one")
    wait_for("the first", lambda: _lines(one)[1:] == ["one"])
    other = ours.start_ctl("elect-2", "elect", "the-post", "other")
    wait_for("a second candidate", lambda: len(ours.ctl(
        "get", "--prefix", "--keys-only", "the-post/").stdout.split()) == 2)
    equal(_lines(other), [], "it waits")
    wait_for("the listener", lambda: "one" in _lines(listener))
    one.stop()
    wait_for("the second", lambda: _lines(other)[1:] == ["other"])
    wait_for("the listener", lambda: _lines(listener)[-1] == "other")
    for program in (other, listener):
        program.stop()
    scenario.step("elect: one leads, the next follows, a listener hears of both")


def perf(scenario, ours):
    """A minute long, whatever its load is."""
    done = ours.ctl("check", "perf", timeout=120)
    verdict = [line.split("\r")[-1] for line in done.stdout.splitlines()][-4:]
    check(done.returncode == 0 and verdict[-1].endswith("PASS"), f"{done.stdout[-500:]}{done.stderr}")
    scenario.step(f"check perf: {'; '.join(verdict)}")
