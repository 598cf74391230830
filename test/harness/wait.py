"""Waiting for a condition, with a deadline; never for a time."""

import time


class Failure(Exception):
    """A check of the scenario failed."""


def check(condition, message):
    if not condition:
        raise Failure(message)


def equal(got, want, what):
    if got != want:
        raise Failure(f"{what}\n  got:  {got!r}\n  want: {want!r}")


def wait_for(what, predicate, seconds=10, every=0.02):
    """The first true value of `predicate`; its exceptions count as not yet."""
    deadline = time.monotonic() + seconds
    last = None
    while True:
        try:
            last = predicate()
            if last:
                return last
        except (OSError, ValueError, KeyError, EOFError) as error:
            last = error
        if time.monotonic() > deadline:
            raise Failure(f"waited {seconds} s for {what}; last: {last!r}")
        time.sleep(every)


def holds(what, predicate, seconds, every=0.1):
    """Fails as soon as `predicate` is not true within the time."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if not predicate():
            raise Failure(f"it should stay so that {what}")
        time.sleep(every)
