"""What was expected and what was told, crossed off as it comes, so that its size says nothing."""

from __future__ import annotations

import threading
from collections import Counter
from typing import Any

from sst_otel import semconv
from sst_otel.tagging import Tagger
from tests.soak.people import Share

Line = tuple[str, str, str, frozenset[str]]
"""Trace id (empty for a share outside of its request's context), destination, owner, types."""


class Ledger:
    """Shares expected (above zero) and told (below zero); an empty one is a perfect one."""

    def __init__(self, tagger: Tagger) -> None:
        self._tagger = tagger
        self._open: Counter[Line] = Counter()
        self._lock = threading.Lock()
        self.told = 0
        self.ambiguous = 0
        """Events that name several possible owners."""

    def expect(self, trace_id: str, share: Share) -> None:
        """Expect one event."""
        destination, number, types = share
        self._cross((trace_id, destination, self._tagger.owner(number).ref, types), 1)

    def saw(self, event: dict[str, Any]) -> None:
        """Take an event as the storage callback gets it."""
        if event["event_type"] != semconv.EXTERNAL_API:
            return
        types = frozenset(event["data_types"])
        line = (event["trace_id"], event["destination"], event["owner_id"], types)
        self._cross(line, -1)
        with self._lock:
            self.told += 1
            self.ambiguous += "sst.ambiguous" in event["metadata"]

    def missing(self) -> Counter[Line]:
        """Return what was expected and not told."""
        with self._lock:
            return +self._open

    def surplus(self) -> Counter[Line]:
        """Return what was told and not expected: other people, other types, twice."""
        with self._lock:
            return -self._open

    def _cross(self, line: Line, count: int) -> None:
        with self._lock:
            self._open[line] += count
            if not self._open[line]:
                del self._open[line]
