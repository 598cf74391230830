#!/usr/bin/python3
"""TLS, passwords, tokens and hosts of the HTTP side, with a real Prometheus."""

import base64
import hashlib
import http.client
import os
import ssl
import sys

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

from harness import certificates, process  # noqa: E402
from harness.prometheus import Prometheus  # noqa: E402
from harness.rollcall import Embedded, cli, web  # noqa: E402
from harness.scenario import main, server  # noqa: E402
from harness.wait import check, equal, wait_for  # noqa: E402

PASSWORD = "s3cret"
HASH = "$2b$05$abcdefghijklmnopqrstuuLK7U1u6pVRmL7L1BBM2aS35PSZnDXlK"
WEB = """
tls_server_config:
  cert_file: {cert}
  key_file: {key}
http_server_config:
  headers:
    Strict-Transport-Security: max-age=31536000
basic_auth_users:
  prometheus: {hash}
"""
TOKENS = """
tokens:
  - name: page
    hash: sha256:{read}
    rights: [read]
  - name: ams1
    hash: sha256:{write}
    rights: [write]
    names: [node.prom.internal]
"""
PROMETHEUS = """
global: {{scrape_interval: 1s, scrape_timeout: 1s}}
scrape_configs:
  - job_name: rollcall
    scheme: https
    tls_config: {{ca_file: {ca}}}
    basic_auth: {{username: prometheus, password: {password}}}
    static_configs: [{{targets: ["127.0.0.1:9530"]}}]
"""


def digest(token):
    return hashlib.sha256(token.encode()).hexdigest()


def ask(path, trusts=None, method="GET", **headers):
    """(status, headers, text), by TLS if somebody is trusted."""
    if trusts:
        context = ssl.create_default_context(cafile=trusts)
        connection = http.client.HTTPSConnection("127.0.0.1", 9530, timeout=5, context=context)
    else:
        connection = http.client.HTTPConnection("127.0.0.1", 9530, timeout=5)
    try:
        connection.request(method, path, headers={k.replace("_", "-"): v for k, v in headers.items()})
        reply = connection.getresponse()
        return reply.status, reply.headers, reply.read().decode()
    finally:
        connection.close()


def basic(password):
    return "Basic " + base64.b64encode(f"prometheus:{password}".encode()).decode()


def open_to_read(scenario):
    """Without files: whoever comes by address may read, a page under a foreign name may not."""
    rollcall = Embedded(scenario, "--web.host=metrics.example", name="plain")
    equal(web("/-/healthy"), (200, "rollcall is Healthy.\n"), "health")
    equal(ask("/metrics")[0], 200, "metrics by address")
    equal(ask("/metrics", Host="metrics.example:9530")[0], 200, "by a name that was configured")
    status, _, text = ask("/metrics", Host="evil.example")
    equal(status, 421, "by a name that was not")
    check("--web.host" in text, f"it says what to do: {text}")
    equal(ask("/-/ready", Host="evil.example")[0], 200, "health is for everybody")
    equal(ask("/metrics", method="POST")[0], 405, "nothing to write here")
    metrics = ask("/metrics")[2]
    check('rollcall_http_responses_total{code="421"} 1' in metrics, "it counts")
    checked = process.run([server("promtool"), "check", "metrics"], stdin=metrics)
    equal((checked.returncode, checked.stdout + checked.stderr), (0, ""), "promtool check metrics")
    rollcall.process.stop()
    scenario.step("without files: reads by address and by known names")


