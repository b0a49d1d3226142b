"""Writes decoded records into the tables: a few multi-row statements per batch, idempotent.

Whatever arrives twice (a journal read again, two hosts reporting the same tag) changes nothing.
Rows are written in one order, so that two writers of the same wait for each other one way only.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from operator import itemgetter
from typing import Any

from sqlalchemy import bindparam
from sqlalchemy.engine import Connection

from sst_otel import semconv
from sst_otel.audit import flows, following, models, tombstones
from sst_otel.audit.adding import Batch
from sst_otel.audit.finding import found
from sst_otel.audit.inserting import add_missing
from sst_otel.audit.records import (
    AliasRecord,
    GapRecord,
    OutcomeRecord,
    Record,
    ShareRecord,
    TagRecord,
)
from sst_otel.audit.seals.blocks import note

_SUBJECTS = models.Subject.__table__
_RECORDS = models.ProvenanceRecord.__table__
_RECEIVED = semconv.RECEIVED_TAG_IDS


def write(connection: Connection, records: Sequence[Record], now: float) -> None:
    """Write ``records`` in the caller's transaction; ``now`` is their time of arrival."""
    late = tombstones.sort(connection, records, now)
    records = late.records
    batch = Batch(connection, round(now, 6))
    shares = [record for record in records if isinstance(record, ShareRecord)]
    tags = [record for record in records if isinstance(record, TagRecord)]
    aliases = [record for record in records if isinstance(record, AliasRecord)]
    outcomes = [record for record in records if isinstance(record, OutcomeRecord)]
    subjects = _subjects(batch, shares, tags, aliases)
    provenance = _provenance(batch, shares, tags, subjects)
    _sources(batch, tags, provenance)
    for share in late.nobodys:
        subjects[share.owner_ref] = share.owner_ref
        provenance.update((surrogate, surrogate) for surrogate in share.tag_ids)
    events = _shares(batch, [*shares, *late.nobodys], subjects, provenance)
    batch.add(
        models.Outcome.__table__,
        [
            {"event_id": event_id, "outcome": outcome, "at": at}
            for event_id, at, outcome in sorted({(r.event_id, r.at, r.outcome) for r in outcomes})
        ],
    )
    batch.add(
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
    gaps = [record for record in records if isinstance(record, GapRecord)]
    batch.add(
        models.Gap.__table__,
        [
            {
                "id": row.gap_id,
                "service": row.service,
                "since": row.since,
                "until": row.at,
                "lost": dict(row.lost),
                "reason": row.reason,
            }
            for row in gaps
        ],
    )
    note(connection, batch.lines)  # behind the rows' locks: the latest leaf has the last id
    flows.count(connection, events)


def _subjects(
    batch: Batch,
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
    connection = batch.connection
    known = {row[0]: row[1:] for row in found(connection, columns, table.owner_ref, sealed)}
    missing = sorted(sealed.keys() - known.keys())
    if missing:
        batch.add(
            _SUBJECTS,
            [
                {"subject": secrets.token_hex(16), "owner_ref": ref, "sealed": sealed[ref]}
                for ref in missing
            ],
        )
        for row in found(connection, columns, table.owner_ref, missing):
            known[row[0]] = row[1:]
    changed = []
    for ref, (subject, stored) in known.items():
        if sealed[ref] and not stored:  # seen before its account id was
            update = _SUBJECTS.update().where(table.subject == subject)
            connection.execute(update.values(sealed=sealed[ref]))
            changed.append({"subject": subject, "owner_ref": ref, "sealed": sealed[ref]})
    if changed:
        batch.changed(_SUBJECTS, changed)
    return {"": None} | {ref: row[0] for ref, row in known.items()}


def _provenance(
    batch: Batch,
    shares: list[ShareRecord],
    tags: list[TagRecord],
    subjects: dict[str, str | None],
) -> dict[str, str]:
    """Return the surrogate of every tag in the batch."""
    seen: dict[str, tuple[str, str, float]] = {}
    for share in shares:
        for tag_id, data_type in zip(share.tag_ids, share.data_types, strict=True):
            _note(seen, tag_id, share.owner_ref, data_type, share.at)
        for received in _received(share):
            _note(seen, received, share.owner_ref, "", share.at)
    for tag in tags:
        _note(seen, tag.tag_id, tag.owner_ref, tag.data_type, tag.at)
        for parent in tag.lineage:
            _note(seen, parent, tag.owner_ref, "", tag.at)
    table = _RECORDS.c
    columns = [table.tag_id, table.id, table.data_type, table.first_seen]
    connection = batch.connection
    known = {row[0]: row for row in found(connection, columns, table.tag_id, seen)}
    missing = sorted(seen.keys() - known.keys())
    if missing:
        batch.add(
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
        for row in found(connection, columns, table.tag_id, missing):
            known[row[0]] = row
    changed = []
    for tag_id, (owner_ref, data_type, at) in seen.items():
        _, record, stored_type, stored_at = known[tag_id]
        if (data_type and not stored_type) or at < stored_at:
            named = bool(data_type)
            changed.append(
                {
                    "key": record,
                    "tag_id": tag_id,
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
        changed.sort(key=itemgetter("key"))
        # A key more that is a column's name would be set, too.
        given = [{name: row[name] for name in ("key", *values)} for row in changed]
        connection.execute(update.values(values), given)
        names = ("tag_id", *values)
        rows = [{"id": row["key"]} | {name: row[name] for name in names} for row in changed]
        batch.changed(_RECORDS, rows)
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


def _sources(batch: Batch, tags: list[TagRecord], provenance: dict[str, str]) -> None:
    rows: dict[str, Any] = {}
    for tag in tags:
        row: dict[str, Any] = {
            "record": provenance[tag.tag_id],
            "source": tag.source,
            "lineage": [provenance[parent] for parent in tag.lineage],
            "transformations": list(tag.transformations),
        }
        row["id"] = following.source_id(row)
        rows[row["id"]] = row
    batch.add(models.TagSource.__table__, [rows[key] for key in sorted(rows)])
    pairs = sorted({(row["record"], parent) for row in rows.values() for parent in row["lineage"]})
    add_missing(
        batch.connection,
        models.TagParent.__table__,
        [{"record": record, "parent": parent} for record, parent in pairs],
    )


def _shares(
    batch: Batch,
    shares: list[ShareRecord],
    subjects: dict[str, str | None],
    provenance: dict[str, str],
) -> list[dict[str, Any]]:
    """Write the events that are not there yet, and their data; return those events."""
    stacks: dict[tuple[str, ...], str] = {}
    events: dict[str, dict[str, Any]] = {}
    for share in shares:
        stack_id = None
        if share.stack:
            stack_id = stacks.get(share.stack)
            if stack_id is None:
                stack_id = stacks[share.stack] = following.stack_id(share.stack)
        if share.event_id not in events:
            events[share.event_id] = {
                "event_id": share.event_id,
                "event_type": share.event_type,
                "timestamp": share.at,
                "subject": subjects[share.owner_ref],
                "service": share.service,
                "route": share.route,
                "destination": share.destination,
                "recipient_name": share.recipient_name,
                "purpose": share.purpose,
                "country": share.country,
                "role": share.role,
                "data_types": share.data_types,
                "records": [provenance[tag_id] for tag_id in share.tag_ids],
                "evidence": share.evidence,
                "paths": share.paths,
                "metadata": _metadata(share, provenance),
                "stack_id": stack_id,
                "key_id": share.key_id,
                "trace_id": share.trace_id,
                "span_id": share.span_id,
                "received_at": batch.now,
            }
    frames = sorted((stack_id, stack) for stack, stack_id in stacks.items())
    add_missing(
        batch.connection,
        models.Stack.__table__,
        [{"id": stack_id, "frames": stack} for stack_id, stack in frames],
    )
    ordered = [events[event_id] for event_id in sorted(events)]
    new = batch.add(models.AuditLog.__table__, ordered)
    links = [link for event in new for link in following.links(event)]
    add_missing(batch.connection, models.AuditLogRecord.__table__, links)
    return new


def _received(share: ShareRecord) -> list[str]:
    """Return the tag ids that the service which called knows of this share."""
    received = share.metadata.get(_RECEIVED)
    if not isinstance(received, list):
        return []
    return [tag_id for tag_id in received if isinstance(tag_id, str) and tag_id]


def _metadata(share: ShareRecord, provenance: dict[str, str]) -> Any:
    """Return the metadata of a share, with surrogates for what the key could compute."""
    if _RECEIVED not in share.metadata:
        return share.metadata
    return {**share.metadata, _RECEIVED: [provenance[tag_id] for tag_id in _received(share)]}
