#!/usr/bin/python3
"""A target leaves Prometheus only when someone deregistered it: one fault after the other.

test.py            the short form: a few of them, all at once
test.py --all      all of them
test.py WORDS...   those with one of the words in their names
"""

import json
import os
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

import faults  # noqa: E402
from harness.scenario import BINARY, SERVERS, main  # noqa: E402
from harness.wait import Failure, check  # noqa: E402
from table import HEAD, Row, last_row, slug  # noqa: E402
from trial import Trial  # noqa: E402

# Trials wait more than they work: so many at once.  Each is a process in namespaces of its own.
LANES = int(os.environ.get("ROLLCALL_PROMISE_LANES", "6"))
LONGEST = 420  # seconds that one may take
ONE, BRIEF = "--one", "--brief"  # test.py --one FAULT STORE [--brief]: a trial, in this process


def chosen(words):
    """[(fault, store)]"""
    for fault in faults.ALL:
        for store in fault.stores if words else fault.brief:
            if not words or "--all" in words or any(word in fault.name for word in words):
                yield fault, store


class Child:
    def __init__(self, scenario, fault, store, options):
        self.scenario = scenario
        self.row = Row.of(fault, store)
        # Its files lie among ours, and go with them.
        env = {"ROLLCALL": BINARY, "ROLLCALL_SERVERS": SERVERS, "TMPDIR": scenario.directory}
        if os.environ.get("ROLLCALL_KEEP"):
            env["ROLLCALL_KEEP"] = os.environ["ROLLCALL_KEEP"]
        self.process = scenario.start(
            slug(fault.name, store),
            [sys.executable, os.path.abspath(__file__), ONE, fault.name, store, *options], env=env)
        self.deadline = time.monotonic() + LONGEST

    def over(self):
        """Prints what it has to say when it has ended, or has taken too long."""
        if self.process.running() and time.monotonic() < self.deadline:
            return False
        late = self.process.running()
        status = self.process.kill()
        output = self.process.output()
        self.row = last_row(output) or self.row
        if status and not self.row["problem"]:
            self.row["problem"] = f"not over after {LONGEST} s" if late else f"exit status {status}"
        print(self.row.line(), flush=True)
        if self.row["problem"]:
            print("\n".join(f"    | {line[:200]}" for line in output.splitlines()), flush=True)
        self.scenario.processes.remove(self.process)
        return True


def all_rows(scenario, todo, options, lanes):
    """Runs them, so many at a time, and prints each as it comes."""
    rows, running = [], []
    print(HEAD, flush=True)
    while todo or running:
        while todo and len(running) < lanes:
            running.append(Child(scenario, *todo.pop(0), options))
        time.sleep(0.2)
        over = [child for child in running if child.over()]
        rows += [child.row for child in over]
        running = [child for child in running if child not in over]
    return rows


def run(scenario):
    words = sys.argv[1:]
    if words[:1] == [ONE]:
        [fault] = [fault for fault in faults.ALL if fault.name == words[1]]
        Trial(scenario, fault, words[2], BRIEF in words).run()
        return
    todo = list(chosen(words))
    check(todo, f"no such fault; there are: {', '.join(fault.name for fault in faults.ALL)}")
    order = {(fault.name, store): number for number, (fault, store) in enumerate(todo)}
    rows = all_rows(scenario, todo, *(([], LANES) if words else ([BRIEF], len(todo))))
    rows.sort(key=lambda row: order[row["fault"], row["store"]])
    failed = [row for row in rows if row["problem"]]
    print("\n" + "\n".join([HEAD, *(row.line() for row in rows)]))
    print(f"\n{len(rows) - len(failed)} passed, {len(failed)} failed", flush=True)
    if failed:
        raise Failure("broken: " + ", ".join(f"{row['fault']} ({row['store']})" for row in failed))


main(run, slug("promise", *sys.argv[2:4]) if sys.argv[1:2] == [ONE] else "promise")
