"""The standard library's SQLite driver as a source: connections and cursors are subclasses.

A connection that is made by calling ``sqlite3.Connection`` itself, and one whose factory is a
function, are left alone.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from typing import Any

from sst_otel.guard import guard
from sst_otel.patching import Patches
from sst_otel.sources.connections import Args, Connections, cursor_method
from sst_otel.sources.cursors import Beneath, CursorSource, row_values
from sst_otel.sources.row_tagging import RowTagger
from sst_otel.sources.text_plans import TextPlans
from sst_otel.tracebacks import drop_own_entry

_PLACE = "source.sqlite3"
_FACTORY = 5
"""Position of ``factory`` among the arguments of ``connect``."""


def install(rows: RowTagger, texts: TextPlans, beneath: Beneath | None = None) -> Patches:
    """Have every connection made by ``sqlite3.connect`` tag the rows that are fetched by it."""
    patches = Patches(_PLACE)
    cursors = CursorSource(_PLACE, "sqlite", rows, texts, _values, beneath)
    connections = Connections(
        _PLACE,
        lambda: sqlite3.Connection,
        "factory",
        _FACTORY,
        lambda base: _methods(base, cursors, texts),
    )
    for module in ("sqlite3.dbapi2", "sqlite3"):
        patches.wrap(module, "connect", connections.connecting())
    patches.on_undo(lambda: setattr(cursors, "active", False))
    return patches


def _methods(base: Any, cursors: CursorSource, texts: TextPlans) -> dict[str, Any]:
    """Return what our subclass of the connection class ``base`` does otherwise."""
    plain = base.cursor is sqlite3.Connection.cursor
    usual = cursors.cursor_class(sqlite3.Cursor)

    def chosen(_connection: Any, args: Args, kwargs: dict[str, Any]) -> tuple[Args, dict[str, Any]]:
        given = args[0] if args else kwargs.get("factory", sqlite3.Cursor if plain else None)
        if isinstance(given, type) and issubclass(given, sqlite3.Cursor):
            return (), {**kwargs, "factory": cursors.cursor_class(given)}
        return args, kwargs

    of_a_class = cursor_method(_PLACE, base, cursors, chosen)

    def cursor(self: Any, *args: Any, **kwargs: Any) -> Any:
        try:
            if not args and not kwargs:
                return base.cursor(self, usual)
            return of_a_class(self, *args, **kwargs)
        except BaseException as error:
            del self, args, kwargs
            drop_own_entry(error)
            raise

    def shortcut(name: str) -> Callable[..., Any]:
        theirs = getattr(base, name)
        builtin = theirs is getattr(sqlite3.Connection, name)

        def method(self: Any, *args: Any, **kwargs: Any) -> Any:
            # The built-in shortcut makes a plain cursor itself, whatever cursor() would make.
            try:
                if not builtin:
                    return theirs(self, *args, **kwargs)
                return getattr(sqlite3.Connection.cursor(self, usual), name)(*args, **kwargs)
            except BaseException as error:
                del self, args, kwargs
                drop_own_entry(error)
                raise

        method.__name__ = name
        return method

    of_a_script = shortcut("executescript")

    def executescript(self: Any, *args: Any, **kwargs: Any) -> Any:
        try:
            made = of_a_script(self, *args, **kwargs)
        except BaseException as error:
            del self, args, kwargs
            drop_own_entry(error)
            raise
        with guard(_PLACE):
            if args and type(args[0]) is str:
                texts.executed(args[0], "sqlite")
        return made

    return {
        "cursor": cursor if plain else of_a_class,
        "execute": shortcut("execute"),
        "executemany": shortcut("executemany"),
        "executescript": executescript,
    }


def _values(row: Any, names: Any) -> Any:
    if isinstance(row, sqlite3.Row):
        return [sqlite3.Row.__getitem__(row, index) for index in range(len(names))]
    return row_values(row, names)
