#!/usr/bin/python3
"""What /metrics says, and /-/reload and /-/quit."""

import http.client
import json
import os
import re
import signal
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

from harness import dns, process  # noqa: E402
from harness.etcd import Cluster  # noqa: E402
from harness.rollcall import Embedded, Server, web  # noqa: E402
from harness.scenario import ROOT, main, server  # noqa: E402
from harness.wait import check, equal, wait_for  # noqa: E402

NODE, SHORT = "node.prom.internal", "short.prom.internal"
ROW = re.compile(r"^\| `(\w+)(?:\{([\w,]*)\})?` \| (counter|gauge|histogram) \| \S.* \|$", re.M)
SAMPLE = re.compile(r"^(\w+)(?:\{(.*)\})? (\S+)$")
LABEL = re.compile(r'(\w+)="((?:[^"\\]|\\.)*)"')


def call(method, path, body=None, port=9530):
    """(status, headers, text)"""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.request(method, path, body, {"Content-Type": "application/json"})
        reply = connection.getresponse()
        return reply.status, reply.headers, reply.read().decode()
    finally:
        connection.close()


class Scrape:
    """One of /metrics, read."""

    def __init__(self, port=9530):
        self.text = web("/metrics", port)[1]
        self.kinds = dict(re.findall(r"^# TYPE (\w+) (\w+)$", self.text, re.M))
        self.samples, self.labels = {}, {}
        for line in self.text.splitlines():
            if line.startswith("#"):
                continue
            name, labels, value = SAMPLE.match(line).groups()
            pairs = LABEL.findall(labels or "")
            self.samples[(name, frozenset(pairs))] = float(value)
            self.labels.setdefault(name, set()).update(label for label, _ in pairs)

    def value(self, metric, /, **labels):
        """None: there is no such sample."""
        return self.samples.get((f"rollcall_{metric}", frozenset(labels.items())))

    def of(self, metric, /, **labels):
        """The sum of all that have these labels."""
        wanted = set(labels.items())
        return sum(v for (n, l), v in self.samples.items() if n == f"rollcall_{metric}" and wanted <= l)

    def promtool(self):
        done = process.run([server("promtool"), "check", "metrics"], stdin=self.text)
        equal((done.returncode, done.stdout + done.stderr), (0, ""), "promtool check metrics")


def embedded(scenario):
    """All that one server can show."""
    rollcall = Embedded(scenario)
    instances = [(f"/skydns/internal/prom/node/server{i:04}", {"host": "192.0.2.1", "port": 9100})
                 for i in range(900)]
    rollcall.load(instances)
    rollcall.put("/skydns/internal/prom/short/a", "{")
    body = json.dumps({"address": "192.0.2.7", "port": 9104})
    equal(call("PUT", f"/api/v1/instances/db1.{SHORT}", body)[0], 200, "a registration")
    equal(call("PUT", f"/api/v1/instances/db1.{SHORT}", "{")[0], 400, "one that is none")
    rollcall.put("/skydns/internal/prom/short/db2", {"host": "192.0.2.8", "rollcall": {"owner": "run:db2"}})
    [lease] = re.findall(r"lease (\w+)", rollcall.ctl("lease", "grant", "1").stdout)
    equal(rollcall.ctl("put", f"--lease={lease}", "/elsewhere", "x").returncode, 0, "a lease")
    for rdtype in ("SRV", "SRV", "AAAA", "CAA"):
        dns.ask(NODE, rdtype)
    equal(call("GET", f"/sd/{NODE}")[0], 200, "http_sd")

    def settled():
        scrape = Scrape()
        return scrape.value("answer_size_ratio", name=NODE) and scrape.value(
            "lease_expirations_total") and scrape.value(
                "targets", service=SHORT, state="lost") and scrape
    scrape = wait_for("what is counted now and then", settled, 30)
    scrape.promtool()
    equal(scrape.value("targets", service=NODE, state="static"), 900, "targets of a service")
    equal(scrape.value("targets", service=SHORT, state="static"), 1, "of another; one cannot be read")
    equal(scrape.value("answer_records", name=NODE), 900, "records")
    ratio = scrape.value("answer_size_ratio", name=NODE)
    check(0.5 < ratio < 1, f"the size of an answer: {ratio}")
    equal(scrape.value("registrations_total", result="done"), 1, "registrations by the API")
    equal(scrape.value("registrations_total", result="invalid"), 1, "refused ones")
    equal(scrape.of("dns_requests_total", type="AAAA"), 1, "requests by type")
    equal(scrape.of("dns_requests_total", type="other"), 1, "a type that is not counted by itself")
    check(scrape.of("dns_requests_total", type="SRV", proto="tcp") >= 2, "by TCP, the answer being long")
    for mechanism in ("dns", "http_sd"):
        labels = {"consumer": "127.0.0.1", "name": NODE, "mechanism": mechanism}
        equal(scrape.value("consumer_revision_lag", **labels), 0, f"{mechanism}: it was told all")
        age = time.time() - scrape.value("consumer_last_seen_timestamp_seconds", **labels)
        check(-1 < age < 60, f"{mechanism}: {age} s ago")
    changes, seconds = scrape.value("propagation_seconds_count"), scrape.value("propagation_seconds_sum")
    check(changes >= 900, f"{changes} changes came to the answers")
    check(0 < seconds / changes < 1, f"each in {seconds / changes} s")
    check(scrape.value("snapshot_age_seconds") < 10, "the view is fresh")
    check(abs(time.time() - scrape.value("store_last_contact_timestamp_seconds")) < 10, "the store was there")
    scenario.step("targets, long answers, consumers, writes and what a process has")

    rollcall.put(instances[0][0], {"host": "192.0.2.9", "port": 9100})
    lag = wait_for("a consumer to be behind", lambda: Scrape().value(
        "consumer_revision_lag", consumer="127.0.0.1", name=NODE, mechanism="http_sd"))
    check(lag >= 1, f"{lag} revisions")
    # Asks that come together are one, and tell no interval.
    wait_for("the asks to be apart", lambda: time.time() - Scrape().value(
        "consumer_last_seen_timestamp_seconds", consumer="127.0.0.1", name=NODE, mechanism="http_sd") > 2)
    equal(call("GET", f"/sd/{NODE}")[0], 200, "http_sd again")
    rollcall.ctl("del", "--prefix", "/skydns/internal/prom/node/")
    wait_for("protection", lambda: Scrape().value("protection_active", service=NODE) == 1)
    equal(Scrape().value("protection_active", service=SHORT), 0, "of another service")
    check(Scrape().value("changes_total", event="held") >= 900, "what was held is counted")
    scenario.step("a consumer that is behind, and removals that are held")
    return rollcall, Scrape()


