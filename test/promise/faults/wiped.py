"""Keys that go by the hundred without anybody's mark."""

import shutil
import time

from harness.wait import check, wait_for

from roll import target
from world import PREFIX, key

from .fault import Fault


class Wiped(Fault):
    """h007, which is deregistered meanwhile, is one of those that were wiped."""

    name = "the prefix wiped (etcdctl del --prefix)"
    stores = ("etcd", "embedded")
    reaches = True

    def cause(self):
        self.wipe()
        self.world.wait_held()

    def wipe(self):
        self.world.ctl("del", "--prefix", PREFIX + "/")

    def end(self):
        self.world.put_back()

    def after(self):
        """Nothing of it is left in the way of a deregistration."""
        self.world.deregister("node", "h011")


class WipedAndDeregistered(Wiped):
    """Before a server has written down what it holds, there is nothing to deregister, and who tries
    is told so; soon after there is."""

    name = "the prefix wiped, h007 deregistered in the same moment"
    acts = False

    def cause(self):
        self.wipe()
        self.world.register("node", "new")
        self.roll.leave([target("node", "h007")])
        wait_for("h007 to be deregistered", lambda: self.world.try_command(
            "deregister", "node", "--host=h007").returncode == 0, 5, every=0.2)


class WipedServices(Wiped):
    name = "the prefix wiped, over 100 services of two instances"
    services = {"node": 20, **{f"s{i:02}.fleet": 2 for i in range(100)}}

    def wipe(self):
        self.world.ctl("del", "--prefix", f"{PREFIX}/fleet/")


class WipedHalf(Wiped):
    name = "half of a service wiped (etcdctl del --prefix)"

    def wipe(self):
        self.world.ctl("del", "--prefix", f"{PREFIX}/node/h0")


class WipedByTransaction(Wiped):
    name = "128 keys deleted by one transaction"

    def wipe(self):
        self.world.transact([f"del {key('node', f'h{i:03}')}" for i in range(1, 129)], size=128)


class WipedAll(Wiped):
    """Our own records too, and once more when the server has written what it holds."""

    name = "every key of the store wiped, twice"

    def wipe(self):
        self.world.ctl("del", "--from-key", "")
        self.world.wait_held()
        self.world.ctl("del", "--from-key", "")


class WipedThenRestart(Wiped):
    name = "the prefix wiped, then rollcall restarted"
    brief = ("etcd",)
    silent = True

    def cause(self):
        self.wipe()
        self.world.wait_held()
        self.world.restart_servers()


class WipedThenOutage(Wiped):
    """What it holds is nowhere but in its file."""

    name = "the prefix wiped, etcd killed at once, rollcall restarted"
    stores = ("etcd",)
    silent = True

    def cause(self):
        self.wipe()
        self.world.etcd.kill()
        time.sleep(2)
        self.world.restart_servers()
        time.sleep(2)
        self.world.etcd.start()
        self.world.etcd.wait_healthy()
        self.world.wait_held()


class WipedWhileDown(Wiped):
    name = "the prefix wiped while rollcall was down"
    stores = ("etcd",)
    silent = True

    def cause(self):
        for server in self.servers:
            server.process.kill()
        self.wipe()
        for server in self.servers:
            server.start(wait=False)
        self.world.wait_held()


class WipedWhileCutOff(Wiped):
    name = "the prefix wiped and compacted while rollcall was cut off"
    stores = ("etcd",)

    def cause(self):
        self.world.partition()
        self.wipe()
        self.world.compact()
        self.world.partition(False)
        self.world.wait_held()


class WipedBesideFresh(Wiped):
    """The one that was there tells, by what it wrote, the one that knows nothing."""

    name = "the prefix wiped while a replica without a file was down"
    stores = ("etcd",)
    replicas = 2
    silent = True

    def cause(self):
        fresh = self.servers[1]
        fresh.process.kill()
        shutil.rmtree(self.world.store_directory(fresh), ignore_errors=True)
        self.wipe()
        self.world.wait_all_held()
        fresh.start(wait=False)


class WipedThenReleased(Wiped):
    """The word of a person ends the holding, and that is a deregistration."""

    name = "the prefix wiped, then released (rollcall protect release)"

    def end(self):
        left = [target(*pair) for pair in self.world.addresses if pair != ("node", "new")]
        self.roll.leave(left)
        self.world.command("protect", "release", "node")
        check(len(left) > 190, "nearly all leave")

    def after(self):
        """All have left."""
