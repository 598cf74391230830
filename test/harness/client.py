"""A client that never stops asking."""

import threading
import time

from .wait import Failure, check


class Client:
    """Asks every 20 ms until it is stopped; `wrong` holds each answer that was not whole."""

    def __init__(self, server, name, records):
        self.server, self.name, self.records = server, name, records
        self.asked, self.wrong = 0, []
        self.slowest = 0.0
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._ask, daemon=True)
        self._thread.start()

    def _ask(self):
        while not self._end.wait(0.02):
            began = time.monotonic()
            rcode, records = self.server.answer(self.name, timeout=1)
            self.slowest = max(self.slowest, time.monotonic() - began)
            self.asked += 1
            if rcode != "NOERROR" or len(records) < self.records:
                self.wrong.append((round(began, 2), rcode, len(records)))

    def stop(self):
        self._end.set()
        self._thread.join()
        return self

    def judge(self, least=300):
        """Fails unless each of at least so many answers was whole."""
        self.stop()
        if self.wrong:
            raise Failure(f"answers that were not whole: {self.wrong[:5]}")
        check(self.asked > least, f"the client was asking all the time, not {self.asked} times")
