#!/usr/bin/python3
"""The API of a server: writes, events, history, consumers, and register.sh by curl alone."""

import getpass
import http.client
import json
import os
import shutil
import signal
import socket
import sys

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

from harness import process  # noqa: E402
from harness.rollcall import STORE, Embedded, Server, cli, web  # noqa: E402
from harness.scenario import BINARY, ROOT, main  # noqa: E402
from harness.wait import check, equal, wait_for  # noqa: E402

NODE = "node.prom.internal"
SERVER01 = f"/api/v1/instances/server01.{NODE}"
KEY = "/skydns/internal/prom/node/server01"
STREAMS = 300


def call(method, path, body=None, **headers):
    """(status, the answer) of the API."""
    connection = http.client.HTTPConnection("127.0.0.1", 9530, timeout=10)
    try:
        sent = {"Content-Type": "application/json"} if method != "GET" else {}
        sent.update({name.replace("_", "-"): value for name, value in headers.items()})
        connection.request(method, path, body if body is None else json.dumps(body), sent)
        reply = connection.getresponse()
        text = reply.read().decode()
        is_json = reply.headers["Content-Type"] == "application/json"
        return reply.status, json.loads(text) if is_json else text
    finally:
        connection.close()


def get(path):
    status, answer = call("GET", path)
    equal(status, 200, f"{path}: {answer}")
    return answer["data"]


class Events:
    """A stream of server-sent events, read as it comes."""

    def __init__(self, path="/api/v1/events", **headers):
        self.connection = http.client.HTTPConnection("127.0.0.1", 9530, timeout=10)
        self.connection.request("GET", path, headers={n.replace("_", "-"): v
                                                      for n, v in headers.items()})
        self.reply = self.connection.getresponse()
        equal(self.reply.status, 200, "the stream")
        equal(self.reply.headers["Content-Type"], "text/event-stream", "its type")
        self.last_id = None

    def next(self):
        """The next event with its data; what has none only moves the last id."""
        event, data = "message", []
        while True:
            line = self.reply.readline().decode().rstrip("\n")
            name, _, value = line.partition(": ")
            if name == "id":
                self.last_id = value
            elif name == "event":
                event = value
            elif name == "data":
                data.append(value)
            elif not line:
                if data:
                    return event, json.loads("\n".join(data))
                event = "message"

    def close(self):
        self.connection.close()


def writing(scenario, rollcall):
    """What is put is in the store and in DNS when the answer comes; what is deleted is in neither."""
    body = {"address": "192.0.2.1", "port": 9100, "labels": {"rack": "r1"}}
    status, answer = call("PUT", SERVER01, body)
    equal(status, 200, f"PUT: {answer}")
    check(answer["data"]["visible"], "it is visible")
    equal(rollcall.targets(NODE), {f"server01.{NODE}:9100"}, "by DNS, at once")
    stored = json.loads(rollcall.ctl("get", "--print-value-only", KEY).stdout)
    equal(stored, {"host": "192.0.2.1", "port": 9100, "rollcall": {"labels": {"rack": "r1"}}},
          "in the store")
    listed = get(f"/api/v1/instances?name={NODE}&label.rack=r1")
    equal([(one["instance"], one["address"]) for one in listed["instances"]],
          [("server01", "192.0.2.1")], "the list")
    equal(call("PUT", SERVER01, body, If_Match='"1"')[0], 412, "another revision")
    equal(call("PUT", SERVER01, {"port": "x"})[0], 400, "no port")
    status, answer = call("DELETE", f"{SERVER01}?why=moved")
    equal((status, answer["data"]["visible"]), (200, True), "DELETE")
    equal(rollcall.answer(NODE)[0], "NXDOMAIN", "gone from DNS, at once")
    change = get("/api/v1/history?limit=1")["changes"][0]
    equal((change["event"], change["by"], change["why"]), ("deregistered", "127.0.0.1", "moved"),
          "who and why")
    equal(call("GET", SERVER01)[0], 404, "and from the API")
    equal(call("PUT", SERVER01, body, Origin="http://evil.example")[0], 403, "a page's write")
    scenario.step("a write is in the store and in DNS when it is answered")


