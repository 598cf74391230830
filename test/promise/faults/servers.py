"""A rollcall that ends, stands still, starts again, or has lost its files."""

import glob
import os
import random
import shutil
import signal
import subprocess
import time

from harness.wait import check, equal, wait_for

from .fault import Fault, fill

NODE = "node.prom.internal"


class Killed(Fault):
    name = "rollcall: killed for a while"
    stores = ("etcd", "embedded")
    silent = True

    def cause(self):
        self.servers[0].process.kill()

    def end(self):
        self.servers[0].start(wait=False)


class Frozen(Fault):
    name = "rollcall: stopped (SIGSTOP)"
    stores = ("etcd", "embedded")
    silent = True

    def cause(self):
        self.servers[0].process.signal(signal.SIGSTOP)

    def end(self):
        self.servers[0].process.signal(signal.SIGCONT)


class OneOfTwo(Fault):
    """The first in resolv.conf; it is not asked while it is away."""

    name = "rollcall: one of two replicas stopped"
    replicas = 2
    silent = True

    def cause(self):
        self.servers[0].process.stop()

    def end(self):
        self.servers[0].start(wait=False)


class OneOfTwoFrozen(OneOfTwo):
    name = "rollcall: one of two replicas stopped (SIGSTOP)"

    def cause(self):
        self.servers[0].process.signal(signal.SIGSTOP)

    def end(self):
        self.servers[0].process.signal(signal.SIGCONT)


class KilledWhileListing(Fault):
    """With so much in the store that listing takes its time."""

    name = "rollcall: killed while it lists, again and again"
    stores = ("etcd", "embedded")
    silent = reaches = True
    hold, brief_hold = 0, 0

    def before(self):
        self.world.transact([f"put /skydns/internal/prom/other/o{i:05} "
                             '"{\\"host\\":\\"192.0.2.1\\",\\"port\\":1}"' for i in range(3000)])

    def cause(self):
        dice = random.Random(7)
        [server] = self.servers
        for _ in range(20):
            server.process.kill()
            server.start(wait=False)
            time.sleep(dice.random() * 0.4)


class KilledAfterRegistrations(Fault):
    """Its file is a second behind at most, which is too old to be answered while the store is there."""

    name = "rollcall: killed right after a registration is seen, five times"
    stores = ("etcd", "embedded")
    brief = ("embedded",)
    silent = reaches = True

    def cause(self):
        [server] = self.servers
        for turn in range(10):
            # The first are written down at once, and no others for a second.
            self.world.load([("node", f"turn{turn // 2}-{turn % 2}", self.world.address())])
            wait_for("an answer with it, seen by the one who looks",
                     lambda: self.roll.wanted("node") <= self.world.watch.answers[0].seen("node"), 10)
            if turn % 2 == 0:
                continue
            server.process.kill()
            server.start(wait=False)
            self.ask_quickly(server)

    def ask_quickly(self, server):
        """As somebody might whose refresh falls into the first moment of a start."""
        began = time.monotonic()
        while time.monotonic() < began + 2:
            rcode, records = server.answer(NODE, tcp=True, timeout=0.5)
            check(rcode != "NOERROR" or len(records) == len(self.roll.wanted("node")),
                  f"{len(records)} of {len(self.roll.wanted('node'))} answered {time.monotonic() - began:.2f} s "
                  "after a start")


class RestartedInOutage(Fault):
    """What it knew last is on its disk, and is answered from there."""

    name = "rollcall: restarted while etcd is down"
    brief = ("etcd",)
    silent = True
    hold, brief_hold = 30, 15

    def cause(self):
        self.world.etcd.kill()
        self.restart()

    def restart(self):
        self.world.restart_servers()
        for server in self.servers:
            wait_for(f"{server.name} to answer", lambda s=server: s.answer(NODE)[0] == "NOERROR", 10)
        self.world.watch.silent = False

    def end(self):
        self.world.etcd.start()


class BothRestartedInOutage(RestartedInOutage):
    name = "rollcall: both replicas restarted while etcd is down"
    replicas = 2


class RestartedWhileFrozen(RestartedInOutage):
    name = "rollcall: restarted while etcd stands still (SIGSTOP)"

    def cause(self):
        for member in self.world.etcd.members:
            member.freeze()
        self.restart()

    def end(self):
        for member in self.world.etcd.members:
            member.thaw()


class KilledInOutage(RestartedInOutage):
    """It has one file to answer from, whenever it was killed."""

    name = "rollcall: killed ten times while etcd is down"

    def restart(self):
        dice = random.Random(7)
        for _ in range(10):
            self.world.restart_servers()
            time.sleep(dice.random())
        super().restart()


