"""psycopg2 as a source: connections and cursors are subclasses of the ones it would have made.

``RealDictCursor``, ``DictCursor``, ``NamedTupleCursor`` and the application's own classes are
subclassed, whether they come by ``connection_factory``, ``cursor_factory`` or the connection.
"""

from __future__ import annotations

from typing import Any

from sst_otel.patching import Patches
from sst_otel.sources.connections import Args, Connections, cursor_method
from sst_otel.sources.cursors import Beneath, CursorSource
from sst_otel.sources.row_tagging import RowTagger
from sst_otel.sources.text_plans import TextPlans

_PLACE = "source.psycopg2"
_EXTRAS = {
    "DictConnection": "DictCursor",
    "NamedTupleConnection": "NamedTupleCursor",
    "RealDictConnection": "RealDictCursor",
}


def install(rows: RowTagger, texts: TextPlans, beneath: Beneath | None = None) -> Patches:
    """Have every connection made by ``psycopg2.connect`` tag the rows that are fetched by it."""
    patches = Patches(_PLACE)
    cursors = CursorSource(_PLACE, "postgresql", rows, texts, beneath=beneath)
    connections = Connections(
        _PLACE,
        _connection,
        "connection_factory",
        1,
        lambda base: _methods(base, cursors),
        optional=True,
    )
    patches.wrap("psycopg2", "connect", connections.connecting())
    patches.on_undo(lambda: setattr(cursors, "active", False))
    return patches


def _connection() -> type:
    from psycopg2.extensions import connection

    return connection  # type: ignore[no-any-return]


def _methods(base: Any, cursors: CursorSource) -> dict[str, Any]:
    """Return what our subclass of the connection class ``base`` does otherwise."""

    def chosen(connection: Any, args: Args, kwargs: dict[str, Any]) -> tuple[Args, dict[str, Any]]:
        return _with_cursor_factory(connection, base, cursors, args, kwargs)

    return {"cursor": cursor_method(_PLACE, base, cursors, chosen)}


def _with_cursor_factory(
    connection: Any,
    base: type,
    cursors: CursorSource,
    args: Args,
    kwargs: dict[str, Any],
) -> tuple[Args, dict[str, Any]]:
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
