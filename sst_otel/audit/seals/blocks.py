"""Blocks: the leaves of a transaction, a few rows of text instead of one row a leaf."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from sqlalchemy import select
from sqlalchemy.engine import Connection

from sst_otel.audit import models

_LEAVES = 4_000
"""Leaves in one block, half a MB of text."""
_BODIES = 20
"""Blocks that are read at once."""
_BLOCKS = models.SealBlock.__table__

Block = tuple[int, int, list[str]]
"""Its id, how many leaves it says it has, and their lines."""


def note(connection: Connection, lines: Iterable[str]) -> None:
    """Keep lines with the rows they tell of, in the transaction that wrote those."""
    given = list(lines)
    for start in range(0, len(given), _LEAVES):
        some = given[start : start + _LEAVES]
        insert = _BLOCKS.insert().values(leaves=len(some), body="\n".join(some))
        connection.execute(insert)


def blocks(connection: Connection, condition: Any) -> Iterator[Block]:
    """Yield the blocks that fulfil a condition by their ids; few are in memory at once."""
    after: int | None = None
    while True:
        query = select(_BLOCKS.c.id, _BLOCKS.c.leaves, _BLOCKS.c.body).where(condition)
        if after is not None:
            query = query.where(_BLOCKS.c.id > after)
        found = connection.execute(query.order_by(_BLOCKS.c.id).limit(_BODIES)).fetchall()
        if not found:
            return
        for block, count, body in found:
            yield block, count, body.split("\n")
        after = found[-1][0]
