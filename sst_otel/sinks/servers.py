"""Calls to databases, caches and search services, in the words of OpenTelemetry."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sst_otel import semconv
from sst_otel.matching.parts import TABLE
from sst_otel.registry.identity import marked
from sst_otel.shares import Call, Part
from sst_otel.sinks.outgoing import Outgoing
from sst_otel.sinks.ownership import Server
from sst_otel.sinks.share import Share
from sst_otel.sinks.statements import Carried, carried


def database_call(
    server: Server,
    own: bool,
    writes: bool,
    operation: str,
    collection: str,
    parts: Iterable[Part],
    total: int = 1,
    read: int = 1,
) -> Call:
    """Return a call to a database; its event names columns behind the destination.

    ``collection``: table, collection or index; ``total``: rows there are, ``read``: looked at.
    """
    attributes: dict[str, Any] = {semconv.DB_SYSTEM: server.system}
    if operation:
        attributes[semconv.DB_OPERATION] = operation
    if collection:
        attributes[semconv.DB_COLLECTION] = collection
    if server.database:
        attributes[semconv.DB_NAMESPACE] = server.database
    if total > 1:
        attributes[semconv.DB_BATCH_SIZE] = total
    if total > read:
        attributes[semconv.ROWS_UNREAD] = total - read
    return Call(
        kind=semconv.DATABASE_WRITE if writes else semconv.DATABASE_READ,
        destination=f"{server.system} {collection or operation}".rstrip(),
        host=server.name,
        port=server.port if server.name else None,
        parts=tuple(parts),
        attributes=attributes,
        own=own,
    )


def row_parts(table: str, rows: Iterable[dict[str, Any]]) -> list[Part]:
    """Return a part for each row, column → value."""
    return [Part(f"{TABLE}{table}", row) for row in rows]


def shares_of(
    emit: Outgoing, server: Server, statement: str, sets: Any, dialect: str
) -> tuple[Share, ...]:
    """Look at a statement; the shares are still to be written. Empty where there are none.

    ``sets``: lists of parameters, or mappings; empty where it has none.
    """
    own = emit.ownership.is_own(server)
    found = carried(statement, sets, dialect, lookups=not own)
    shares = tuple(emit(statement_call(server, own, one)) for one in found)
    shares = tuple(share for share in shares if share.events)
    if shares or not found or not found[0].writes or marked(statement) is None:
        return shares
    # Composed by the application, of values too small to be known by their text.
    one, parts = found[0], [Part("statement", statement)]
    whole = emit(database_call(server, own, True, one.operation, one.table, parts))
    return (whole,) if whole.events else ()


def statement_call(server: Server, own: bool, found: Carried) -> Call:
    """Return the call of one statement."""
    return database_call(
        server,
        own,
        found.writes,
        found.operation,
        found.table,
        row_parts(found.table, found.rows),
        found.total,
        len(found.rows),
    )


def words(text: str) -> frozenset[str]:
    """Return the words of a text."""
    return frozenset(text.split())
