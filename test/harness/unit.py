"""Runs the command lines of a shipped systemd unit, as systemd would, without systemd."""

import os
import pwd
import re
import shlex

from . import process
from .scenario import ROOT

_PREFIXES = "-+!@:"
_READ_ONLY = 'mount -o remount,bind,ro / && exec "$@"'


def confined(name, program, user, arguments=""):
    """The command line of the shipped unit NAME, with no more rights than it leaves.

    As far as that can be had without systemd: the user's own, port 53, and a root file system
    that is read-only.  Makes the unit's directories, as systemd would.
    program: what stands at /usr/bin/rollcall; arguments: what $ARGS holds.
    """
    with open(f"{ROOT}/packaging/systemd/{name}.service", encoding="utf-8") as handle:
        unit = handle.read()
    uid, gid = pwd.getpwnam(user)[2:4]
    for directory in re.search(r"^StateDirectory=(.*)$", unit, re.M)[1].split():
        if not os.path.exists(f"/var/lib/{directory}"):
            os.makedirs(f"/var/lib/{directory}", 0o750)
            os.chown(f"/var/lib/{directory}", uid, gid)
    line = re.search(r"^ExecStart=(.*)$", unit, re.M)[1]
    line = line.replace("$ARGS", arguments).replace("$$", "$").replace("%%", "%")
    return ["unshare", "--mount", "sh", "-c", _READ_ONLY, "sh",
            "setpriv", f"--reuid={uid}", f"--regid={gid}", "--clear-groups", "--no-new-privs",
            "--inh-caps=-all,+net_bind_service", "--ambient-caps=-all,+net_bind_service",
            "--bounding-set=-all,+net_bind_service",
            *shlex.split(line.replace("/usr/bin/rollcall", program))]


class Unit:
    """One instance of a template on a host.

    programs: {path named by the unit: path of the program here}; environment: what the
    unit's EnvironmentFiles hold; both as the one who installs it would set them up.
    """

    def __init__(self, scenario, path, instance, host, environment, programs):
        self.scenario, self.host, self.instance = scenario, host, instance
        self.name = f"{os.path.basename(path).split('@')[0]}@{instance}-{host.name}"
        self.programs = programs
        self.environment = {"PATH": os.environ["PATH"], **environment}
        self.commands = {}
        with open(path, encoding="utf-8") as handle:
            for line in handle:
                key, equals, value = line.strip().partition("=")
                if not equals or key.startswith("#"):
                    continue
                if key.startswith("Exec"):
                    self.commands.setdefault(key, []).append(value)
                elif key == "Environment":
                    for word in shlex.split(value.replace("%i", instance)):
                        variable, _, text = word.partition("=")
                        self.environment[variable] = text
        self.main = None

    def _argv(self, line):
        """As systemd.service(5), COMMAND LINES: $WORD alone splits at spaces."""
        words = shlex.split(line.lstrip(_PREFIXES).replace("%i", self.instance))
        argv = []
        for word in words:
            if word.startswith("$") and word[1:].isidentifier():
                argv += shlex.split(self.environment.get(word[1:], ""))
            else:
                argv.append(os.path.expandvars(word) if "${" in word else word)
        return [self.programs.get(word, word) for word in argv]

    def _side(self, key, extra=None):
        for line in self.commands.get(key, []):
            done = process.run(self._argv(line), env={**self.environment, **(extra or {})},
                               host=self.host)
            if done.stdout or done.stderr:
                with open(self.scenario.path(f"{self.name}.{key}.log"), "a", encoding="utf-8") as log:
                    log.write(done.stdout + done.stderr)
            if done.returncode and not line.startswith("-"):
                raise RuntimeError(f"{key} of {self.name} failed: {done.stderr}")

    def start(self):
        self._side("ExecStartPre")
        self.main = self.scenario.start(self.name, self._argv(self.commands["ExecStart"][0]),
                                        env=self.environment, host=self.host)
        self._side("ExecStartPost", {"MAINPID": str(self.main.pid)})

    def stop(self):
        """systemctl stop: the exit status of the main process."""
        result = {"SERVICE_RESULT": "success"}
        self._side("ExecStop", {**result, "MAINPID": str(self.main.pid)})
        status = self.main.stop()
        self._side("ExecStopPost", result)
        return status

    def crash(self):
        """The main process dies by kill -9, and systemd runs what follows such an end."""
        status = self.main.kill()
        result = {"SERVICE_RESULT": "signal", "EXIT_CODE": "killed", "EXIT_STATUS": "KILL"}
        self._side("ExecStop", result)
        self._side("ExecStopPost", result)
        return status
