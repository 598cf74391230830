"""What the program can do, by its own help: a fault may need more than is built."""

import functools
import subprocess

from harness.scenario import BINARY

_WHERE = {  # feature: (words before --help, what the help then says)
    "agent": ((), "\n  agent "),
    "protection": ((), "\n  protect "),
    "maintenance": ((), "\n  maintenance "),
    "last-known-good": (("serve",), "last-known"),
}


@functools.lru_cache(None)
def _help(words):
    return subprocess.run([BINARY, *words, "--help"], capture_output=True, text=True, check=True,
                          timeout=10).stdout


def missing(needs):
    """Those that are not built."""
    return [name for name in needs if _WHERE[name][1] not in _help(_WHERE[name][0])]
