"""BIND, as the company's DNS."""

from . import dns, process
from .scenario import server
from .wait import Failure, wait_for


class Bind:
    """named with the options and zones of `config`; `zones`: {file name: zone text}."""

    def __init__(self, scenario, config, zones, host=None, address="127.0.0.1", name="named"):
        self.scenario, self.name, self.host, self.address = scenario, name, host, address
        for file, text in zones.items():
            scenario.write(f"{name}.d/{file}", text)
        scenario.write(f"{name}.d/.keep", "")
        self.config = config
        self.process = None
        self.start()

    def start(self):
        directory = self.scenario.path(f"{self.name}.d")
        path = self.scenario.write(f"{self.name}.conf", self.config.replace("@DIRECTORY@", directory))
        checked = process.run([server("named-checkconf"), path])
        if checked.returncode:
            raise Failure(f"named-checkconf: {checked.stdout}{checked.stderr}")
        self.process = self.scenario.start(
            self.name, [server("named"), "-g", "-c", path, "-u", "root"], host=self.host)
        # The first datagrams may fall to its start.
        wait_for(f"{self.name} to answer", lambda: dns.answer(
            "version.bind", "TXT", rdclass="CH", server=self.address, port=53,
            timeout=0.5)[0] == "NOERROR", 15)

    def restart(self, config):
        self.process.stop()
        self.config = config
        self.scenario.processes.remove(self.process)
        open(self.process.log, "w", encoding="ascii").close()
        self.start()
