#!/usr/bin/python3
"""kill -9 and power losses under writers and watches: nothing that was acknowledged is lost."""

import os
import sys

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

from harness import process  # noqa: E402
from harness.scenario import BINARY, main  # noqa: E402
from harness.wait import Failure, check  # noqa: E402

BUILD = os.path.dirname(BINARY)
ROUNDS = int(os.environ.get("ROLLCALL_CRASH_ROUNDS", "6"))
URL = "http://127.0.0.1:2379"


def crash_loop(scenario, name, rounds, power=False, sync=True):
    """The loop on a store of its own; what it prints, and whether all was well."""
    directory = scenario.path(name)
    server = [BINARY, "serve", f"--store.path={directory}", "--log.level=warn"]
    after = ""
    if power:
        image = scenario.path(f"{name}.image")
        after = scenario.write(f"{name}.sh", "#!/bin/sh\nset -e\n"
                               f"cp {image} {directory}/store.mdb\n"
                               f"rm -f {directory}/store.mdb-lock\n")
        os.chmod(after, 0o755)
        settings = [f"LD_PRELOAD={BUILD}/test/store_crash/libpowerloss.so",
                    f"POWERLOSS_FILE={directory}/store.mdb", f"POWERLOSS_IMAGE={image}"]
        if not sync:
            settings.append("POWERLOSS_NOSYNC=20")
        server = ["env", *settings, *server]
    done = process.run([f"{BUILD}/test/store_crash/crash_loop", URL, str(rounds), after, *server],
                       timeout=60 + 10 * rounds)
    return done.returncode == 0, (done.stdout + done.stderr).strip().splitlines()


def run(scenario):
    for name, power in (("killed", False), ("powerless", True)):
        well, lines = crash_loop(scenario, name, ROUNDS, power)
        if not well:
            raise Failure(f"{name}: " + "\n".join(lines[-10:]))
        scenario.step(f"{name}: {lines[-1]}")
    # The same without the sync: a test that does not fail here would prove nothing above.
    well, lines = crash_loop(scenario, "unsynced", 20, power=True, sync=False)
    check(not well, "without a sync something is lost")
    scenario.step(f"without a sync: {lines[-1]}")


main(run)
