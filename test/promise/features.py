"""What the program can do, by its own help: a fault may need more than is built."""

import functools
import subprocess

from harness.scenario import BINARY

_SAYS = {  # feature: how one sees it in the help of `rollcall`, or of `rollcall serve`
    "agent": lambda all_, serve: " agent " in all_,
    "protection": lambda all_, serve: "not yet in effect" not in serve,
    "liveness": lambda all_, serve: "not yet in effect" not in serve and " maintenance " in all_,
    "last-known-good": lambda all_, serve: "for a start while the store is away" in serve,
}


@functools.lru_cache(None)
def _help(*words):
    said = subprocess.run([BINARY, *words, "--help"], capture_output=True, text=True, check=True, timeout=10)
    return " ".join(said.stdout.split())


def missing(needs):
    """Those that are not built."""
    return [name for name in needs if not _SAYS[name](_help(), _help("serve"))]
