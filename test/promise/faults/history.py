"""The store is another one than before, or an older one."""

from .fault import Fault

LATER = [("node", f"later{i:02}") for i in range(20)]


class Restored(Fault):
    """What was registered since the snapshot is not in it, and nobody deregistered it."""

    name = "etcd: restored from before twenty registrations"
    brief = ("etcd",)
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
    silent = True

    def cause(self):
        for server in self.servers:
            server.process.kill()
        super().cause()
        self.world.restart_servers()


class Replaced(Fault):
    name = "etcd: replaced by an empty one (another cluster id)"
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
    silent = reaches = True

    def before(self):
        self.backup = self.world.back_up()
        self.world.load((*pair, self.world.address()) for pair in LATER)

    def cause(self):
        self.servers[0].process.stop()
        self.world.restore(self.backup)
        self.servers[0].start(wait=False)
        self.world.wait_held()

    def end(self):
        self.world.put_back(LATER)
