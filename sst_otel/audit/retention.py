"""Removes what is older than the retention period, and what only that referred to."""

from __future__ import annotations

import time
from typing import Any

from sqlalchemy import bindparam, delete, exists, or_, select, text
from sqlalchemy.engine import Connection

from sst_otel.audit import flows, functions, models, partitions
from sst_otel.audit.columns import UtcTime, microseconds
from sst_otel.audit.finding import chunks
from sst_otel.audit.seals import leaves, salts
from sst_otel.audit.seals.blocks import note

_LOGS = models.AuditLog.__table__
_LINKS = models.AuditLogRecord.__table__
_STACKS = models.Stack.__table__
_RECORDS = models.ProvenanceRecord.__table__
_SOURCES = models.TagSource.__table__
_PARENTS = models.TagParent.__table__
_SUBJECTS = models.Subject.__table__
_ALIASES = models.Alias.__table__
_LETTERS = models.DeadLetter.__table__
_GAPS = models.Gap.__table__
_BLOCKS = models.SealBlock.__table__
_BATCHES = models.SealBatch.__table__
_OFFSETS = models.JournalOffset.__table__


def prune(connection: Connection, cutoff: float) -> int:
    """Delete events from before ``cutoff`` (epoch seconds) and all that nothing refers to then.

    Data, people and stacks that a kept event names stay, however old. Returns the number of events
    deleted. The caller holds the store's write lock alone.
    """
    dropped = 0
    if connection.dialect.name == "postgresql":
        dropped = partitions.drop(connection, cutoff)
    removed = _delete_events(connection, cutoff)
    flows.forget(connection, cutoff)
    connection.execute(delete(_STACKS).where(~exists().where(_LOGS.c.stack_id == _STACKS.c.id)))
    _prune_data(connection, cutoff)
    _prune_people(connection)
    connection.execute(delete(_OFFSETS).where(_OFFSETS.c.at < cutoff))
    connection.execute(delete(_LETTERS).where(_LETTERS.c.at < cutoff))
    connection.execute(delete(_GAPS).where(_GAPS.c.until < cutoff))
    connection.execute(delete(_BLOCKS).where(_BLOCKS.c.batch.in_(_passed(cutoff))))
    salts.sweep(connection)
    key = str(microseconds(cutoff))
    note(connection, [leaves.act(leaves.PRUNED, key, time.time())])
    return dropped + removed


def _delete_events(connection: Connection, cutoff: float) -> int:
    """Delete old events with what belongs to them; return how many events that were."""
    if connection.dialect.name == "postgresql":
        query = text("SELECT sst_delete_events(to_timestamp(:cutoff))")
        return int(connection.execute(query, {"cutoff": cutoff}).scalar_one())
    old = bindparam("cutoff", cutoff, type_=UtcTime())
    for statement in functions.DELETIONS:
        connection.execute(text(statement.format(cutoff=":cutoff")).bindparams(old))
    events = text(functions.EVENTS.format(cutoff=":cutoff")).bindparams(old)
    return int(connection.execute(events).rowcount)


def _passed(cutoff: float) -> Any:
    """Return the batches whose leaves tell of nothing but what is gone; their headers stay."""
    return select(_BATCHES.c.seq).where(_BATCHES.c.lasting == 0, _BATCHES.c.newest < cutoff)


def _prune_data(connection: Connection, cutoff: float) -> None:
    """Delete old data that no kept event and no kept derived datum came from."""
    stale = {
        row[0]
        for row in connection.execute(
            select(_RECORDS.c.id).where(
                _RECORDS.c.first_seen < cutoff,
                ~exists().where(_LINKS.c.record == _RECORDS.c.id),
            )
        )
    }
    if not stale:
        return
    parents: dict[str, set[str]] = {}
    for child, parent in connection.execute(select(_PARENTS.c.record, _PARENTS.c.parent)):
        parents.setdefault(child, set()).add(parent)
    while True:  # a parent of what is kept is kept, and so are its parents
        needed = {p for child, of in parents.items() if child not in stale for p in of} & stale
        if not needed:
            break
        stale -= needed
    for few in chunks(stale):
        for column in (_SOURCES.c.record, _PARENTS.c.record, _RECORDS.c.id):
            connection.execute(delete(column.table).where(column.in_(few)))


def _prune_people(connection: Connection) -> None:
    """Delete people and pseudonyms of whom nothing is left."""

    def unused(column: object) -> object:
        return or_(
            exists().where(_LOGS.c.subject == column),
            exists().where(_RECORDS.c.subject == column),
        )

    connection.execute(delete(_ALIASES).where(~unused(_ALIASES.c.pseudonym)))  # type: ignore[operator]
    connection.execute(
        delete(_SUBJECTS).where(
            ~or_(
                unused(_SUBJECTS.c.subject),  # type: ignore[arg-type]
                exists().where(_ALIASES.c.pseudonym == _SUBJECTS.c.subject),
                exists().where(_ALIASES.c.subject == _SUBJECTS.c.subject),
            )
        )
    )
