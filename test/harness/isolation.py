"""Puts a scenario into namespaces of its own: network, mounts, processes.

Nothing a scenario starts can meet the machine's ports, routes or files in /etc, so the
well-known ports (53, 2379, 9100) are free in every scenario.  When the scenario ends, in
whatever way, the kernel ends its processes and takes its networks down: there is nothing to
clean up by name.
"""

import ctypes
import os
import pathlib
import subprocess
import sys

_INSIDE = "ROLLCALL_SCENARIO_INSIDE"
_CLONE_NEWNS = 0x00020000
_CLONE_NEWUTS = 0x04000000
_CLONE_NEWNET = 0x40000000
_MS_BIND = 0x1000

_libc = ctypes.CDLL(None, use_errno=True)


def enter():
    """Runs this program again inside fresh namespaces; returns only there."""
    if os.environ.get(_INSIDE):
        del os.environ[_INSIDE]
        # `ip netns` keeps its names in /run, rollcall its pending orders in /var/lib: private
        # file systems there keep both ours.
        for directory in ("/run", "/var/lib"):
            subprocess.run(["mount", "-t", "tmpfs", "scenario", directory], check=True)
        subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
        return
    if os.geteuid() != 0:
        sys.exit("scenarios make network namespaces: run them as root (script/test does)")
    os.environ[_INSIDE] = "1"
    isolated = pathlib.Path(__file__).parents[2] / "script" / "isolated"
    os.execv(isolated, [str(isolated), "--net", sys.executable, *sys.argv])


def _checked(result, what):
    if result != 0:
        raise OSError(ctypes.get_errno(), what)


def into(netns=None, files=None):
    """What a child does between fork and exec to be on another host.

    netns: the name of a network namespace, which becomes the host's name as well;
    files: {path in /etc: file to show there}.
    """
    def step():
        if netns:
            with open(f"/run/netns/{netns}") as handle:
                _checked(_libc.setns(handle.fileno(), _CLONE_NEWNET), f"setns {netns}")
            _checked(_libc.unshare(_CLONE_NEWUTS), "unshare")
            _checked(_libc.sethostname(os.fsencode(netns), len(netns)), "sethostname")
        if files:
            _checked(_libc.unshare(_CLONE_NEWNS), "unshare")
            for path, source in files.items():
                _checked(_libc.mount(os.fsencode(source), os.fsencode(os.path.realpath(path)), None,
                                     _MS_BIND, None), f"bind {source} over {path}")
    return step
