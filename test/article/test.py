#!/usr/bin/python3
"""What the article set up with CoreDNS and a shell script, with rollcall in their place."""

import os
import sys

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

from harness import dns, process, rollcall  # noqa: E402
from harness.bind import Bind  # noqa: E402
from harness.etcd import Cluster  # noqa: E402
from harness.prometheus import Prometheus  # noqa: E402
from harness.scenario import BINARY, ROOT, main, server  # noqa: E402
from harness.unit import Unit  # noqa: E402
from harness.wait import check, equal, holds, wait_for  # noqa: E402

BASE = "/skydns/local/prom"
GRACE = 5
EXAMPLES = f"{ROOT}/packaging/examples"
UNITS = f"{ROOT}/packaging/systemd"
PROGRAMS = {
    "/usr/bin/rollcall": BINARY,
    "/usr/lib/rollcall/register.sh": f"{ROOT}/packaging/register.sh",
    "/usr/bin/prometheus-node-exporter": server("prometheus-node-exporter"),
}


def example(name):
    with open(f"{EXAMPLES}/{name}", encoding="utf-8") as handle:
        return handle.read()


def environment_file(name):
    """What systemd makes of a file of packaging/default."""
    with open(f"{ROOT}/packaging/default/{name}", encoding="utf-8") as handle:
        lines = [line.strip() for line in handle if line.strip() and not line.startswith("#")]
    return {key: value.strip('"') for key, _, value in (line.partition("=") for line in lines)}


class Article:
    """The machines of the article."""

    def __init__(self, scenario):
        self.scenario = scenario
        net = scenario.network
        self.company = net.host("company", 2)
        self.members = [net.host(f"etcd{i}", 10 + i) for i in (1, 2, 3)]
        self.hosts = [net.host(f"server0{i}", 20 + i, [self.company.address]) for i in (1, 2)]
        self.monitor = net.host("monitor", 30)
        self.monitor.resolv_conf(example("resolv.conf.company"))
        self.etcd = Cluster(scenario, self.members)
        self.rollcalls = []
        os.makedirs(scenario.path("bin"))
        os.symlink(BINARY, scenario.path("bin/rollcall"))

    def write_infrastructure(self):
        """The records of the zone itself, by stock etcdctl, as the article wrote them."""
        for i, host in enumerate(self.members, 1):
            self.etcd.put(f"{BASE}/dns/ns/ns{i}", {"host": host.address})
            self.etcd.put(f"{BASE}/_tcp/_etcd-client/etcd{i}", {"host": host.address, "port": 2379})

    def start_rollcalls(self):
        self.rollcalls = [
            rollcall.Server(self.scenario, "http://127.0.0.1:2379", name=f"rollcall{i}", host=host,
                            listen=f"{host.address}:53", zones=["prom.local"])
            for i, host in enumerate(self.members, 1)]

    def company_dns(self, config):
        """BIND with a config of packaging/examples; only the directory is another one."""
        config = config.replace("/var/cache/bind", "@DIRECTORY@").replace(
            "options {", "options {\n  pid-file none; session-keyfile none;", 1)
        return Bind(self.scenario, config, {"db.local": example("db.local")}, host=self.company,
                    address=self.company.address)

    def ask(self, name, rdtype="SRV"):
        return dns.answer(name, rdtype, server=self.company.address, port=53, timeout=15)

    def unit(self, template, service, host, **changes):
        # register.sh finds rollcall in PATH.  A minute of grace is long for a test.
        environment = {**environment_file("prom"), **environment_file("prom-node"),
                       "ROLLCALL_ARGS": f"--stop-grace={GRACE}s", **changes,
                       "PATH": f"{self.scenario.path('bin')}:{os.environ['PATH']}"}
        if "EXPORTER_PORT" in changes:
            environment["EXPORTER_COMMAND"] = environment["EXPORTER_COMMAND"].replace(
                ":9100", f":{changes['EXPORTER_PORT']}")
        return Unit(self.scenario, f"{UNITS}/{template}@.service", service, host, environment,
                    PROGRAMS)


