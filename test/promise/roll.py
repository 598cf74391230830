"""What ought to be there, and whether somebody who looks finds it so."""

import threading

ZONE = "prom.internal"


def target(service, host, port=9100):
    """As Prometheus and an SRV record name it."""
    return f"{host}.{service}.{ZONE}:{port}"


class Roll:
    """What is registered, by service; who leaves, leaves by name.  Any thread may use it.

    A change is told here before it is made, so that nobody sees it who does not know of it.
    """

    def __init__(self):
        self.lock = threading.RLock()
        self.there = {}  # service: {target}
        self.gone = set()
        self.either = set()  # both would be right

    def add(self, service, targets):
        with self.lock:
            self.there.setdefault(service, set()).update(targets)
            self.gone.difference_update(targets)
            self.either.difference_update(targets)

    def leave(self, targets):
        with self.lock:
            for those in self.there.values():
                those.difference_update(targets)
            self.gone.update(targets)

    def leave_open(self, targets):
        """Neither their going nor their staying is wrong from here on."""
        with self.lock:
            self.leave(targets)
            self.gone.difference_update(targets)
            self.either.update(targets)

    def wanted(self, service=None):
        """Of one service, or of all."""
        with self.lock:
            if service is not None:
                return set(self.there.get(service, ()))
            return set().union(*self.there.values())


class Observer:
    """One who looks at one service, or at all: what it saw once and nobody deregistered, it must
    see each time."""

    def __init__(self, roll, name, service=None):
        self.roll, self.name, self.service = roll, name, service
        self.seen = set()
        self.problems = []
        self.right_at = self.looked_at = None  # when it last looked; and found all right

    def look(self, found, when):
        with self.roll.lock:
            wanted = self.roll.wanted(self.service)
            optional = self.roll.gone | self.roll.either
            self.seen -= optional
            missing = self.seen - found
            strange = found - wanted - optional
            right = wanted <= found and not found & self.roll.gone and not strange
            self.seen |= found & wanted
        if missing:
            self.complain(f"{len(missing)} of {len(self.seen)} missing, {_some(missing)}")
            self.seen -= missing
        if strange:
            self.complain(f"nobody registered {_some(strange)}")
        self.looked_at = when
        self.right_at = when if right else None
        return right

    def complain(self, text):
        self.problems.append(f"{self.name}: {text}")

    def lacks(self, found):
        """What is not right, in words."""
        wanted = self.roll.wanted(self.service)
        return (f"{self.name}: missing {_some(wanted - found)}, still there {_some(found & self.roll.gone)}")


def _some(targets):
    names = sorted(targets)
    return ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "") or "none"
