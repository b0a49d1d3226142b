"""pg8000 as a sink: its DB-API cursors, old and new, and its native connections."""

from __future__ import annotations

from operator import attrgetter
from typing import Any

from sst_otel.beside import watching
from sst_otel.patching import Patches
from sst_otel.sinks.copies import Copied
from sst_otel.sinks.dbapi import Sent, Statements, around, beginning
from sst_otel.sinks.ending import Begin, ended
from sst_otel.sinks.outgoing import Outgoing
from sst_otel.sinks.ownership import Server
from sst_otel.sinks.statements import copied
from sst_otel.sinks.streams import WatchedFile, WatchedIterable
from sst_otel.sinks.wrapping import Args, Kwargs
from sst_otel.tracebacks import unseen

_PLACE = "sink.pg8000"
_SERVER = "_sst_server"
_CONNECTED = ("user", "host", "database", "port", "password", "source_address", "unix_sock")
_EXECUTED = ("operation", "args", "stream")
_RUN = ("sql", "stream", "types")


def install(emit: Outgoing) -> Patches:
    """Watch what leaves through pg8000."""
    statements = Statements(_PLACE, "postgresql", emit, server_of, attrgetter("_c"))
    patches = statements.patches

    def connected(connection: Any, _made: Any, args: Args, kwargs: Kwargs) -> None:
        given = {**dict(zip(_CONNECTED, args, strict=False)), **kwargs}
        host = given.get("unix_sock") or given.get("host", "localhost") or ""
        database = given.get("database") or given["user"]
        server = Server("postgresql", host.lower(), given.get("port", 5432), str(database))
        setattr(connection, _SERVER, server)
        statements.connected(connection)

    patches.wrap("pg8000.core", "CoreConnection.__init__", watching(_PLACE, connected))
    for module in ("pg8000.dbapi", "pg8000.legacy"):
        execute = ended(_PLACE, _copying(statements, _EXECUTED, beginning(statements, False)))
        patches.wrap(module, "Cursor.execute", execute, optional=True)
        patches.wrap(module, "Cursor.executemany", around(statements, True), optional=True)
    native = ended(_PLACE, _copying(statements, _RUN, _running(statements)))
    patches.wrap("pg8000.native", "Connection.run", native, optional=True)
    prepared = ended(_PLACE, _prepared(statements))
    patches.wrap("pg8000.native", "PreparedStatement.run", prepared, optional=True)
    return patches


def server_of(connection: Any) -> Server:
    """Return where a connection leads, as it was asked for; its peer where that was before."""
    server = getattr(connection, _SERVER, None)
    if isinstance(server, Server):
        return server
    peer = connection._usock.getpeername()
    return Server("postgresql", *peer[:2]) if isinstance(peer, tuple) else Server("postgresql")


def _running(statements: Statements) -> Begin:
    def begin(connection: Any, args: Args, kwargs: Kwargs) -> tuple[Sent | None, Args, Kwargs]:
        text = args[0] if args else kwargs["sql"]
        named = {name: value for name, value in kwargs.items() if name not in _RUN}
        return statements.begin(connection, text, named, False), args, kwargs

    return begin


def _prepared(statements: Statements) -> Begin:
    def begin(prepared: Any, args: Args, kwargs: Kwargs) -> tuple[Sent | None, Args, Kwargs]:
        if not kwargs:
            return None, args, kwargs
        named = {name: value for name, value in kwargs.items() if name != "stream"}
        values = prepared.make_vals(named)
        return statements.begin(prepared.con, prepared.statement, values, False), args, kwargs

    return begin


def _copying(statements: Statements, names: tuple[str, ...], otherwise: Begin) -> Begin:
    """Return what looks at a call that may copy what a stream gives; ``names``: its arguments."""

    def begin(instance: Any, args: Args, kwargs: Kwargs) -> Any:
        given = {**dict(zip(names, args, strict=False)), **kwargs}
        stream = given.get("stream")
        found = copied(given[names[0]]) if stream is not None else None
        if found is None:
            return otherwise(instance, args, kwargs)
        connection = getattr(instance, "_c", instance)
        if not statements.looks(connection):
            return None, args, kwargs
        seen = Copied(statements, server_of(connection), *found)
        kind = _WatchedFile if hasattr(type(stream), "read") else WatchedIterable
        return seen, (), {**given, "stream": kind(stream, seen, seen.look)}

    return begin


class _WatchedFile(WatchedFile):
    """A file that is read into a buffer of the driver's."""

    @unseen
    def readinto(self, buffer: Any) -> Any:
        """Read on, and look at what was read."""
        count = self._body.readinto(buffer)
        self._share.part(bytes(memoryview(buffer)[: count or 0]))
        if not count:
            self._at_end()
        return count
