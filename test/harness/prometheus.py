"""A real Prometheus, asked through its own API."""

import http.client
import json
import re
import urllib.parse

from .scenario import server
from .wait import wait_for


class Prometheus:
    def __init__(self, scenario, config, host=None, address="127.0.0.1", name="prometheus", files=None):
        self.address = address
        path = scenario.write(f"{name}.yml", config)
        self.process = scenario.start(
            name, [server("prometheus"), f"--config.file={path}",
                   f"--storage.tsdb.path={scenario.path(name)}.data",
                   f"--web.listen-address={address}:9090", "--log.level=debug"], host=host, files=files)
        wait_for(f"{name} to be ready", lambda: self._get("/-/ready")[0] == 200, 20)

    def _get(self, path):
        connection = http.client.HTTPConnection(self.address, 9090, timeout=3)
        try:
            connection.request("GET", path)
            reply = connection.getresponse()
            return reply.status, reply.read()
        finally:
            connection.close()

    def targets(self, job=None):
        """{(job, "host:port"): health} of the active targets."""
        found = json.loads(self._get("/api/v1/targets?state=active")[1])["data"]["activeTargets"]
        return {(t["labels"]["job"], t["discoveredLabels"]["__address__"]): t["health"]
                for t in found if job in (None, t["labels"]["job"])}

    def instances(self):
        """{(job, label `instance`): health} of the active targets."""
        found = json.loads(self._get("/api/v1/targets?state=active")[1])["data"]["activeTargets"]
        return {(t["labels"]["job"], t["labels"]["instance"]): t["health"] for t in found}

    def metric(self, name):
        """One of its own metrics, summed over its labels."""
        return sum(float(line.rsplit(" ", 1)[1]) for line in self._get("/metrics")[1].decode().splitlines()
                   if line.startswith((name + " ", name + "{")))

    def discovered(self):
        """{job: targets} as they were found, before anything is made of them."""
        series = re.findall(r'^prometheus_sd_discovered_targets\{config="([^"]*)",name="scrape"\} (\d+)',
                            self._get("/metrics")[1].decode(), re.MULTILINE)
        return {job: int(count) for job, count in series}

    def query(self, expression):
        """The values of an instant query, as text."""
        found = json.loads(self._get(f"/api/v1/query?query={urllib.parse.quote(expression)}")[1])
        return [series["value"][1] for series in found["data"]["result"]]

    def wait_lookups(self, count):
        """Until it has asked DNS `count` times more."""
        lookups = "prometheus_sd_dns_lookups_total"
        before = self.metric(lookups)
        wait_for(f"{count} more lookups", lambda: self.metric(lookups) >= before + count, 60)
