"""Hosts: network namespaces on one bridge, each with an address and files of its own in /etc.

No host has a route beyond the bridge: what is asked for there fails at once.
"""

import subprocess

PREFIX = "10.53.0."


def _ip(*words):
    subprocess.run(["ip", *words], check=True)


class Network:
    """The bridge; the scenario itself is 10.53.0.1 on it."""

    def __init__(self, directory):
        self.directory = directory
        self.hosts = {}
        _ip("link", "add", "br0", "type", "bridge")
        _ip("addr", "add", PREFIX + "1/24", "dev", "br0")
        _ip("link", "set", "br0", "up")

    def host(self, name, number, nameservers=(), search=()):
        host = Host(self, name, PREFIX + str(number), nameservers, search)
        self.hosts[name] = host
        return host


class Host:
    """netns: its name for `ip netns`; files: what it sees in /etc."""

    def __init__(self, network, name, address, nameservers, search):
        self.name = self.netns = name
        self.address = address
        self.files = {}
        self._directory = network.directory
        _ip("netns", "add", name)
        _ip("link", "add", f"v-{name}", "type", "veth", "peer", "name", "eth0", "netns", name)
        _ip("link", "set", f"v-{name}", "master", "br0", "up")
        _ip("-n", name, "addr", "add", address + "/24", "dev", "eth0")
        _ip("-n", name, "link", "set", "eth0", "up")
        _ip("-n", name, "link", "set", "lo", "up")
        lines = [f"search {' '.join(search)}\n"] if search else []
        self.resolv_conf("".join(lines + [f"nameserver {n}\n" for n in nameservers]))

    def resolv_conf(self, text):
        path = f"{self._directory}/{self.name}.resolv.conf"
        with open(path, "w", encoding="ascii") as handle:
            handle.write(text)
        self.files["/etc/resolv.conf"] = path

    def drop_packets(self, drop=True):
        """Everything to and from it vanishes, without a reset or an ICMP message."""
        for chain in ("INPUT", "OUTPUT"):
            subprocess.run(["ip", "netns", "exec", self.netns, "iptables", "-w",
                            "-I" if drop else "-D", chain, "!", "-i" if chain == "INPUT" else "-o",
                            "lo", "-j", "DROP"], check=True)
