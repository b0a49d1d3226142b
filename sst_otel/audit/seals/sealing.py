"""Seals what was written: leaves that are in no batch yet get a signed header, chained to the last.

Blocks are taken by what they lack, a batch, and not by their ids: of two transactions the one with
the higher id may commit first. One process seals at a time: on PostgreSQL by an advisory lock, on
SQLite as the one that writes.
"""

from __future__ import annotations

import base64
import time
from dataclasses import replace

from sqlalchemy import func, select, text
from sqlalchemy.engine import Connection

from sst_otel.audit import models
from sst_otel.audit.columns import microseconds
from sst_otel.audit.database import Database
from sst_otel.audit.finding import chunks
from sst_otel.audit.seals import leaves
from sst_otel.audit.seals.blocks import blocks
from sst_otel.audit.seals.headers import GENESIS, Header, header_of, row_of
from sst_otel.audit.seals.signing import Signer
from sst_otel.audit.seals.tree import Root

MOST = 100_000
"""Leaves from which a batch is full; what is left makes the next one at once."""
_BLOCKS = models.SealBlock.__table__
_BATCHES = models.SealBatch.__table__
_LOCK_KEY = 0x5357_0002
"""The advisory lock of PostgreSQL that one sealer holds while it makes a batch."""


def seal(database: Database, signer: Signer, younger: float = 0.0) -> list[Header]:
    """Seal all there is, in one batch at least, an empty one where there is nothing new.

    Nothing is done where the last batch is ``younger`` than so many seconds, or where another
    process is sealing. Raises as :class:`~sst_otel.audit.store.Store` does.
    """
    made: list[Header] = []
    while True:
        with database.writing() as connection:
            header, more = _batch(connection, signer, 0.0 if made else younger)
        if header is not None:
            made.append(header)
        if not more:
            return made


def head(connection: Connection) -> Header | None:
    """Return the last batch."""
    row = connection.execute(select(_BATCHES).order_by(_BATCHES.c.seq.desc()).limit(1)).first()
    return None if row is None else header_of(dict(row._mapping))


def waiting(connection: Connection) -> tuple[int, int]:
    """Return how many blocks, and how many leaves in them, are in no batch."""
    query = select(func.count(), func.coalesce(func.sum(_BLOCKS.c.leaves), 0))
    [(blocks, count)] = connection.execute(query.where(_BLOCKS.c.batch.is_(None)))
    return int(blocks), int(count)


def _batch(connection: Connection, signer: Signer, younger: float) -> tuple[Header | None, bool]:
    """Make a batch; return its header, and whether there is more to seal."""
    if not _alone(connection):
        return None, False
    last, now = head(connection), time.time()
    if last is not None and 0 <= now - last.sealed_at / 1e6 < younger:
        return None, False
    tree, taken, lasting, newest, more = Root(), [], 0, None, False
    for block, _, lines in blocks(connection, _BLOCKS.c.batch.is_(None)):
        if tree.size >= MOST:
            more = True
            break
        taken.append(block)
        for line in lines:
            tree.add(leaves.leaf_hash(line))
            at = _passing(line)
            if at is None:
                lasting += 1
            else:
                newest = at if newest is None else max(newest, at)
    unsigned = Header(
        seq=1 if last is None else last.seq + 1,
        sealed_at=microseconds(now),
        first_block=taken[0] if taken else None,
        last_block=taken[-1] if taken else None,
        leaves=tree.size,
        lasting=lasting,
        newest=newest,
        root=tree.digest().hex(),
        previous=GENESIS if last is None else last.hash,
        hash="",
        key_id=signer.key_id,
        signature="",
    )
    hashed = replace(unsigned, hash=unsigned.computed())
    signature = base64.b64encode(signer.sign(hashed.signed())).decode()
    header = replace(hashed, signature=signature)
    connection.execute(_BATCHES.insert(), [row_of(header)])
    for few in chunks(taken):
        update = _BLOCKS.update().where(_BLOCKS.c.id.in_(few))
        connection.execute(update.values(batch=header.seq))
    return header, more


def _passing(line: str) -> int | None:
    """Return the time of a leaf whose row goes when it is old; None of others.

    What is no leaf is sealed all the same, for whoever verifies to find it.
    """
    try:
        leaf = leaves.read(line)
    except ValueError:
        return None
    return leaf.at if leaf.table in leaves.PASSING else None


def _alone(connection: Connection) -> bool:
    if connection.dialect.name != "postgresql":
        return True
    query = text("SELECT pg_try_advisory_xact_lock(:key)")
    return bool(connection.execute(query, {"key": _LOCK_KEY}).scalar())
