"""Many questions, a window of them in flight, answers counted by rcode."""

import collections
import socket
import time

import dns.message
import dns.rcode

from .wait import Failure

WINDOW = 200


def flood(address, port, names, count, rdtype="SRV", seconds=60):
    """Asks `names` round and round, `count` questions in all: {rcode: answers}.

    Questions without an answer are asked again, so that a full socket buffer is no failure.
    """
    wires = [dns.message.make_query(name, rdtype, use_edns=0, payload=1232).to_wire()
             for name in names[:count]]
    outcomes = collections.Counter()
    connection = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    connection.connect((address, port))
    connection.settimeout(0.5)
    deadline = time.monotonic() + seconds
    todo = collections.deque(range(count))
    while todo:
        waiting = {}
        for _ in range(min(WINDOW, len(todo))):
            number = todo.popleft()
            waiting[number & 0xFFFF] = number
            connection.send((number & 0xFFFF).to_bytes(2, "big") + wires[number % len(wires)][2:])
        try:
            while waiting:
                reply = connection.recv(65535)
                if waiting.pop(int.from_bytes(reply[:2], "big"), None) is not None:
                    outcomes[dns.rcode.to_text(reply[3] & 15)] += 1
        except socket.timeout:
            todo.extend(waiting.values())
        if time.monotonic() > deadline:
            raise Failure(f"{len(todo)} questions unanswered after {seconds} s; {dict(outcomes)}")
    return outcomes
