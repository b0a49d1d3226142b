"""psycopg2 as a sink: statements, what sends many rows in one of them, ``COPY``."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from sst_otel.beside import watching
from sst_otel.patching import Patches, Wrapper, named_arguments
from sst_otel.sinks.copies import Copied
from sst_otel.sinks.dbapi import Sent, Statements, cursors_beneath, text_of
from sst_otel.sinks.ending import ended, ended_method
from sst_otel.sinks.outgoing import Outgoing
from sst_otel.sinks.ownership import Server
from sst_otel.sinks.statements import copied
from sst_otel.sinks.streams import WatchedFile
from sst_otel.sinks.wrapping import Args, Kwargs

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
        statements = self._statements
        patches = statements.patches
        patches.wrap(
            "psycopg2", "connect", watching(_PLACE, lambda _, made, *__: statements.connected(made))
        )
        patches.wrap("psycopg2.extras", "execute_values", _batches(statements, _for_values))
        patches.wrap("psycopg2.extras", "execute_batch", _batches(statements, lambda sql, *_: sql))
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


def _batches(statements: Statements, one: Callable[[str, Any, Any], str]) -> Wrapper:
    """Return a wrapper of a function that takes cursor, statement and sets of parameters."""

    def begin(_module: Any, args: Args, kwargs: Kwargs) -> tuple[Sent | None, Args, Kwargs]:
        given = named_arguments(("cur", "sql", "argslist", "template"), args, kwargs)
        cursor, sets = given["cur"], given["argslist"]
        text = text_of(given["sql"], cursor)
        if text is None:
            return None, args, kwargs
        text = one(text, sets, given.get("template"))
        sent = statements.begin(cursor.connection, text, sets, True)
        if sent is None or sent.passing is None:
            return sent, args, kwargs
        return sent, (), {**given, "argslist": sent.passing}

    return ended(_PLACE, begin)


def _of_expert(args: Args, kwargs: Kwargs, cursor: Any) -> tuple[str, tuple[str, ...], Any] | None:
    found = copied(text_of(args[0] if args else kwargs["sql"], cursor) or "")
    return None if found is None else (*found, None)


def _of_from(args: Args, kwargs: Kwargs, _cursor: Any) -> tuple[str, tuple[str, ...], Any] | None:
    given = named_arguments(("file", "table", "sep", "null", "size", "columns"), args, kwargs)
    return str(given["table"]), tuple(given.get("columns") or ()), given.get("sep", "\t")


def _copying(statements: Statements, theirs: Any, about: Any) -> Callable[..., Any]:
    """Return ``copy_expert`` or ``copy_from`` with a look at the file as the driver reads it."""
    at = 1 if theirs.__name__ == "copy_expert" else 0

    def begin(cursor: Any, args: Args, kwargs: Kwargs) -> tuple[Copied | None, Args, Kwargs]:
        found = about(args, kwargs, cursor) if statements.looks(cursor.connection) else None
        if found is None:
            return None, args, kwargs
        seen = Copied(statements, server_of(cursor.connection), *found)
        if len(args) > at:
            return (
                seen,
                (*args[:at], WatchedFile(args[at], seen, seen.look), *args[at + 1 :]),
                kwargs,
            )
        return seen, args, {**kwargs, "file": WatchedFile(kwargs["file"], seen, seen.look)}

    return ended_method(_PLACE, theirs, begin)
