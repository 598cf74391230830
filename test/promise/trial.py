"""One fault in a world of its own, from the first target to the verdict."""

import time

from harness.wait import Failure

from table import Row
from watch import Watch
from world import REFRESH, World

LIMIT = REFRESH + 20  # seconds from the end of a cause until all is right


class Trial:
    def __init__(self, scenario, fault_class, store, brief):
        self.scenario, self.brief = scenario, brief
        self.row = Row.of(fault_class, store, problem="")
        self.fault_class, self.store = fault_class, store
        self.watch = None

    def run(self):
        """Prints the row, whatever comes of it; raises Failure if the promise was broken."""
        try:
            self._run()
        except Failure as failure:
            self._note(str(failure))
            raise
        except Exception as error:
            self._note(f"{type(error).__name__}: {error}")
            raise
        finally:
            if self.watch:
                self.watch.end()
                self.row["lowest"] = self.watch.prometheus.lowest
                self.row["after"] = self.watch.prometheus.count
            print(self.row.to_text(), flush=True)

    def _note(self, text):
        problems = self.watch.problems() if self.watch else []
        self.row["problem"] = "; ".join([*problems, text] if text not in problems else problems)

    def _run(self):
        world = World(self.scenario, self.store, self.fault_class)
        fault = self.fault_class(world)
        self.watch = world.watch = Watch(world.roll, world.prometheus, world.servers, silent=True)
        self.watch.wait_right(60)
        fault.before()
        self.watch.wait_right(60)
        self.row["before"] = self.watch.prometheus.count
        self.watch.silent = fault.silent
        self.watch.begin()
        self.scenario.step(f"{self.row['before']} targets")
        fault.cause()
        self.scenario.step(f"the cause: {fault.name}")
        began = time.monotonic()
        took = [0.0]
        if fault.acts:
            self._act(world)
        acted = time.monotonic()
        if fault.reaches:
            took.append(self.watch.wait_right(LIMIT, acted))
        time.sleep(max(0.0, began + (fault.brief_hold if self.brief else fault.hold) - time.monotonic()))
        fault.during()
        fault.end()
        self.scenario.step("its end")
        took.append(self.watch.wait_right(LIMIT, time.monotonic()))
        self.row["right"] = round(max(took), 1)
        self.scenario.step(f"right after {self.row['right']} s")
        fault.after()
        # A set that shrank on the way shows in Prometheus a little later than in the answers.
        time.sleep(3 if self.brief else REFRESH + 7)
        self.watch.wait_right(LIMIT, time.monotonic())
        self._judge(world)

    def _act(self, world):
        """Where there is a service of nodes, a new host joins it and one leaves."""
        world.register("node", "new")
        world.deregister("node", "h007")
        self.row["acts"] = "+1 -1"

    def _judge(self, world):
        problems = self.watch.problems()
        problems += [f"{s.name} has ended by itself" for s in world.servers if not s.process.running()]
        if problems:
            raise Failure("; ".join(problems[:4]))
