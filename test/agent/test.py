#!/usr/bin/python3
"""rollcall agent: what is defined is registered, checked and kept, whatever happens meanwhile."""

import base64
import json
import os
import signal
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

from harness import process, rollcall  # noqa: E402
from harness.rollcall import cli, instances  # noqa: E402
from harness.scenario import BINARY, ROOT, main, server  # noqa: E402
from harness.unit import confined  # noqa: E402
from harness.wait import check, equal, holds, wait_for  # noqa: E402

HOST = "server01"
NODE = f"/skydns/internal/prom/node/{HOST}"
SPARE = f"/skydns/internal/prom/spare/{HOST}"
CHECK = 'check: {type: http, url: "http://127.0.0.1:%d/metrics", interval: 1s, timeout: 500ms, rise: 1, fall: 2}'
LEASE = 5


def record(area, key=NODE):
    return f"/rollcall/v1/{area}{key}"


class Agent:
    """The program, with a machine id of its own; what it is told stands in files."""

    def __init__(self, scenario, name, machine, *flags):
        self.scenario, self.name = scenario, name
        self.services = scenario.path(f"{name}.d")
        os.makedirs(self.services, exist_ok=True)
        self.machine = scenario.write(f"{name}.machine-id", machine + "\n")
        self.argv = [BINARY, "agent", f"--host={HOST}", f"--services.path={self.services}",
                     f"--state.path={scenario.path(name)}.state", f"--lease-ttl={LEASE}s", *flags]
        self.process = None

    def define(self, file, *services):
        lines = "".join(f"  - {{{service}}}\n" for service in services)
        # As most editors do: beside it, and then in its place.
        draft = self.scenario.write(f"{self.name}.d/.draft", f"services:\n{lines}")
        os.rename(draft, f"{self.services}/{file}")

    def start(self):
        self.process = self.scenario.start(self.name, self.argv, files={"/etc/machine-id": self.machine})

    def restart(self):
        self.process.stop()
        self.start()


def value(store, key):
    """(value, mod_revision, lease) of a key; None: it is not there."""
    done = store.ctl("get", key, "--write-out=json")
    kvs = json.loads(done.stdout).get("kvs") if not done.returncode else None
    if not kvs:
        return None
    return base64.b64decode(kvs[0]["value"]).decode(), kvs[0]["mod_revision"], kvs[0].get("lease", 0)


def modified(store, key):
    found = value(store, key)
    return found and found[1]


def state(service="node"):
    """What `rollcall list` says about it; None: it is not registered."""
    found = [one for one in instances(service) if one["instance"].startswith(HOST)]
    return found[0]["state"] if found else None


def exporter(scenario, port):
    return scenario.start(f"exporter-{port}", [server("prometheus-node-exporter"),
                                               f"--web.listen-address=127.0.0.1:{port}"])


def from_nothing(scenario, agent):
    """The store is away for 20 s; then all is right within seconds."""
    agent.define("node.yml", f"service: node, port: 9100, labels: {{rack: r12}}, {CHECK % 9100}")
    agent.define("spare.yml", "service: spare, port: 9101, on_stop: deregister")
    node = exporter(scenario, 9100)
    agent.start()
    holds("the agent waits", agent.process.running, 20, every=1)
    store = rollcall.Embedded(scenario)
    back = time.monotonic()
    wait_for("both registered", lambda: state() == "passing" and state("spare") == "passing", 10)
    scenario.step(f"store away for 20 s: all is right {time.monotonic() - back:.1f} s after it came")
    equal(store.targets("node.prom.internal"), {f"{HOST}.node.prom.internal:9100"}, "the target")
    text, _, lease = value(store, NODE)
    equal(json.loads(text)["rollcall"], {"owner": f"agent:{HOST}", "labels": {"rack": "r12"}}, "its value")
    equal(lease, 0, "it outlives the agent")
    check(value(store, record("alive"))[2], "its sign of life does not")
    return store, node


def health(scenario, store, node):
    before = modified(store, NODE)
    node.kill()
    wait_for("critical", lambda: state() == "critical", 8)
    equal(store.targets("node.prom.internal"), {f"{HOST}.node.prom.internal:9100"}, "it is still a target")
    exporter(scenario, 9100)
    wait_for("passing", lambda: state() == "passing", 8)
    equal(modified(store, NODE), before, "the registration was left alone")
    scenario.step("an exporter dies and comes back: critical, passing")


def restarts(scenario, store, agent):
    before = modified(store, NODE), modified(store, record("alive"))
    agent.restart()
    holds("it stays as it was", lambda: state() == "passing", LEASE + 2, every=0.3)
    equal((modified(store, NODE), modified(store, record("alive"))), before, "nothing was written")
    agent.process.kill()
    wait_for("its sign of life to go", lambda: value(store, record("alive")) is None, LEASE + 5)
    equal(modified(store, NODE), before[0], "the registration stays")
    wait_for("lost, and dated by the server", lambda: value(store, record("lost")), 10)
    equal(state(), "lost", "its state")
    agent.start()
    wait_for("passing", lambda: state() == "passing", 8)
    wait_for("the date to go", lambda: value(store, record("lost")) is None, 8)
    equal(modified(store, NODE), before[0], "and was left alone")
    scenario.step("restarted: nothing written; killed: lost, and back")


