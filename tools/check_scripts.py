#!/usr/bin/env python3
"""Checks the shell scripts: that they parse, and that no pipe has a reader which leaves early.

Under `set -o pipefail` a writer that meets a closed pipe (SIGPIPE, status 141) fails the
script - now and then, when the reader was the faster.  `head` and `grep -q` leave early;
`sed -n 1p`, `grep ... >/dev/null` and `find ... -quit` do the same and do not.
"""

import pathlib
import re
import subprocess
import sys

EARLY = re.compile(r"\|\s*(head\b|grep\s+(-\w*q\w*|--quiet)|sed\s+[^|]*?\d*q\b|awk\s+[^|]*\bexit\b(?!\s*!))")


def scripts(root):
    for file in sorted([*(root / "script").iterdir(), *(root / ".ci").iterdir()]):
        if file.is_file() and (file.suffix == ".sh" or "bash" in file.read_text().split("\n", 1)[0]):
            yield file


def check(root):
    problems = []
    for file in scripts(root):
        parsed = subprocess.run(["bash", "-n", file], capture_output=True, text=True)
        problems += parsed.stderr.splitlines()
        for number, line in enumerate(file.read_text().splitlines(), 1):
            found = EARLY.search(line)
            if found and not line.lstrip().startswith("#"):
                problems.append(f"{file.relative_to(root)}:{number}: leaves the pipe early: {found[0]}")
    return problems


def can_fail():
    wrong = ["etcd --version | head -1", "dig x | grep -q y", "a | grep --quiet b", "a | sed 3q"]
    right = ["etcd --version | sed -n 1p", "dig x | grep y >/dev/null", "a | awk '{ f = 1 } END { exit !f }'"]
    return [f"check_scripts.py does not see: {line}" for line in wrong if not EARLY.search(line)] + [
        f"check_scripts.py dislikes: {line}" for line in right if EARLY.search(line)]


if __name__ == "__main__":
    problems = can_fail() + check(pathlib.Path(__file__).resolve().parent.parent)
    print("\n".join(problems) if problems else "every script parses and reads its pipes to the end")
    sys.exit(1 if problems else 0)
