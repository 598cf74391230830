"""Each way in which an answer of http_sd can cost Prometheus targets, tried on ours.

A row is what an answer could be, what Prometheus 2.42 makes of three targets then, and where it is
seen that ours is not like that: a function here, or a unit test (HttpSdTest of src/serving/sd,
HttpTest of src/serving/http).

| answer                               | targets | seen by |
|--------------------------------------|---------|---------|
| `[]` by who is not sure              | 0       | outage() of test.py; HttpSdTest.AnEmptyArrayIsSaidOnlyByWhoIsSure |
| `null`                               | 0       | empty_is_an_array() |
| `[{"targets":[]}]`                   | 0       | odd_values(): each group has one; empty_is_an_array() |
| `[null]`                             | 3       | odd_values() |
| 204, 304, 4xx, 429, 5xx              | 3       | plain_200(): never instead of an answer; outage(): 503 on purpose |
| an empty body, an object, bad JSON   | 3       | odd_values() |
| a body that ends early               | 3       | cut_short(); HttpTest.StoppingMakesHalfAnAnswerNoWholeOne |
| later than refresh_interval          | 3       | test/sd_large |
| 302                                  | 3       | plain_200(): none is needed |
| groups in another order              | 3       | same_octets() |
| another Content-Type                 | 3       | plain_200() |
| Content-Encoding: gzip               | 3       | plain_200() |
| a third member of a group            | 3       | odd_values() |
| a value that is no string, a name    | 3       | odd_values(); HttpSdTest.LabelNamesAreThoseOfPrometheus... |
| `host/path` as a target              | 1 less  | odd_values(); HttpSdTest.TextsAreEscapedAndABadTarget... |
| a timeout longer than the interval   | 1 less  | odd_values(); HttpSdTest.WhatIsReadyMadeNeedsNoRelabelling |
| IPv6 without brackets, no port       | mangled | odd_values(); HttpSdTest.AddressesAreLiteralsAnd... |
| a target twice, with other labels    | 2       | odd_values(): two registrations of one address |
| 20,000 groups and more               | all     | test/sd_large |
"""

import http.client
import json
import select
import socket
import threading

from harness.wait import check, equal, holds, wait_for

ODD = "/sd/odd.prom.internal"
KEY = "/skydns/internal/prom/odd"


def ask(path, port=9530, method="GET", **headers):
    """(status, headers, octets)"""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request(method, path, headers={k.replace("_", "-"): v for k, v in headers.items()})
        reply = connection.getresponse()
        return reply.status, reply.headers, reply.read()
    finally:
        connection.close()


def every_row(site, other_port):
    plain_200()
    empty_is_an_array(site)
    odd_values(site)
    same_octets(other_port)
    cut_short(site)


def plain_200():
    """Whatever a client, or a cache before us, asks for besides."""
    for headers in ({}, {"Accept_Encoding": "gzip, br"}, {"Accept": "text/html"}, {"If_None_Match": "*"},
                    {"If_Modified_Since": "Thu, 01 Jan 2099 00:00:00 GMT"}, {"Range": "bytes=0-1"},
                    {"Expect": "200-ok"}):
        for path in ("/sd/node.prom.internal", "/sd/NODE.prom.internal.", "/sd/node.prom.internal?"):
            status, said, octets = ask(path, **headers)
            if "Expect" in headers:
                check(status in (200, 417), f"{status} for {headers}")
                continue
            equal(status, 200, f"{path} with {headers}")
            equal(said.get_all("Content-Type"), ["application/json"], f"its type, for {headers}")
            equal(said["Content-Encoding"], None, f"its coding, for {headers}")
            equal(len(octets), int(said["Content-Length"]), "its length")
            check(octets.startswith(b"[{") and octets.endswith(b"}]"), f"all of it, for {headers}")


def empty_is_an_array(site):
    for path in ("/sd/nobody.prom.internal", "/sd/nobody.prom.internal?label.rack=r1",
                 "/sd/node.prom.internal?label.rack=r99", "/sd/_healthy.nobody.prom.internal",
                 "/sd/prom.internal?shard=1023/1024&label.rack=r99"):
        equal(ask(path)[::2], (200, b"[]"), path)
    site.scenario.step("an answer is 200, JSON, as it is and whole; an empty one is []")


