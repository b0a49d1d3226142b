"""Files as ``open`` makes them, whose ``write``, ``flush`` and ``close`` are watched.

Subclasses of what ``open`` returns, over the same buffer: ``csv`` and others in C keep nothing of a
file but its bound ``write``, which has to keep the file open.
"""

from __future__ import annotations

import io
from typing import Any

from sst_otel.sinks.ending import let_go
from sst_otel.sinks.share import Share
from sst_otel.sinks.written import Written
from sst_otel.tracebacks import drop_own_entry


def watched_text(opened: io.TextIOWrapper, newline: str | None, written: Written) -> Any:
    """Return the file that takes the place of a text file that was just opened.

    ``newline``: as it was given to ``open``, since a file does not tell.
    """
    told = (opened.encoding, opened.errors, newline, opened.line_buffering, opened.write_through)
    mode = opened.mode
    made = _Text(opened.detach(), *told)
    made.mode = mode
    made._sst_written = written
    return made


def watched_bytes(opened: Any, size: int, written: Written) -> Any:
    """Return the file that takes the place of a binary one; ``size``: of its buffer, -1 = usual."""
    kind = _Random if type(opened) is io.BufferedRandom else _Writer
    raw = opened.detach()
    made = kind(raw, size if size > 1 else getattr(raw, "_blksize", io.DEFAULT_BUFFER_SIZE))
    made._sst_written = written
    return made


class _Watched:
    """Looks at what is written before it is let go of."""

    _sst_written: Written | None = None

    def write(self, data: Any, /) -> Any:
        try:
            result = super().write(data)  # type: ignore[misc]
        except BaseException as error:
            del data  # error trackers send the locals of every frame
            drop_own_entry(error)
            raise
        if self._sst_written is not None:
            self._sst_written.keep(data)
        return result

    def flush(self) -> None:
        let_go(self._sst_look(), super().flush)  # type: ignore[misc]

    def close(self) -> None:
        let_go(self._sst_look(), super().close)  # type: ignore[misc]

    def _sst_look(self) -> Share | None:
        return self._sst_written.look() if self._sst_written is not None else None


class _Text(_Watched, io.TextIOWrapper):
    mode: str


class _Writer(_Watched, io.BufferedWriter):
    pass


class _Random(_Watched, io.BufferedRandom):
    pass


for _kind, _original in (
    (_Text, io.TextIOWrapper),
    (_Writer, io.BufferedWriter),
    (_Random, io.BufferedRandom),
):
    _kind.__name__ = _kind.__qualname__ = _original.__name__
    _kind.__module__ = _original.__module__
