"""The store is another one than before, or an older one."""

import os

from .fault import Fault

LATER = [("node", f"later{i:02}") for i in range(20)]


class Restored(Fault):
    """What was registered since the snapshot is not in it, and nobody deregistered it."""

    name = "etcd: restored from before twenty registrations"
    brief = ("etcd",)
    needs = ("protection",)
    members = 3
    reaches = True
    later = LATER

    def before(self):
        path = self.world.scenario.path("snapshot")
        self.world.etcd.snapshot(path)
        self.world.load((*pair, self.world.address()) for pair in self.later)

    def cause(self):
        self.world.etcd.kill()
        self.world.etcd.restore(self.world.scenario.path("snapshot"))
        self.world.etcd.start()
        self.world.etcd.wait_healthy()

    def end(self):
        self.world.put_back(self.later)


class RestoredByOne(Restored):
    name = "etcd: restored from before one registration"
    later = LATER[:1]


class RestoredAndGrown(Restored):
    """Its revision is past what rollcall had seen when they meet again."""

    name = "etcd: restored, and written to before rollcall sees it"

    def cause(self):
        self.world.partition()
        super().cause()
        self.world.transact([f"put /other/{i} x\n" for i in range(100)], size=1)
        self.world.partition(False)


class RestoredWhileDown(Restored):
    name = "etcd: restored while rollcall was down"
    needs = ("protection", "last-known-good")
    silent = True

    def cause(self):
        for server in self.servers:
            server.process.kill()
        super().cause()
        self.world.restart_servers()


class Replaced(Fault):
    name = "etcd: replaced by an empty one (another cluster id)"
    needs = ("protection",)
    reaches = True

    def cause(self):
        self.world.etcd.wipe()
        for member in self.world.etcd.members:
            member.flags.append("--initial-cluster-token=another")
        self.world.etcd.start()
        self.world.etcd.wait_healthy()
        self.world.wait_held()

    def end(self):
        self.world.put_back()


class EmbeddedRestored(Fault):
    name = "rollcall: store restored from before twenty registrations"
    stores = ("embedded",)
    needs = ("protection", "last-known-good")
    silent = reaches = True

    def before(self):
        [self.server] = self.servers
        self.backup = self.world.scenario.path("backup")
        self.world.local("store", "backup", self.backup, f"--store.path={self.server.path}")
        self.world.load((*pair, self.world.address()) for pair in LATER)

    def cause(self):
        """As the page on operating says."""
        self.server.process.stop()
        os.rename(self.server.path, f"{self.server.path}.old")
        self.world.local("store", "restore", self.backup, f"--store.path={self.server.path}")
        self.server.start(wait=False)

    def end(self):
        self.world.put_back(LATER)
