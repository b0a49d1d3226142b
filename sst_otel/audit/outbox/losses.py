"""What a process could not keep: counted, and told by a gap in the log as soon as one can be."""

from __future__ import annotations

import time
from collections import Counter

from sst_otel.audit.records import GapRecord, gap_record
from sst_otel.shares import new_event_id


class Losses:
    """Counts of lost records by kind; whoever uses it holds a lock of its own."""

    def __init__(self, service: str) -> None:
        self.service = service
        self._ever: Counter[str] = Counter()
        self._untold: Counter[str] = Counter()
        self._since = 0.0
        self._until = 0.0
        self.reason = ""
        """Why records are being lost now."""

    def __bool__(self) -> bool:
        """Whether something was lost that no gap tells yet."""
        return bool(self._untold)

    def add(self, kind: str, count: int) -> None:
        """Count ``count`` records as lost, now."""
        self._until = time.time()
        if not self._untold:
            self._since = self._until
        self._untold[kind] += count
        self._ever[kind] += count

    def all(self) -> dict[str, int]:
        """Return how many were lost since the process began, by kind."""
        return dict(self._ever)

    def told(self) -> list[bytes]:
        """Return the line that tells what :meth:`settle` has not settled yet, if anything."""
        if not self._untold:
            return []
        gap = GapRecord(
            new_event_id(self._until),
            self.service,
            self._since,
            self._until,
            dict(self._untold),
            self.reason,
        )
        return [gap_record(gap)]

    def settle(self) -> None:
        """Take what was lost so far as told."""
        self._untold.clear()
