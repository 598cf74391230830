"""Looks at Prometheus each second, and at every server's answers ten times as often."""

import http.client
import socket
import threading
import time

import dns.exception
import dns.message
import dns.rcode
import dns.rdatatype

from harness.wait import Failure

from roll import ZONE, Observer

HTTP = "-http"  # how the names of jobs end that ask by HTTP


class Watch:
    """Two kinds of observers, a thread each.  `silent`: a server may be without an answer."""

    def __init__(self, roll, prometheus, servers, silent=False):
        self.silent = silent
        self.prometheus = PrometheusWatch(roll, prometheus)
        self.answers = [AnswerWatch(roll, server, self) for server in servers]
        self._threads = [self.prometheus, *self.answers]
        for thread in self._threads:
            thread.start()

    def right_since(self, began):
        """When all had looked after `began` and last found it right; None: not yet."""
        times = [thread.right_since(began) for thread in self._threads]
        return None if None in times else max(times)

    def wait_right(self, limit, since=None):
        """Seconds from `since` until all was right."""
        since = since or time.monotonic()
        while True:
            at = self.right_since(since)
            if at:
                return at - since
            if time.monotonic() > since + limit:
                lacking = [thread.lacks() for thread in self._threads if not thread.right_since(since)]
                raise Failure(f"not right after {limit} s: " + "; ".join(lacking))
            time.sleep(0.05)

    def begin(self):
        """From here on the lowest count is kept."""
        self.prometheus.lowest = self.prometheus.count

    def problems(self):
        return [problem for thread in self._threads for problem in thread.problems()]

    def end(self):
        for thread in self._threads:
            thread.stop.set()
        for thread in self._threads:
            thread.join()


class PrometheusWatch(threading.Thread):
    """What its jobs have found: by DNS, and by HTTP, which is held to the same rule."""

    def __init__(self, roll, prometheus):
        super().__init__(daemon=True)
        self.prometheus = prometheus
        self.observers = {"": Observer(roll, "Prometheus"), HTTP: Observer(roll, "Prometheus by HTTP")}
        self.stop = threading.Event()
        self.found = {kind: {} for kind in self.observers}  # target: up, down, unknown
        self.discovered = dict.fromkeys(self.observers, 0)
        self.count = self.lowest = 0  # of the kind that has fewer
        self.blind = 0  # looks that failed, one after the other

    @property
    def health(self):
        return self.found[""]

    def run(self):
        while not self.stop.wait(1):
            try:
                self._look()
                self.blind = 0
            except (OSError, ValueError, KeyError, http.client.HTTPException):
                self.blind += 1
                if self.blind == 10:
                    self.observers[""].complain("cannot be asked")

    def _look(self):
        when = time.monotonic()
        instances = self.prometheus.instances()
        discovered = self.prometheus.discovered()
        for kind, observer in self.observers.items():
            self.found[kind] = {target: health for (job, target), health in instances.items()
                                if job.endswith(HTTP) == bool(kind)}
            self.discovered[kind] = sum(count for job, count in discovered.items()
                                        if job.endswith(HTTP) == bool(kind))
            self._judge(observer, set(self.found[kind]), self.discovered[kind], when)
        self.count = min(min(self.discovered[kind], len(self.found[kind])) for kind in self.observers)
        self.lowest = min(self.lowest, self.count)

    @staticmethod
    def _judge(observer, found, discovered, when):
        if discovered < len(observer.seen - observer.roll.gone - observer.roll.either):
            observer.complain(f"only {discovered} discovered")
        if not observer.look(found, when) or discovered != len(found):
            observer.right_at = None

    def forget(self):
        """A Prometheus that starts anew knows nobody."""
        for observer in self.observers.values():
            observer.seen = set()
            observer.right_at = None
        self.count = 0

    def right_since(self, began):
        times = [observer.right_at for observer in self.observers.values()]
        return max(times) if all(at and at > began for at in times) else None

    def lacks(self):
        wrong = [kind for kind, observer in self.observers.items() if not observer.right_at]
        return "; ".join(f"{self.observers[kind].lacks(set(self.found[kind]))}, {self.discovered[kind]} discovered"
                         for kind in wrong or self.observers)

    def problems(self):
        return [problem for observer in self.observers.values() for problem in observer.problems]


class AnswerWatch(threading.Thread):
    """Asks one server by TCP, as Prometheus does after a truncated answer, name after name."""

    def __init__(self, roll, server, watch):
        super().__init__(daemon=True)
        self.server, self.watch, self.roll = server, watch, roll
        self.stop = threading.Event()
        self.observers = {}  # service: Observer
        self.found = {}  # service: what it found last
        self.complaints = []
        self.refused = 0

    def run(self):
        while not self.stop.is_set():
            for service in sorted(self.roll.there):
                if self.stop.wait(0.1 if len(self.roll.there) == 1 else 0.02):
                    return
                observer = self.observers.get(service)
                if not observer:
                    observer = self.observers[service] = Observer(
                        self.roll, f"{self.server.name} on {service}", service)
                self._ask(service, observer)

    def _ask(self, service, observer):
        when = time.monotonic()
        try:
            reply = _ask_srv(self.server.address, self.server.port, f"{service}.{ZONE}")
        except (OSError, EOFError, dns.exception.DNSException) as error:
            self._unanswered(observer, type(error).__name__)
            return
        rcode = reply[3] & 15
        if rcode not in (dns.rcode.NOERROR, dns.rcode.NXDOMAIN):
            self._unanswered(observer, dns.rcode.to_text(rcode))
            return
        if reply[2] & 2:  # too long even for TCP: says nothing
            observer.right_at = None
            return
        self.refused = 0
        count = int.from_bytes(reply[6:8], "big")
        if observer.right_at and count == len(self.found[service]) and when - observer.looked_at < 1:
            return  # most likely the same; once a second it is read
        self.found[service] = _targets(reply) if rcode == dns.rcode.NOERROR else set()
        observer.look(self.found[service], when)

    def _unanswered(self, observer, what):
        observer.right_at = None
        self.refused += 1
        # A machine under load loses one now and then.
        if not self.watch.silent and (self.refused == 3 or what.isupper()):
            if len(self.complaints) < 5:
                self.complaints.append(f"{observer.name}: {what}")

    def seen(self, service):
        observer = self.observers.get(service)
        return observer.seen if observer else set()

    def right_since(self, began):
        observers = [self.observers.get(service) for service in sorted(self.roll.there)]
        times = [o.right_at if o and o.right_at and o.right_at > began else None for o in observers]
        return None if None in times else max(times)

    def lacks(self):
        wrong = [o for o in self.observers.values() if not o.right_at]
        return "; ".join(o.lacks(self.found.get(o.service, set())) for o in wrong[:3]) or f"{self.server.name} not asked"

    def problems(self):
        return self.complaints + [p for o in self.observers.values() for p in o.problems]


def _ask_srv(address, port, name):
    """The octets of the reply."""
    wire = dns.message.make_query(name, "SRV", use_edns=False).to_wire()
    with socket.create_connection((address, port), timeout=2) as connection:
        connection.sendall(len(wire).to_bytes(2, "big") + wire)
        length = int.from_bytes(_read(connection, 2), "big")
        return _read(connection, length)


def _read(connection, count):
    octets = b""
    while len(octets) < count:
        more = connection.recv(count - len(octets))
        if not more:
            raise EOFError
        octets += more
    return octets


def _targets(reply):
    return {f"{str(rdata.target).rstrip('.')}:{rdata.port}"
            for rrset in dns.message.from_wire(reply).answer if rrset.rdtype == dns.rdatatype.SRV
            for rdata in rrset}
