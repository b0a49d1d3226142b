"""Isolation of our own failures: what is ours may fail, the application never notices.

Everything of ours that runs beside application code stands in ``with guard("place"):``. An error
in there is swallowed, counted under its place, and said once per place on the ``sst_otel`` logger
with its type only, because an exception's text can quote a personal value.
"""

from __future__ import annotations

import logging
import threading
from collections import Counter
from types import TracebackType

logger = logging.getLogger("sst_otel")

_counts: Counter[str] = Counter()
_said: set[str] = set()
_lock = threading.Lock()


class guard:
    """Swallow, count and say once every ``Exception`` raised inside the block.

    ``KeyboardInterrupt``, ``SystemExit`` and other ``BaseException`` pass. The traceback is not
    kept: its frames hold the values we look at. One guard serves any number of blocks, also at
    once and one in another.
    """

    __slots__ = ("place",)

    def __init__(self, place: str) -> None:
        self.place = place

    def __enter__(self) -> None:
        return None

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> bool:
        if kind is None:
            return False
        if not issubclass(kind, Exception):
            return False
        count_error(self.place, kind.__name__)
        return True


def count_error(place: str, what: str) -> None:
    """Count one failure of ours at ``place``; the first one there is also logged.

    ``what`` names the kind of failure and must never hold a personal value.
    """
    with _lock:
        _counts[place] += 1
        first = place not in _said
        _said.add(place)
    if first:
        logger.warning(
            "sst_otel: %s failed (%s); the application is not affected, further failures there "
            "are counted silently",
            place,
            what,
        )


def say_once(topic: str, message: str) -> None:
    """Log ``message`` as a warning the first time ``topic`` comes up in this process."""
    with _lock:
        first = topic not in _said
        _said.add(topic)
    if first:
        logger.warning("sst_otel: %s", message)


def error_counts() -> dict[str, int]:
    """Failures of ours so far, by place (the metric ``sst.errors``)."""
    with _lock:
        return dict(_counts)


def reset() -> None:
    """Forget counts and what was said; for tests and for a new start of tracking."""
    with _lock:
        _counts.clear()
        _said.clear()
