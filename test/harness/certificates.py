"""A certificate authority of the scenario's own, by openssl."""

import collections
import ssl

from . import process
from .wait import Failure

# Files in PEM: whom to trust, and who one is.
Identity = collections.namedtuple("Identity", "ca cert key")
KEY = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]


class Authority:
    def __init__(self, scenario, name="ca"):
        self.scenario, self.name = scenario, name
        self.certificate, self.key = scenario.path(f"{name}.pem"), scenario.path(f"{name}.key")
        _openssl("req", "-x509", *KEY, "-keyout", self.key, "-out", self.certificate, "-days", "2",
                 "-subj", f"/CN={name}")

    def issue(self, name, *alternatives):
        """An Identity for both sides of a connection; `alternatives`: "DNS:name", "IP:address"."""
        cert, key = (self.scenario.path(f"{self.name}-{name}.{end}") for end in ("pem", "key"))
        request = f"{cert}.csr"
        extensions = ["-addext", "extendedKeyUsage=serverAuth,clientAuth"]
        if alternatives:
            extensions += ["-addext", f"subjectAltName={','.join(alternatives)}"]
        _openssl("req", *KEY, "-keyout", key, "-out", request, "-subj", f"/CN={name}", *extensions)
        _openssl("x509", "-req", "-in", request, "-CA", self.certificate, "-CAkey", self.key,
                 "-CAcreateserial", "-out", cert, "-days", "2", "-copy_extensions", "copy")
        return Identity(self.certificate, cert, key)


def context(identity):
    """To connect with as `identity`."""
    made = ssl.create_default_context(cafile=identity.ca)
    made.load_cert_chain(identity.cert, identity.key)
    return made


def _openssl(*words):
    done = process.run(["openssl", *words])
    if done.returncode:
        raise Failure(f"openssl {' '.join(words)}: {done.stderr}")