def clustered(scenario):
    """What only a server on etcd shows."""
    etcd = Cluster(scenario)
    rollcall = Server(scenario, etcd.endpoints, name="clustered")
    scrape = Scrape()
    scrape.promtool()
    rollcall.process.stop()
    etcd.kill()
    return scrape


def documented(scenario, scrapes):
    """doc/metrics.md has what the servers show, and no more."""
    with open(f"{ROOT}/doc/metrics.md", encoding="utf-8") as handle:
        text = handle.read()
    rows = {name: (kind, set(filter(None, labels.split(",")))) for name, labels, kind in ROW.findall(text)}
    equal(len(rows), len(re.findall(r"^\| `", text, re.M)), "each row is name, type and words, once")
    shown = {}
    for scrape in scrapes:
        for name, kind in scrape.kinds.items():
            before = shown.get(name, (kind, set()))[1]
            shown[name] = (kind, before | scrape.labels.get(name, set()))
    missing = sorted(set(shown) - set(rows))
    equal(missing, [], "metrics that doc/metrics.md does not have")
    equal(sorted(set(rows) - set(shown)), [], "metrics that no server has shown")
    for name, row in rows.items():
        equal(row, shown[name], f"type and labels of {name}")
    scenario.step(f"{len(rows)} metrics, as doc/metrics.md has them")


def lifecycle(scenario, rollcall):
    for path in ("/-/reload", "/-/quit"):
        for method in ("PUT", "POST"):
            status, _, text = call(method, path)
            equal((status, text), (403, "Lifecycle API is not enabled.\n"), f"{method} {path}")
        status, headers, _ = call("GET", path)
        equal(status, 405, f"GET {path}")
        check("POST" in headers["Allow"] and "PUT" in headers["Allow"], f"Allow: {headers['Allow']}")
    for path in ("/-/healthy", "/-/ready", "/metrics", "/api/v1/status/buildinfo"):
        status, headers, text = call("HEAD", path)
        equal((status, text), (200, ""), f"HEAD {path}")
        check(int(headers["Content-Length"]) > 0, f"HEAD {path}: the length that GET has")
    rollcall.process.stop()

    config = scenario.write("web.yml", "")
    rollcall.argv += ["--web.enable-lifecycle", f"--web.config.file={config}"]
    rollcall.start()
    scenario.write("web.yml", "http_server_config:\n  headers:\n    X-Frame-Options: deny\n")
    equal(call("POST", "/-/reload")[0], 200, "reload")
    rollcall.process.wait_output("take a restart")
    equal(call("GET", "/-/healthy")[1]["X-Frame-Options"], "deny", "what was reloaded counts at once")
    scenario.write("web.yml", "x: y\n")
    status, _, text = call("PUT", "/-/reload")
    equal(status, 500, "a broken file")
    check("web.yml:1:" in text, text)
    equal(Scrape().value("web_config_last_reload_successful"), 0, "it shows")
    scenario.write("web.yml", "http_server_config:\n  headers:\n    X-Frame-Options: sameorigin\n")
    rollcall.process.signal(signal.SIGHUP)
    wait_for("SIGHUP to reload", lambda: call("GET", "/-/healthy")[1]["X-Frame-Options"] == "sameorigin")
    equal(Scrape().value("web_config_last_reload_successful"), 1, "and all is well")
    status, _, text = call("POST", "/-/quit")
    equal((status, text), (200, "Requesting termination... Goodbye!\n"), "quit")
    equal(rollcall.process.wait(10), 0, "its exit status")
    scenario.step("reload and quit")


def run(scenario):
    other = clustered(scenario)
    rollcall, own = embedded(scenario)
    documented(scenario, [own, other])
    lifecycle(scenario, rollcall)


main(run)