class KilledInTurn(RestartedInOutage):
    """The file is written anew at each start: a server killed meanwhile has the old or the new one."""

    name = "rollcall: killed soon after etcd was back, five times"
    hold = 0

    def cause(self):
        dice = random.Random(7)
        for _ in range(5):
            self.world.watch.silent = True
            self.world.etcd.kill()
            self.restart()
            self.world.etcd.start()
            self.world.etcd.wait_healthy()
            time.sleep(dice.random() * 1.5)
        self.world.etcd.kill()
        self.world.watch.silent = True
        self.restart()


class DirectoryDeleted(Fault):
    name = "rollcall: its data directory deleted, then restarted"
    silent = reaches = True

    def cause(self):
        for server in self.servers:
            shutil.rmtree(self.world.store_directory(server), ignore_errors=True)
        time.sleep(8)
        self.world.restart_servers()


class ColdInOutage(Fault):
    """Neither store nor file: nothing is denied, and so nothing is dropped."""

    name = "rollcall: its data directory deleted, restarted, etcd down"
    silent = True

    def cause(self):
        self.world.etcd.kill()
        for server in self.servers:
            server.process.kill()
            self.spoil(self.world.store_directory(server))
            server.start(wait=False)

    def spoil(self, directory):
        shutil.rmtree(directory, ignore_errors=True)

    def during(self):
        equal(self.servers[0].answer(NODE)[0], "SERVFAIL", "what it answers")

    def end(self):
        self.world.etcd.start()


class FileDamaged(ColdInOutage):
    """It is set aside, not served."""

    name = "rollcall: its last-known-good damaged, restarted, etcd down"

    def spoil(self, directory):
        files = [path for path in glob.glob(f"{directory}/last-known*/**", recursive=True) +
                 glob.glob(f"{directory}/last-known*") if os.path.isfile(path) and "lock" not in path]
        check(files, f"a last-known-good file in {directory}")
        for path in files:
            with open(path, "r+b") as handle:
                handle.write(random.Random(7).randbytes(os.path.getsize(path)))


class DiskFull(Fault):
    """It answers and follows etcd as before; also when it starts like that."""

    name = "rollcall: its disk full, then restarted"
    server_disk = "60m"
    silent = reaches = True

    def cause(self):
        fill(self.world.store_directory(self.servers[0]))
        time.sleep(3)
        self.world.restart_servers()

    def end(self):
        os.unlink(f"{self.world.store_directory(self.servers[0])}/filler")


class ReadOnly(Fault):
    name = "rollcall: its disk read-only, then restarted"
    server_disk = "60m"
    silent = reaches = True

    def cause(self):
        self._mount("ro")

    def end(self):
        self._mount("rw")

    def _mount(self, how):
        """With the server away, as its open files are in the way."""
        self.servers[0].process.kill()
        disk = self.world.store_directory(self.servers[0])
        subprocess.run(["mount", "-o", f"remount,{how}", disk], check=True)
        self.servers[0].start(wait=False)


class StoreDiskFull(Fault):
    """What is registered then waits until there is room."""

    name = "rollcall: the disk of its store full"
    stores = ("embedded",)
    server_disk = "60m"

    def cause(self):
        [server] = self.servers
        fill(server.path)
        for size in (500_000, 5_000, 50):
            for number in range(1000):
                if server.try_put(f"/other/{size}/{number}", "x" * size).returncode:
                    break

    def end(self):
        os.unlink(f"{self.servers[0].path}/filler")


class StoreKilled(Fault):
    """Acknowledged is acknowledged, and who looks sees no less than before."""

    name = "rollcall: killed while its store is written to, five times"
    stores = ("embedded",)
    silent = True

    def cause(self):
        [server] = self.servers
        for turn in range(5):
            for host in range(10):
                self.world.register("node", f"turn{turn}-{host}")
            self.world.writing(server.process.kill)
            server.start(wait=False)


class StoreDamaged(Fault):
    """It answers as it last knew until its owner has restored a backup, and does not forget then what
    was registered since."""

    name = "rollcall: the file of its store damaged, a backup restored"
    stores = ("embedded",)
    silent = True

    def before(self):
        self.backup = self.world.back_up()
        self.later = [("node", f"later{i}") for i in range(5)]
        self.world.load((*pair, self.world.address()) for pair in self.later)

    def cause(self):
        [server] = self.servers
        server.process.kill()
        file = f"{server.path}/store.mdb"
        with open(file, "r+b") as handle:
            handle.seek(8192)
            handle.write(random.Random(7).randbytes(os.path.getsize(file) - 8192))
        server.start(wait=False)
        wait_for("it to answer", lambda: server.answer(NODE)[0] == "NOERROR", 10)
        self.world.watch.silent = False

    def end(self):
        self.world.watch.silent = True
        self.servers[0].process.stop()
        self.world.restore(self.backup)
        self.servers[0].start(wait=False)

    def after(self):
        self.world.put_back(self.later)
