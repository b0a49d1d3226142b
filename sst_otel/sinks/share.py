"""What a sink holds while its call runs: the events of it, written before the bytes leave.

``share = emit(call)`` looks at the payload; nothing in here raises.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any, Protocol

from sst_otel import semconv
from sst_otel.guard import guard
from sst_otel.matching.parts import MAX_BODY, first_bytes, size_of_bytes
from sst_otel.registry.identity import marked
from sst_otel.shares import Call, Part, SharingEvent

_reading = guard("sink.stream")

_telling = guard("telemetry.events")

_writing = guard("audit.write")

MAX_STREAMED = MAX_BODY + 1
"""Bytes of a streamed body that are kept for looking at; the last tells that there were more."""

_writer: ThreadPoolExecutor | None = None


class Emit(Protocol):
    """What a share is written by: :class:`~sst_otel.sinks.outgoing.Outgoing`."""

    def __call__(self, call: Call) -> Share:
        """Look at a call."""

    def write(self, events: Sequence[SharingEvent]) -> None:
        """Make events durable."""

    def outcome(self, events: Sequence[SharingEvent], outcome: str) -> None:
        """Record what became of the call."""

    def announce(self, events: Sequence[SharingEvent], call: Call, span: Any, begun: int) -> Any:
        """Put events on a span that began at ``begun`` (epoch nanoseconds); return one of ours."""

    def finish(self, span: Any, outcome: str) -> None:
        """End a span of ours."""


class Share:
    """The share of one call; inert where the call carries nothing personal."""

    __slots__ = (
        "_begun",
        "_call",
        "_chunks",
        "_emit",
        "_marked",
        "_size",
        "_span",
        "_streams",
        "events",
    )

    def __init__(self, emit: Emit, call: Call, streams: bool = False) -> None:
        self._emit = emit
        self._call = call
        self._begun = time.time_ns()
        self._chunks: list[bytes] = []
        self._marked: list[Any] = []
        self._size = 0
        self._streams = streams
        self._span: Any = None
        self.events: tuple[SharingEvent, ...] = ()

    def __repr__(self) -> str:
        return f"<Share of {len(self.events)} events>"

    def found(self, events: Sequence[SharingEvent]) -> None:
        """Keep events that are not written yet."""
        self.events = (*self.events, *events)

    def write(self) -> Share:
        """Make the events durable and announce them; returns when they survive SIGKILL."""
        if self.events:
            with _writing:
                self._emit.write(self.events)
            self._announce_early()
        return self

    async def write_async(self) -> Share:
        """Do :meth:`write`, the file part of it off the event loop."""
        if self.events:
            await _off_loop(self._guarded_write)
            self._announce_early()
        return self

    def _guarded_write(self) -> None:
        with _writing:
            self._emit.write(self.events)

    def _announce_early(self) -> None:
        """Announce at once, unless the call's span is only known when it has run."""
        if self._call.kind not in semconv.DATABASES:
            with _telling:
                self._announce(None)

    def _announce(self, span: Any) -> None:
        self._span = self._emit.announce(self.events, self._call, span, self._begun)

    def part(self, chunk: Any) -> None:
        """Look at a piece of a streamed body as it passes."""
        with _reading:
            left = MAX_STREAMED - self._size
            data = _first(chunk, left) if left > 0 else b""
            if data:
                self._chunks.append(data)
                self._size += len(data)
                if marked(chunk) is not None:  # a number or a short word is known by this alone
                    self._marked.append(chunk)

    def complete(self) -> None:
        """Look at a call with its streamed body, whole: at the latest before the call returns."""
        if not self._streams:
            return
        with _reading:
            body = b"".join(self._chunks)
            self._streams, self._chunks = False, []
            followed, self._marked = self._marked, []
            parts = [Part("body", body), *([Part("body", followed)] if followed else [])]
            self._call = replace(self._call, parts=(*self._call.parts, *parts))
            self.found(self._emit(self._call).events)
            self.write()

    def done(self, result: Any = None, span: Any = None) -> None:
        """Note that the call returned."""
        del result
        self.complete()
        self._note(semconv.SENT, span)

    def failed(self, error: BaseException | None = None, span: Any = None) -> None:
        """Note that the call raised or failed; what left before that has left."""
        del error
        self.complete()
        self._note(semconv.FAILED, span)

    def end(self, error: BaseException | None = None) -> None:
        """Note that the call returned, or what it raised."""
        if error is None:
            self.done()
        else:
            self.failed(error)

    def _note(self, outcome: str, span: Any) -> None:
        if not self.events:
            return
        with _telling:
            if self._span is None:
                self._announce(span)
            if self._span is not None:
                self._emit.finish(self._span, outcome)
        with _writing:
            self._emit.outcome(self.events, outcome)


def _first(chunk: Any, most: int) -> bytes:
    """Return what is kept of a piece, which may be a whole file."""
    if issubclass(type(chunk), str):
        return str.__getitem__(chunk, slice(0, most)).encode("utf-8", "surrogatepass")[:most]
    return first_bytes(chunk, most) if size_of_bytes(chunk) is not None else b""


async def _off_loop(work: Callable[[], None]) -> None:
    """Run ``work`` in a thread of our own and await it; in place where that cannot be.

    No asyncio loop runs (but trio's), or the interpreter ends and starts no thread any more.
    """
    global _writer
    try:
        loop = asyncio.get_running_loop()
        if _writer is None:
            _writer = ThreadPoolExecutor(1, thread_name_prefix="sst-audit")
        done = loop.run_in_executor(_writer, work)
    except RuntimeError:
        work()
    else:
        await done


def forget_writer() -> None:
    """In a forked child: the parent's thread is not here."""
    global _writer
    _writer = None
