#!/usr/bin/python3
"""Counts what a run of ctest found, and keeps the end of what its failed tests said.

    tools/ctest_report.py REPORT STAGE DIRECTORY

Prints `tests failures skipped` of the JUnit file REPORT; one that is not there is a failure.
Each failed test becomes a file in DIRECTORY, as script/test's note_failure writes them.
"""

import pathlib
import sys
import time
import xml.etree.ElementTree as tree

LINES, WIDTH = 30, 300


def count(suite):
    skipped = int(suite.get("skipped", 0)) + int(suite.get("disabled", 0))
    return int(suite.get("tests", 0)), int(suite.get("failures", 0)), skipped


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