def mistakes(scenario, store, agent):
    before = modified(store, NODE)
    agent.define("node.yml", "service: node, prot: 9100")
    agent.process.wait_output("node.yml:2: field prot not found; what it last defined stays", 10)
    agent.restart()
    os.rename(agent.services, agent.services + ".away")
    agent.process.wait_output("No such file or directory; all that was defined stays", 15)
    os.rename(agent.services + ".away", agent.services)
    agent.define("node.yml", f"service: node, port: 9100, labels: {{rack: r12}}, {CHECK % 9100}")
    agent.process.wait_output("all definitions can be read again", 15)
    equal((modified(store, NODE), state()), (before, "passing"), "nothing has changed")
    scenario.step("a broken file, also over a restart, and a directory that vanished: all stays")


def taken_away(scenario, store, agent):
    equal(cli("deregister", "node", f"--host={HOST}").returncode, 0, "deregister")
    agent.process.wait_output("stays away until its definition changes", 5)
    agent.restart()
    holds("it stays away", lambda: value(store, NODE) is None, 3)
    again = cli("register", "node", f"--host={HOST}", "--again")
    equal(again.returncode, 0, again.stderr)
    wait_for("it to be back", lambda: state() == "passing", 5)
    equal(value(store, record("gone")), None, "the mark is gone")

    for keys in ((NODE,), ("--prefix", "/skydns"), ("--prefix", "/")):
        store.ctl("del", *keys)
        wait_for(f"what `del {' '.join(keys)}` took to be back",
                 lambda: value(store, NODE) and state() == "passing" and value(store, record("alive")), 8)
    lease = value(store, record("alive"))[2]
    store.ctl("lease", "revoke", f"{lease:x}")
    wait_for("another lease", lambda: (value(store, record("alive")) or (0, 0, lease))[2] != lease, 3)
    scenario.step("deregistered: stays away until --again; deleted by hand: put back")


def twin(scenario, store, agent):
    other = Agent(scenario, "twin", "b" * 32)
    other.define("node.yml", "service: node, port: 9300", "service: other, port: 1")
    before = modified(store, NODE)
    other.start()
    other.process.wait_output("refused: this host speaks for nobody", 10)
    said = other.process.output()
    check("a" * 32 in said and "b" * 32 in said, "both machines are named")
    equal((modified(store, NODE), state("other")), (before, None), "it has written nothing")
    second = scenario.start("second", agent.argv)
    equal(second.wait(5), 1, "a second agent on one state")
    other.process.stop()
    scenario.step("another machine of this name, another agent of this state: refused")


def outage(scenario, store, agent):
    before = modified(store, NODE)
    store.process.kill()
    holds("the agent waits", agent.process.running, 4)
    agent.define("late.yml", "service: late, port: 9102")
    store.start()
    wait_for("what was defined meanwhile", lambda: state("late") == "passing", 10)
    equal((modified(store, NODE), state()), (before, "passing"), "the others were left alone")
    os.remove(f"{agent.services}/late.yml")
    wait_for("what is no longer defined to go", lambda: state("late") is None, 8)
    check("no longer defined" in value(store, record("gone", "/skydns/internal/prom/late/server01"))[0],
          "with a mark")
    scenario.step("an outage: what was defined meanwhile follows; a file removed deregisters")


def stops(scenario, store, agent):
    before = modified(store, SPARE)
    agent.process.stop()
    mark = json.loads(value(store, record("stopping", SPARE))[0])
    equal(mark["why"], "the agent was stopped", "the mark")
    equal(value(store, record("stopping")), None, "what is to be kept has none")
    agent.start()
    wait_for("the mark to go", lambda: value(store, record("stopping", SPARE)) is None, 8)
    equal(modified(store, SPARE), before, "the registration was left alone")
    agent.argv.append("--stop-grace=1s")
    agent.restart()
    wait_for("the mark to go", lambda: value(store, record("stopping", SPARE)) is None, 8)
    agent.process.stop()
    wait_for("the server to carry the stop out", lambda: value(store, SPARE) is None, 20)
    agent.start()
    wait_for("a start to register it again", lambda: state("spare") == "passing", 8)
    scenario.step("a clean stop marks, a start takes the mark away; else a server deregisters")


def shipped(scenario):
    """The unit, with no more rights than it has, and the configuration as it is shipped."""
    program = scenario.write("rollcall", "")
    process.run(["mount", "--bind", BINARY, program]).check_returncode()
    with open(f"{ROOT}/packaging/examples/agent.yml", encoding="utf-8") as handle:
        config = scenario.write("agent.yml", handle.read())
    argv = [word.replace("/etc/rollcall/agent.yml", config)
            for word in confined("rollcall-agent", program, "nobody")]
    services = scenario.path("shipped.d")
    os.makedirs(services)
    scenario.write("shipped.d/a.yml", "services:\n- {service: shipped, port: 9105}\n")
    agent = scenario.start("shipped", [*argv, f"--services.path={services}", "--host=unit"])
    wait_for("its registration", lambda: instances("shipped"), 10)
    agent.signal(signal.SIGHUP)
    agent.wait_output("by SIGHUP")
    equal(agent.stop(), 0, "its exit status")
    check(os.path.exists("/var/lib/rollcall/agent/state"), "its state")
    scenario.step("the shipped unit: nobody's rights, and only its own directory to write to")


def run(scenario):
    agent = Agent(scenario, "agent", "a" * 32)
    store, node = from_nothing(scenario, agent)
    health(scenario, store, node)
    restarts(scenario, store, agent)
    mistakes(scenario, store, agent)
    taken_away(scenario, store, agent)
    twin(scenario, store, agent)
    outage(scenario, store, agent)
    stops(scenario, store, agent)
    agent.process.stop()
    shipped(scenario)


main(run)
