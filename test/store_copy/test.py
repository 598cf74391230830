#!/usr/bin/python3
"""Everything moves from a store of our own to an etcd and back, leases and all."""

import json
import os
import re
import sys

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

from harness import process  # noqa: E402
from harness.certificates import Authority  # noqa: E402
from harness.etcd import Cluster  # noqa: E402
from harness.rollcall import Embedded, cli  # noqa: E402
from harness.scenario import main, server  # noqa: E402
from harness.wait import check, equal  # noqa: E402

NODE = "/skydns/internal/prom/node"
# "secret", as htpasswd -nB prints it.
USER = "host:$2y$05$aaaaaaaaaaaaaaaaaaaaaufF5ln6hkSmsXQlUal7F4e6KigLYzXK6\n\n"
ETCD = "http://10.53.0.21:2379"


def copy(*words):
    return cli("store", "copy", *words, timeout=60)


def equal_ends(done):
    """(keys, leases, written, removed) of a copy that went well."""
    check(done.returncode == 0, f"copy: {done.stdout}{done.stderr}")
    found = re.search(r"^(\d+) keys and (\d+) leases .*\((\d+) written, (\d+) removed\)", done.stdout, re.M)
    return tuple(map(int, found.groups()))


def ours(scenario, certificate, flags):
    """A store with TLS and a user; 250 instances, one of them under a lease."""
    source = Embedded(scenario, f"--store.cert={certificate.cert}", f"--store.key={certificate.key}",
                      f"--store.users-file={scenario.write('users', USER)}", name="source",
                      api="10.53.0.1:2379")

    def ctl(*words, stdin=None):
        done = process.run([server("etcdctl"), "--endpoints=https://10.53.0.1:2379", "--user=host:secret",
                            f"--cacert={certificate.ca}", *words], env={"ETCDCTL_API": "3"}, stdin=stdin)
        check(done.returncode == 0, f"etcdctl {words}: {done.stderr}")
        return done.stdout
    value = json.dumps('{"host":"192.0.2.1"}')
    for start in (0, 125):
        puts = "".join(f"put {NODE}/n{i} {value}\n" for i in range(start, start + 125))
        ctl("txn", stdin=f"\n{puts}\n\n")
    lease = ctl("lease", "grant", "600").split()[1]
    ctl("put", f"--lease={lease}", f"{NODE}/leased", '{"host":"192.0.2.2"}')
    equal(cli("register", "node", "--host=new", "--port=1", "--address=192.0.2.1", *flags).returncode, 0,
          "a registration by password")
    check(any("_etcd-client-ssl" in key for key in ctl("get", "--prefix", "--keys-only", "/skydns").split()),
          "the source says where it is")
    return source, lease


def run(scenario):
    certificate = Authority(scenario).issue("store", "IP:10.53.0.1")
    flags = ["--etcd.endpoint=https://10.53.0.1:2379", f"--etcd.cacert={certificate.ca}", "--etcd.user=host",
             f"--etcd.password-file={scenario.write('password', 'secret')}"]
    etcd = Cluster(scenario, [scenario.network.host("etcd1", 21)])
    source, lease = ours(scenario, certificate, flags)
    # A client that does not know of TLS costs a line of our log, not one of gRPC's own.
    check(cli("list", "--etcd.endpoint=http://10.53.0.1:2379").returncode, "a client without TLS")
    check(not re.search(r"^[EIW]\d{4} ", source.process.output(), re.M), source.process.output())

    running = copy("--from=https://10.53.0.1:2379", f"--to={ETCD}", *flags[1:])
    equal(equal_ends(running), (253, 2, 253, 0), "from the store while it runs")
    equal(source.process.stop(), 0, "its exit status")
    again = copy(f"--from={source.path}", f"--to={ETCD}")
    equal(equal_ends(again), (253, 2, 0, 0), "again, from its directory")
    check("left out: 2 records" in again.stdout, again.stdout)
    equal([key for key in etcd.keys("/skydns") if "_tcp" in key], [], "where the source was is not told")
    check("granted with TTL(600s)" in etcd.ctl("lease", "timetolive", lease), "the lease, with its time")
    check(f"{NODE}/leased" in etcd.ctl("lease", "timetolive", lease, "--keys"), "and its key")
    scenario.step("253 keys and two leases, from a running store by TLS and password, and from its directory")

    etcd.put(f"{NODE}/n1", "another")
    etcd.put("/elsewhere", "theirs")
    refused = copy(f"--from={source.path}", f"--to={ETCD}")
    equal(refused.returncode, 1, "another value")
    check(f"another value of {NODE}/n1" in refused.stderr, refused.stderr)
    equal(etcd.get(f"{NODE}/n1"), "another", "it is left alone")
    replaced = copy(f"--from={source.path}", f"--to={ETCD}", "--overwrite")
    equal(equal_ends(replaced), (253, 2, 1, 0), "--overwrite")
    check("left alone: 1 keys" in replaced.stdout, replaced.stdout)
    equal(etcd.get("/elsewhere"), "theirs", "what the destination has besides")
    scenario.step("another value ends it, --overwrite replaces it")

    back = scenario.path("back")
    equal(equal_ends(copy(f"--from={ETCD}", f"--to={back}"))[:2], (254, 2), "back")
    served = Embedded(scenario, name="back", path=back)
    equal(len(served.targets("node.prom.internal")), 252, "its targets")
    check("granted with TTL(600s)" in served.ctl("lease", "timetolive", lease).stdout, "the lease is back")
    used = copy(f"--from={back}", f"--to={ETCD}")
    equal(used.returncode, 2, "a directory that a server has")
    check("name a store that runs by its URL" in used.stderr, used.stderr)
    scenario.step("and back, and served")


main(run)
