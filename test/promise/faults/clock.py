"""The clock of rollcall's own process an hour off; the machine's is never set.

The wall clock by libfaketime. Of the monotonic clock that library makes another one altogether, on
which a condition variable of C++ never wakes (0.9.10), so it is left out there; what a kernel can do
to it, another beginning, comes by a time namespace.
"""

from .fault import Fault
from .leases import Retained


class Ahead(Fault):
    name = "rollcall's clock set an hour ahead"
    stores = ("etcd", "embedded")
    fake_clock = True
    offset = "+3600"
    reaches = True

    def cause(self):
        self.world.set_clock(self.offset)

    def end(self):
        self.world.set_clock("+0")


class Back(Ahead):
    name = "rollcall's clock set an hour back"
    offset = "-3600"


class RetainedAhead(Retained):
    """The date at which they may be removed is past, but nobody has waited for it."""

    name = "the lost with a retain of 30 min, rollcall's clock an hour ahead"
    fake_clock = True

    def cause(self):
        super().cause()
        self.world.set_clock("+3600")


class RetainedAheadRestarted(RetainedAhead):
    name = "the same, and rollcall restarted"
    silent = True

    def cause(self):
        super().cause()
        self.world.restart_servers()


class MonotonicAhead(Fault):
    """It says nothing of one run to the next, as after a boot of the machine."""

    name = "rollcall restarted, its monotonic clock two hours ahead"
    stores = ("etcd", "embedded")
    silent = reaches = True
    elsewhere = ["unshare", "--time", "--monotonic", "7200", "--boottime", "7200"]

    def cause(self):
        self.begin_at(self.elsewhere)

    def begin_at(self, prefix):
        for server in self.servers:
            server.process.kill()
            server.argv = prefix + server.argv[server.argv[0] == "unshare" and len(self.elsewhere):]
            server.start(wait=False)


class MonotonicBack(MonotonicAhead):
    name = "rollcall restarted, its monotonic clock two hours back"

    def before(self):
        self.begin_at(self.elsewhere)

    def cause(self):
        self.begin_at([])
