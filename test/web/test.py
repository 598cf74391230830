#!/usr/bin/python3
"""TLS, passwords, tokens and hosts of the HTTP side, with a real Prometheus."""

import base64
import hashlib
import http.client
import json
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
SCOPED = """
anonymous: read
tokens:
  - {{name: nodes, hash: "sha256:{nodes}", rights: [write], names: [node.prom.internal]}}
  - {{name: host, hash: "sha256:{host}", rights: [write], own_address: true}}
  - {{name: reader, hash: "sha256:{reader}", rights: [read]}}
"""
# As a host that is not this machine asks: METHOD URL BODY [NAME:VALUE...]; prints status and text.
ASK_FROM = """
import sys, urllib.error, urllib.request
method, url, body, *headers = sys.argv[1:]
request = urllib.request.Request(url, body.encode() or None, dict(h.split(":", 1) for h in headers), method=method)
try:
    answer = urllib.request.urlopen(request, timeout=5)
except urllib.error.HTTPError as error:
    answer = error
print(answer.status, answer.read().decode())
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
    rollcall.process.stop()
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


def write(path, body=None, method="PUT", **headers):
    """(status, what the API says is wrong) of a write from this machine."""
    connection = http.client.HTTPConnection("127.0.0.1", 9530, timeout=10)
    try:
        sent = {"Content-Type": "application/json", **{k.replace("_", "-"): v for k, v in headers.items()}}
        connection.request(method, f"/api/v1/{path}", body if body is None else json.dumps(body),
                           {name: value for name, value in sent.items() if value is not None})
        reply = connection.getresponse()
        return reply.status, json.loads(reply.read()).get("error", "")
    finally:
        connection.close()


def ask_from(host, method, url, body="", *headers):
    """(status, text)"""
    done = process.run(["/usr/bin/python3", "-c", ASK_FROM, method, url, body, *headers], host=host)
    check(done.returncode == 0, done.stderr)
    status, _, text = done.stdout.partition(" ")
    return int(status), text


def scopes(scenario):
    """A token writes what it is for and nothing else, whichever verb it tries."""
    far = scenario.network.host("far", 20)
    tokens = scenario.write("scoped.yml", SCOPED.format(nodes=digest("n"), host=digest("h"), reader=digest("r")))
    rollcall = Embedded(scenario, f"--web.tokens-file={tokens}", "--web.listen-address=127.0.0.1:9530",
                        "--web.listen-address=10.53.0.1:9530", "--web.enable-lifecycle", name="scoped")
    web("/-/ready")
    node, other = "instances/a.node.prom.internal", "instances/a.mysql.prom.internal"
    body = {"address": "192.0.2.1", "port": 9100}
    names, own = {"Authorization": "Bearer n"}, {"Authorization": "Bearer h"}

    equal(write(node, body, **names), (200, ""), "at its name")
    for subject in (other, "instances/a.xnode.prom.internal", "instances/node.prom.internal.mysql.prom.internal"):
        equal(write(subject, body, **names),
              (403, f'token:nodes may not write "{subject.split("/")[1]}"'), f"{subject}, beside its name")
    equal(write(other, method="DELETE", **names)[0], 403, "nor delete there")
    maintenance = {"reason": "test"}
    equal(write("maintenance/node.prom.internal", maintenance, **names)[0], 200, "maintenance of its name")
    for subject in ("mysql.prom.internal", "prom.internal", "@a"):
        equal(write(f"maintenance/{subject}", maintenance, **names)[0], 403, f"maintenance of {subject}")
    equal(write("protection/release", {"name": "prom.internal"}, method="POST", **names)[0], 403, "release")
    for path in ("/-/reload", "/-/quit"):
        for token, may in (("n", "token:nodes may write below its names only\n"),
                           ("h", "token:host may write its own address only\n")):
            status, _, text = ask(path, method="POST", Authorization=f"Bearer {token}",
                                  Content_Type="application/json")
            equal((status, text), (403, may), f"{path} of the whole server")
    check(rollcall.process.running(), "it runs")
    scenario.step("a token for a name writes there and nowhere else")

    # An address is the writer's own, whatever he says it is.
    far_headers = ["Authorization:Bearer h", "Content-Type:application/json"]
    url = "http://10.53.0.1:9530/api/v1/instances/far.mysql.prom.internal"
    equal(ask_from(far, "PUT", url, '{"port": 1}', *far_headers)[0], 200, "its own by default")
    equal(ask_from(far, "PUT", url, f'{{"port": 2, "address": "{far.address}"}}', *far_headers)[0], 200, "its own")
    status, text = ask_from(far, "PUT", url, '{"port": 1, "address": "192.0.2.9"}', *far_headers)
    equal(status, 403, "another's")
    check(f"token:host may write its own address {far.address} only, not" in json.loads(text)["error"], text)
    equal(write("instances/far.mysql.prom.internal", method="DELETE", **own)[0], 403, "what another registered")
    equal(ask_from(far, "DELETE", url, "", *far_headers)[0], 200, "what it registered itself")
    equal(write("maintenance/node.prom.internal", maintenance, **own)[0], 403, "what is said of several")
    scenario.step("a token for its own address writes that and no other")

    status, text = write(node, body, Authorization="Bearer r")
    equal((status, text), (403, "token:reader has no right to write"), "a token to read")
    equal(write(node, body)[0], 401, "no token")
    equal(write(node, body, Authorization="Bearer x")[0], 401, "one that is not")
    equal(web("/sd/node.prom.internal")[0], 200, "to read needs none here")
    # Who has logged in may still be a browser that a foreign page gives orders.
    forged(node, body, names)
    rollcall.process.stop()
    scenario.step("other tokens, and what foreign pages try with a good one")


def forged(node, body, login):
    equal(write(node, body, Content_Type="text/plain", **login),
          (415, "what is written here has the Content-Type application/json"), "as a form would")
    equal(write(node, body, Content_Type=None, **login)[0], 415, "without a type")
    for origin in ("http://evil.example", "http://127.0.0.1:80", "null"):
        equal(write(node, body, Origin=origin, **login),
              (403, "a page of another origin may not write here"), f"a page of {origin}")
    equal(write(node, body, Sec_Fetch_Site="cross-site", **login)[0], 403, "another site")
    equal(write(node, method="DELETE", Origin="http://evil.example", **login)[0], 403, "a deletion")
    equal(write(node, body, Origin="http://127.0.0.1:9530", **login)[0], 200, "our own page")


def from_afar(scenario):
    """Without files a write comes from this machine, under a name of ours, or not at all."""
    far = scenario.network.hosts["far"]
    rollcall = Embedded(scenario, "--web.listen-address=127.0.0.1:9530", "--web.listen-address=10.53.0.1:9530",
                        "--web.enable-lifecycle", name="open")
    web("/-/ready")
    node, body = "instances/a.node.prom.internal", {"address": "192.0.2.1", "port": 9100}
    equal(write(node, body)[0], 200, "from here")
    forged(node, body, {})
    status, text = write(node, body, Host="evil.example")
    equal(status, 421, "a page whose name was made to lead here")
    check('the Host "evil.example" is no name of this server' in text, text)
    equal(write(node, body, X_Forwarded_For="192.0.2.7")[0], 403, "what a proxy here hands on")
    for method, text in (("PUT", json.dumps(body)), ("DELETE", "")):
        status, text = ask_from(far, method, f"http://10.53.0.1:9530/api/v1/{node}", text,
                                "Content-Type:application/json")
        equal((status, json.loads(text)["error"]),
              (403, "without logins, only this machine itself may write: see --web.tokens-file"),
              f"{method} from another host")
    equal(ask_from(far, "GET", "http://10.53.0.1:9530/sd/node.prom.internal")[0], 200, "it may read")
    status, text = ask_from(far, "POST", "http://10.53.0.1:9530/-/quit", "", "Content-Type:application/json")
    check(status == 403 and "only this machine" in text, f"nor end it: {text}")
    check(rollcall.process.running(), "it runs")
    rollcall.process.stop()
    scenario.step("without files: writes from this machine alone, and not by foreign pages")


def few_files(scenario):
    """Clients that come and stay do not use up the descriptors: the idle ones give way."""
    rollcall = Embedded(scenario, name="few")
    rollcall.process.stop()
    rollcall.argv = ["sh", "-c", 'ulimit -n 64; exec "$@"', "sh", *rollcall.argv]
    rollcall.start()
    clients = []
    for number in range(100):
        client = http.client.HTTPConnection("127.0.0.1", 9530, timeout=10)
        client.request("GET", "/-/healthy")
        equal(client.getresponse().read(), b"rollcall is Healthy.\n", f"client {number}")
        clients.append(client)
    equal(rollcall.answer("nobody.prom.internal", tcp=True)[0], "NXDOMAIN", "DNS by TCP meanwhile")
    equal(rollcall.ctl("get", "x").returncode, 0, "the store meanwhile")
    for client in clients:
        client.close()
    rollcall.process.stop()
    scenario.step("idle clients leave descriptors to the others")


def run(scenario):
    few_files(scenario)
    open_to_read(scenario)
    protected(scenario)
    scopes(scenario)
    from_afar(scenario)


main(run)
