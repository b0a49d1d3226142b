"""What is written into one file: gathered, and looked at before the file is closed."""

from __future__ import annotations

import re
import time
from dataclasses import replace
from typing import Any

from sst_otel import semconv
from sst_otel.guard import guard
from sst_otel.matching.parts import MAX_BODY, first_bytes, size_of_bytes
from sst_otel.registry.identity import marked
from sst_otel.shares import Call, Part
from sst_otel.sinks.layers import Layer, enter_alone, leave_layer
from sst_otel.sinks.outgoing import Outgoing
from sst_otel.sinks.share import Share

BATCH = 1_000_000
"""Characters of a text that are gathered before they are looked at."""
LONGEST_SECONDS = 60.0
"""Time that something written may wait, in a file that is never flushed."""
_MOST_MARKED = 10_000
_LONGEST_HEADER = 4_000
_DELIMITERS = frozenset(",;\t|")
_HEADER = re.compile(r"[^@0-9]+")

_guarded = guard("sink.files")


class Written:
    """What went into one file and was not looked at yet.

    One event a person, and another where more of that person follows later.
    """

    def __init__(self, emit: Outgoing, call: Call) -> None:
        self._emit = emit
        self._call = call
        self._layer = Layer()
        self._pieces: list[Any] = []
        self._marked: list[Any] = []
        self._size = 0
        self._unread = 0
        self._since = 0.0
        self._header: str | None = None

    def __repr__(self) -> str:
        return "<file being written>"

    def keep(self, data: Any) -> None:
        """Keep a piece until it is looked at, which is now where there are enough of them."""
        with _guarded:
            if self._emit.idle():
                return
            kind = type(data)
            if kind is str:
                piece: Any = data[:MAX_BODY]
                self._unread += len(data) > MAX_BODY
            elif size_of_bytes(data) is not None:
                left = MAX_BODY - self._size
                piece = first_bytes(data, max(left, 0))
                self._unread = self._unread or int(len(piece) < (size_of_bytes(data) or 0))
            else:
                return
            if piece:
                self._pieces.append(piece)
                self._size += len(piece)
            if marked(data) is not None and len(self._marked) < _MOST_MARKED:
                self._marked.append(data)
            now = time.monotonic()
            self._since = self._since or now
            if kind is str and (self._size >= BATCH or now - self._since > LONGEST_SECONDS):
                share = self.look(more=True)
                if share is not None:
                    share.done()

    def look(self, more: bool = False) -> Share | None:
        """Report what was gathered; the events are durable when this returns.

        ``more``: the file goes on, and a line that has no end yet waits for it.
        """
        with _guarded:
            pieces, self._pieces = self._pieces, []
            followed, self._marked = self._marked, []
            unread, self._unread, self._size, self._since = self._unread, 0, 0, 0.0
            if not pieces:
                return None
            if type(pieces[0]) is bytes:
                body: Any = b"".join(pieces)
            else:
                body = self._lines("".join(pieces), more)
            call = replace(self._call, parts=(Part("body", body),))
            if unread:
                call = replace(call, attributes={**call.attributes, semconv.UNREAD: unread})
            told = (Part("body", followed),) if followed else ()
            token = enter_alone(self._layer.with_parts(told))
            try:
                return self._emit(call).write()
            finally:
                leave_layer(token)
        return None

    def _lines(self, text: str, more: bool) -> str:
        """Return whole lines, below the header of their table."""
        rest = ""
        if more:
            end = text.rfind("\n") + 1
            if end:
                text, rest = text[:end], text[end:]
        if rest:
            self._pieces, self._size = [rest], len(rest)
        header, self._header = self._header, self._header
        if header is None:
            first, newline, _ = text[:_LONGEST_HEADER].partition("\n")
            # Kept as long as the file is open: it must not be anybody's row.
            is_header = newline and _HEADER.fullmatch(first) and not _DELIMITERS.isdisjoint(first)
            self._header = first + newline if is_header else ""
            return text
        return header + text
