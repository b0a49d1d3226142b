"""asyncpg as a sink: what its protocol objects are about to send, whoever asked them to.

Connections, pools, prepared statements and cursors of every class come down to one object that
speaks PostgreSQL's protocol; the statement and its arguments are still the application's there.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sst_otel.asyncpg_connections import connection_of
from sst_otel.beside import watching
from sst_otel.patching import Patches, named_arguments
from sst_otel.sinks.copies import Copied
from sst_otel.sinks.dbapi import Statements, async_around, looking
from sst_otel.sinks.ending import AsyncBegin, async_ended
from sst_otel.sinks.outgoing import Outgoing
from sst_otel.sinks.ownership import Server
from sst_otel.sinks.statements import copied
from sst_otel.sinks.streams import WatchedAsyncIterable, WatchedIterable, WatchedStream
from sst_otel.sinks.wrapping import Args, Kwargs

_PLACE = "sink.asyncpg"
_PROTOCOL = "asyncpg.protocol"
_COPIES = ("copy_stmt", "reader", "data", "records", "record_stmt", "timeout")


def install(emit: Outgoing) -> Patches:
    """Watch what leaves through asyncpg."""
    statements = Statements(_PLACE, "postgresql", emit, server_of, connection_of)
    patches = statements.patches
    patches.wrap(
        _PROTOCOL,
        "Protocol.set_connection",
        watching(_PLACE, lambda protocol, *_: statements.connected(connection_of(protocol))),
    )
    one, many = async_around(statements, False), async_around(statements, True)
    for name, wrapper in (
        ("query", one),
        ("bind", one),
        ("bind_execute", one),
        ("bind_execute_many", many),
        ("copy_in", async_ended(_PLACE, looking(statements), _copying(statements))),
    ):
        patches.wrap(_PROTOCOL, f"Protocol.{name}", wrapper)
    return patches


def server_of(connection: Any) -> Server:
    """Return where a connection leads, as it was asked for."""
    address, name = connection._addr, connection._params.database or ""
    if isinstance(address, str):
        return Server("postgresql", address, None, name)
    return Server("postgresql", str(address[0]).lower(), address[1], name)


def _copying(statements: Statements) -> AsyncBegin:
    """Return what looks at a ``COPY`` into a table: rows, text, or what gives either."""

    async def begin(protocol: Any, args: Args, kwargs: Kwargs) -> tuple[Any, Args, Kwargs]:
        given = named_arguments(_COPIES, args, kwargs)
        found = copied(given["copy_stmt"])
        if found is None:
            return None, args, kwargs
        table, columns = found
        prepared = given["record_stmt"]
        if prepared is not None:
            columns = tuple(column.name for column in prepared._get_attributes())
        seen = Copied(statements, server_of(connection_of(protocol)), table, columns)
        records, reader = given["records"], given["reader"]
        if isinstance(records, (list, tuple)):
            for row in records:
                seen.row(row)
        elif records is not None:
            given["records"] = _watched(records, seen.row, seen)
        elif reader is not None:
            given["reader"] = _watched(reader, seen.part, seen)
        else:
            seen.part(given["data"])
        seen.look()
        return seen, (), given

    return begin


def _watched(source: Any, take: Callable[[Any], None], seen: Copied) -> WatchedStream:
    kind = WatchedAsyncIterable if hasattr(type(source), "__aiter__") else WatchedIterable
    return kind(source, _Pieces(take), seen.look)


class _Pieces:
    """What takes the pieces of a stream one by one."""

    def __init__(self, take: Callable[[Any], None]) -> None:
        self.part = take
