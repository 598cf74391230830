"""What Prometheus's discovery/consul/consul.go does, as far as requests and indexes go.

One long poll of the catalog, and one for each service that it lists; an answer whose index is the
one already had is a time-out and changes nothing; an error changes nothing either.  The waits
are shorter.
"""

import http.client
import json
import threading
import urllib.parse

MAINTENANCE = ("_node_maintenance", "_service_maintenance:")


class ConsulSd:
    def __init__(self, address="127.0.0.1", port=9530, wait="2s", retry=0.2):
        self.address, self.port, self.wait, self.retry = address, port, wait, retry
        self.services = {}  # name: {"host:port": health}
        self.threads = {}
        self.errors, self.rounds = 0, 0
        self.lock = threading.Lock()
        self.end = threading.Event()
        self.main = threading.Thread(target=self._watch_catalog, daemon=True)
        self.main.start()

    def targets(self, service):
        with self.lock:
            return dict(self.services.get(service, {}))

    def stop(self):
        self.end.set()

    def _get(self, path, **parameters):
        connection = http.client.HTTPConnection(self.address, self.port, timeout=30)
        try:
            connection.request("GET", f"{path}?{urllib.parse.urlencode(parameters)}")
            reply = connection.getresponse()
            body = reply.read()
            if reply.status != 200:
                raise ValueError(f"{reply.status}: {body.decode()}")
            return json.loads(body), int(reply.getheader("X-Consul-Index") or 0)
        finally:
            connection.close()

    def _poll(self, path, last, datacenter):
        """(answer, index); None for the answer: nothing new."""
        answer, index = self._get(path, dc=datacenter, stale="", wait=self.wait,
                                  **({"index": last} if last else {}))
        self.rounds += 1
        return (None, last) if index == last else (answer, index)

    def _watch_catalog(self):
        datacenter, last = None, 0
        while not self.end.is_set():
            try:
                datacenter = datacenter or self._get("/v1/agent/self")[0]["Config"]["Datacenter"]
                answer, last = self._poll("/v1/catalog/services", last, datacenter)
            except (OSError, ValueError, KeyError, http.client.HTTPException):
                self.errors += 1
                self.end.wait(self.retry)
                continue
            if answer is None:
                continue
            for name in set(answer) - set(self.threads):
                stopped = threading.Event()
                self.threads[name] = stopped
                threading.Thread(target=self._watch_service, args=(name, datacenter, stopped),
                                 daemon=True).start()
            for name in set(self.threads) - set(answer):
                self.threads.pop(name).set()
                with self.lock:
                    self.services.pop(name, None)

    def _watch_service(self, name, datacenter, stopped):
        last = 0
        while not (stopped.is_set() or self.end.is_set()):
            try:
                nodes, last = self._poll(f"/v1/health/service/{name}", last, datacenter)
            except (OSError, ValueError, http.client.HTTPException):
                self.errors += 1
                self.end.wait(self.retry)
                continue
            if nodes is None:
                continue
            found = {f"{n['Service']['Address'] or n['Node']['Address']}:{n['Service']['Port']}":
                     _aggregated(n["Checks"]) for n in nodes}
            with self.lock:
                if not stopped.is_set():
                    self.services[name] = found


def _aggregated(checks):
    """HealthChecks.AggregatedStatus() of Consul's client."""
    if any(check["CheckID"].startswith(MAINTENANCE) for check in checks):
        return "maintenance"
    for status in ("critical", "warning"):
        if any(check["Status"] == status for check in checks):
            return status
    return "passing"
