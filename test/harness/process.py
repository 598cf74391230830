"""Child processes with a log file each, stopped by their own id."""

import os
import signal
import subprocess

from . import isolation
from .wait import Failure, wait_for


class Process:
    """One running program.  Output goes to `log`; `host` is the Host it runs on.

    talks: it reads what say() tells it; otherwise its input is empty.
    """

    def __init__(self, name, argv, log, env=None, host=None, cwd=None, files=None, talks=False):
        self.name = name
        self.log = log
        shown = dict(host.files) if host else {}
        shown.update(files or {})
        whole = {k: v for k, v in os.environ.items()
                 if not k.startswith(("ETCD", "EXPORTER_", "ROLLCALL"))}
        whole.update(env or {})
        with open(log, "ab") as out:
            self.child = subprocess.Popen(
                [str(a) for a in argv], env=whole, cwd=cwd, stdout=out,
                stdin=subprocess.PIPE if talks else subprocess.DEVNULL,
                stderr=subprocess.STDOUT, start_new_session=True,
                preexec_fn=isolation.into(host.netns if host else None, shown))

    @property
    def pid(self):
        return self.child.pid

    def say(self, line):
        self.child.stdin.write(line.encode() + b"\n")
        self.child.stdin.flush()

    def running(self):
        return self.child.poll() is None

    def signal(self, number):
        if self.running():
            self.child.send_signal(number)

    def wait(self, seconds=10):
        """The exit status; fails when it is still running then."""
        try:
            return self.child.wait(seconds)
        except subprocess.TimeoutExpired:
            raise Failure(f"{self.name} still runs after {seconds} s") from None

    def stop(self, seconds=10):
        """SIGTERM, then the exit status."""
        self.signal(signal.SIGTERM)
        return self.wait(seconds)

    def kill(self):
        """kill -9."""
        self.signal(signal.SIGKILL)
        return self.wait()

    def output(self):
        with open(self.log, encoding="utf-8", errors="replace") as handle:
            return handle.read()

    def wait_output(self, text, seconds=10):
        wait_for(f"{self.name} to say {text!r}", lambda: text in self.output(), seconds)


def run(argv, env=None, host=None, stdin=None, files=None, timeout=30):
    """Runs a command to its end: a CompletedProcess with text output."""
    shown = dict(host.files) if host else {}
    shown.update(files or {})
    whole = {k: v for k, v in os.environ.items()
             if not k.startswith(("ETCD", "EXPORTER_", "ROLLCALL"))}
    whole.update(env or {})
    return subprocess.run(
        [str(a) for a in argv], env=whole, input=stdin, capture_output=True, text=True,
        timeout=timeout, preexec_fn=isolation.into(host.netns if host else None, shown))
