"""The frame of a scenario: a directory for its files, steps printed, logs kept on failure."""

import os
import shutil
import subprocess
import signal
import sys
import tempfile
import time
import traceback

from . import isolation, process
from .net import Network
from .wait import Failure

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
SERVERS = os.environ.get("ROLLCALL_SERVERS", f"{ROOT}/build/servers/bin")
BINARY = os.environ.get("ROLLCALL", f"{ROOT}/build/dev/rollcall")


class Scenario:
    """What a scenario works with.  `processes` are stopped at its end, in whatever state."""

    def __init__(self, name):
        self.name = name
        self.directory = tempfile.mkdtemp(prefix=f"rollcall-{name}-")
        # Readable for programs that give up root.
        os.chmod(self.directory, 0o755)
        self.processes = []
        self.network_ = None
        self.started = time.monotonic()

    @property
    def network(self):
        if not self.network_:
            self.network_ = Network(self.directory)
        return self.network_

    def path(self, name):
        return f"{self.directory}/{name}"

    def write(self, name, text):
        os.makedirs(os.path.dirname(self.path(name)), exist_ok=True)
        with open(self.path(name), "w", encoding="utf-8") as handle:
            handle.write(text)
        return self.path(name)

    def start(self, name, argv, **where):
        child = process.Process(name, argv, self.path(name + ".log"), **where)
        self.processes.append(child)
        return child

    def step(self, text):
        print(f"[{time.monotonic() - self.started:6.1f} s] {text}", flush=True)

    def end(self):
        for child in reversed(self.processes):
            child.signal(signal.SIGCONT)
            child.signal(signal.SIGTERM)
        for child in self.processes:
            try:
                child.wait(3)
            except Failure:
                child.kill()


def server(name):
    """A server of script/servers."""
    path = f"{SERVERS}/{name}"
    if not os.path.exists(path):
        sys.exit(f"{path} is not there: run script/servers first")
    return path


def main(run, name=None):
    """Runs a scenario in namespaces of its own; the program's exit status tells how it went."""
    if not os.path.exists(BINARY):
        sys.exit(f"{BINARY} is not there: build it, or name another by ROLLCALL=FILE")
    isolation.enter()
    name = name or os.path.basename(os.path.dirname(os.path.abspath(sys.argv[0])))
    # Ends as by Ctrl-C: the first process of a namespace is deaf to it otherwise.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    scenario = Scenario(name)
    try:
        run(scenario)
        scenario.step("passed")
        status = 0
    except KeyboardInterrupt:
        status = 130
    except Exception as error:  # pylint: disable=broad-except
        if isinstance(error, Failure):
            frame = traceback.extract_tb(error.__traceback__)
            places = " < ".join(f"{os.path.basename(f.filename)}:{f.lineno}" for f in reversed(frame)
                                if "/wait.py" not in f.filename)
            scenario.step(f"FAILED: {error}\n  at {places}")
        else:
            traceback.print_exc()
        status = 1
        _show_logs(scenario)
    finally:
        scenario.end()
    if status in (0, 130) or not os.environ.get("ROLLCALL_KEEP"):
        _unmount_below(scenario.directory)
        shutil.rmtree(scenario.directory, ignore_errors=True)
    sys.exit(status)


def _unmount_below(directory):
    """What a scenario has mounted there would keep it from being removed."""
    with open("/proc/self/mounts", encoding="utf-8") as mounts:
        places = [line.split()[1] for line in mounts]
    for place in reversed(places):
        if f"{place}/".startswith(f"{directory}/"):
            subprocess.run(["umount", "-l", place], check=False)


def _show_logs(scenario):
    kept = f"{ROOT}/build/test-logs/{scenario.name}"
    shutil.rmtree(kept, ignore_errors=True)
    os.makedirs(kept)
    for child in scenario.processes:
        if os.path.exists(child.log):
            shutil.copy(child.log, kept)
    for log in sorted(os.listdir(kept)):
        with open(f"{kept}/{log}", encoding="utf-8", errors="replace") as handle:
            lines = handle.read().splitlines()
        print(f"--- {log}, the last of {len(lines)} lines (whole: {kept}/{log})")
        print("\n".join(line[:200] for line in lines[-8:]), flush=True)
