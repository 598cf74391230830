#!/usr/bin/python3
"""doctor and explain: what they say of Prometheus is what Prometheus has."""

import json
import os
import socket
import sys
import threading

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

from harness.bind import Bind  # noqa: E402
from harness.certificates import Authority  # noqa: E402
from harness.prometheus import Prometheus  # noqa: E402
from harness.rollcall import Embedded, cli  # noqa: E402
from harness.scenario import main  # noqa: E402
from harness.wait import check, equal, wait_for  # noqa: E402

SERVER, COMPANY, FOREIGN = "10.53.0.11", "10.53.0.2", "10.53.0.9"
URL = f"http://{SERVER}:9530"
CONFIG = f"""
global: {{scrape_interval: 1s, scrape_timeout: 1s}}
scrape_configs:
  - job_name: node
    dns_sd_configs: [{{names: [node.prom.internal], refresh_interval: 1s}}]
  - job_name: many
    dns_sd_configs: [{{names: [many.prom.internal], refresh_interval: 1s}}]
  - job_name: short
    dns_sd_configs: [{{names: [node], refresh_interval: 1s}}]
  - job_name: http
    http_sd_configs: [{{url: "{URL}/sd/node.prom.internal", refresh_interval: 1s}}]
"""
# Debian's Prometheus has no consul_sd; of the others it would load none.
OTHERS = f"""
scrape_configs:
  - job_name: consul
    consul_sd_configs: [{{server: "{SERVER}:9530", services: [node]}}, {{server: "{SERVER}:9530"}}]
  - job_name: wrong
    dns_sd_configs: [{{names: [node.prom.internal], type: A}}, {{names: [x.local]}}]
    http_sd_configs: [{{url: "{URL}/sd/node.prom.internal?stat=x"}}, {{url: "http://{SERVER}:1/"}}]
  - job_name: addresses
    dns_sd_configs: [{{names: [node.prom.internal], type: A, port: 9100}}]
"""
BIND = """
options {{
  directory "@DIRECTORY@"; listen-on {{ {address}; }}; listen-on-v6 {{ none; }}; allow-query {{ any; }};
  pid-file none; session-keyfile none; dnssec-validation no; recursion {recursion};
}};
{zones}
"""
FORWARD = f'zone "prom.internal" {{ type forward; forward only; forwarders {{ {SERVER}; }}; }};'
ROOT = 'zone "." { type primary; file "db.root"; };'
ROOT_ZONE = "$TTL 86400\n. SOA . . 1 1800 900 604800 86400\n. NS ns.\nns. A 10.53.0.9\n"


PASSWORD, HASH = "s3cret", "$2b$05$abcdefghijklmnopqrstuuLK7U1u6pVRmL7L1BBM2aS35PSZnDXlK"
SECURED = """
scrape_configs:
  - job_name: secured
    http_sd_configs:
      - url: https://{server}:9531/sd/node.prom.internal
        basic_auth: {{username: prometheus, password_file: password}}
        tls_config: {{ca_file: {ca}}}
  - job_name: stranger
    http_sd_configs: [{{url: "https://{server}:9531/sd/node.prom.internal", tls_config: {{ca_file: {ca}}}}}]
  - job_name: unbelieved
    http_sd_configs: [{{url: "https://{server}:9531/sd/node.prom.internal"}}]
"""


