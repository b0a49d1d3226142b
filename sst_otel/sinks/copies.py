"""PostgreSQL's ``COPY … FROM STDIN``: rows that pass as objects, or as text of its formats."""

from __future__ import annotations

import csv
from typing import Any

from sst_otel.sinks.dbapi import Statements
from sst_otel.sinks.ownership import Server
from sst_otel.sinks.servers import database_call, row_parts
from sst_otel.sinks.share import MAX_STREAMED, Share
from sst_otel.sinks.statements import MAX_ROWS

_ESCAPES = {"\\t": "\t", "\\n": "\n", "\\r": "\r", "\\\\": "\\"}


class Copied:
    """What one ``COPY`` has taken so far. ``separator``: None = by the look of it."""

    def __init__(
        self,
        statements: Statements,
        server: Server,
        table: str,
        columns: tuple[str, ...],
        separator: str | None = None,
    ) -> None:
        self._statements = statements
        self._server = server
        self._table = table
        self._columns = columns
        self._separator = separator
        self._rows: list[dict[str, Any]] = []
        self._total = 0
        self._chunks: list[bytes] = []
        self._size = 0
        self._shares: tuple[Share, ...] = ()

    def __repr__(self) -> str:
        return f"<COPY of {self._total} rows>"

    def row(self, values: Any) -> None:
        """Take a row as an object."""
        self._total += 1
        if len(self._rows) < MAX_ROWS and isinstance(values, (list, tuple)):
            self._rows.append(self._named(values))

    def part(self, chunk: Any) -> None:
        """Take a piece of text or bytes in a format of ``COPY``."""
        with self._statements.guarded:
            if self._size < MAX_STREAMED and isinstance(chunk, (bytes, bytearray, str, memoryview)):
                data = chunk.encode() if isinstance(chunk, str) else bytes(chunk)
                self._chunks.append(data)
                self._size += len(data)

    def look(self) -> None:
        """Look at all of it and write what is shared."""
        with self._statements.guarded:
            self._read_text()
            if not self._rows:
                return
            emit = self._statements.emit
            call = database_call(
                self._server,
                emit.ownership.is_own(self._server),
                True,
                "COPY",
                self._table,
                row_parts(self._table, self._rows),
                self._total,
                len(self._rows),
            )
            self._rows = []
            share = emit(call)
            if share.events:
                self._shares = (*self._shares, share.write())

    def end(self, error: BaseException | None = None) -> None:
        """Note what became of it."""
        self.look()
        with self._statements.guarded:
            for share in self._shares:
                share.end(error)

    def _named(self, values: Any) -> dict[str, Any]:
        names = self._columns
        return {
            names[at] if at < len(names) else f"column{at + 1}": value
            for at, value in enumerate(values)
        }

    def _read_text(self) -> None:
        text = b"".join(self._chunks).decode("utf-8", "replace")
        self._chunks = []
        lines = text.splitlines()
        if not lines:
            return
        separator = self._separator or ("\t" if "\t" in lines[0] else ",")
        if separator == ",":
            rows = list(csv.reader(lines[:MAX_ROWS]))
        else:
            rows = [[_unescaped(one) for one in line.split(separator)] for line in lines[:MAX_ROWS]]
        self._total += len(lines)
        self._rows += [self._named(row) for row in rows]


def _unescaped(value: str) -> str:
    if "\\" in value:
        for escaped, plain in _ESCAPES.items():
            value = value.replace(escaped, plain)
    return value
