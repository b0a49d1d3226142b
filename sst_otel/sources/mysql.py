"""The drivers of MySQL as sources: their cursors become subclasses of what they are.

A cursor of theirs is a Python object whatever class the application chose for it, so it is made one
of ours when the connection has opened it.
"""

from __future__ import annotations

from functools import partial

from sst_otel.beside import watching
from sst_otel.patching import Patches
from sst_otel.pooled import connection_of
from sst_otel.sources.async_cursors import async_cursor_class
from sst_otel.sources.cursors import CursorSource
from sst_otel.sources.row_tagging import RowTagger
from sst_otel.sources.text_plans import TextPlans

_PLACE = "source.mysql"
_CONNECTIONS = (
    ("pymysql.connections", "Connection"),
    ("MySQLdb.connections", "Connection"),
    ("mysql.connector.connection", "MySQLConnection"),
    ("mysql.connector.connection_cext", "CMySQLConnection"),
)


def install(rows: RowTagger, texts: TextPlans) -> Patches:
    """Tag the rows of every cursor that a connection of one of these drivers opens."""
    patches = Patches(_PLACE)
    source = CursorSource(_PLACE, "mysql", rows, texts, connection_of=connection_of)
    adopt = watching(_PLACE, lambda _connection, cursor, *_: source.adopt(cursor))
    for module, connection in _CONNECTIONS:
        patches.wrap(module, f"{connection}.cursor", adopt)
    later = CursorSource(_PLACE, "mysql", rows, texts, subclass=async_cursor_class)
    patches.wrap(
        "aiomysql.cursors",
        "Cursor.__init__",
        watching(_PLACE, lambda cursor, *_: later.adopt(cursor)),
    )
    patches.wrap(
        "asyncmy.connection",
        "Connection.cursor",
        watching(_PLACE, lambda _connection, cursor, *_: later.adopt(cursor)),
    )
    for one in (source, later):
        patches.on_undo(partial(setattr, one, "active", False))
    return patches