def odd_values(site):
    """All that somebody can put into the store by etcdctl, at once: each costs itself at most."""
    good = {
        "plain": {"host": "127.0.3.1", "port": 1},
        "twin1": {"host": "127.0.3.2", "port": 2, "rollcall": {"labels": {"n": "1"}}},
        "twin2": {"host": "127.0.3.2", "port": 2, "rollcall": {"labels": {"n": "2"}}},
        "v6": {"host": "::1", "port": 3},
        "v6-long": {"host": "0:0:0:0:0:0:0:2", "port": 4},
        "portless": {"host": "127.0.3.5", "port": 0},
        "named": {"host": "www.example.org", "port": 6},
        "names": {"host": "127.0.3.7", "port": 7, "rollcall": {"labels": {
            "a-b": "1", "a.b": "2", "1st": "3", "": "4", "ü": "5", "__name__": "6", "job": "7", " ": "8"}}},
        "texts": {"host": "127.0.3.8", "port": 8, "text": "\u0000\u0007\"\\</script>", "rollcall": {
            "labels": {"q": "\"\\\n\u0001\u2028<b>\ud83d\ude00"}, "tags": ["a,b", "", "ü"]}},
        "soon": {"host": "127.0.3.9", "port": 9, "rollcall": {"interval": "1s"}},
        "never": {"host": "127.0.3.10", "port": 10, "rollcall": {"interval": "0s", "scheme": "ftp"}},
        "params": {"host": "127.0.3.11", "port": 11, "rollcall": {
            "scheme": "https", "metrics_path": "/p q?x#y", "params": {"a": "&=%", "b[]": "2", "": "3"}}},
    }
    bad = ["{not json", "null", "[]", "12", '""', "{}", '{"host":{"a":1},"port":1}', '{"host":"127.0.3.20","port":"x"}',
           '{"host":"127.0.3.21","port":99999}', '{"host":"host/path","port":1}', '{"host":"a b","port":1}',
           '{"host":"http://127.0.3.22/","port":1}', '{"host":"127.0.3.23:80","port":1}', '{"host":"","port":1}',
           '{"host":"127.0.3.24","port":1,"rollcall":{"labels":{"x":1}}}',
           '{"host":"127.0.3.25","port":1,"rollcall":[]}', "\ufffd", '{"host":"\\ud800","port":1}']
    site.etcd.load((f"{KEY}/{name}", value) for name, value in good.items())
    for number, text in enumerate(bad):
        site.etcd.put(f"{KEY}/bad{number}", text)
    site.etcd.put(f"{KEY}/last", {"host": "127.0.3.99", "port": 99})
    wait_for("the last of them", lambda: b"127.0.3.99:99" in ask(ODD)[2])
    groups = json.loads(ask(ODD)[2])
    for group in groups:
        equal(sorted(group), ["labels", "targets"], "the members of a group")
        equal(len(group["targets"]), 1, f"targets of {group}")
        check(all(isinstance(text, str) for pair in group["labels"].items() for text in pair), f"{group}")
    wanted = {group["labels"]["__meta_rollcall_instance"] for group in groups}
    check({*good, "last"} <= wanted, f"missing: {sorted(set(good) - wanted)}")
    check(not {f"bad{number}" for number in (0, 9, 10, 11)} & wanted, f"odd ones among {sorted(wanted)}")
    failed = site.prometheus.metric("prometheus_sd_http_failures_total")

    def found():
        return {target["__meta_rollcall_instance"] for target in site.discovered("odd")}
    # Prometheus has each of them, so it has taken the whole answer, and not dropped one as invalid.
    # Those at one address differ only by labels of http_sd, so they become one target.
    wait_for(f"Prometheus to find {len(wanted)}", lambda: found() | {"twin1", "twin2"} == wanted, 10)
    equal(site.prometheus.metric("prometheus_sd_http_failures_total"), failed, "answers that it refused")
    addresses = {target["__address__"] for target in site.discovered("odd")}
    check({"[::1]:3", "[::2]:4"} <= addresses, f"{sorted(addresses)}")
    site.scenario.step(f"what is odd costs itself at most: Prometheus has all {len(wanted)} that can be targets")


def same_octets(other_port):
    """From every server at one revision, and each time."""
    first = ask(ODD)[2]
    for port in (9530, other_port):
        wait_for(f"the same octets at port {port}", lambda p=port: ask(ODD, p)[2] == first)


class Cutter:
    """A proxy between Prometheus and the server; `cut`: it hands on only half of each answer."""

    def __init__(self, port):
        self.cut, self.cuts = False, 0
        self.listener = socket.create_server(("127.0.0.1", port))
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while True:
            client = self.listener.accept()[0]
            threading.Thread(target=self._serve, args=[client], daemon=True).start()

    def _serve(self, client):
        with client, socket.create_connection(("127.0.0.1", 9530)) as server:
            while True:
                ready = select.select([client, server], [], [])[0]
                for source in ready:
                    octets = source.recv(1 << 20)
                    if not octets:
                        return
                    if source is server and self.cut:
                        client.sendall(octets[:len(octets) // 2])
                        self.cuts += 1
                        return
                    (server if source is client else client).sendall(octets)


def cut_short(site):
    found = lambda: len(site.discovered("cut"))  # noqa: E731
    count = len(json.loads(ask("/sd/node.prom.internal")[2]))
    wait_for("targets by way of a proxy", lambda: found() == count, 30)
    site.cutter.cut = True
    wait_for("three answers to be cut", lambda: site.cutter.cuts >= 3, 30)
    holds("they are kept", lambda: found() == count, 2)
    site.cutter.cut = False
    site.scenario.step("an answer that ends early takes nothing away")
