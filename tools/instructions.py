#!/usr/bin/python3
"""How many instructions a question costs, beside what it cost when bench/instructions.json was
written: a guard that does not hang on how busy the machine is.

    HOT_PATH=build/release/bench/hot_path tools/instructions.py [--write]

valgrind counts (tool callgrind); the counts hang on the compiler and on the processor's features,
so that they are compared on one kind of machine.  More than 3 % above fails.
"""

import json
import os
import re
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
HOT_PATH = os.environ.get("HOT_PATH", f"{ROOT}/build/release/bench/hot_path")
KEPT = f"{ROOT}/bench/instructions.json"
MORE = 1.03
COUNT = 512 * 8


def counted(kind, count):
    done = subprocess.run(["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null", HOT_PATH, kind,
                           str(count)], capture_output=True, text=True, timeout=300, check=False)
    found = re.search(r"Collected : (\d+)", done.stderr)
    if done.returncode or not found:
        sys.exit(f"hot_path {kind} {count}:\n{done.stderr[-2000:]}")
    return int(found[1])


def main():
    kinds = subprocess.run([HOT_PATH], capture_output=True, text=True, timeout=10, check=True).stdout.split()
    now = {kind: round((counted(kind, 2 * COUNT) - counted(kind, COUNT)) / COUNT) for kind in kinds}
    kept = {}
    if os.path.exists(KEPT):
        with open(KEPT, encoding="ascii") as handle:
            kept = json.load(handle)
    more = []
    print(f"{'instructions a question':26}{'kept':>10}{'now':>10}{'ratio':>8}")
    for kind, value in now.items():
        before = kept.get(kind)
        ratio = f"{value / before:.2f}" if before else ""
        print(f"{kind:26}{before or '':>10}{value:>10}{ratio:>8}")
        if before and value > before * MORE:
            more.append(kind)
    if "--write" in sys.argv[1:]:
        with open(KEPT, "w", encoding="ascii") as handle:
            json.dump(now, handle, indent=1)
            handle.write("\n")
    elif more:
        sys.exit(f"more than {(MORE - 1) * 100:.0f} % above: {', '.join(more)}")


main()
