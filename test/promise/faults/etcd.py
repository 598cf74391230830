"""The cluster is away, stands still, is cut off, or has no room."""

import os
import time

from harness.wait import check, wait_for

from .fault import Fault, fill


class Killed(Fault):
    name = "etcd: all members killed"
    members = 3
    hold, brief_hold = 120, 15

    def cause(self):
        self.world.etcd.kill()

    def end(self):
        self.world.etcd.start()


class KilledUnderPrometheus(Killed):
    name = "etcd: all members killed, Prometheus restarted meanwhile"
    hold = 20

    def cause(self):
        super().cause()
        self.world.prometheus.process.kill()
        self.world.watch.prometheus.forget()
        self.world.prometheus = self.world.watch.prometheus.prometheus = self.world.start_prometheus()
        # Once it has found them it must not lose them.
        wait_for("all of them again", lambda: self.world.watch.prometheus.count == 200, 25)
        self.world.watch.begin()


class Frozen(Fault):
    name = "etcd: all members stopped (SIGSTOP)"
    members = 3
    hold = 30

    def cause(self):
        for member in self.world.etcd.members:
            member.freeze()

    def end(self):
        for member in self.world.etcd.members:
            member.thaw()


class Dropped(Fault):
    name = "etcd: packets between rollcall and it dropped"
    hold = 30

    def cause(self):
        self.world.partition()

    def end(self):
        self.world.partition(False)


class AnswersDropped(Fault):
    name = "etcd: its packets to rollcall dropped, not rollcall's to it"
    hold = 30

    def cause(self):
        self.world.partition(chains=("INPUT",))

    def end(self):
        self.world.partition(False, chains=("INPUT",))


class CompactedMeanwhile(Dropped):
    """What happened meanwhile can be had by listing only: those that came, and the one that left."""

    name = "etcd: compacted while rollcall was cut off"
    hold = 15

    def end(self):
        self.world.compact()
        super().end()


class Flapping(Fault):
    name = "etcd: killed and started ten times"
    hold = 0

    def cause(self):
        for _ in range(10):
            self.world.etcd.kill()
            self.world.etcd.start()
            time.sleep(1)


class Locked(Fault):
    """It answers, and refuses: rollcall has no name and no password."""

    name = "etcd: authentication switched on"
    acts = False

    def cause(self):
        self.world.ctl("user", "add", "root:secret")
        self.world.ctl("user", "grant-role", "root", "root")
        self.world.ctl("auth", "enable")
        self.world.etcd.user = "root:secret"

    def end(self):
        self.world.ctl("auth", "disable")
        self.world.etcd.user = None
        self.world.register("node", "new")
        self.world.deregister("node", "h007")


class DiskFull(Fault):
    """etcd ends when it cannot write."""

    name = "etcd: its disk full"
    etcd_disk = "160m"

    def cause(self):
        fill(self.world.etcd.members[0].directory)
        for number in range(100):
            if self.world.etcd.try_ctl("put", f"/other/{number}", stdin="x" * 900_000).returncode:
                return
        check(False, "its disk gets full")

    def end(self):
        os.unlink(f"{self.world.etcd.members[0].directory}/filler")
        self.world.etcd.kill()
        self.world.etcd.start()


class OverQuota(Fault):
    """It is read as before, and takes nothing until somebody has made room and says so."""

    name = "etcd: over its quota (alarm NOSPACE)"
    etcd_flags = ("--quota-backend-bytes=4000000",)

    def cause(self):
        for number in range(100):
            done = self.world.etcd.try_ctl("put", f"/other/{number}", stdin="x" * 200_000)
            if done.returncode:
                check("database space exceeded" in done.stderr, done.stderr)
                return
        check(False, "its quota is reached")

    def end(self):
        self.world.ctl("del", "--prefix", "/other/")
        self.world.compact()
        self.world.ctl("defrag")
        self.world.ctl("alarm", "disarm")
