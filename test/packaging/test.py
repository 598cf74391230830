#!/usr/bin/python3
"""What packaging/ ships is sound: units, init scripts, register.sh, resolver recipes."""

import http.server
import json
import os
import pathlib
import shutil
import subprocess
import tempfile
import threading
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


class Api(http.server.BaseHTTPRequestHandler):
    """As much of a server's API as register.sh asks of it."""

    def answer(self, status, body):
        text = json.dumps(body, separators=(",", ":")).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def do(self):
        size = int(self.headers.get("Content-Length") or 0)
        body = self.rfile.read(size).decode()
        held = self.server.held
        name = self.path.split("/")[-1].partition("?")[0]
        if self.command != "GET":
            self.server.asked.append((self.command, self.path, body,
                                      self.headers.get("Content-Type"),
                                      self.headers.get("Authorization")))
        if self.server.refusal:
            self.answer(*self.server.refusal)
        elif self.command == "PUT":
            held[name] = json.loads(body)
            self.answer(200, {"status": "success", "data": {"key": "k", "revision": 7}})
        elif name not in held:
            self.answer(404, {"status": "error", "errorType": "not_found", "error": f"no {name}"})
        elif self.command == "DELETE":
            del held[name]
            self.answer(200, {"status": "success", "data": {"key": "k", "revision": 8}})
        else:
            self.answer(200, {"status": "success", "data": {
                "key": "k", "name": "node", **held[name], "text": 'x","port":1,"y', "labels": {"port": "2"}}})

    do_GET = do_PUT = do_DELETE = do

    def log_message(self, *_):
        pass


@unittest.skipUnless(shutil.which("curl"), "no curl here")
class RegisterShByCurl(unittest.TestCase):
    """Without rollcall on the host, by a server's API."""

    HOST = os.uname().nodename.partition(".")[0].lower()

    def setUp(self):
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Api)
        self.server.held, self.server.asked, self.server.refusal = {}, [], None
        self.thread = threading.Thread(target=self.server.serve_forever)
        self.thread.start()

    def tearDown(self):
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()

    def call(self, shell, *words, **env):
        url = f"http://127.0.0.1:{self.server.server_address[1]}/"
        return run(*shell, str(PACKAGING / "register.sh"), *words,
                   env={"ROLLCALL_SERVER": url, "EXPORTER_TYPE": "node", "no_proxy": "*", **env})

    def test_set_and_rm(self):
        path = f"/api/v1/instances/{self.HOST}.node.prom.local"
        for shell in RegisterSh.SHELLS:
            self.server.asked.clear()
            env = {"EXPORTER_PORT": "9100", "EXPORTER_ADDRESS": "10.0.0.1",
                   "ETCD_BASE_PATH": "/skydns/local/prom"}
            for word, done in (("set", "registered"), ("rm", "deregistered")):
                got = self.call(shell, word, **env)
                self.assertEqual((got.returncode, got.stdout, got.stderr),
                                 (0, f"{done} {self.HOST}.node.prom.local\n", ""), shell)
            self.assertEqual(self.server.asked, [
                ("PUT", path, '{"port":9100,"address":"10.0.0.1"}', "application/json", None),
                ("DELETE", path + "?why=register.sh&address=10.0.0.1", "", "application/json", None)])

    def test_a_second_port_of_a_host_is_named_after_it(self):
        for shell in RegisterSh.SHELLS:
            first, second = f"{self.HOST}.node.prom.internal", f"{self.HOST}-9101.node.prom.internal"
            self.server.held = {first: {"port": 9100}}
            self.call(shell, "set", EXPORTER_PORT="9100")
            self.assertEqual(list(self.server.held), [first])
            self.call(shell, "set", EXPORTER_PORT="9101")
            self.assertEqual(list(self.server.held), [first, second])
            self.call(shell, "rm", EXPORTER_PORT="9100")
            self.call(shell, "set", EXPORTER_PORT="9101")
            self.assertEqual(list(self.server.held), [second], "the name that it was given stays")
            self.call(shell, "rm", EXPORTER_PORT="9101")
            self.assertEqual(list(self.server.held), [])

    def test_a_token_goes_along_and_not_by_the_command_line(self):
        with tempfile.NamedTemporaryFile("w") as token:
            token.write("s3cret\n")
            token.flush()
            for shell in RegisterSh.SHELLS:
                self.server.asked.clear()
                self.call(shell, "set", EXPORTER_PORT="1", ROLLCALL_TOKEN_FILE=token.name)
                self.assertEqual(self.server.asked[0][4], "Bearer s3cret")

    def test_a_refusal_is_told_in_its_own_words(self):
        self.server.refusal = (403, {"status": "error", "errorType": "forbidden",
                                     "error": "only what is yours"})
        for shell in RegisterSh.SHELLS:
            got = self.call(shell, "set", EXPORTER_PORT="1")
            self.assertEqual((got.returncode, got.stdout), (1, ""), shell)
            self.assertIn("only what is yours", got.stderr)

    def test_a_server_that_is_away_is_an_error(self):
        for shell in RegisterSh.SHELLS:
            for word in ("set", "rm"):
                got = self.call(shell, word, EXPORTER_PORT="1", ROLLCALL_SERVER="http://127.0.0.1:1")
                self.assertEqual((got.returncode, got.stdout), (1, ""), (shell, word))
                self.assertIn("cannot be asked", got.stderr)

    def test_nothing_odd_gets_into_a_url_or_into_json(self):
        for shell in RegisterSh.SHELLS:
            for env in ({"EXPORTER_TYPE": "a/../b"}, {"EXPORTER_TYPE": "no de"},
                        {"EXPORTER_TYPE": "a?b"}, {"EXPORTER_PORT": '1,"a":2'},
                        {"EXPORTER_ADDRESS": '1"'}, {"ROLLCALL_ZONE": "a&b"}):
                got = self.call(shell, "set", **{"EXPORTER_PORT": "1", **env})
                self.assertEqual((got.returncode, got.stdout), (2, ""), (shell, env))
            self.assertEqual(self.server.asked, [])

    def test_without_the_program_it_is_the_server(self):
        for shell in RegisterSh.SHELLS:
            got = self.call(shell, "set", EXPORTER_PORT="1", ROLLCALL="/nowhere/rollcall")
            self.assertEqual(got.returncode, 0, got.stderr)
            self.call(shell, "rm", EXPORTER_PORT="1", SERVICE_RESULT="signal")
            self.assertEqual(len(self.server.held), 1, "a crash is no deregistration")
            self.server.held.clear()


if __name__ == "__main__":
    unittest.main()