def protected(scenario):
    authority = certificates.Authority(scenario)
    first = authority.issue("first", "IP:127.0.0.1")
    cert, key = scenario.path("cert.pem"), scenario.path("key.pem")

    def install(identity):
        for source, target in ((identity.cert, cert), (identity.key, key)):
            with open(source, encoding="ascii") as handle:
                scenario.write(f"{os.path.basename(target)}.new", handle.read())
            os.rename(f"{target}.new", target)

    install(first)
    config = scenario.write("web.yml", WEB.format(cert="cert.pem", key="key.pem", hash=HASH))
    tokens = scenario.write("tokens.yml", TOKENS.format(read=digest("r"), write=digest("w")))
    checking(config, tokens, scenario)
    rollcall = Embedded(scenario, f"--web.config.file={config}", f"--web.tokens-file={tokens}")
    prometheus = Prometheus(scenario, PROMETHEUS.format(ca=first.ca, password=PASSWORD))
    up = lambda: prometheus.targets().get(("rollcall", "127.0.0.1:9530")) == "up"  # noqa: E731
    wait_for("Prometheus to scrape by TLS and password", up)
    scenario.step("a real Prometheus scrapes it by TLS and password")

    status, headers, _ = ask("/metrics", first.ca)
    equal(status, 401, "nobody")
    equal(headers.get_all("WWW-Authenticate"),
          ['Basic realm="rollcall", charset="UTF-8"', 'Bearer realm="rollcall"'], "how to log in")
    equal(headers["Strict-Transport-Security"], "max-age=31536000", "a configured header")
    equal(ask("/-/healthy", first.ca)[0], 200, "health")
    equal(ask("/metrics", first.ca, Authorization=basic(PASSWORD))[0], 200, "a user")
    equal(ask("/metrics", first.ca, Authorization=basic("wrong"))[0], 401, "a wrong password")
    equal(ask("/metrics", first.ca, Authorization="Bearer r")[0], 200, "a token that may read")
    equal(ask("/metrics", first.ca, Authorization="Bearer w")[0], 403, "one that may not")
    equal(ask("/metrics", first.ca, Authorization="Bearer x")[0], 401, "one that is not")
    scenario.step("who is let in, and what is said to the others")

    second = authority.issue("second", "IP:127.0.0.1")
    install(second)

    def shown():
        der = ssl.PEM_cert_to_DER_cert(ssl.get_server_certificate(("127.0.0.1", 9530)))
        with open(second.cert, encoding="ascii") as handle:
            return der == ssl.PEM_cert_to_DER_cert(handle.read())
    wait_for("the renewed certificate", shown)
    check(up(), "Prometheus has noticed nothing")
    scenario.write("web.yml", "")
    rollcall.process.wait_output("TLS no longer")
    equal(ask("/metrics", second.ca)[0], 401, "an empty file opens nothing")
    metrics = ask("/metrics", second.ca, Authorization="Bearer r")[2]
    check("rollcall_web_config_last_reload_successful 0" in metrics, "it is counted")
    scenario.step("certificates are renewed without a restart, broken files change nothing")


def checking(config, tokens, scenario):
    """`check web-config` says what `serve` would, and promtool takes what we take."""
    done = cli("check", "web-config", config)
    equal((done.returncode, done.stdout.splitlines()[0]), (0, f"Checking {config}"), "a good file")
    check("SUCCESS" in done.stdout, done.stdout)
    checked = process.run([server("promtool"), "check", "web-config", config])
    equal(checked.returncode, 0, f"promtool: {checked.stdout}{checked.stderr}")
    done = cli("check", "web-config", "--tokens", tokens)
    check(done.returncode == 0 and "SUCCESS" in done.stdout, done.stdout)
    bad = scenario.write("bad.yml", "tls_server_config:\n  cert_fil: x\n")
    done = cli("check", "web-config", bad)
    equal(done.returncode, 1, "a bad file")
    check(f"FAILED: {bad}:2: field tls_server_config.cert_fil not found" in done.stdout, done.stdout)
    done = cli("serve", f"--web.config.file={bad}")
    equal(done.returncode, 2, "serve does not start with it")
    check(f"{bad}:2:" in done.stderr, done.stderr)
    scenario.step("check web-config")


def run(scenario):
    open_to_read(scenario)
    protected(scenario)


main(run)
