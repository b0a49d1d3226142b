"""Rows by their keys, many in one statement, on either database.

PostgreSQL gets the keys as one JSON text: a statement of one parameter is planned once however many
keys there are, and joined with a table of months it looks for each key in its own month only.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Iterator, Sequence
from functools import lru_cache
from typing import Any, TypeVar

from sqlalchemy import func, select, text
from sqlalchemy.engine import Connection

_CHUNK = 400
"""Values in one ``IN``; SQLite took no more than 999 until 3.32."""
_KEYS = select(func.json_array_elements_text(text("CAST(:keys AS json)")))
_Key = TypeVar("_Key", str, int)


def found(
    connection: Connection, columns: Sequence[Any], key: Any, wanted: Collection[str]
) -> Iterator[Any]:
    """Yield ``columns`` of the rows whose ``key`` is among ``wanted``."""
    if connection.dialect.name == "postgresql":
        yield from _at_once(connection, _selection(tuple(columns), key), wanted)
    else:
        yield from narrowed(connection, select(*columns), key, wanted)


def narrowed(
    connection: Connection, query: Any, key: Any, wanted: Collection[str]
) -> Iterator[Any]:
    """Yield the rows of ``query`` whose ``key`` is among ``wanted``; a group has one key."""
    if connection.dialect.name == "postgresql":
        yield from _at_once(connection, query.where(key.in_(_KEYS)), wanted)
    else:
        for few in chunks(wanted):
            yield from connection.execute(query.where(key.in_(few)))


def chunks(keys: Iterable[_Key]) -> Iterator[list[_Key]]:
    """Yield the keys in order, few enough at a time for one ``IN`` of any SQLite."""
    ordered = sorted(keys)
    for start in range(0, len(ordered), _CHUNK):
        yield ordered[start : start + _CHUNK]


@lru_cache(maxsize=64)
def _selection(columns: tuple[Any, ...], key: Any) -> Any:
    return select(*columns).where(key.in_(_KEYS))


def _at_once(connection: Connection, query: Any, wanted: Collection[str]) -> Iterator[Any]:
    if wanted:
        yield from connection.execute(query, {"keys": json.dumps(sorted(wanted))})
