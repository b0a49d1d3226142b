"""Checks the batches: chain, signatures, roots, anchor; hands on what their leaves say."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from sqlalchemy import exists, select
from sqlalchemy.engine import Connection

from sst_otel.audit import models
from sst_otel.audit.seals import leaves
from sst_otel.audit.seals.blocks import blocks
from sst_otel.audit.seals.checkpoint import checkpoints
from sst_otel.audit.seals.headers import GENESIS, Header, header_of
from sst_otel.audit.seals.leaves import Leaf
from sst_otel.audit.seals.ledger import Ledger
from sst_otel.audit.seals.report import Report
from sst_otel.audit.seals.signing import Verifier
from sst_otel.audit.seals.tree import Root

_PAGE = 500
_BLOCKS = models.SealBlock.__table__
_BATCHES = models.SealBatch.__table__
_LOGS = models.AuditLog.__table__.name


def check_batches(
    connection: Connection, verifier: Verifier, since: int | None, ledger: Ledger, report: Report
) -> None:
    """Check every header, and the leaves of batches sealed at ``since`` or later (microseconds).

    The leaves of those, and of what is not sealed yet, are in the ledger then.
    """
    gone: list[Header] = []
    last: Header | None = None
    for header in headers(connection):
        report.batches += 1
        _check_header(header, last, verifier, report)
        last = header
        if since is None or header.sealed_at >= since:
            whole = _check_leaves(connection, header, ledger, report)
            if not whole:
                gone.append(header)
    report.head = last
    _check_strays(connection, report)
    for block, count, lines in blocks(connection, _BLOCKS.c.batch.is_(None)):
        report.unsealed += len(lines)
        ledger.add(_read(block, count, lines, report))
    for header in gone:  # after all acts are known
        if header.lasting == 0 and header.newest is not None and header.newest < ledger.cutoff:
            report.pruned_batches += 1
            report.pruned += header.leaves
        else:
            report.add("batch", _BATCHES.name, header.seq, "its leaves are gone")


def check_anchor(path: Path, connection: Connection, verifier: Verifier, report: Report) -> None:
    """Hold the batches against checkpoints kept elsewhere; raises ``ValueError``, ``OSError``."""
    report.anchored = 0
    for checkpoint in checkpoints(path):
        seq = checkpoint.seq
        if not checkpoint.holds(verifier):
            report.add("anchor", _BATCHES.name, seq, "a checkpoint that none of these keys signed")
            continue
        query = select(_BATCHES.c.hash).where(_BATCHES.c.seq == seq)
        stored = connection.execute(query).scalar()
        if stored is None:
            report.add("anchor", _BATCHES.name, seq, "the anchor has this batch, the store has not")
        elif stored != checkpoint.hash:
            report.add("anchor", _BATCHES.name, seq, "the anchor has another batch of this number")
        else:
            report.anchored = max(report.anchored, seq)


def headers(connection: Connection) -> Iterator[Header]:
    """Yield all batches by their numbers."""
    after: int | None = None
    while True:
        query = select(_BATCHES).order_by(_BATCHES.c.seq).limit(_PAGE)
        if after is not None:
            query = query.where(_BATCHES.c.seq > after)
        found = [header_of(dict(row._mapping)) for row in connection.execute(query)]
        if not found:
            return
        yield from found
        after = found[-1].seq


def lines_of(connection: Connection, seq: int) -> Iterator[str]:
    """Yield the leaves of a batch in their order."""
    for _, _, lines in blocks(connection, _BLOCKS.c.batch == seq):
        yield from lines


def _check_header(header: Header, last: Header | None, verifier: Verifier, report: Report) -> None:
    before, expected = (GENESIS, 1) if last is None else (last.hash, last.seq + 1)
    if header.seq != expected:
        detail = f"batch {expected} is missing before it"
        report.add("chain", _BATCHES.name, header.seq, detail)
    elif header.previous != before:
        detail = "does not follow the batch before it"
        report.add("chain", _BATCHES.name, header.seq, detail)
    if header.computed() != header.hash:
        report.add("chain", _BATCHES.name, header.seq, "its header was changed")
    elif not verifier.knows(header.key_id):
        detail = f"sealed with key {header.key_id}, which is none of the public keys"
        report.add("signature", _BATCHES.name, header.seq, detail)
    elif not verifier.verify(header.key_id, header.raw_signature(), header.signed()):
        report.add("signature", _BATCHES.name, header.seq, "its signature is wrong")


def _check_leaves(connection: Connection, header: Header, ledger: Ledger, report: Report) -> bool:
    """Check that a batch has the leaves it was sealed with; False where it has none any more."""
    tree = Root()
    first, ids = None, []
    for block, count, lines in blocks(connection, _BLOCKS.c.batch == header.seq):
        ids.append(block)
        found = list(_read(block, count, lines, report))
        if first is None:
            first = next((leaf.key for leaf in found if leaf.table == _LOGS), None)
        for line in lines:
            tree.add(leaves.leaf_hash(line))
        ledger.add(found)
    report.leaves += tree.size
    if not ids and header.leaves:
        return False
    ends = (ids[0], ids[-1]) if ids else (None, None)
    if (tree.size, tree.digest().hex()) != (header.leaves, header.root) or ends != (
        header.first_block,
        header.last_block,
    ):
        detail = "its leaves are not those it was sealed with"
        report.add("batch", _BATCHES.name, header.seq, detail, first)
    return True


def _check_strays(connection: Connection, report: Report) -> None:
    query = select(_BLOCKS.c.id).where(
        _BLOCKS.c.batch.is_not(None), ~exists().where(_BATCHES.c.seq == _BLOCKS.c.batch)
    )
    for row in connection.execute(query.order_by(_BLOCKS.c.id).limit(_PAGE)):
        report.add("batch", _BLOCKS.name, row[0], "sealed in a batch that is not there")


def _read(block: int, count: int, lines: list[str], report: Report) -> Iterator[Leaf]:
    if count != len(lines):
        report.add("batch", _BLOCKS.name, block, f"it says {count} leaves and has {len(lines)}")
    for line in lines:
        try:
            yield leaves.read(line)
        except ValueError:
            report.add("batch", _BLOCKS.name, block, "a line in it is no leaf")
