"""An exporter in small: waits, opens its port, ends as it is told.

    child.py PORT [exit status on SIGTERM]
"""

import signal
import socket
import sys

port = int(sys.argv[1])
status = int(sys.argv[2]) if len(sys.argv) > 2 else 0
listener = socket.create_server(("0.0.0.0", port))
print(f"listening on {port}", flush=True)


def stop(number, _):
    print(f"signal {number}", flush=True)
    sys.exit(status)


signal.signal(signal.SIGTERM, stop)
signal.signal(signal.SIGINT, stop)
signal.signal(signal.SIGHUP, lambda *_: print("hup", flush=True))
while True:
    connection, _ = listener.accept()
    connection.close()