def who_and_why(scenario, rollcall):
    """Of what is registered too: by the API, by the command, by etcdctl; and another server knows it."""
    second = Server(scenario, rollcall.url, "--web.listen-address=127.0.0.1:9531", name="second",
                    listen="127.0.0.1:5301")

    def latest(event, by, why, what):
        for port in (9530, 9531):
            def told():
                change = json.loads(web("/api/v1/history?limit=1", port)[1])["data"]["changes"][:1]
                return change and change[0]["event"] == event and change[0].get("by") == by and \
                    change[0].get("why") == why
            wait_for(f"{what}, by the server at {port}", told)

    me = f"{getpass.getuser()}@{socket.gethostname()}"
    equal(call("PUT", SERVER01, {"address": "192.0.2.1", "port": 9100, "why": "new"})[0], 200, "PUT")
    latest("registered", "127.0.0.1", "new", "the API")
    check(cli("register", "node", "--host=server01", "--address=192.0.2.2", "--port=9100",
              "--reason=moved").returncode == 0, "register")
    latest("changed", me, "moved", "the command")
    watch = scenario.start("watch-who", [BINARY, "watch", "node", STORE])
    wait_for("what is there", lambda: "server01" in watch.output())
    check(cli("register", "node", "--host=server01", "--address=192.0.2.3", "--port=9100").returncode == 0,
          "register")
    latest("changed", me, "rollcall register", "the command without a reason")
    watch.wait_output(f"problem=- by={me} why=rollcall register")
    explained = cli("explain", "server01.node").stdout
    check(f"by hand by {me}: rollcall register" in explained, f"explain: {explained}")
    # Whoever copies a value by etcdctl does not become the one who registered it.
    rollcall.put(KEY, {"host": "192.0.2.4", "port": 9100})
    latest("changed", None, None, "etcdctl")
    explained = cli("explain", "server01.node").stdout
    check("changed by etcdctl or another client" in explained, f"explain: {explained}")
    check(cli("deregister", "node", "--host=server01", "--reason=gone").returncode == 0, "deregister")
    latest("deregistered", me, "gone", "the command")
    watch.wait_output(f"- server01.{NODE} by={me} why=gone")
    watch.stop()
    second.process.stop()
    scenario.step("who registered what and why, and every server knows it")


def events(scenario, rollcall):
    stream = Events()
    rollcall.put(KEY, {"host": "192.0.2.2", "port": 9100})
    event, change = stream.next()
    equal((event, change["instance"], change["after"]["address"]),
          ("registered", "server01", "192.0.2.2"), "what etcdctl has put")
    seen = stream.last_id
    stream.close()
    rollcall.put(KEY, {"host": "192.0.2.3", "port": 9100})
    check(cli("deregister", "node", "--instance=server01").returncode == 0, "deregister")
    stream = Events(Last_Event_ID=seen)
    told = [stream.next() for _ in range(2)]
    equal([event for event, _ in told], ["changed", "deregistered"], "what came meanwhile")
    check("@" in told[1][1]["by"], f"by whom: {told[1][1]}")
    seen = stream.last_id
    rollcall.restart()
    stream = Events(Last_Event_ID=f"{int(seen.partition('.')[0]) - 1}")
    equal(stream.next()[0], "reset", "another process has not seen it")
    stream.close()
    scenario.step("events come as they happen, and go on where a client was")


def consumers(scenario, rollcall):
    rollcall.put(KEY, {"host": "192.0.2.2", "port": 9100})
    wait_for("the target", lambda: rollcall.targets(NODE))
    seen = [one for one in get(f"/api/v1/consumers?name={NODE}") if one["mechanism"] == "dns"]
    equal([(one["client"], one["name"], one["lag"], one["silent"]) for one in seen],
          [("127.0.0.1", NODE, 0, False)], "who asks")
    console = get(f"/api/v1/dns?name={NODE}")
    equal(console["answer"], [f"{NODE}. 15 IN SRV 10 100 9100 server01.{NODE}."], "the console")
    service = get("/api/v1/services")[0]
    equal((service["name"], service["states"], service["consumers"]), (NODE, {"static": 1}, 1),
          "the service")
    scenario.step("who asks for what is known")


