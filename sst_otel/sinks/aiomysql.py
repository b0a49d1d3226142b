"""aiomysql as a sink: PyMySQL's cursors once more, with ``async`` methods."""

from __future__ import annotations

from sst_otel.beside import noting
from sst_otel.patching import Patches
from sst_otel.sinks.dbapi import Statements, async_around
from sst_otel.sinks.outgoing import Outgoing
from sst_otel.sinks.pymysql import server_of

_PLACE = "sink.aiomysql"


def install(emit: Outgoing) -> Patches:
    """Watch what leaves through aiomysql."""
    statements = Statements(_PLACE, "mysql", emit, server_of)
    patches = statements.patches
    patches.wrap(
        "aiomysql.connection",
        "Connection._connect",
        noting(_PLACE, lambda connection, *_: statements.connected(connection)),
    )
    patches.wrap("aiomysql.cursors", "Cursor.execute", async_around(statements, False))
    patches.wrap("aiomysql.cursors", "Cursor.executemany", async_around(statements, True))
    return patches
