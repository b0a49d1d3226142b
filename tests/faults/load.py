"""Shares with serial numbers, sent while something breaks, and what became of each."""

from __future__ import annotations

import json
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

import requests

from tests.faults.line import Line
from tools.stack.waiting import wait_until

_CLIENTS = 4
_SETTLES_IN = 240
_MOST = 1_000_000
"""Shares of a run."""


class Load:
    """``count`` requests under way; the trace id of each is ``run`` and its serial."""

    def __init__(self, line: Line, run: int, count: int) -> None:
        self._line = line
        self._run = run
        self._mine = range(run * _MOST, run * _MOST + count)
        self._serials = iter(self._mine)
        self._lock = threading.Lock()
        self._before = len(line.vendor.received)
        self.answered: set[int] = set()
        self.unanswered: set[int] = set()
        """Those whose connection broke."""
        self.failed: set[int] = set()
        """Those that were answered with an error."""
        self._threads = [threading.Thread(target=self._send) for _ in range(_CLIENTS)]

    @property
    def arrived(self) -> int:
        """How many the vendor has."""
        return len(self._line.vendor.received) - self._before

    def wait_for(self, count: int) -> None:
        """Wait until the vendor has so many."""
        wait_until(lambda: self.arrived >= count or not self.is_running, seconds=_SETTLES_IN)

    @property
    def is_running(self) -> bool:
        """Whether requests are still being made."""
        return any(thread.is_alive() for thread in self._threads)

    def received(self) -> Counter[int]:
        """Return how often the vendor has got each serial.

        Of a request whose sender was killed behind its headers it has none.
        """
        arrived = self._line.vendor.received[self._before :]
        serials = (json.loads(body)["serial"] for _, _, body in arrived if body)
        return Counter(serial for serial in serials if serial in self._mine)

    def start(self) -> None:
        """Send."""
        for thread in self._threads:
            thread.start()

    def join(self) -> None:
        """Wait until all is sent."""
        for thread in self._threads:
            thread.join()

    def check(self, *, killed: bool = False) -> None:
        """Wait for the rows: one for each serial the vendor has, none that is not explained.

        ``killed``: whether workers were, who may have written down what they did not come to send.
        """
        received = self.received()
        assert received, self._line.site.log()
        assert set(received.values()) == {1}
        assert received.keys() >= self.answered
        assert not self.failed
        assert killed or not self.unanswered
        wait_until(
            lambda: self._line.rows(self._run).keys() >= received.keys(),
            said=lambda: f"missing: {len(received.keys() - self._line.rows(self._run).keys())}",
            seconds=_SETTLES_IN,
        )
        rows = self._line.rows(self._run)
        assert set(rows.values()) == {1}, "a share has several rows"
        assert rows.keys() - received.keys() <= self.unanswered
        assert self._line.answers().keys() <= {"200", "503"}
        assert self._line.of_collector("otelcol_exporter_send_failed_log_records") == 0

    def _send(self) -> None:
        client = requests.Session()
        client.trust_env = False
        while (serial := self._next()) is not None:
            trace_id = f"{self._run:016x}{serial:016x}"
            try:
                answer = client.post(
                    f"{self._line.site.url}/parcels/{serial}",
                    data={"email": f"person{serial}.{self._run}@example.org"},
                    headers={"traceparent": f"00-{trace_id}-{serial + 1:016x}-01"},
                    timeout=60,
                )
                become = self.answered if answer.status_code == 204 else self.failed
            except requests.ConnectionError:
                become = self.unanswered
            with self._lock:
                become.add(serial)

    def _next(self) -> int | None:
        with self._lock:
            return next(self._serials, None)


@contextmanager
def sending(line: Line, run: int, count: int) -> Iterator[Load]:
    """Send during the block, and until all is sent."""
    load = Load(line, run, count)
    load.start()
    try:
        yield load
    finally:
        load.join()
