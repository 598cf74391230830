#!/usr/bin/python3
"""script/run comes up, says what to try, and goes without a trace."""

import os
import re
import signal
import subprocess
import sys

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

from harness.scenario import BINARY, ROOT, SERVERS, main  # noqa: E402
from harness.wait import check, equal, wait_for  # noqa: E402


def others():
    """Processes besides this one; a zombie is none."""
    found = []
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{pid}/stat", encoding="utf-8") as stat:
                name, _, state = stat.read().partition(" (")[2].rpartition(") ")
        except OSError:
            continue
        if int(pid) != os.getpid() and not state.startswith("Z"):
            found.append(name)
    return found


def run(scenario):
    temporary = scenario.path("tmp")
    os.mkdir(temporary)
    script = scenario.start("script-run", [f"{ROOT}/script/run"],
                            env={"ROLLCALL": BINARY, "ROLLCALL_SERVERS": SERVERS, "TMPDIR": temporary})
    script.wait_output("Ctrl-C ends it", 90)
    killed, again = script.output().split("kill -9: no server")
    for host in ("server01", "server02"):
        check(re.search(rf"prometheus \| node {host}\S+ up", killed), f"{host} is scraped")
        check(re.search(rf"prometheus \| node {host}\S+ ", again), f"{host} stays a target")
        check(re.search(rf"node.prom.internal +{host} ", again), f"{host} is registered as before")
    check("etcd " not in killed, "no etcd on a newcomer's way")
    scenario.step("it runs; Prometheus scrapes what is registered, and a kill loses nothing")

    environment = dict(os.environ, PATH=f"{scenario.path('bin')}:{SERVERS}:{os.environ['PATH']}")
    os.makedirs(scenario.path("bin"))
    os.symlink(BINARY, scenario.path("bin/rollcall"))
    for number, command in enumerate(re.findall(r"^  ((?:dig|export|rollcall|sudo) .*)$", script.output(), re.M)):
        # The PATH it prints is for where it was built.
        command = re.sub(r"PATH=\S+:\$PATH", "A=b", command)
        command = command.removeprefix("sudo ")
        if command.startswith("export"):
            environment.update(word.split("=", 1) for word in command.split()[1:])
            continue
        opened = script.output().count("store opened")
        done = subprocess.run(["bash", "-c", command], env=environment, capture_output=True, text=True,
                              timeout=20, check=False)
        check(done.returncode == 0, f"{command}\n{done.stdout}{done.stderr}")
        scenario.step(f"{number}: {command}")
        if "register node" in command and "deregister" not in command:
            wait_for("the new target", lambda: "another.node" in script.output(), 30)
        if "pkill" in command:
            wait_for("another server", lambda: script.output().count("store opened") > opened, 30)

    script.signal(signal.SIGINT)
    equal(script.wait(20), 0, "its exit status")
    equal(others(), [], "processes left")
    equal(os.listdir(temporary), [], "files left")
    with open("/proc/mounts", encoding="utf-8") as mounts:
        check("rollcall-run" not in mounts.read(), "mounts left")
    scenario.step("Ctrl-C: nothing left behind")


main(run)
