"""Proofs that one event was sealed, which can be checked without the store."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sqlalchemy import select
from sqlalchemy.engine import Connection

from sst_otel.audit import models
from sst_otel.audit.seals import leaves, tree
from sst_otel.audit.seals.chain import lines_of
from sst_otel.audit.seals.checkpoint import checkpoints, note_of
from sst_otel.audit.seals.headers import COLUMNS, Header, header_of
from sst_otel.audit.seals.signing import Verifier

VERSION = 1
_LOGS = models.AuditLog.__table__
_BLOCKS = models.SealBlock.__table__
_BATCHES = models.SealBatch.__table__
_SKEW = 3600.0
"""Seconds that the clocks of an ingest and a sealer may be apart."""


class ProofError(Exception):
    """Why there is no proof, or why one does not hold; no personal value."""


def prove(connection: Connection, event_id: str) -> dict[str, Any]:
    """Return a proof, as JSON has it, that an event was sealed as it is now.

    ``event`` is the row as it was digested (times: microseconds since 1970), ``leaf`` its line,
    ``index`` and ``path`` lead to the root in the signed ``batch``. Raises :class:`ProofError`.
    """
    row = connection.execute(select(_LOGS).where(_LOGS.c.event_id == event_id)).first()
    if row is None:
        raise ProofError("there is no event with this id")
    event = dict(row._mapping)
    line = leaves.line_of(_LOGS.name, event, "", 0.0)
    header, lines = _batch_of(connection, event, line)
    index = lines.index(line)
    hashes = [leaves.leaf_hash(one) for one in lines]
    return {
        "version": VERSION,
        "event": json.loads(leaves.canonical(_LOGS.name, event)),
        "leaf": line,
        "index": index,
        "path": [one.hex() for one in tree.path(index, hashes)],
        "batch": {name: getattr(header, name) for name in COLUMNS},
        "checkpoint": note_of(header),
    }


def _batch_of(
    connection: Connection, event: Mapping[str, Any], line: str
) -> tuple[Header, list[str]]:
    """Return the first batch that has the leaf, and all its leaves."""
    candidates = (
        select(_BATCHES)
        .where(
            _BATCHES.c.sealed_at >= event["received_at"] - _SKEW,
            _BATCHES.c.newest >= event["timestamp"],
        )
        .order_by(_BATCHES.c.seq)
    )
    for row in connection.execute(candidates).fetchall():
        lines = [*lines_of(connection, row.seq)]
        if line in lines:
            return header_of(dict(row._mapping)), lines
    waiting = select(_BLOCKS.c.id).where(
        _BLOCKS.c.batch.is_(None), _BLOCKS.c.body.contains(line, autoescape=True)
    )
    if connection.execute(waiting).first() is not None:
        raise ProofError("the event is not sealed yet")
    raise ProofError("no batch has the event as it is; sst-otel verify tells more")


def check(proof: Mapping[str, Any], verifier: Verifier, anchor: Path | None = None) -> Header:
    """Check a proof against public keys, and against an anchor; return the batch.

    Raises :class:`ProofError` where it does not hold; ``ValueError``, ``OSError`` for the anchor.
    """
    try:
        if proof["version"] != VERSION:
            raise ProofError("a proof of another version")
        leaf = leaves.read(proof["leaf"])
        header = Header(**proof["batch"])
        path = [bytes.fromhex(one) for one in proof["path"]]
        index, event = int(proof["index"]), proof["event"]
        digest = leaves.digest_of(leaves.text_of(event), "")
        root = tree.root_by(path, leaves.leaf_hash(proof["leaf"]), index, header.leaves)
        computed = header.computed()
    except (KeyError, TypeError, ValueError, AttributeError):
        raise ProofError("not a proof of `sst-otel prove`") from None
    if (leaf.table, leaf.key, leaf.digest) != (_LOGS.name, event.get("event_id"), digest):
        raise ProofError("the event is not the one in the leaf")
    if root is None or root.hex() != header.root:
        raise ProofError("the leaf is not in the batch")
    if computed != header.hash:
        raise ProofError("the header of the batch was changed")
    if not verifier.verify(header.key_id, header.raw_signature(), header.signed()):
        raise ProofError("none of the public keys signed the batch")
    if anchor is not None:
        _check_anchor(anchor, header, verifier)
    return header


def _check_anchor(anchor: Path, header: Header, verifier: Verifier) -> None:
    """Require the anchor to have this very batch: a later one does not say which came before."""
    for checkpoint in checkpoints(anchor):
        if checkpoint.seq == header.seq and checkpoint.holds(verifier):
            if checkpoint.hash != header.hash:
                raise ProofError("the anchor has another batch of this number")
            return
    raise ProofError("the anchor does not have the batch")