class Site:
    def __init__(self, scenario):
        self.scenario = scenario
        net = scenario.network
        host = net.host("rollcall", 11)
        self.server = Embedded(scenario, f"--web.listen-address={SERVER}:9530",
                               "--web.listen-address=127.0.0.1:9530", host=host, listen=f"{SERVER}:53")
        for name, count in (("node", 3), ("many", 150)):
            self.server.load((f"/skydns/internal/prom/{name}/server{i:03}",
                              {"host": f"10.53.1.{i + 1}", "port": 9100}) for i in range(count))
        Bind(scenario, BIND.format(address=COMPANY, recursion="yes", zones=FORWARD), {},
             host=net.host("company", 2), address=COMPANY, name="company")
        Bind(scenario, BIND.format(address=FOREIGN, recursion="no", zones=ROOT), {"db.root": ROOT_ZONE},
             host=net.host("foreign", 9), address=FOREIGN, name="foreign")
        self.host = net.host("prom", 20, nameservers=[SERVER])
        self.prometheus = Prometheus(scenario, CONFIG, host=self.host, address=self.host.address)
        self.config = scenario.path("prometheus.yml")

    def nameservers(self, *servers, search=""):
        lines = [f"search {search}\n"] if search else []
        self.host.resolv_conf("".join(lines + [f"nameserver {server}\n" for server in servers]))

    def doctor(self, *words, config=None):
        done = cli("doctor", f"--prometheus.config={config or self.config}", "--output=json", *words,
                   host=self.host, timeout=120)
        check(done.stdout, done.stderr)
        found = json.loads(done.stdout)
        # Of those that are about the same, the last.
        self.checks = {(one.get("job"), one["subject"].split()[0]): one for one in found["checks"]}
        return done.returncode

    def of(self, job):
        [one] = [found for (of, _), found in self.checks.items() if of == job]
        return one

    def traps(self, job):
        return sorted({f["trap"] for f in self.of(job)["findings"] if f["severity"] != "success"})

    def agrees(self, job):
        """Prometheus comes to have what doctor says."""
        said = set(self.of(job)["targets"])
        wait_for(f"Prometheus to have {len(said)} targets of {job}", lambda: {
            target for _, target in self.prometheus.targets(job)} == said, 30)
        return len(said)


def direct(site):
    equal(site.doctor(), 1, "short has no search list, and many is well")
    equal([site.agrees(job) for job in ("node", "many", "http")], [3, 150, 3], "targets")
    equal([site.traps(job) for job in ("node", "many", "http")], [[], [], []], "no trap")
    equal(site.traps("short"), ["lookup_failed", "refused"], "short")
    site.scenario.step("rollcall alone: Prometheus has what doctor says, 150 by TCP too")


def foreign(site):
    site.nameservers(SERVER, FOREIGN)
    equal(site.doctor(), 1, "exit status")
    equal((site.agrees("node"), site.traps("node")), (3, ["foreign_nameserver"]), "behind us")
    equal(site.traps("short"), ["no_name"], "a name that only the foreign one knows of")
    site.nameservers(FOREIGN, SERVER)
    equal(site.doctor(), 1, "exit status")
    equal((site.agrees("node"), site.traps("node")),
          (0, ["foreign_nameserver", "no_name", "validating_resolver"]), "before us")
    site.nameservers("10.53.0.99", SERVER)  # nobody there
    site.doctor()
    equal((site.agrees("node"), site.traps("node")), (3, ["dead_nameserver"]), "a dead one before us")
    site.scenario.step("a foreign nameserver: behind us a warning, before us every target is gone")


def company(site):
    site.nameservers(COMPANY)
    equal(site.doctor(), 1, "exit status")
    equal((site.agrees("node"), site.traps("node")), (3, []), "three pass")
    equal(site.traps("many"), ["lookup_failed", "record_limit"], "150 do not")
    check("targets" not in site.of("many"), "nothing is said of its targets, for they stay")
    site.nameservers(COMPANY, SERVER)
    site.doctor()
    equal((site.agrees("many"), "record_limit" in site.traps("many")), (150, True), "rollcall behind it")
    for i in range(3):
        site.server.put(f"/skydns/internal/prom/slow/server{i}",
                        {"host": f"10.53.1.{i + 1}", "port": 9100, "ttl": 3600})
    site.nameservers(COMPANY)
    slow = site.scenario.write("slow.yml", CONFIG.replace("many.prom.internal", "slow.prom.internal"))
    site.doctor(config=slow)
    equal(site.traps("many"), ["long_ttl"], "its cache")
    site.scenario.step("BIND in between: more than 100 records, and its cache, are told")