def forged(scenario, rollcall):
    """What a page open in the browser of somebody on this machine can send changes nothing."""
    body = {"address": "192.0.2.66", "port": 9100}
    path = f"/api/v1/instances/forged.{NODE}"
    for why, status, kind, headers in (
            ("a form of another page", 415, "bad_data", {"Content_Type": "text/plain"}),
            ("a script of another page", 403, "forbidden", {"Origin": "http://evil.example"}),
            ("a page without an origin", 403, "forbidden", {"Origin": "null"}),
            ("what the browser says", 403, "forbidden", {"Sec_Fetch_Site": "cross-site"}),
            ("a name that was made to point here", 421, "forbidden", {"Host": "evil.example"}),
            ("somebody behind a proxy here", 403, "forbidden", {"X_Forwarded_For": "203.0.113.5"})):
        said = call("PUT", path, body, **headers)
        equal((said[0], said[1]["errorType"]), (status, kind), f"{why}: {said}")
        check(said[1]["error"] == said[1]["error"].strip(), f"one sentence: {said}")
    equal(call("GET", "/api/v1/instances", Host="evil.example")[0], 421, "and it reads nothing")
    equal(call("GET", path)[0], 404, "nothing was written")
    equal(call("GET", "/api/v1/no-such")[1]["errorType"], "not_found", "a path that is not there")
    equal(call("PATCH", path, body)[1]["errorType"], "bad_data", "a method that is not there")
    scenario.step("forged writes are refused, in the API's words")


def by_curl(scenario, rollcall):
    """register.sh where the program is not, under busybox where that is."""
    shell = ["busybox", "sh"] if shutil.which("busybox") else ["dash"]
    env = {"PATH": os.environ["PATH"], "ROLLCALL": "/nowhere/rollcall", "EXPORTER_TYPE": "mysql",
           "EXPORTER_PORT": "9104", "EXPORTER_ADDRESS": "192.0.2.7"}
    host = os.uname().nodename.partition(".")[0].lower()
    for word, targets in (("set", {f"{host}.mysql.prom.internal:9104"}), ("rm", set())):
        done = process.run([*shell, f"{ROOT}/packaging/register.sh", word], env=env)
        equal(done.returncode, 0, f"{word}: {done.stderr}")
        equal(rollcall.targets("mysql.prom.internal"), targets, word)
    env["EXPORTER_ADDRESS"] = "127.0.0.1:80"
    done = process.run([*shell, f"{ROOT}/packaging/register.sh", "set"], env=env)
    equal(done.returncode, 1, "no address")
    check("not an IP address" in done.stderr, f"in the server's words: {done.stderr}")
    scenario.step("register.sh does with curl alone")


