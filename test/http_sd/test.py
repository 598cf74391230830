#!/usr/bin/python3
"""http_sd under a real Prometheus: the targets of dns_sd, with labels, whatever the store does."""

import http.client
import json
import os
import shutil
import sys

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

import rows  # noqa: E402
from harness.etcd import Cluster  # noqa: E402
from harness.prometheus import Prometheus  # noqa: E402
from harness.rollcall import Server, cli  # noqa: E402
from harness.scenario import main  # noqa: E402
from harness.wait import check, equal, holds, wait_for  # noqa: E402

NODE = "/skydns/internal/prom/node"
CONFIG = """
global: {scrape_interval: 1s, scrape_timeout: 1s}
scrape_configs:
  - job_name: dns
    dns_sd_configs: [{names: [node.prom.internal], refresh_interval: 1s}]
  - job_name: http
    http_sd_configs: [{url: "http://127.0.0.1:9530/sd/node.prom.internal?instance=dns", refresh_interval: 1s}]
"""
ODD = """
  - job_name: odd
    http_sd_configs: [{url: "http://127.0.0.1:9530/sd/odd.prom.internal", refresh_interval: 1s}]
  - job_name: cut
    http_sd_configs: [{url: "http://127.0.0.1:9531/sd/node.prom.internal", refresh_interval: 1s}]
"""
SHARD = """
  - job_name: dns{i}
    dns_sd_configs: [{{names: [_shard{i}of3.node.prom.internal], refresh_interval: 1s}}]
  - job_name: http{i}
    http_sd_configs: [{{url: "http://127.0.0.1:9530/sd/node.prom.internal?instance=dns&shard={i}/3", refresh_interval: 1s}}]
"""


def get(path):
    connection = http.client.HTTPConnection("127.0.0.1", 9530, timeout=5)
    try:
        connection.request("GET", path)
        reply = connection.getresponse()
        return reply.status, reply.read().decode()
    finally:
        connection.close()


class Site:
    def __init__(self, scenario):
        self.scenario = scenario
        self.etcd = Cluster(scenario)
        for i in range(1, 10):
            self.put(f"server0{i}", host=f"127.0.1.{i}" if i < 9 else "::1",
                     rollcall={"labels": {"rack": f"r{i % 3}"}, "tags": ["linux"]})
        self.server = Server(scenario, self.etcd.endpoints, listen="127.0.0.1:53")
        self.cutter = rows.Cutter(9531)
        config = CONFIG + ODD + "".join(SHARD.format(i=i) for i in range(3))
        self.prometheus = Prometheus(
            scenario, config,
            files={"/etc/resolv.conf": scenario.write("resolv.conf", "nameserver 127.0.0.1\n")})

    def put(self, instance, **value):
        self.etcd.put(f"{NODE}/{instance}", {"port": 9100, **value})

    def found(self, job):
        """{instance: discovered labels}"""
        answer = self.prometheus._get("/api/v1/targets?state=active")[1]
        return {target["labels"]["instance"]: target["discoveredLabels"]
                for target in json.loads(answer)["data"]["activeTargets"]
                if target["labels"]["job"] == job}

    def discovered(self, job):
        """The labels of each of its targets as they were found."""
        answer = self.prometheus._get("/api/v1/targets?state=active")[1]
        return [target["discoveredLabels"] for target in json.loads(answer)["data"]["activeTargets"]
                if target["scrapePool"] == job]

    def names(self, job):
        return {instance.split(".")[0] for instance in self.found(job)}

    def wait_same(self, wanted):
        for job in ("dns", "http"):
            wait_for(f"{len(wanted)} targets by {job}", lambda j=job: self.names(j) == wanted, 30)
        equal(sorted(self.found("http")), sorted(self.found("dns")), "the same by both")


def the_same(site):
    all_of_it = {f"server0{i}" for i in range(1, 10)}
    site.wait_same(all_of_it)
    labels = site.found("http")["server03.node.prom.internal:9100"]
    equal({name: value for name, value in labels.items() if name.startswith(("__meta_rollcall", "__address"))},
          {"__address__": "127.0.1.3:9100", "__meta_rollcall_service": "node",
           "__meta_rollcall_instance": "server03", "__meta_rollcall_zone": "prom.internal",
           "__meta_rollcall_state": "static", "__meta_rollcall_health": "passing",
           "__meta_rollcall_address": "127.0.1.3", "__meta_rollcall_port": "9100",
           "__meta_rollcall_host": "server03", "__meta_rollcall_label_rack": "r0",
           "__meta_rollcall_tags": ",linux,"}, "what is known of it")
    equal(site.found("http")["server09.node.prom.internal:9100"]["__address__"], "[::1]:9100",
          "an address of IPv6")
    site.scenario.step("http_sd and dns_sd: the same nine targets, by http_sd with labels")
    shards = []
    for i in range(3):
        wait_for(f"shard {i}", lambda i=i: site.names(f"http{i}") and
                 site.names(f"http{i}") == site.names(f"dns{i}"), 30)
        shards += sorted(site.names(f"http{i}"))
    equal(sorted(shards), sorted(all_of_it), "each in one of three shards")
    site.scenario.step("three shards: each target in one, the same by both")
    return all_of_it


def changes(site, known):
    site.put("server10", host="127.0.1.10")
    site.wait_same(known | {"server10"})
    done = cli("deregister", "node", "--host=server10", f"--etcd.endpoint={site.etcd.endpoints}")
    equal(done.returncode, 0, done.stderr)
    site.wait_same(known)
    site.scenario.step("a target comes, and goes when it is deregistered")


def last_of_a_name(site):
    site.etcd.put("/skydns/internal/prom/solo/a", {"host": "127.0.2.1", "port": 1})
    wait_for("it", lambda: "127.0.2.1:1" in get("/sd/solo.prom.internal")[1])
    done = cli("deregister", "solo", "--host=a", f"--etcd.endpoint={site.etcd.endpoints}")
    equal(done.returncode, 0, done.stderr)
    wait_for("nothing", lambda: get("/sd/solo.prom.internal") == (200, "[]"))
    equal(get("/sd/node.example.org")[0], 404, "a name that is not ours")
    equal(get("/sd/node.prom.internal?stat=healthy")[0], 400, "a parameter that nobody knows")
    site.scenario.step("the last of a name is gone when it is deregistered; what is odd is refused")


def outage(site, known):
    for member in site.etcd.members:
        member.kill()
    wait_for("a name that nobody knows to be unsure",
             lambda: get("/sd/solo.prom.internal")[0] == 503, 20)
    equal(get("/sd/node.prom.internal")[0], 200, "what is known is answered")
    holds("all are kept", lambda: site.names("http") == known, 3)
    site.server.process.kill()
    shutil.rmtree(site.server.path)  # nor anything that was last known
    site.server.start(wait=False)
    wait_for("it to say that it knows nothing",
             lambda: get("/sd/node.prom.internal")[0] == 503, 20)
    holds("all are kept", lambda: site.names("http") == known, 3)
    check(site.prometheus.metric("prometheus_sd_http_failures_total") > 0, "it has heard so")
    site.etcd.start()
    site.wait_same(known)
    site.scenario.step("the store dies, our server starts knowing nothing, both come back: all are kept")


def run(scenario):
    site = Site(scenario)
    known = the_same(site)
    changes(site, known)
    last_of_a_name(site)
    other = Server(scenario, site.etcd.endpoints, "--web.listen-address=127.0.0.1:9532", name="other",
                   listen="127.0.0.1:5302")
    rows.every_row(site, 9532)
    other.process.stop()
    outage(site, known)


main(run)
