"""mysqlclient (``MySQLdb``) as a sink: its cursors are in Python, its connections in C."""

from __future__ import annotations

from typing import Any

from sst_otel.beside import watching
from sst_otel.patching import Patches
from sst_otel.sinks.dbapi import Statements, around
from sst_otel.sinks.outgoing import Outgoing
from sst_otel.sinks.ownership import Server
from sst_otel.sinks.wrapping import Args, Kwargs

_PLACE = "sink.mysqlclient"
_BY_TCP = " via TCP/IP"
_DATABASE = "_sst_database"


def install(emit: Outgoing) -> Patches:
    """Watch what leaves through mysqlclient."""
    statements = Statements(_PLACE, "mysql", emit, server_of)
    patches = statements.patches

    def connected(connection: Any, _made: Any, args: Args, kwargs: Kwargs) -> None:
        named = dict(zip(("host", "user", "passwd", "db"), args, strict=False)) | dict(kwargs)
        setattr(connection, _DATABASE, named.get("db") or named.get("database") or "")
        statements.connected(connection)

    patches.wrap("MySQLdb.connections", "Connection.__init__", watching(_PLACE, connected))
    patches.wrap("MySQLdb.cursors", "BaseCursor.execute", around(statements, False))
    patches.wrap("MySQLdb.cursors", "BaseCursor.executemany", around(statements, True))
    return patches


def server_of(connection: Any) -> Server:
    """Return where a connection leads: the client library keeps the name it was asked for."""
    host, by_tcp, _ = connection.get_host_info().partition(_BY_TCP)
    if not by_tcp:
        return Server("mysql", "localhost", None, getattr(connection, _DATABASE, ""))
    return Server("mysql", host.lower(), connection.port, getattr(connection, _DATABASE, ""))
