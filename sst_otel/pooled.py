"""Connections that SQLAlchemy opened: it has its own look at what they read and send."""

from __future__ import annotations

import sys
import weakref
from contextlib import suppress
from typing import Any

POOLED = "_sst_pooled"
"""Attribute of such a driver's connection; ``"threads"`` where all of its calls are SQLAlchemy's
but come from a thread that nobody called."""
_PLUMBING = (
    "sst_otel.",
    "opentelemetry.",
    "wrapt.",
    "psycopg.",
    "asyncpg.",
    "aiomysql.",
    "asyncmy.",
    "mysql.",
    "pymysql.",
    "pg8000.",
    "MySQLdb.",
    "contextlib",
)
_MOST_FRAMES = 25
_beside: dict[int, weakref.ref[Any]] = {}
"""By their ids, those whose classes take no attribute."""


def note_pooled(connection: Any, how: Any = True) -> None:
    """Note that SQLAlchemy opened ``connection``; not if it takes no weak reference either."""
    try:
        setattr(connection, POOLED, how)
    except AttributeError:
        key = id(connection)
        with suppress(TypeError):
            _beside[key] = weakref.ref(connection, lambda _: _beside.pop(key, None))


def pooled(connection: Any) -> Any:
    """Return how SQLAlchemy uses ``connection``; false where it did not open it."""
    return getattr(connection, POOLED, False) or id(connection) in _beside


def connection_of(cursor: Any) -> Any:
    """Return the connection of a cursor of MySQL's drivers, None once it is closed.

    mysql-connector-python has it under another name, in C and before version 9 under a third.
    """
    for name in ("connection", "_connection", "_cnx"):
        connection = getattr(cursor, name, None)
        if connection is not None:
            return connection
    return None


def called_by_sqlalchemy() -> bool:
    """Tell whether the code that uses the driver is SQLAlchemy's."""
    frame = sys._getframe(1)
    for _ in range(_MOST_FRAMES):
        name = frame.f_globals.get("__name__", "")
        if not name.startswith(_PLUMBING):
            return bool(name.startswith("sqlalchemy."))
        if frame.f_back is None:
            return False
        frame = frame.f_back
    return False
