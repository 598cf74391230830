#!/usr/bin/python3
"""Counts what a run of ctest found, and keeps the end of what its failed tests said.

    tools/ctest_report.py REPORT STAGE DIRECTORY

Prints `tests failures skipped` of the JUnit file REPORT; one that is not there is a failure.
Each failed test becomes a file in DIRECTORY, as script/test's note_failure writes them.
"""

import pathlib
import re
import sys
import time
import xml.etree.ElementTree as tree

LINES, WIDTH = 30, 300


# What a GoogleTest program that ran many cases (--gtest_brief=1) says at its end.
CASES = re.compile(r"^\[==========\] (\d+) tests? from .* ran\.", re.MULTILINE)
BAD = re.compile(r"^\[  FAILED  \] (\d+) tests?, listed below", re.MULTILINE)
SKIPPED = re.compile(r"^\[  SKIPPED \] (\d+) tests?", re.MULTILINE)


def counts_of(case):
    """(tests, failures, skipped) of one entry, each case of a program counted."""
    said = case.findtext("system-out") or ""
    bad = 1 if case.find("failure") is not None else 0
    if case.find("skipped") is not None or case.get("status") == "disabled":
        return 1, 0, 1
    ran = CASES.search(said)
    if ran is None:
        return 1, bad, 0
    number = [int(found.group(1)) if found else 0 for found in (BAD.search(said), SKIPPED.search(said))]
    return int(ran.group(1)), max(bad, number[0]), number[1]


def count(suite):
    return [sum(column) for column in zip((0, 0, 0), *map(counts_of, suite.iter("testcase")))]


def failed(suite):
    """(name, what it said) of each."""
    for case in suite.iter("testcase"):
        failure = case.find("failure")
        if failure is not None:
            said = (case.findtext("system-out") or "").strip().splitlines()
            yield case.get("name"), said + [f"({failure.get('message') or 'failed'})"]


def note(directory, stage, name, lines):
    tail = [line[:WIDTH] for line in lines[-LINES:]]
    file = directory / f"{time.time_ns() / 1e9:.9f}"
    file.write_text("\n".join([f"{stage}: {name}", *tail, ""]), encoding="utf-8", errors="replace")


def main(report, stage, directory):
    directory = pathlib.Path(directory)
    try:
        suite = tree.parse(report).getroot()
    except (OSError, tree.ParseError) as error:
        note(directory, stage, "ctest", [f"left no report: {error}"])
        print(1, 1, 0)
        return
    for name, lines in failed(suite):
        note(directory, stage, name, lines)
    print(*count(suite))


main(*sys.argv[1:])
