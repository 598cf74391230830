#!/usr/bin/python3
"""What packaging/ ships is sound: units, init scripts, register.sh, resolver recipes."""

import os
import pathlib
import shutil
import subprocess
import tempfile
import unittest

PACKAGING = pathlib.Path(__file__).resolve().parents[2] / "packaging"


def run(*argv, env=None, cwd=None):
    return subprocess.run(argv, capture_output=True, text=True, check=False, cwd=cwd,
                          env={"PATH": os.environ["PATH"], **(env or {})})


class Units(unittest.TestCase):
    @unittest.skipUnless(shutil.which("systemd-analyze"), "no systemd-analyze here")
    def test_systemd_takes_them(self):
        with tempfile.TemporaryDirectory() as directory:
            # The services first: a timer is sound only beside its own.
            units = PACKAGING / "systemd"
            for unit in [*units.glob("*.service"), *units.glob("*.timer")]:
                name = unit.name.replace("@.", "@node.")
                # verify wants the programs to be there; what they are called is not its concern.
                text = unit.read_text(encoding="utf-8").replace("/usr/bin/rollcall", "/bin/true")
                text = text.replace("/usr/lib/rollcall/register.sh", "/bin/true")
                (pathlib.Path(directory) / name).write_text(text, encoding="utf-8")
                done = run("systemd-analyze", "verify", f"./{name}", cwd=directory)
                # Other units of the machine may be complained of as well: ours is looked for.
                ours = [line for line in done.stderr.splitlines() if name in line]
                self.assertEqual(ours, [], unit.name)

    def test_shell_is_sound(self):
        for shell in ("dash", "busybox"):
            if not shutil.which(shell):
                continue
            for script in ("register.sh", "sysvinit/prom-node", "sysvinit/rollcall-agent"):
                words = [shell, "sh"] if shell == "busybox" else [shell]
                done = run(*words, "-n", str(PACKAGING / script))
                self.assertEqual((done.returncode, done.stderr), (0, ""), (shell, script))

    def test_upstart_kills_rollcall_and_nothing_else_when_the_machine_goes_down(self):
        text = (PACKAGING / "upstart/prom-node.conf").read_text(encoding="utf-8")
        script = text.split("pre-stop script\n")[1].split("end script")[0]
        # As initctl answers while a job stops.
        status = "prom-node stop/pre-stop, process 4711\\n\\tpre-stop process 4712\\n"
        stand_in = f"initctl() {{ printf '{status}'; }}\nkill() {{ echo \"$@\"; }}\n"
        for events, killed in (("runlevel", "-KILL 4711\n"), ("", "")):
            done = run("sh", "-ec", stand_in + script, env={"UPSTART_STOP_EVENTS": events})
            self.assertEqual((done.returncode, done.stdout), (0, killed), done.stderr)

    def test_the_defaults_hold_what_the_units_read(self):
        names = {line.split("=")[0] for file in ("prom", "prom-node")
                 for line in (PACKAGING / "default" / file).read_text(encoding="utf-8").splitlines()
                 if "=" in line and not line.startswith("#")}
        self.assertLessEqual({"ETCD_ENDPOINT", "ETCD_BASE_PATH", "EXPORTER_PORT", "EXPORTER_COMMAND"},
                             names)


class RegisterSh(unittest.TestCase):
    """With `echo` in rollcall's place, by each shell that is here."""

    SHELLS = [words for words in (["dash"], ["busybox", "sh"], ["bash", "--posix"])
              if shutil.which(words[0])]

    def call(self, *words, **env):
        results = {}
        for shell in self.SHELLS:
            done = run(*shell, str(PACKAGING / "register.sh"), *words, env={"ROLLCALL": "echo", **env})
            results[tuple(shell)] = (done.returncode, done.stdout.strip())
        self.assertEqual(len(set(results.values())), 1, results)
        return next(iter(results.values()))

    def test_the_old_verbs(self):
        self.assertEqual(self.call("set", EXPORTER_TYPE="node", EXPORTER_PORT="9100"),
                         (0, "register node"))
        self.assertEqual(self.call("rm", EXPORTER_TYPE="node.a"), (0, "deregister node.a"))

    def test_wrong_use(self):
        for words, env in (((), {"EXPORTER_TYPE": "node"}), (("set",), {}), (("rm",), {}),
                           (("set",), {"EXPORTER_TYPE": "node"}),
                           (("get",), {"EXPORTER_TYPE": "node"}),
                           (("rm", "node"), {"EXPORTER_TYPE": "node"})):
            self.assertEqual(self.call(*words, **env), (2, ""), (words, env))

    def test_values_arrive_as_they_are(self):
        for odd in ("no de", "a'b", 'a"b', "$(id)", "*", "a;b"):
            self.assertEqual(self.call("set", EXPORTER_TYPE=odd, EXPORTER_PORT="9100"),
                             (0, f"register {odd}"))

    def test_what_is_missing_is_named(self):
        for words, env, name in (("set", {"EXPORTER_TYPE": "node"}, "EXPORTER_PORT"),
                                 ("set", {"EXPORTER_TYPE": "", "EXPORTER_PORT": "1"}, "EXPORTER_TYPE"),
                                 ("rm", {}, "EXPORTER_TYPE")):
            done = run("sh", str(PACKAGING / "register.sh"), words, env={"ROLLCALL": "echo", **env})
            self.assertIn(f"{name} is not set", done.stderr)

    def test_a_crash_is_no_deregistration(self):
        self.assertEqual(self.call("rm", EXPORTER_TYPE="node", SERVICE_RESULT="signal"), (0, ""))
        self.assertEqual(self.call("rm", EXPORTER_TYPE="node", SERVICE_RESULT="success"),
                         (0, "deregister node"))

    def test_a_shutdown_is_no_deregistration(self):
        for level in ("0", "6"):
            self.assertEqual(self.call("rm", EXPORTER_TYPE="node", RUNLEVEL=level), (0, ""))
        self.assertEqual(self.call("rm", EXPORTER_TYPE="node", RUNLEVEL="2"), (0, "deregister node"))


if __name__ == "__main__":
    unittest.main()