def by_server(scenario, rollcall):
    """Commands with --server, on a host that cannot reach the store."""
    at = ["--server=http://127.0.0.1:9530", "--etcd.endpoint=http://127.0.0.1:1"]
    for i in range(1, 7):
        rollcall.put(f"/skydns/internal/prom/batch/job{i}", {
            "host": f"192.0.2.{i}", "port": 9100 + i, "rollcall": {"labels": {"rack": f"r{i}"}}})
    wait_for("all of them", lambda: len(rollcall.targets("batch.prom.internal")) == 6)

    def done(status, *words):
        said = cli(*words, *at)
        equal(said.returncode, status, f"{words}: {said.stdout}{said.stderr}")
        return said.stdout if status == 0 else said.stderr

    equal(done(0, "list", "batch"), cli("list", "batch", STORE).stdout, "the same table as of the store")
    for words in (["batch"], ["job1.batch"], ["batch.prom.internal."], ["--zone=prom.internal"], []):
        here = json.loads(done(0, "list", "--output=json", *words))
        store = json.loads(cli("list", "--output=json", *words, STORE).stdout)
        for one in store:
            [same] = [other for other in here if other["key"] == one["key"]]
            equal({name: same.get(name) for name in one}, one, f"list {words}")
        equal(len(here), len(store), f"list {words}")
    check("nothing is registered at or below none.prom.internal" in cli("list", "none", *at).stderr, "none")
    equal(json.loads(done(0, "list", "none", "--output=json")), [], "none")

    said = done(0, "maintenance", "on", "batch", "--until=2h", "--reason=new disks")
    check(said.startswith("in maintenance batch.prom.internal until 20"), said)
    done(0, "maintenance", "on", "@job9")
    table = done(0, "maintenance", "list")
    check("new disks" in table and "@job9" in table, table)
    equal([one["subject"] for one in json.loads(done(0, "maintenance", "list", "job1.batch", "--output=json"))],
          ["batch.prom.internal"], "what concerns one")
    check("maintenance" in done(0, "list", "job1.batch"), "its state")
    check("neither a time" in done(2, "maintenance", "on", "batch", "--until=soon"), "the server's sentence")
    check("nothing is registered" in done(1, "maintenance", "on", "nobody"), "nobody")
    done(0, "maintenance", "off", "batch")
    done(0, "maintenance", "off", "@job9")
    check("is not in maintenance" in done(1, "maintenance", "off", "batch"), "twice")

    check("nothing is held" in cli("protect", "list", *at).stderr, "nothing yet")
    rollcall.ctl("del", "--prefix", "/skydns/internal/prom/batch/")
    wait_for("them to be held", lambda: done(0, "protect", "list", "batch").count("job") >= 6)
    equal(len(rollcall.targets("batch.prom.internal")), 6, "answered all the same")
    wait_for("it to be written down", lambda: rollcall.ctl(
        "get", "--prefix", "--keys-only", "/rollcall/v1/held/").stdout.count("/batch/") == 6)
    check("released /skydns/internal/prom/batch/job1\n" in done(0, "protect", "release", "job1.batch"), "one")
    equal(done(0, "protect", "release", "batch").count("released"), 5, "the others")
    wait_for("them to go", lambda: not rollcall.targets("batch.prom.internal"))
    check("nothing is held" in done(1, "protect", "release", "batch"), "twice")
    check("127.0.0.1:1" in cli("list", "--server=http://127.0.0.1:1").stderr, "no server there")
    scenario.step("list, maintenance and protect by a server")


