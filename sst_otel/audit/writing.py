"""Writes decoded records into the tables: a few multi-row statements per batch, idempotent.

Whatever arrives twice (a journal read again, two hosts reporting the same tag) changes nothing.
"""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import bindparam, select
from sqlalchemy.engine import Connection

from sst_otel.audit import models
from sst_otel.audit.records import AliasRecord, OutcomeRecord, Record, ShareRecord, TagRecord

_CHUNK = 400
"""Values in one ``IN``; SQLite took no more than 999 until 3.32."""

_SUBJECTS = models.Subject.__table__
_RECORDS = models.ProvenanceRecord.__table__


def write(connection: Connection, records: Sequence[Record], now: float) -> None:
    """Write ``records`` in the caller's transaction; ``now`` is their time of arrival."""
    shares = [record for record in records if isinstance(record, ShareRecord)]
    tags = [record for record in records if isinstance(record, TagRecord)]
    aliases = [record for record in records if isinstance(record, AliasRecord)]
    outcomes = [record for record in records if isinstance(record, OutcomeRecord)]
    subjects = _subjects(connection, shares, tags, aliases)
    provenance = _provenance(connection, shares, tags, subjects)
    _sources(connection, tags, provenance)
    _shares(connection, shares, subjects, provenance, now)
    add_missing(
        connection,
        models.Outcome.__table__,
        [{"event_id": row.event_id, "outcome": row.outcome, "at": row.at} for row in outcomes],
    )
    add_missing(
        connection,
        models.Alias.__table__,
        [
            {
                "pseudonym": subjects[row.pseudonym_ref],
                "subject": subjects[row.owner_ref],
                "at": row.at,
            }
            for row in aliases
            if row.pseudonym_ref != row.owner_ref
        ],
    )


def add_missing(connection: Connection, table: Any, rows: list[dict[str, Any]]) -> None:
    """Insert the rows whose key is not there yet."""
    if not rows:
        return
    if connection.dialect.name == "postgresql":
        from sqlalchemy.dialects.postgresql import insert as insert_postgresql

        connection.execute(insert_postgresql(table).on_conflict_do_nothing(), rows)
    else:
        from sqlalchemy.dialects.sqlite import insert as insert_sqlite

        connection.execute(insert_sqlite(table).on_conflict_do_nothing(), rows)


def _found(connection: Connection, columns: list[Any], key: Any, wanted: Iterable[str]) -> Any:
    keys = sorted(wanted)
    for start in range(0, len(keys), _CHUNK):
        chunk = keys[start : start + _CHUNK]
        yield from connection.execute(select(*columns).where(key.in_(chunk)))


def _subjects(
    connection: Connection,
    shares: list[ShareRecord],
    tags: list[TagRecord],
    aliases: list[AliasRecord],
) -> dict[str, str | None]:
    """Return the surrogate of every owner_ref in the batch; nobody (``""``) has none."""
    sealed: dict[str, str] = {}
    owned: list[ShareRecord | TagRecord | AliasRecord] = [*shares, *tags, *aliases]
    for mention in owned:
        if mention.owner_sealed or mention.owner_ref not in sealed:
            sealed[mention.owner_ref] = mention.owner_sealed
    for alias in aliases:
        sealed.setdefault(alias.pseudonym_ref, "")
    sealed.pop("", None)
    table = _SUBJECTS.c
    columns = [table.owner_ref, table.subject, table.sealed]
    known = {row[0]: row[1:] for row in _found(connection, columns, table.owner_ref, sealed)}
    missing = sorted(sealed.keys() - known.keys())
    if missing:
        add_missing(
            connection,
            _SUBJECTS,
            [
                {"subject": secrets.token_hex(16), "owner_ref": ref, "sealed": sealed[ref]}
                for ref in missing
            ],
        )
        for row in _found(connection, columns, table.owner_ref, missing):
            known[row[0]] = row[1:]
    for ref, (subject, stored) in known.items():
        if sealed[ref] and not stored:  # seen before its account id was
            update = _SUBJECTS.update().where(table.subject == subject)
            connection.execute(update.values(sealed=sealed[ref]))
    return {"": None} | {ref: row[0] for ref, row in known.items()}


