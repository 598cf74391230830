"""An exporter in small: opens its port, ends as it is told.

    child.py PORT [exit status on SIGTERM] [seconds until it opens its port]

SIGUSR1 closes the port, SIGUSR2 opens it again.
"""

import select
import signal
import socket
import sys
import time

port = int(sys.argv[1])
status = int(sys.argv[2]) if len(sys.argv) > 2 else 0
time.sleep(float(sys.argv[3]) if len(sys.argv) > 3 else 0)
listener = socket.create_server(("0.0.0.0", port))
print(f"listening on {port}", flush=True)


def stop(number, _):
    print(f"signal {number}", flush=True)
    sys.exit(status)


signal.signal(signal.SIGTERM, stop)
signal.signal(signal.SIGINT, stop)
signal.signal(signal.SIGHUP, lambda *_: print("hup", flush=True))

wanted = True


def want(is_wanted):
    global wanted
    wanted = is_wanted


signal.signal(signal.SIGUSR1, lambda *_: want(False))
signal.signal(signal.SIGUSR2, lambda *_: want(True))
while True:
    if wanted and listener.fileno() < 0:
        listener = socket.create_server(("0.0.0.0", port))
        print("open again", flush=True)
    elif not wanted and listener.fileno() >= 0:
        listener.close()
        print("closed", flush=True)
    elif not wanted:
        time.sleep(0.05)
    elif select.select([listener], [], [], 0.2)[0]:
        connection, _ = listener.accept()
        connection.close()
