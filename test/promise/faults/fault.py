"""What a fault is: a world it asks for, a cause, and its end."""

import os

ALL = []


class Fault:
    """Each subclass with a `name` is one line of the table for each of its stores.

    In this order: before(), cause(), a registration and a deregistration by command, `hold` seconds,
    during(), end(), all right within the limit, after().
    """

    name = ""
    stores = ("etcd",)
    members, replicas = 1, 1
    services = {"node": 200}
    flags, etcd_flags = (), ()
    etcd_disk = server_disk = None  # a file system of that size for its data
    fake_clock = False  # a wall clock of the servers' own, for World.set_clock()
    owner = None  # (world, box): who registers the boxes; None: they are registered as all others
    brief = ()  # with which stores it is one of the short form
    hold, brief_hold = 15, 8
    silent = False  # a server may have no answer: it is stopped, or cannot know
    acts = True  # register and deregister while it lasts
    reaches = False  # both show while it lasts, not only after its end

    def __init_subclass__(cls, **kwargs):
        super().__init_subclass__(**kwargs)
        if "name" in cls.__dict__:
            ALL.append(cls)
        cls.brief = cls.__dict__.get("brief", ())  # not inherited

    def __init__(self, world):
        self.world = world
        self.roll, self.servers = world.roll, world.servers

    def before(self):
        """In a world that is steady."""

    def cause(self):
        raise NotImplementedError

    def during(self):
        """What else must be so while it lasts."""

    def end(self):
        """Nothing: the cause is over at once."""

    def after(self):
        """What else must be so when all is right."""


def fill(directory):
    """Takes all room of its file system, by a file `filler`."""
    stat = os.statvfs(directory)
    with open(f"{directory}/filler", "wb") as handle:
        os.posix_fallocate(handle.fileno(), 0, stat.f_bavail * stat.f_frsize)
