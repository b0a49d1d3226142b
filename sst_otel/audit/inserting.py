"""Many rows in one statement, idempotent, on either database.

PostgreSQL gets a batch as one JSON text: that costs this process a quarter of what arrays or COPY
into a temporary table cost, needs no type of any driver, and answers which rows were new.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Iterator, Sequence
from functools import lru_cache
from typing import Any

from sqlalchemy import func, select, text
from sqlalchemy.dialects import postgresql
from sqlalchemy.engine import Connection

from sst_otel.audit.models import UtcTime

_CHUNK = 400
"""Values in one ``IN``; SQLite took no more than 999 until 3.32."""
_ROWS = 4_000
"""Rows in one statement: a few MB of text, of the 1 GB that PostgreSQL takes."""
_DIALECT = postgresql.dialect()  # type: ignore[no-untyped-call]

Row = dict[str, Any]


def add_missing(connection: Connection, table: Any, rows: Sequence[Row]) -> None:
    """Insert the rows whose key is not there yet."""
    if not rows:
        return
    if connection.dialect.name == "postgresql":
        _insert_json(connection, _insertion(table), rows)
    else:
        from sqlalchemy.dialects.sqlite import insert as insert_sqlite

        connection.execute(insert_sqlite(table).on_conflict_do_nothing(), list(rows))


def add_new(connection: Connection, table: Any, rows: Sequence[Row], key: str) -> set[str]:
    """Insert the rows whose ``key``, the primary one, is not there yet; return the keys of those.

    On PostgreSQL another writer of the same key is waited for; on SQLite there is none.
    """
    if not rows:
        return set()
    if connection.dialect.name == "postgresql":
        return set(_insert_json(connection, _insertion(table, key), rows))
    column = table.c[key]
    wanted = {row[key] for row in rows}
    known = {row[0] for row in found(connection, [column], column, wanted)}
    add_missing(connection, table, [row for row in rows if row[key] not in known])
    return wanted - known


def found(
    connection: Connection, columns: Sequence[Any], key: Any, wanted: Collection[str]
) -> Iterator[Any]:
    """Yield ``columns`` of the rows whose ``key`` is among ``wanted``."""
    if connection.dialect.name == "postgresql":
        if wanted:
            given = {"keys": json.dumps(sorted(wanted))}
            yield from connection.execute(_selection(tuple(columns), key), given)
        return
    for few in chunks(wanted):
        yield from connection.execute(select(*columns).where(key.in_(few)))


def chunks(keys: Iterable[str]) -> Iterator[list[str]]:
    """Yield the keys in order, few enough at a time for one ``IN`` of any SQLite."""
    ordered = sorted(keys)
    for start in range(0, len(ordered), _CHUNK):
        yield ordered[start : start + _CHUNK]


@lru_cache(maxsize=64)
def _selection(columns: tuple[Any, ...], key: Any) -> Any:
    keys = func.json_array_elements_text(text("CAST(:keys AS json)"))
    return select(*columns).where(key.in_(select(keys)))


@lru_cache(maxsize=64)
def _insertion(table: Any, key: str = "") -> Any:
    """Return the statement that inserts the rows in ``:rows``; ``key`` is what it returns."""
    quoted = _DIALECT.identifier_preparer.quote
    names, values, types = [], [], []
    for column in table.columns:
        name = quoted(column.name)
        is_time = isinstance(column.type, UtcTime)
        kind = "double precision" if is_time else column.type.compile(dialect=_DIALECT)
        names.append(name)
        values.append(f"to_timestamp({name})" if is_time else name)
        types.append(f"{name} {kind}")
    statement = (
        f"INSERT INTO {quoted(table.name)} ({', '.join(names)}) "  # noqa: S608  # our own names
        f"SELECT {', '.join(values)} FROM json_to_recordset(CAST(:rows AS json)) "
        f"AS given({', '.join(types)}) ON CONFLICT DO NOTHING"
    )
    return text(f"{statement} RETURNING {quoted(key)}" if key else statement)


def _insert_json(connection: Connection, statement: Any, rows: Sequence[Row]) -> list[str]:
    new: list[str] = []
    for start in range(0, len(rows), _ROWS):
        given = json.dumps(rows[start : start + _ROWS], default=_hex)
        result = connection.execute(statement, {"rows": given})
        if result.returns_rows:
            new += result.scalars()
    return new


def _hex(value: bytes) -> str:
    """Return bytes as PostgreSQL reads them."""
    return f"\\x{value.hex()}"
