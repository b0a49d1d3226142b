"""psycopg2 as a sink: statements, what sends many rows in one of them, ``COPY``."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from sst_otel.beside import watching
from sst_otel.patching import Patches
from sst_otel.sinks.copies import Copied, watched_file
from sst_otel.sinks.dbapi import Sent, Statements, cursors_beneath, text_of
from sst_otel.sinks.outgoing import Outgoing
from sst_otel.sinks.ownership import Server
from sst_otel.sinks.statements import copied
from sst_otel.sinks.wrapping import Args, Kwargs
from sst_otel.tracebacks import drop_own_entry

_PLACE = "sink.psycopg2"
_VALUES = re.compile(r"%s", re.DOTALL)


class Psycopg2Sink:
    """What goes beneath the cursors that :mod:`sst_otel.sources.psycopg2` makes."""

    def __init__(self, emit: Outgoing) -> None:
        self._statements = Statements(_PLACE, "postgresql", emit, server_of)
        self._beneath: type | None = None

    def beneath(self, base: type) -> type | None:
        """Return what goes directly above the driver's own class in a subclass of ``base``."""
        from psycopg2.extensions import cursor

        if not issubclass(base, cursor):
            return None
        if self._beneath is None:
            made: Any = cursors_beneath(cursor, self._statements)
            made.copy_expert = _copying(self._statements, cursor.copy_expert, _of_expert)
            made.copy_from = _copying(self._statements, cursor.copy_from, _of_from)
            self._beneath = made
        return self._beneath

    def install(self) -> Patches:
        """Watch connections and what sends many rows in one statement."""
        patches = Patches(_PLACE)
        statements = self._statements
        patches.wrap(
            "psycopg2", "connect", watching(_PLACE, lambda _, made, *__: statements.connected(made))
        )
        patches.wrap("psycopg2.extras", "execute_values", _batches(statements, _for_values))
        patches.wrap("psycopg2.extras", "execute_batch", _batches(statements, lambda sql, *_: sql))
        patches.on_undo(lambda: setattr(statements, "active", False))
        return patches


def server_of(connection: Any) -> Server:
    """Return where a connection leads, as it was asked for."""
    info = connection.info
    return Server("postgresql", (info.host or "").lower(), info.port, info.dbname or "")


def _for_values(sql: str, rows: Any, template: Any) -> str:
    """Return the statement as it is for one row."""
    if template is None:
        first = rows[0] if isinstance(rows, (list, tuple)) and rows else ()
        template = f"({', '.join(['%s'] * len(first))})"
    return _VALUES.sub(lambda _: template, sql, count=1)


def _batches(statements: Statements, one: Callable[[str, Any, Any], str]) -> Any:
    """Return a wrapper of a function that takes cursor, statement and sets of parameters."""

    def wrapper(wrapped: Callable[..., Any], _none: Any, args: Args, kwargs: Kwargs) -> Any:
        sent: Sent | None = None
        with statements.guarded:
            given = dict(zip(("cur", "sql", "argslist", "template"), args, strict=False))
            given |= kwargs
            cursor, sets = given["cur"], given["argslist"]
            text = text_of(given["sql"], cursor)
            if text is not None:
                text = one(text, sets, given.get("template"))
                sent = statements.begin(cursor.connection, text, sets, True)
            if sent is not None and sent.passing is not None:
                given["argslist"] = sent.passing
                args, kwargs = (), given
        try:
            result = wrapped(*args, **kwargs)
        except BaseException as error:
            del args, kwargs
            if sent is not None:
                sent.end(error)
            drop_own_entry(error)
            raise
        if sent is not None:
            sent.end()
        return result

    return wrapper


def _of_expert(args: Args, kwargs: Kwargs, cursor: Any) -> tuple[str, tuple[str, ...], Any] | None:
    found = copied(text_of(args[0] if args else kwargs["sql"], cursor) or "")
    return None if found is None else (*found, None)


def _of_from(args: Args, kwargs: Kwargs, _cursor: Any) -> tuple[str, tuple[str, ...], Any] | None:
    given = dict(zip(("file", "table", "sep", "null", "size", "columns"), args, strict=False))
    given |= kwargs
    return str(given["table"]), tuple(given.get("columns") or ()), given.get("sep", "\t")


def _copying(statements: Statements, theirs: Any, about: Any) -> Callable[..., Any]:
    """Return ``copy_expert`` or ``copy_from`` with a look at the file as the driver reads it."""
    at = 1 if theirs.__name__ == "copy_expert" else 0

    def method(self: Any, *args: Any, **kwargs: Any) -> Any:
        seen: Copied | None = None
        with statements.guarded:
            found = about(args, kwargs, self) if statements.looks(self.connection) else None
            if found is not None:
                seen = Copied(statements, server_of(self.connection), *found)
                if len(args) > at:
                    args = (*args[:at], watched_file(args[at], seen), *args[at + 1 :])
                else:
                    kwargs = {**kwargs, "file": watched_file(kwargs["file"], seen)}
        try:
            result = theirs(self, *args, **kwargs)
        except BaseException as error:
            del self, args, kwargs
            if seen is not None:
                seen.end(error)
            drop_own_entry(error)
            raise
        if seen is not None:
            seen.end()
        return result

    method.__name__ = theirs.__name__
    return method