def search(site):
    site.nameservers(SERVER, search="prom.internal")
    equal(site.doctor(), 0, "exit status")
    equal(site.doctor("--lint-fatal"), 3, "exit status")
    equal((site.agrees("short"), site.traps("short")), (3, ["search_list"]), "found by the search list")
    site.scenario.step("the search list: found, and told")


def others(site):
    config = site.scenario.write("others.yml", OTHERS)
    equal(site.doctor(config=config), 1, "exit status")
    wrong = {subject: one for (job, subject), one in site.checks.items() if job == "wrong"}
    traps = {subject: [f["trap"] for f in one["findings"]] for subject, one in wrong.items()}
    equal(traps, {"node.prom.internal": ["no_port"], "x.local": ["lookup_failed", "refused", "local"],
                  f"{URL}/sd/node.prom.internal?stat=x": ["status"],
                  f"http://{SERVER}:1/": ["no_answer"]}, "the traps")
    equal(site.of("addresses")["targets"], [f"10.53.1.{i}:9100" for i in (1, 2, 3)], "by A")
    # The second of both has the subject of the first; an address counts once.
    check(len(site.of("consul")["targets"]) == 150, f"by consul_sd: {site.of('consul')}")
    done = cli("doctor", "--prometheus.config=/nowhere", host=site.host)
    equal((done.returncode, "FAILED" in done.stdout), (1, True), "no configuration")
    done = cli("doctor", f"--prometheus.config={site.config}", host=site.host)
    check("Checking job node: dns_sd node.prom.internal SRV\n  SUCCESS: 3 targets, from "
          f"{SERVER} by UDP" in done.stdout, done.stdout)
    site.scenario.step("consul_sd, A, and what is wrong by itself")


def explain(site):
    def ask(target, *words):
        done = cli("explain", target, f"--server={URL}", "--output=json", *words, host=site.host)
        check(done.stdout, done.stderr)
        return done.returncode, json.loads(done.stdout)

    status, found = ask("10.53.1.1:9100")
    equal(found["verdict"][:18], "OK: 3 instances fi", "of node, many and slow")
    status, found = ask("server001.node")
    equal((status, found["fine"]), (0, True), found["verdict"])
    links = {link["what"]: link["text"] for link in found["found"][0]["links"]}
    check("3 records, this one among them" in links["SRV"], links)
    asked = [link["text"] for link in found["found"][0]["links"] if link["what"] == "consumer"]
    for mechanism in ("dns", "http_sd"):
        check(any(one.startswith(f"{site.host.address} by {mechanism} asks for node.prom.internal")
                  and "told of it" in one for one in asked), f"Prometheus by {mechanism}: {asked}")
    site.server.put("/skydns/internal/prom/lone/a", {"host": "10.53.2.1", "port": 1})
    wait_for("it", lambda: ask("10.53.2.1")[1]["found"])
    status, found = ask("10.53.2.1")
    equal((status, found["verdict"]), (1, "PROBLEM: a.lone.prom.internal (10.53.2.1:1) is registered, "
                                       "but consumers: nobody asks for any of its names."), "nobody")
    site.server.put("/skydns/internal/prom/lone/a", "{broken")
    wait_for("it to be unreadable", lambda: "value" in {
        link["what"] for one in ask("a.lone")[1]["found"] for link in one["links"] if link["problem"]})
    done = cli("deregister", "node", "--instance=server001", host=site.server.host)
    equal(done.returncode, 0, done.stderr)
    wait_for("it to be gone", lambda: not ask("server001.node")[1]["found"])
    for target in ("server001.node", "server001.node.prom.internal:9100"):
        status, found = ask(target)
        check(status == 1 and "deregistered by root@" in found["verdict"], found["verdict"])
    status, found = ask("server0x2.node")
    check(status == 1 and any(link["what"] == "similar" and "server002" in link["text"]
                              for link in found["elsewhere"]), found)
    check("a name above 150 instances" in ask("many")[1]["verdict"], "a name of several")
    done = cli("explain", "x", "--server=http://127.0.0.1:1", host=site.host)
    equal((done.returncode, done.stdout), (1, ""), "no server")
    equal(cli("explain", "a:b", f"--server={URL}", host=site.host).returncode, 2, "no target")
    site.scenario.step("explain: there, nobody asks, unreadable, gone, misspelled")


