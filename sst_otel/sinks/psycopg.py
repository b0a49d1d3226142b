"""psycopg 3 as a sink, sync and async: statements, ``executemany``, ``stream`` and ``COPY``."""

from __future__ import annotations

import weakref
from collections.abc import Callable
from typing import Any

from sst_otel.patching import Patches, Wrapper, watching
from sst_otel.sinks.copies import Copied
from sst_otel.sinks.dbapi import Statements, around, async_around, text_of
from sst_otel.sinks.outgoing import Outgoing
from sst_otel.sinks.ownership import Server
from sst_otel.sinks.statements import copied
from sst_otel.sinks.wrapping import Args, Kwargs
from sst_otel.tracebacks import drop_own_entry

_PLACE = "sink.psycopg"


def install(emit: Outgoing) -> Patches:
    """Watch what leaves through psycopg 3."""
    patches = Patches(_PLACE)
    statements = Statements(_PLACE, "postgresql", emit, server_of)
    patches.on_undo(lambda: setattr(statements, "active", False))
    copies = _Copies(statements)
    for prefix, wrap in (("", around), ("Async", async_around)):
        patches.wrap(
            "psycopg",
            f"{prefix}Connection.__init__",
            watching(_PLACE, lambda connection, _: statements.connected(connection)),
        )
        for cursor in ("Cursor", "ServerCursor"):
            patches.wrap("psycopg", f"{prefix}{cursor}.execute", wrap(statements, False))
        patches.wrap("psycopg", f"{prefix}Cursor.executemany", wrap(statements, True))
        patches.wrap("psycopg", f"{prefix}Cursor.stream", copies.streamed)
        patches.wrap("psycopg", f"{prefix}Cursor.copy", copies.begun)
        patches.wrap("psycopg", f"{prefix}Copy.write_row", copies.row)
        patches.wrap("psycopg", f"{prefix}Copy.write", copies.part)
    patches.wrap("psycopg", "Copy.finish", copies.finishing())
    patches.wrap("psycopg", "AsyncCopy.finish", copies.finishing())
    return patches


def server_of(connection: Any) -> Server:
    """Return where a connection leads, as it was asked for."""
    pgconn = connection.pgconn
    host, port, name = (_text(pgconn.host), _text(pgconn.port), _text(pgconn.db))
    return Server("postgresql", host.lower(), int(port) if port.isdecimal() else None, name)


def _text(value: bytes | None) -> str:
    return (value or b"").decode("utf-8", "replace")


class _Copies:
    """The ``COPY`` operations that are open, and statements whose rows are streamed."""

    def __init__(self, statements: Statements) -> None:
        self._statements = statements
        self._texts: weakref.WeakKeyDictionary[Any, Any] = weakref.WeakKeyDictionary()
        """Cursor → what it copies by."""
        self._open: weakref.WeakKeyDictionary[Any, Copied] = weakref.WeakKeyDictionary()

    def streamed(
        self, wrapped: Callable[..., Any], instance: Any, args: Args, kwargs: Kwargs
    ) -> Any:
        """Look at a statement that is run when its rows are asked for."""
        sent = None
        with self._statements.guarded:
            parameters = args[1] if len(args) > 1 else kwargs.get("params")
            query = args[0] if args else kwargs.get("query")
            sent = self._statements.begin(instance.connection, query, parameters, False)
        try:
            return wrapped(*args, **kwargs)
        except BaseException as error:
            del wrapped, instance, args, kwargs
            drop_own_entry(error)
            raise
        finally:
            if sent is not None:
                sent.end()

    def begun(self, wrapped: Callable[..., Any], instance: Any, args: Args, kwargs: Kwargs) -> Any:
        """Remember by which statement a cursor copies."""
        with self._statements.guarded:
            if self._statements.looks(instance.connection):
                self._texts[instance] = args[0] if args else kwargs["statement"]
        return wrapped(*args, **kwargs)

    def row(self, wrapped: Callable[..., Any], instance: Any, args: Args, kwargs: Kwargs) -> Any:
        """Take a row that is written."""
        with self._statements.guarded:
            seen = self._of(instance)
            if seen is not None:
                seen.row(args[0] if args else kwargs["row"])
        return wrapped(*args, **kwargs)

    def part(self, wrapped: Callable[..., Any], instance: Any, args: Args, kwargs: Kwargs) -> Any:
        """Take a block that is written."""
        with self._statements.guarded:
            seen = self._of(instance)
            if seen is not None:
                seen.part(args[0] if args else kwargs["buffer"])
        return wrapped(*args, **kwargs)

    def finishing(self) -> Wrapper:
        """Return a wrapper of what tells the server to keep the rows, or not to."""

        def wrapper(wrapped: Callable[..., Any], instance: Any, args: Args, kwargs: Kwargs) -> Any:
            with self._statements.guarded:
                seen = self._open.pop(instance, None)
                if seen is not None:
                    seen.end(args[0] if args else kwargs.get("exc"))
            return wrapped(*args, **kwargs)

        return wrapper

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