def _provenance(
    connection: Connection,
    shares: list[ShareRecord],
    tags: list[TagRecord],
    subjects: dict[str, str | None],
) -> dict[str, str]:
    """Return the surrogate of every tag in the batch."""
    seen: dict[str, tuple[str, str, float]] = {}
    for share in shares:
        for tag_id, data_type in zip(share.tag_ids, share.data_types, strict=True):
            _note(seen, tag_id, share.owner_ref, data_type, share.at)
    for tag in tags:
        _note(seen, tag.tag_id, tag.owner_ref, tag.data_type, tag.at)
        for parent in tag.lineage:
            _note(seen, parent, tag.owner_ref, "", tag.at)
    table = _RECORDS.c
    columns = [table.tag_id, table.id, table.data_type, table.first_seen]
    known = {row[0]: row for row in _found(connection, columns, table.tag_id, seen)}
    missing = sorted(seen.keys() - known.keys())
    if missing:
        add_missing(
            connection,
            _RECORDS,
            [
                {
                    "id": secrets.token_hex(16),
                    "tag_id": tag_id,
                    "subject": subjects[seen[tag_id][0]],
                    "data_type": seen[tag_id][1],
                    "first_seen": seen[tag_id][2],
                }
                for tag_id in missing
            ],
        )
        for row in _found(connection, columns, table.tag_id, missing):
            known[row[0]] = row
    changed = []
    for tag_id, (owner_ref, data_type, at) in seen.items():
        _, record, stored_type, stored_at = known[tag_id]
        if (data_type and not stored_type) or at < stored_at:
            named = bool(data_type)
            changed.append(
                {
                    "key": record,
                    "subject": subjects[owner_ref],
                    "data_type": data_type if named else stored_type,
                    "first_seen": min(at, stored_at),
                }
            )
    if changed:
        update = _RECORDS.update().where(table.id == bindparam("key"))
        values: dict[str, Any] = {
            name: bindparam(name) for name in ("subject", "data_type", "first_seen")
        }
        connection.execute(update.values(values), changed)
    return {tag_id: row[1] for tag_id, row in known.items()}


def _note(
    seen: dict[str, tuple[str, str, float]], tag_id: str, owner_ref: str, data_type: str, at: float
) -> None:
    """Remember a mention of a tag: its earliest time; a child's guess of it counts least."""
    before = seen.get(tag_id)
    if before is None:
        seen[tag_id] = (owner_ref, data_type, at)
    elif data_type:
        seen[tag_id] = (owner_ref, data_type, min(at, before[2]))
    else:
        seen[tag_id] = (before[0], before[1], min(at, before[2]))


def _sources(connection: Connection, tags: list[TagRecord], provenance: dict[str, str]) -> None:
    rows: dict[str, Any] = {}
    for tag in tags:
        row: dict[str, Any] = {
            "record": provenance[tag.tag_id],
            "source": tag.source,
            "lineage": [provenance[parent] for parent in tag.lineage],
            "transformations": list(tag.transformations),
        }
        row["id"] = _digest(row)
        rows[row["id"]] = row
    add_missing(connection, models.TagSource.__table__, [rows[key] for key in sorted(rows)])
    pairs = sorted({(row["record"], parent) for row in rows.values() for parent in row["lineage"]})
    add_missing(
        connection,
        models.TagParent.__table__,
        [{"record": record, "parent": parent} for record, parent in pairs],
    )


def _shares(
    connection: Connection,
    shares: list[ShareRecord],
    subjects: dict[str, str | None],
    provenance: dict[str, str],
    now: float,
) -> None:
    stacks: dict[str, Any] = {}
    events = []
    links: dict[tuple[str, str], Any] = {}
    for share in shares:
        stack_id = _digest(share.stack) if share.stack else None
        if stack_id is not None:
            stacks[stack_id] = {"id": stack_id, "frames": list(share.stack)}
        records = [provenance[tag_id] for tag_id in share.tag_ids]
        event = {name: getattr(share, name) for name in _COPIED}
        event["timestamp"] = share.at
        event["subject"] = subjects[share.owner_ref]
        event["data_types"] = list(share.data_types)
        event["records"] = records
        event["evidence"] = list(share.evidence)
        event["paths"] = list(share.paths)
        event["metadata"] = dict(share.metadata)
        event["stack_id"] = stack_id
        event["received_at"] = now
        events.append(event)
        for record, data_type in zip(records, share.data_types, strict=True):
            links[share.event_id, record] = {
                "event_id": share.event_id,
                "record": record,
                "data_type": data_type,
                "timestamp": share.at,
            }
    add_missing(connection, models.Stack.__table__, [stacks[key] for key in sorted(stacks)])
    add_missing(connection, models.AuditLog.__table__, events)
    add_missing(connection, models.AuditLogRecord.__table__, [links[key] for key in sorted(links)])


def _digest(value: Any) -> str:
    text = json.dumps(value, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:32]


_COPIED = (
    "event_id",
    "event_type",
    "service",
    "route",
    "destination",
    "recipient_name",
    "purpose",
    "country",
    "role",
    "key_id",
    "trace_id",
    "span_id",
)