def secured(site):
    """Behind TLS and a password, for both commands."""
    scenario = site.scenario
    identity = Authority(scenario).issue("rollcall", f"IP:{SERVER}")
    web = scenario.write("web.yml", f"tls_server_config: {{cert_file: {identity.cert}, key_file: {identity.key}}}\n"
                         f"basic_auth_users: {{prometheus: {HASH}}}\n")
    server = Embedded(scenario, f"--web.listen-address={SERVER}:9531", f"--web.config.file={web}",
                      name="secured", host=site.server.host, listen=f"{SERVER}:5354", api="127.0.0.1:3379")
    server.put("/skydns/internal/prom/node/a", {"host": "10.53.3.1", "port": 1})
    wait_for("it", lambda: server.targets("node.prom.internal"))
    password = scenario.write("password", f"{PASSWORD}\n")
    url, trust = f"--server=https://{SERVER}:9531", f"--server.ca={identity.ca}"
    login = ["--server.user=prometheus", f"--server.password-file={password}"]
    for words, wanted in (([url, trust, *login], "OK: a.node"), ([url, trust], "has to log in"),
                          ([url, *login], "the certificate is not believed")):
        done = cli("explain", "a.node", *words, host=site.host)
        check(wanted in done.stdout + done.stderr, f"{words}: {done.stdout}{done.stderr}")
    config = scenario.write("secured.yml", SECURED.format(server=SERVER, ca=identity.ca))
    equal(site.doctor(config=config), 1, "exit status")
    equal(site.of("secured").get("targets"), ["10.53.3.1:1"], "with the password")
    equal([site.traps("stranger"), site.traps("unbelieved")], [["status"], ["no_answer"]], "without")
    scenario.step("TLS and a password, for both commands")


class Fake:
    """Answers each request on this machine with the same octets."""

    def __init__(self, answer):
        self.answer = answer
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self.listener.getsockname()[1]}"
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while True:
            client, _ = self.listener.accept()
            with client:
                request = b""
                while b"\r\n\r\n" not in request:
                    request += client.recv(4096)
                client.sendall(self.answer)


def odd(site):
    """What other servers say."""
    error = json.dumps({"status": "error", "error": "\x1b]0;mine\x07\x1b[31mno\n"}).encode()
    fake = Fake(b"HTTP/1.1 500 No\r\nContent-Length: %d\r\n\r\n%s" % (len(error), error))
    for words in (["explain", "x"], ["list"], ["maintenance", "list"]):
        done = cli(*words, f"--server={fake.url}")
        equal((done.returncode, done.stderr), (1, f"rollcall: {fake.url}: ?]0;mine??[31mno?\n"), "a terminal's orders")
    targets = b'[{"targets": ["192.0.2.1:9100"]}]'
    final = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s" % (
        len(targets), targets)
    for interim in (b"", b"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n", 2 * b"HTTP/1.1 100 Continue\r\n\r\n"):
        config = site.scenario.write("interim.yml", "scrape_configs:\n  - job_name: interim\n    "
                                     f"http_sd_configs: [{{url: {Fake(interim + final).url}}}]\n")
        done = cli("doctor", f"--prometheus.config={config}", "--output=json")
        targets = [one["targets"] for one in json.loads(done.stdout)["checks"] if one.get("job") == "interim"]
        equal(targets, [["192.0.2.1:9100"]], f"behind {interim}")
    site.scenario.step("servers that send orders to a terminal, and answers before the answer")


def run(scenario):
    site = Site(scenario)
    odd(site)
    direct(site)
    foreign(site)
    company(site)
    search(site)
    others(site)
    explain(site)
    secured(site)


main(run)
