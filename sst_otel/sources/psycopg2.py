"""psycopg2 as a source: connections and cursors are subclasses of the ones it would have made.

``RealDictCursor``, ``DictCursor``, ``NamedTupleCursor`` and the application's own classes are
subclassed, whether they come by ``connection_factory``, ``cursor_factory`` or the connection.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from sst_otel.guard import guard
from sst_otel.lineage.tracebacks import drop_own_entry
from sst_otel.patching import Patches
from sst_otel.sources.cursors import CursorSource, left_alone
from sst_otel.sources.row_tagging import RowTagger
from sst_otel.sources.text_plans import TextPlans

_PLACE = "source.psycopg2"
_EXTRAS = {
    "DictConnection": "DictCursor",
    "NamedTupleConnection": "NamedTupleCursor",
    "RealDictConnection": "RealDictCursor",
}


def install(rows: RowTagger, texts: TextPlans) -> Patches:
    """Have every connection made by ``psycopg2.connect`` tag the rows that are fetched by it."""
    patches = Patches(_PLACE)
    cursors = CursorSource(_PLACE, "postgresql", rows, texts)
    patches.wrap("psycopg2", "connect", _Connections(cursors).connect)
    patches.on_undo(lambda: setattr(cursors, "active", False))
    return patches


class _Connections:
    def __init__(self, cursors: CursorSource) -> None:
        self._cursors = cursors
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
        from psycopg2.extensions import connection

        positional = len(args) > 1
        given = (args[1] if positional else kwargs.get("connection_factory")) or connection
        if not (isinstance(given, type) and issubclass(given, connection)):
            left_alone(_PLACE, "connection", given)
            return args, kwargs
        ours = self._classes.get(given)
        if ours is None:
            ours = self._classes[given] = _connection_class(given, self._cursors)
        if positional:
            return (args[0], ours, *args[2:]), kwargs
        return args, {**kwargs, "connection_factory": ours}


def _connection_class(base: Any, cursors: CursorSource) -> type:
    def cursor(self: Any, *args: Any, **kwargs: Any) -> Any:
        with guard(_PLACE):
            args, kwargs = _with_cursor_factory(self, base, cursors, args, kwargs)
        try:
            made = base.cursor(self, *args, **kwargs)
        except BaseException as error:
            del self, args, kwargs
            drop_own_entry(error)
            raise
        with guard(_PLACE):
            cursors.adopt(made)
        return made

    return type(
        base.__name__,
        (base,),
        {
            "__module__": base.__module__,
            "__qualname__": base.__qualname__,
            "__doc__": None,
            "cursor": cursor,
        },
    )


def _with_cursor_factory(
    connection: Any,
    base: type,
    cursors: CursorSource,
    args: tuple[Any, ...],
    kwargs: dict[str, Any],
) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """Put our subclass in the place of the cursor class that would have been used."""
    from psycopg2.extensions import cursor

    positional = len(args) > 1
    given = args[1] if positional else kwargs.get("cursor_factory")
    given = given or connection.cursor_factory or _default(base)
    if not (isinstance(given, type) and issubclass(given, cursor)):
        return args, kwargs
    ours = cursors.cursor_class(given)
    if positional:
        return (args[0], ours, *args[2:]), kwargs
    return args, {**kwargs, "cursor_factory": ours}


def _default(base: type) -> type | None:
    """Return the cursor class of a connection class; None where its own code decides."""
    from psycopg2 import extras
    from psycopg2.extensions import connection, cursor

    for kind in base.__mro__:
        if kind is connection:
            return cursor  # type: ignore[no-any-return]
        name = _EXTRAS.get(kind.__name__)
        if name is not None and kind.__module__ == extras.__name__:
            return getattr(extras, name)  # type: ignore[no-any-return]
        if "cursor" in vars(kind):
            return None
    return None
