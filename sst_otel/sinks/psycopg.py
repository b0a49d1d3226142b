"""psycopg 3 as a sink, sync and async: statements, ``executemany``, ``stream`` and ``COPY``."""

from __future__ import annotations

import weakref
from typing import Any

from sst_otel.beside import noting, watching
from sst_otel.patching import Patches
from sst_otel.sinks.copies import Copied
from sst_otel.sinks.dbapi import Statements, around, async_around, text_of
from sst_otel.sinks.outgoing import Outgoing
from sst_otel.sinks.ownership import Server
from sst_otel.sinks.statements import copied
from sst_otel.sinks.wrapping import Args, Kwargs

_PLACE = "sink.psycopg"


def install(emit: Outgoing) -> Patches:
    """Watch what leaves through psycopg 3."""
    statements = Statements(_PLACE, "postgresql", emit, server_of)
    patches = statements.patches
    copies = _Copies(statements)
    for prefix, wrap in (("", around), ("Async", async_around)):
        patches.wrap(
            "psycopg",
            f"{prefix}Connection.__init__",
            watching(_PLACE, lambda connection, *_: statements.connected(connection)),
        )
        for cursor in ("Cursor", "ServerCursor"):
            patches.wrap("psycopg", f"{prefix}{cursor}.execute", wrap(statements, False))
        patches.wrap("psycopg", f"{prefix}Cursor.executemany", wrap(statements, True))
        patches.wrap("psycopg", f"{prefix}Cursor.stream", around(statements, False))
        for path, note in (
            ("Cursor.copy", copies.begun),
            ("Copy.write_row", copies.row),
            ("Copy.write", copies.part),
            ("Copy.finish", copies.finishing),
        ):
            patches.wrap("psycopg", f"{prefix}{path}", noting(_PLACE, note))
    return patches


def server_of(connection: Any) -> Server:
    """Return where a connection leads, as it was asked for."""
    pgconn = connection.pgconn
    host, port, name = (_text(pgconn.host), _text(pgconn.port), _text(pgconn.db))
    return Server("postgresql", host.lower(), int(port) if port.isdecimal() else None, name)


def _text(value: bytes | None) -> str:
    return (value or b"").decode("utf-8", "replace")


class _Copies:
    """The ``COPY`` operations that are open."""

    def __init__(self, statements: Statements) -> None:
        self._statements = statements
        self._texts: weakref.WeakKeyDictionary[Any, Any] = weakref.WeakKeyDictionary()
        """Cursor → what it copies by."""
        self._open: weakref.WeakKeyDictionary[Any, Copied] = weakref.WeakKeyDictionary()

    def begun(self, cursor: Any, args: Args, kwargs: Kwargs) -> None:
        """Remember by which statement a cursor copies."""
        if self._statements.looks(cursor.connection):
            self._texts[cursor] = args[0] if args else kwargs["statement"]

    def row(self, copy: Any, args: Args, kwargs: Kwargs) -> None:
        """Take a row that is written."""
        seen = self._of(copy)
        if seen is not None:
            seen.row(args[0] if args else kwargs["row"])

    def part(self, copy: Any, args: Args, kwargs: Kwargs) -> None:
        """Take a block that is written."""
        seen = self._of(copy)
        if seen is not None:
            seen.part(args[0] if args else kwargs["buffer"])

    def finishing(self, copy: Any, args: Args, kwargs: Kwargs) -> None:
        """Look at all there was before the server is told to keep the rows, or not to."""
        seen = self._open.pop(copy, None)
        if seen is not None:
            seen.end(args[0] if args else kwargs.get("exc"))

    def _of(self, copy: Any) -> Copied | None:
        seen = self._open.get(copy)
        if seen is None and copy.cursor in self._texts:
            text = text_of(self._texts.pop(copy.cursor), copy.connection)
            found = copied(text or "")
            if found is not None:
                seen = self._open[copy] = Copied(
                    self._statements, server_of(copy.connection), *found
                )
        return seen
