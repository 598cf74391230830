#!/usr/bin/python3
"""The alerts and the dashboard: rendered, checked, tested, and of metrics that there are."""

import filecmp
import json
import os
import re
import shutil
import sys

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

import yaml  # noqa: E402
from harness import process  # noqa: E402
from harness.prometheus import Prometheus  # noqa: E402
from harness.scenario import ROOT, main, server  # noqa: E402
from harness.wait import check, equal  # noqa: E402

ALERTS, DASHBOARD = "rollcall-alerts.yml", "rollcall-dashboard.json"
METRIC = re.compile(r"\b((?:rollcall|prometheus_sd|process)_[a-z_]+)\b")
PROMETHEUS = """
scrape_configs:
  - {{job_name: rollcall, dns_sd_configs: [{{names: [node.prom.internal]}}]}}
  - {{job_name: http, http_sd_configs: [{{url: "http://127.0.0.1:1/"}}]}}
rule_files: [{rules}]
"""


def rendered(scenario):
    """The files in the tree are current."""
    os.mkdir(scenario.path("rendered"))
    done = process.run([f"{ROOT}/script/mixin", scenario.path("rendered")])
    equal(done.returncode, 0, f"script/mixin: {done.stdout}{done.stderr}")
    for name in (ALERTS, DASHBOARD):
        check(filecmp.cmp(scenario.path(f"rendered/{name}"), f"{ROOT}/mixin/{name}", shallow=False),
              f"mixin/{name} is not what script/mixin makes: run it")
    scenario.step("the rendered files are current")


def rules(scenario):
    shutil.copy(f"{ROOT}/mixin/{ALERTS}", scenario.directory)
    shutil.copy(f"{ROOT}/test/mixin/rules_test.yml", scenario.directory)
    done = process.run([server("promtool"), "check", "rules", "--lint=all", "--lint-fatal",
                        scenario.path(ALERTS)])
    equal(done.returncode, 0, f"promtool check rules: {done.stdout}{done.stderr}")
    done = process.run([server("promtool"), "test", "rules", scenario.path("rules_test.yml")])
    equal(done.returncode, 0, f"promtool test rules: {done.stdout}{done.stderr}")
    scenario.step("promtool takes the rules, and they do what they are for")


def described(alerts):
    """Each alert is tested and has its section, and a command to begin with."""
    with open(f"{ROOT}/doc/alerts.md", encoding="utf-8") as handle:
        sections = re.findall(r"^## (\w+)$", handle.read(), re.M)
    with open(f"{ROOT}/test/mixin/rules_test.yml", encoding="utf-8") as handle:
        tested = set(re.findall(r'alertname(?:=|: )"?(\w+)', handle.read()))
    equal(sections, [alert["alert"] for alert in alerts], "the sections of doc/alerts.md")
    for alert in alerts:
        name, notes = alert["alert"], alert["annotations"]
        equal(sorted(notes), ["description", "runbook_url", "summary"], name)
        check(". Run: " in notes["description"], f"{name}: a command: {notes['description']}")
        check(notes["runbook_url"].endswith(f"/doc/alerts.md#{name.lower()}"), notes["runbook_url"])
        check(alert["labels"]["severity"] in ("warning", "critical"), name)
        check(name in tested, f"{name} is not tested")


def named(scenario, alerts):
    """What they are about is there."""
    with open(f"{ROOT}/doc/metrics.md", encoding="utf-8") as handle:
        rows = re.findall(r"^\| `(\w+)[^|]*\| (\w+)", handle.read(), re.M)
    documented = {name + suffix for name, kind in rows
                  for suffix in (("_bucket", "_sum", "_count") if kind == "histogram" else ("",))}
    config = PROMETHEUS.format(rules=scenario.path(ALERTS))
    prometheus = Prometheus(scenario, config)
    with open(f"{ROOT}/mixin/{DASHBOARD}", encoding="utf-8") as handle:
        dashboard = json.load(handle)
    laid_out(dashboard["panels"])
    queries = [target["expr"] for panel in dashboard["panels"] for target in panel["targets"]]
    check(len(queries) >= 15, "panels")
    own = prometheus._get("/metrics")[1].decode()
    for query in [*queries, *(alert["expr"] for alert in alerts)]:
        for name in METRIC.findall(query):
            known = f"# TYPE {name} " in own if name.startswith("prometheus_") else name in documented
            check(known, f"{name} is no metric: {query}")
        for dollar, value in (("$__rate_interval", "5m"), ("$job", ".*"), ("$instance", ".*"),
                              ("$service", ".*")):
            query = query.replace(dollar, value)
        equal(prometheus.query(query), ["1"] if "absent" in query else [], query)
    scenario.step(f"{len(alerts)} alerts and {len(queries)} queries of the dashboard, of metrics that there are")


def laid_out(panels):
    """No panel lies on another, or beyond Grafana's 24 columns."""
    equal(len({panel["id"] for panel in panels}), len(panels), "each has an id of its own")
    taken = set()
    for panel in panels:
        at = panel["gridPos"]
        cells = {(x, y) for x in range(at["x"], at["x"] + at["w"]) for y in range(at["y"], at["y"] + at["h"])}
        check(not cells & taken and at["x"] + at["w"] <= 24, f"{panel['title']}: {at}")
        taken |= cells


def run(scenario):
    rendered(scenario)
    rules(scenario)
    with open(f"{ROOT}/mixin/{ALERTS}", encoding="utf-8") as handle:
        alerts = [rule for group in yaml.safe_load(handle)["groups"] for rule in group["rules"]]
    described(alerts)
    named(scenario, alerts)


main(run)
