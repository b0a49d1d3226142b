"""The standard library's SQLite driver as a source: connections and cursors are subclasses.

A connection that is made by calling ``sqlite3.Connection`` itself, and one whose factory is a
function, are left alone.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Mapping
from typing import Any

from sst_otel.guard import guard
from sst_otel.lineage.tracebacks import drop_own_entry
from sst_otel.patching import Patches
from sst_otel.sources.cursors import CursorSource, left_alone, row_values
from sst_otel.sources.row_tagging import RowTagger
from sst_otel.sources.text_plans import TextPlans

_PLACE = "source.sqlite3"
_FACTORY = 5
"""Position of ``factory`` among the arguments of ``connect``."""


def install(rows: RowTagger, texts: TextPlans) -> Patches:
    """Have every connection made by ``sqlite3.connect`` tag the rows that are fetched by it."""
    patches = Patches(_PLACE)
    cursors = CursorSource(_PLACE, "sqlite", rows, texts, _values)
    connections = _Connections(cursors, texts)
    for module in ("sqlite3.dbapi2", "sqlite3"):
        patches.wrap(module, "connect", connections.connect)
    patches.on_undo(lambda: setattr(cursors, "active", False))
    return patches


class _Connections:
    def __init__(self, cursors: CursorSource, texts: TextPlans) -> None:
        self._cursors = cursors
        self._texts = texts
        self._classes: dict[type, type] = {}

    def connect(
        self,
        wrapped: Callable[..., Any],
        _instance: Any,
        args: tuple[Any, ...],
        kwargs: Mapping[str, Any],
    ) -> Any:
        """Open a connection of our subclass of whatever class it would have had."""
        with guard(_PLACE):
            args, kwargs = self._with_factory(args, kwargs)
        try:
            return wrapped(*args, **kwargs)
        except BaseException as error:
            del wrapped, args, kwargs
            drop_own_entry(error)
            raise

    def _with_factory(
        self, args: tuple[Any, ...], kwargs: Mapping[str, Any]
    ) -> tuple[tuple[Any, ...], Mapping[str, Any]]:
        positional = len(args) > _FACTORY
        given = args[_FACTORY] if positional else kwargs.get("factory", sqlite3.Connection)
        if not (isinstance(given, type) and issubclass(given, sqlite3.Connection)):
            left_alone(_PLACE, "connection", given)
            return args, kwargs
        ours = self._class(given)
        if positional:
            return (*args[:_FACTORY], ours, *args[_FACTORY + 1 :]), kwargs
        return args, {**kwargs, "factory": ours}

    def _class(self, base: type) -> type:
        if hasattr(base, "_sst_connection"):
            return base
        found = self._classes.get(base)
        if found is None:
            found = self._classes[base] = _connection_class(base, self._cursors, self._texts)
        return found


def _connection_class(base: Any, cursors: CursorSource, texts: TextPlans) -> type:
    plain = base.cursor is sqlite3.Connection.cursor
    usual = cursors.cursor_class(sqlite3.Cursor)

    def cursor(self: Any, *args: Any, **kwargs: Any) -> Any:
        if plain and not args and not kwargs:
            try:
                return base.cursor(self, usual)
            except BaseException as error:
                del self
                drop_own_entry(error)
                raise
        with guard(_PLACE):
            given = args[0] if args else kwargs.get("factory", sqlite3.Cursor if plain else None)
            if isinstance(given, type) and issubclass(given, sqlite3.Cursor):
                args, kwargs = (), {**kwargs, "factory": cursors.cursor_class(given)}
        try:
            made = base.cursor(self, *args, **kwargs)
        except BaseException as error:
            del self, args, kwargs
            drop_own_entry(error)
            raise
        with guard(_PLACE):
            cursors.adopt(made)
        return made

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

    def executescript(self: Any, *args: Any, **kwargs: Any) -> Any:
        try:
            made = base.executescript(self, *args, **kwargs)
        except BaseException as error:
            del self, args, kwargs
            drop_own_entry(error)
            raise
        with guard(_PLACE):
            if args and type(args[0]) is str:
                texts.executed(args[0], "sqlite")
        return made

    return type(
        base.__name__,
        (base,),
        {
            "__module__": base.__module__,
            "__qualname__": base.__qualname__,
            "__doc__": None,
            "_sst_connection": True,
            "cursor": cursor,
            "execute": shortcut("execute"),
            "executemany": shortcut("executemany"),
            "executescript": executescript,
        },
    )


def _values(row: Any, names: Any) -> Any:
    if isinstance(row, sqlite3.Row):
        return [sqlite3.Row.__getitem__(row, index) for index in range(len(names))]
    return row_values(row, names)
