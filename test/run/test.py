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
    wait_for("a target that is up", lambda: re.search(r"prometheus \| node \S+:9100 up", script.output()), 30)
    scenario.step("it runs, and Prometheus scrapes what registered itself")

    environment = dict(os.environ, PATH=f"{scenario.path('bin')}:{SERVERS}:{os.environ['PATH']}")
    os.makedirs(scenario.path("bin"))
    os.symlink(BINARY, scenario.path("bin/rollcall"))
    for number, command in enumerate(re.findall(r"^  ((?:dig|export|rollcall) .*)$", script.output(), re.M)):
        # The PATH it prints is for where it was built.
        command = re.sub(r"PATH=\S+:\$PATH", "A=b", command)
        if command.startswith("export"):
            environment.update(word.split("=", 1) for word in command.split()[1:])
            continue
        done = subprocess.run(["bash", "-c", command], env=environment, capture_output=True, text=True,
                              timeout=20, check=False)
        check(done.returncode == 0, f"{command}\n{done.stdout}{done.stderr}")
        scenario.step(f"{number}: {command}")
        if "register node" in command and "deregister" not in command:
            wait_for("the second target", lambda: "another.node" in script.output(), 30)

    script.signal(signal.SIGINT)
    equal(script.wait(20), 0, "its exit status")
    equal(others(), [], "processes left")
    equal(os.listdir(temporary), [], "files left")
    with open("/proc/mounts", encoding="utf-8") as mounts:
        check("rollcall-run" not in mounts.read(), "mounts left")
    scenario.step("Ctrl-C: nothing left behind")


main(run)
