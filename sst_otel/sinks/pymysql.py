"""PyMySQL as a sink: every cursor of it runs ``Cursor.execute`` or ``executemany``."""

from __future__ import annotations

from typing import Any

from sst_otel.beside import watching
from sst_otel.patching import Patches
from sst_otel.sinks.dbapi import Statements, around
from sst_otel.sinks.outgoing import Outgoing
from sst_otel.sinks.ownership import Server

_PLACE = "sink.pymysql"


def install(emit: Outgoing) -> Patches:
    """Watch what leaves through PyMySQL."""
    statements = Statements(_PLACE, "mysql", emit, server_of)
    patches = statements.patches
    patches.wrap(
        "pymysql.connections",
        "Connection.connect",
        watching(_PLACE, lambda connection, *_: statements.connected(connection)),
    )
    patches.wrap("pymysql.cursors", "Cursor.execute", around(statements, False))
    patches.wrap("pymysql.cursors", "Cursor.executemany", around(statements, True))
    return patches


def server_of(connection: Any) -> Server:
    """Return where a connection leads, as it was asked for."""
    name = connection.db
    if isinstance(name, bytes):
        name = name.decode("utf-8", "replace")
    host = connection.unix_socket or connection.host or ""
    return Server("mysql", host.lower(), connection.port, name or "")
