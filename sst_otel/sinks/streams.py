"""Watching a one-shot body as the client library consumes it: never read early, never kept whole.

A body that is a generator or an open file belongs to the application until the library asks for it;
each piece is looked at on its way.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any, Protocol

from sst_otel.sinks.share import Share
from sst_otel.tracebacks import drop_own_entry, unseen


class Watcher(Protocol):
    """What looks at the pieces of a stream: a :class:`~sst_otel.sinks.share.Share`, mostly."""

    def part(self, chunk: Any) -> None:
        """Look at a piece as it passes."""


class LateWatcher:
    """Looks at a stream for a share that is only known when the call begins."""

    __slots__ = ("share",)

    def __init__(self) -> None:
        self.share: Share | None = None
        """Of the call that reads, while it runs."""

    def __repr__(self) -> str:
        return "<watcher>"

    def part(self, chunk: Any) -> None:
        """Look at a piece, if there is a call."""
        if self.share is not None:
            self.share.part(chunk)


class WatchedStream:
    """A body of which everything but reading it is the original's.

    ``at_end()`` runs when it has given its last piece, before the library knows.
    """

    def __init__(self, body: Any, share: Watcher, at_end: Callable[[], None] | None = None) -> None:
        self._body = body
        self._share = share
        self._at_end = at_end or _nothing

    def __repr__(self) -> str:
        return "<body stream>"

    def __getattr__(self, name: str) -> Any:
        return getattr(self._body, name)

    @property  # type: ignore[misc]
    def __class__(self) -> type:
        """Say what the body is: libraries encode what is a file of text (``TextIOBase``)."""
        return type(self._body)


class WatchedIterable(WatchedStream):
    """An iterable body."""

    def __iter__(self) -> Iterator[Any]:
        try:
            for chunk in self._body:
                self._share.part(chunk)
                yield chunk
            self._at_end()
        except BaseException as error:
            drop_own_entry(error)
            raise


class WatchedFile(WatchedIterable):
    """A file-like body, read by size or by line."""

    @unseen
    def read(self, *args: Any) -> Any:
        """Read on, and look at what was read."""
        chunk = self._body.read(*args)
        self._share.part(chunk)
        if not chunk:
            self._at_end()
        return chunk


def late_watcher_of(body: Any) -> LateWatcher | None:
    """Return the watcher of a stream that has one which waits for its share."""
    if not issubclass(type(body), WatchedStream):
        return None
    watcher = body._share
    return watcher if type(watcher) is LateWatcher else None


def watched_stream(body: Any, share: Watcher) -> WatchedIterable:
    """Return a file or an iterable with a watcher around it."""
    return WatchedFile(body, share) if hasattr(body, "read") else WatchedIterable(body, share)


class WatchedAsyncIterable(WatchedStream):
    """An asynchronous body stream."""

    async def __aiter__(self) -> AsyncIterator[Any]:
        try:
            async for chunk in self._body:
                self._share.part(chunk)
                yield chunk
            self._at_end()
        except BaseException as error:
            drop_own_entry(error)
            raise


def _nothing() -> None:
    return