def delegation(article):
    """The company's DNS reaches the zone through any one of the three."""
    step = article.scenario.step
    wait_for("the zone through BIND", lambda: article.ask("prom.local", "NS")[0] == "NOERROR")
    equal(article.ask("prom.local", "NS")[1],
          [f"NS ns{i}.ns.dns.prom.local." for i in (1, 2, 3)], "the name servers")
    check("ns.dns.prom.local." in article.ask("prom.local", "SOA")[1][0], "the SOA's server")
    for i, dead in enumerate(article.rollcalls):
        dead.process.kill()
        # A name nobody asked for yet: no cache can answer in place of the two others.
        article.etcd.put(f"{BASE}/probe/p{i}", {"host": "192.0.2.1", "port": 80})
        wait_for(f"a new name with {dead.name} dead",
                 lambda i=i: article.ask(f"p{i}.probe.prom.local", "A") ==
                 ("NOERROR", ["A 192.0.2.1"]), 10)
        dead.start()
        article.etcd.delete(f"{BASE}/probe/p{i}")
    step("delegation holds with each rollcall killed in turn")


def many_records(article):
    """BIND's default stops at 100 records of a type; the shipped setting lifts it."""
    article.etcd.load((f"{BASE}/many/h{i:03}", {"host": f"10.1.0.{i}", "port": 9100})
                      for i in range(1, 151))
    direct = wait_for("150 at the source", lambda: len(
        article.rollcalls[0].targets("many.prom.local")) == 150)
    check(direct, "150 records at the source")
    wait_for("150 through BIND with the shipped setting",
             lambda: len(article.ask("many.prom.local")[1]) == 150)
    bind = article.bind
    bind.restart(bind.config.replace("max-records-per-type 0;", ""))
    equal(article.ask("many.prom.local"), ("SERVFAIL", []), "150 through BIND with its default")
    equal(article.ask("prom.local", "NS")[0], "NOERROR", "small sets with BIND's default")
    bind.restart(article.bind_config)
    equal(len(article.ask("many.prom.local")[1]), 150, "150 through BIND, mended")
    article.etcd.delete(f"{BASE}/many/", "--prefix")
    article.scenario.step("150 hosts under one name: SERVFAIL by BIND's default, whole as shipped")


def discovery_of_etcd(article):
    found = process.run([server("etcdctl"), "--discovery-srv", "prom.local", "get", "--prefix",
                         "--keys-only", f"{BASE}/dns/ns/"],
                        env={"ETCDCTL_API": "3"}, host=article.hosts[0])
    equal((found.returncode, found.stdout.split()),
          (0, [f"{BASE}/dns/ns/ns{i}" for i in (1, 2, 3)]), "etcdctl --discovery-srv prom.local")
    article.scenario.step("etcdctl finds the cluster through rollcall")


def both_up(prometheus, job="node", names=("server01.node", "server02.node")):
    want = {(job, f"{name}.prom.local:9100"): "up" for name in names}
    return prometheus.targets(job) == want


def exporters(article, prometheus):
    """server01 with `rollcall run`, server02 with register.sh, then the other way round."""
    step = article.scenario.step
    templates = ["prom", "prom-register"]
    for round_ in (0, 1):
        units = [article.unit(template, "node", host)
                 for template, host in zip(templates[round_:] + templates[:round_], article.hosts)]
        for unit in units:
            unit.start()
        wait_for("both hosts up in Prometheus", lambda: both_up(prometheus), 40)
        step(f"Prometheus scrapes both: {', '.join(unit.name for unit in units)}")
        if round_ == 0:
            for unit in units:
                equal(unit.stop() in (0, 143, -15), True, f"{unit.name} stops")
            equal(article.etcd.keys(f"{BASE}/node/"), [f"{BASE}/node/server01"],
                  "a stop deregisters: register.sh at once")
            wait_for("the other after its grace", lambda: not article.etcd.keys(f"{BASE}/node/"), GRACE * 3)
            wait_for("none left", lambda: not prometheus.targets("node"), 40)
            step("systemctl stop deregisters, by both ways")
    return units


def deregistration(article, prometheus, units):
    step = article.scenario.step
    units[1].crash()
    check(article.etcd.get(f"{BASE}/node/{units[1].host.name}"), "a crash does not deregister")
    units[1].start()
    wait_for("both up after the crash", lambda: both_up(prometheus), 40)
    step("a crash of an exporter leaves it registered")
    for unit in units:
        if unit.name.startswith("prom@"):
            lookups = prometheus.metric("prometheus_sd_dns_lookups_total")
            unit.stop()
            holds("both are targets while it restarts", lambda: len(prometheus.targets("node")) == 2, 2, every=0.2)
            unit.start()
            holds("both are targets, past its grace", lambda: len(prometheus.targets("node")) == 2, GRACE + 3,
                  every=0.2)
            check(prometheus.metric("prometheus_sd_dns_lookups_total") > lookups, "it has asked meanwhile")
            wait_for("both up after the restart", lambda: both_up(prometheus), 40)
    step("systemctl restart is no gap")
    units[0].stop()
    name = units[1].host.name + ".node"
    wait_for("one left", lambda: both_up(prometheus, names=[name]), 40)
    step("the one that was deregistered leaves Prometheus, and only that")
    units[0].start()
    wait_for("both again", lambda: both_up(prometheus), 40)


