"""What the benchmarks of this folder share: figures of a process as the kernel has them, figures of
several rounds as one, and figures beside their goals."""

import contextlib
import glob
import os
import statistics
import sys

TICK = os.sysconf("SC_CLK_TCK")


def status(path):
    """The fields of a status file of /proc."""
    with open(path, encoding="ascii") as handle:
        return dict(line.rstrip("\n").split(":", 1) for line in handle if ":" in line)


def memory(pid):
    """Octets of a process: {"VmRSS": all that is resident, "RssAnon": of that, what is no file's}"""
    fields = status(f"/proc/{pid}/status")
    return {name: int(fields[name].split()[0]) * 1024 for name in ("VmRSS", "RssAnon")}


def wakeups(pid):
    """How often its threads gave the processor up by themselves so far."""
    return sum(int(status(file)["voluntary_ctxt_switches"]) for file in glob.glob(f"/proc/{pid}/task/*/status"))


def _seconds(stat):
    with open(stat, encoding="ascii") as handle:
        fields = handle.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / TICK


def cpu(pid):
    """Seconds of the processor that a process had so far."""
    return _seconds(f"/proc/{pid}/stat")


def threads(pid):
    """{thread: seconds} the same for each that is alive."""
    used = {}
    for task in os.listdir(f"/proc/{pid}/task"):
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):  # it has just ended
            used[int(task)] = _seconds(f"/proc/{pid}/task/{task}/stat")
    return used


def used_since(before, now):
    """{thread: seconds} between two looks of threads(); one that is new counts from nothing."""
    return {task: seconds - before.get(task, 0) for task, seconds in now.items()}


@contextlib.contextmanager
def on_processors(*processors):
    """Whoever is started meanwhile runs there only."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, processors)
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def spread(values, digits=0):
    """median [minimum, maximum]"""
    return f"{statistics.median(values):,.{digits}f} [{min(values):,.{digits}f}, {max(values):,.{digits}f}]"


def as_good(ours, goal):
    """Whether the rounds' median is not below the goal by more than their interquartile range."""
    quarters = statistics.quantiles(ours, n=4, method="inclusive") if len(ours) > 1 else [ours[0]] * 3
    return quarters[1] >= goal - (quarters[2] - quarters[0])


def progress(text):
    """A line that the next one takes the place of; told once where it is no terminal."""
    if sys.stderr.isatty():
        print(f"\r\033[K{text}", end="", file=sys.stderr, flush=True)
    elif text:
        print(text, file=sys.stderr, flush=True)


class Goals:
    """Lines of a table: what was measured, what it has to reach, whether it does."""

    def __init__(self):
        self.lines, self.missed = [], []

    def add(self, name, value, unit="", at_most=None, at_least=None, digits=0):
        goal, reached = "", True
        if at_most is not None:
            goal, reached = f"<= {at_most:,}", value <= at_most
        elif at_least is not None:
            goal, reached = f">= {at_least:,}", value >= at_least
        verdict = ("reached" if reached else "missed") if goal else ""
        self.lines.append(f"{name:52}{value:>14,.{digits}f} {unit:6}{goal:>12}  {verdict}".rstrip())
        print(self.lines[-1], flush=True)
        if not reached:
            self.missed.append(name)

    def end(self):
        print("missed: " + ", ".join(self.missed) if self.missed else "every goal is reached", flush=True)