def watching(scenario, rollcall):
    """`watch --server` prints what that of the store does, each change once, through a restart."""
    key = "/skydns/internal/prom/watched/w"
    at = ["--server=http://127.0.0.1:9530", "--etcd.endpoint=http://127.0.0.1:1"]
    rollcall.put(f"{key}1", {"host": "192.0.2.1", "port": 1})
    rollcall.put("/skydns/internal/prom/other/o1", {"host": "192.0.2.9", "port": 9})
    wait_for("it", lambda: rollcall.targets("watched.prom.internal"))
    here = scenario.start("watch-server", [BINARY, "watch", "watched", *at])
    store = scenario.start("watch-store", [BINARY, "watch", "watched", STORE])
    objects = scenario.start("watch-json", [BINARY, "watch", "watched", "--output=json", *at])

    def lines(watch):
        return [line for line in watch.output().splitlines() if " w" in line and line[0].isdigit()]

    for watch in (here, store):
        watch.wait_output("+ w1.watched.prom.internal 192.0.2.1 1 static")
    owned = {"host": "192.0.2.2", "port": 2, "rollcall": {"owner": "agent:h2", "labels": {"a": "b"}}}
    rollcall.put(f"/rollcall/v1/alive{key}2", {"since": "2026-01-01T00:00:00Z", "health": "passing"})
    rollcall.put(f"{key}2", owned)
    rollcall.put("/skydns/internal/prom/other/o2", {"host": "192.0.2.9", "port": 9})
    here.wait_output("+ w2.watched.prom.internal 192.0.2.2 2 passing")
    rollcall.put(f"/rollcall/v1/alive{key}2",
                 {"since": "2026-01-01T00:00:00Z", "health": "critical", "why": "no answer"})
    here.wait_output("problem=no answer")
    for number in range(20):
        rollcall.put(f"{key}3", {"host": "192.0.2.3", "port": number + 1})
    here.wait_output("+ w3.watched.prom.internal 192.0.2.3 20 static")
    for word in ("on", "off"):
        check(cli("maintenance", word, "@h2").returncode == 0, f"maintenance {word}")
        wait_for(f"maintenance {word}", lambda: here.output().count(" maintenance ") == 1
                 and (word == "on" or lines(here)[-1].count(" critical ")))
    check(cli("deregister", "watched", "--instance=w1").returncode == 0, "deregister")
    here.wait_output("- w1.watched.prom.internal")

    def writes(watch):  # states are told as they are when it looks
        return [line for line in lines(watch) if " ~ " not in line]
    wait_for("puts and deletes as by the store, each once and in order",
             lambda: writes(here) == writes(store))
    equal(len(writes(here)), 23, "all of them")
    check(not any("other" in watch.output() for watch in (here, objects)), "what was not asked for")

    rollcall.restart()
    rollcall.put(f"{key}4", {"host": "192.0.2.4", "port": 4})
    here.wait_output("+ w4.watched.prom.internal 192.0.2.4 4 static", 20)
    check("server away" in here.output() and "server is back" in here.output(), "said once")
    equal(here.output().count("+ w2."), 1, "what did not change is not said again")
    rollcall.ctl("del", f"{key}4")
    here.wait_output("- w4.watched.prom.internal")
    wait_for("objects", lambda: '"event":"delete","key":"/skydns/internal/prom/watched/w4"' in objects.output())
    told = [json.loads(line) for line in objects.output().splitlines() if line.startswith("{")]
    equal([one["instance"] for one in told if one["event"] == "delete"], ["w1", "w4"], "as JSON")
    equal(here.output().count("server away"), 1, "once only")
    equal(objects.stop(), 0, "its end")
    rollcall.process.signal(signal.SIGSTOP)
    try:
        here.signal(signal.SIGINT)
        equal(here.wait(2), 0, "its end beside a server that is stuck")
    finally:
        rollcall.process.signal(signal.SIGCONT)
    equal(store.stop(), 0, "its end")
    away = scenario.start("watch-away", [BINARY, "watch", "--server=http://127.0.0.1:1"])
    away.wait_output("server away")
    equal(away.stop(), 0, "its end without a server")
    for words in (("watch",), ("protect", "release")):
        equal(cli(*words, "@h2", *at).returncode, 2, f"{words}: a host is not the name of all")
    equal(cli("watch", "x", "--server=ftp://x").returncode, 2, "no such URL")
    scenario.step("watch by a server")


def anonymous_memory(pid):
    with open(f"/proc/{pid}/smaps_rollup", encoding="ascii") as lines:
        return sum(int(line.split()[1]) for line in lines if line.startswith("Anonymous:"))


def many_streams(scenario, rollcall):
    pid = rollcall.process.pid
    before = anonymous_memory(pid)
    sockets = []
    for _ in range(STREAMS):
        sockets.append(socket.create_connection(("127.0.0.1", 9530), timeout=10))
        sockets[-1].sendall(b"GET /api/v1/events HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
    wait_for("all streams",
             lambda: get("/api/v1/status/runtimeinfo")["streams"] >= STREAMS, 10)
    each = (anonymous_memory(pid) - before) / STREAMS
    check(each < 40, f"{each:.0f} KiB of memory for each idle stream")
    for one in sockets:
        one.close()
    wait_for("them to be forgotten",
             lambda: get("/api/v1/status/runtimeinfo")["streams"] < STREAMS, 20)
    scenario.step(f"an idle stream takes {each:.0f} KiB")


def run(scenario):
    rollcall = Embedded(scenario)
    web("/-/ready")
    writing(scenario, rollcall)
    who_and_why(scenario, rollcall)
    events(scenario, rollcall)
    consumers(scenario, rollcall)
    forged(scenario, rollcall)
    by_curl(scenario, rollcall)
    by_server(scenario, rollcall)
    watching(scenario, rollcall)
    many_streams(scenario, rollcall)
    status, text = web("/api/v1/openapi.yaml")
    check(status == 200 and text.startswith("openapi: 3.1.0"), "the description")


if __name__ == "__main__":
    main(run)
