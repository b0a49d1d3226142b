"""Notes leaves for the rows of a store that was there before there were any."""

from __future__ import annotations

import time
from collections.abc import Iterator
from itertools import islice
from typing import Any

from sqlalchemy import inspect, select
from sqlalchemy.engine import Connection

from sst_otel.audit.seals import leaves, salts
from sst_otel.audit.seals.blocks import note

_ROWS = 2_000


def cover(connection: Connection) -> None:
    """Note a leaf for every row of the tables that have them.

    Tables and columns that a later version of the package adds are not there yet, and left out.
    """
    there = inspect(connection)
    now = time.time()
    for name, table in leaves.TABLES.items():
        if not there.has_table(name):
            continue
        names = {column["name"] for column in there.get_columns(name)}
        columns = [column for column in table.columns if column.name in names]
        query = select(*columns).execution_options(stream_results=True)
        rows = (dict(row._mapping) for row in connection.execute(query))
        for some in _some(rows):
            salt: dict[str, str] = {}
            if name in leaves.SALTED:
                salt = salts.make(connection, [leaves.key_of(name, row) for row in some])
            note(
                connection,
                [
                    leaves.line_of(name, row, salt.get(leaves.key_of(name, row), ""), now)
                    for row in some
                ],
            )


def _some(rows: Iterator[dict[str, Any]]) -> Iterator[list[dict[str, Any]]]:
    while some := list(islice(rows, _ROWS)):
        yield some
