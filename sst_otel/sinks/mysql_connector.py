"""mysql-connector-python as a sink: its cursors in Python, in C and of asyncio."""

from __future__ import annotations

from typing import Any

from sst_otel.beside import noting, watching
from sst_otel.patching import Patches
from sst_otel.pooled import connection_of
from sst_otel.sinks.dbapi import Statements, around, async_around
from sst_otel.sinks.outgoing import Outgoing
from sst_otel.sinks.ownership import Server

_PLACE = "sink.mysql_connector"
_CURSORS = (
    ("mysql.connector.cursor", "MySQLCursor", around),
    ("mysql.connector.cursor_cext", "CMySQLCursor", around),
    ("mysql.connector.aio.cursor", "MySQLCursor", async_around),
)


def install(emit: Outgoing) -> Patches:
    """Watch what leaves through mysql-connector-python."""
    statements = Statements(_PLACE, "mysql", emit, server_of, connection_of)
    patches = statements.patches
    patches.wrap(
        "mysql.connector.abstracts",
        "MySQLConnectionAbstract.connect",
        watching(_PLACE, lambda connection, *_: statements.connected(connection)),
    )
    patches.wrap(
        "mysql.connector.aio.connection",
        "MySQLConnection.connect",
        noting(_PLACE, lambda connection, *_: statements.connected(connection)),
    )
    for module, cursor, watch in _CURSORS:
        for kind in (cursor, f"{cursor}Prepared"):
            for name, many in (("execute", False), ("executemany", True)):
                patches.wrap(module, f"{kind}.{name}", watch(statements, many), optional=True)
    return patches


def server_of(connection: Any) -> Server:
    """Return where a connection leads, as it was asked for."""
    host = connection._unix_socket or connection._host or ""
    return Server("mysql", host.lower(), connection._port, connection._database or "")
