"""Isolation of our own failures: what is ours may fail, the application never notices.

Everything of ours that runs beside application code stands in ``with guard("place"):``. An error
in there is swallowed, counted under its place, and said once per place on the ``sst_otel`` logger
with its type only, because an exception's text can quote a personal value.

What a handler of signals raises is no error of ours, wherever the main thread happens to be: the
time limits of rq's jobs and of Celery's tasks come so.
"""

from __future__ import annotations

import logging
import signal
import threading
from collections import Counter
from functools import partial
from types import CodeType, FunctionType, MethodType, TracebackType

from sst_otel.locks import new_lock
from sst_otel.tracebacks import set_traceback

logger = logging.getLogger("sst_otel")

_counts: Counter[str] = Counter()
_said: set[str] = set()
_lock = new_lock()


class guard:
    """Swallow, count and say once every ``Exception`` raised inside the block.

    ``KeyboardInterrupt``, ``SystemExit`` and other ``BaseException`` pass, and so does what a
    handler of signals raises. The traceback is not
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
        if kind is None or not issubclass(kind, Exception):
            return False
        return swallow(self.place, error, traceback)


def swallow(place: str, error: BaseException | None, traceback: TracebackType | None) -> bool:
    """Count an error of ours at ``place``; False for what is to go on, as no error of ours."""
    thrown = _thrown_in(traceback)
    if thrown is None:
        count_error(place, type(error).__name__)
    elif error is not None:
        set_traceback(error, thrown)  # the frames before are ours, and hold what we look at
    return thrown is None


def _thrown_in(traceback: TracebackType | None) -> TracebackType | None:
    """Return the entry of a handler of signals in ``traceback``, None where there is none."""
    if threading.current_thread() is not threading.main_thread():
        return None  # they run nowhere else
    codes = {_code_of(signal.getsignal(number)) for number in signal.valid_signals()} - {None}
    while traceback is not None and traceback.tb_frame.f_code not in codes:
        traceback = traceback.tb_next
    return traceback


def _code_of(handler: object) -> CodeType | None:
    """Return the code that a handler runs first; None for those of the interpreter."""
    while type(handler) is partial:
        handler = handler.func
    if type(handler) is MethodType:
        handler = handler.__func__
    if type(handler) is not FunctionType:
        bodies = map(vars, type(handler).__mro__)
        handler = next((body["__call__"] for body in bodies if "__call__" in body), None)
    return handler.__code__ if type(handler) is FunctionType else None


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