def outages(article, prometheus):
    """What may happen to the store, to the data and to a rollcall empties nothing."""
    step = article.scenario.step
    article.etcd.put(f"{BASE}/node/broken", '{"host":"10.0.0.9","port":"9100"')
    article.etcd.put(f"{BASE}/sign", {"host": "192.0.2.7"})
    for replica in article.rollcalls:
        wait_for("the view to have it", lambda r=replica: r.addresses("sign.prom.local"))
        equal(len(replica.targets("node.prom.local")), 2, "a garbage value hurts only itself")
    prometheus.wait_lookups(6)
    check(both_up(prometheus), "both stay with a garbage value beside them")
    article.etcd.delete(f"{BASE}/node/broken")
    step("one garbage value: both stay")

    for replica in article.rollcalls:
        replica.process.kill()
        replica.start()
        check(both_up(prometheus), f"both stay while {replica.name} restarts")
    step("each rollcall restarted while etcd is up: both stay")

    article.etcd.kill()
    holds("both are in Prometheus without etcd", lambda: both_up(prometheus), 25, every=0.5)
    for replica in article.rollcalls:
        equal(len(replica.targets("node.prom.local")), 2, f"{replica.name} without etcd")
    step("all of etcd killed: both stay")
    article.etcd.start()
    article.etcd.wait_healthy()


def beside(article, prometheus):
    """Another service, and shards, by deeper names."""
    units = [article.unit("prom", "mysql", article.hosts[0], EXPORTER_PORT="9104"),
             article.unit("prom", "node.a", article.hosts[0], EXPORTER_PORT="9201"),
             article.unit("prom-register", "node.b", article.hosts[1], EXPORTER_PORT="9202")]
    for unit in units:
        unit.start()
    wait_for("mysql", lambda: prometheus.targets("mysql") ==
             {("mysql", "server01.mysql.prom.local:9104"): "up"}, 40)
    rollcall1 = article.rollcalls[0]
    wait_for("shard a", lambda: rollcall1.targets("node.a.prom.local") ==
             {"server01.node.a.prom.local:9201"})
    wait_for("shard b", lambda: rollcall1.targets("node.b.prom.local") ==
             {"server02.node.b.prom.local:9202"})
    shard = Prometheus(article.scenario, quick(example("prometheus-shards.yml")),
                       host=article.monitor2, address=article.monitor2.address, name="shard")
    wait_for("only shard a in its Prometheus", lambda: shard.targets("node") ==
             {("node", "server01.node.a.prom.local:9201"): "up"}, 40)
    article.scenario.step("mysql beside it, node.a and node.b as shards")


def direct_servers(article, prometheus):
    """The same without a resolver in between: nothing but rollcalls in resolv.conf."""
    article.monitor.resolv_conf(example("resolv.conf.direct"))
    article.bind.process.stop()
    article.rollcalls[0].process.kill()
    failures = prometheus.metric("prometheus_sd_dns_lookup_failures_total")
    prometheus.wait_lookups(6)
    equal(prometheus.metric("prometheus_sd_dns_lookup_failures_total"), failures, "failed lookups")
    check(both_up(prometheus), "both stay, by the second nameserver")
    article.scenario.step("resolv.conf with nothing but rollcalls, the first of them dead")


def quick(config):
    """The shipped file at the pace of a test."""
    return config.replace("scrape_interval: 15s", "scrape_interval: 1s").replace(
        "refresh_interval: 10s", "refresh_interval: 1s")


def run(scenario):
    article = Article(scenario)
    article.monitor2 = scenario.network.host("monitor2", 31)
    article.monitor2.resolv_conf(example("resolv.conf.company"))
    article.write_infrastructure()
    article.start_rollcalls()
    scenario.step("three etcd members, three rollcalls")
    article.bind = article.company_dns(example("named.conf"))
    article.bind_config = article.bind.config
    delegation(article)
    many_records(article)
    discovery_of_etcd(article)
    prometheus = Prometheus(scenario, quick(example("prometheus.yml")), host=article.monitor,
                            address=article.monitor.address)
    units = exporters(article, prometheus)
    deregistration(article, prometheus, units)
    outages(article, prometheus)
    beside(article, prometheus)
    direct_servers(article, prometheus)


main(run)
