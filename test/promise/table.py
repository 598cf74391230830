"""The table of faults, and how a trial tells its line to the one who asked for it."""

import json
import re

_PREFIX = "ROW "
_WIDTH = 65  # of the longest name of a fault


class Row(dict):
    """A line of the table: numbers, or "-" where it did not come so far; what went wrong, or ""."""

    @staticmethod
    def of(fault, store, problem="no result"):
        return Row(fault=fault.name, store=store, before="-", lowest="-", after="-", acts="-", right="-",
                   problem=problem)

    def to_text(self):
        """As last_row() finds it."""
        return _PREFIX + json.dumps(self)

    def line(self):
        right = self["right"] if self["right"] == "-" else f"{self['right']:.1f} s"
        text = (f"{self['fault']:<{_WIDTH}} {self['store']:<9} {self['before']:>6} {self['lowest']:>6} "
                f"{self['after']:>6}  {self['acts']:<6} {right:>7}")
        problem = " ".join(self["problem"].split())
        return text + (f"  {problem[:250]}" if problem else "")


HEAD = f"{'fault':<{_WIDTH}} {'store':<9} {'before':>6} {'lowest':>6} {'after':>6}  {'acts':<6} {'right':>7}"


def last_row(output):
    """What a trial has printed; None: nothing."""
    rows = [line for line in output.splitlines() if line.startswith(_PREFIX)]
    return Row(json.loads(rows[-1][len(_PREFIX):])) if rows else None


def slug(*words):
    """A name for files."""
    return re.sub(r"[^a-z0-9]+", "-", "-".join(words).lower())
