"""Walks over the lineage: from a datum up to its source fields, down to every share of it.

A walk goes level by level along the indexes of ``tag_parents``, names each datum once, however the
lines cross or close to a circle, and ends at :data:`MAX_TAGS`. Shares are found by a recursive
query instead, so that none is missed however many data were made of one.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import select
from sqlalchemy.engine import Connection

from sst_otel.audit import models
from sst_otel.audit.data_page import data_objects, records_of
from sst_otel.audit.events_page import latest_outcome
from sst_otel.audit.filters import before, make_cursor
from sst_otel.audit.finding import narrowed
from sst_otel.audit.people import People

MAX_TAGS = 1_000
"""Data that one walk names; nearer ones first. What is left out is said by ``truncated``."""

_LOGS = models.AuditLog.__table__.c
_LINKS = models.AuditLogRecord.__table__.c
_PARENTS = models.TagParent.__table__.c
_RECORDS = models.ProvenanceRecord.__table__.c
_SHARE = (
    _LOGS.event_id,
    _LOGS.event_type,
    _LOGS.timestamp,
    _LOGS.destination,
    _LOGS.recipient_name.label("recipient"),
    _LOGS.purpose,
    _LOGS.country,
    _LOGS.service,
    _LOGS.route,
    latest_outcome(_LOGS.event_id),
)


def record_of(connection: Connection, tag_id: str, allowed: list[Any]) -> str | None:
    """Return the record of a tag, None where there is none that ``allowed`` (conditions) shows."""
    query = select(_RECORDS.id).where(_RECORDS.tag_id == tag_id, *allowed)
    found = connection.execute(query).first()
    return None if found is None else found[0]


def walk(
    connection: Connection, record: str, people: People, allowed: list[Any], *, up: bool
) -> tuple[list[dict[str, Any]], bool]:
    """Return the datum itself and what is up or down from it, and whether some was left out.

    Objects as :func:`~sst_otel.audit.data_page.data_objects` makes them, with ``depth`` (0 for the
    datum itself), nearest first, on each level the oldest first.
    """
    here, there = (_PARENTS.record, _PARENTS.parent) if up else (_PARENTS.parent, _PARENTS.record)
    depths = {record: 0}
    level = [record]
    depth, truncated = 0, False
    while level:
        depth += 1
        query = select(there).distinct()
        found = {row[0] for row in narrowed(connection, query, here, level)}
        level = sorted(found - depths.keys())
        room = MAX_TAGS - len(depths)
        if len(level) > room:
            truncated = True
            level = level[:room]
        depths.update(dict.fromkeys(level, depth))
    query = records_of(people, allowed)
    rows = [dict(row._mapping) for row in narrowed(connection, query, _RECORDS.id, depths)]
    rows.sort(key=lambda row: (depths[row["id"]], row["first_seen"], row["id"]))
    objects = data_objects(connection, rows, people)
    for row, one in zip(rows, objects, strict=True):
        one["depth"] = depths[row["id"]]
    return objects, truncated


def shares_of(
    connection: Connection,
    record: str,
    allowed: list[Any],
    *,
    limit: int,
    cursor: str | None = None,
) -> tuple[list[dict[str, Any]], str | None]:
    """Return the shares of a datum and of all that was made of it, newest first.

    Each has the API's names, ``outcome``, and in ``tag_ids`` which of these data it carried.
    ``allowed``: conditions on the audit log. Raises ``ValueError`` for a cursor that is not ours.
    """
    line = _line(record)
    asked = list(allowed)
    if cursor is not None:
        asked.append(before(_LINKS.timestamp, _LINKS.event_id, cursor))
    links = models.AuditLogRecord.__table__.join(line, line.c.record == _LINKS.record).join(
        models.AuditLog.__table__, _LOGS.event_id == _LINKS.event_id
    )
    page = (
        select(_LINKS.timestamp, _LINKS.event_id)
        .distinct()
        .select_from(links)
        .where(*asked)
        .order_by(_LINKS.timestamp.desc(), _LINKS.event_id.desc())
        .limit(limit + 1)
    )
    found = [(row[0], row[1]) for row in connection.execute(page)]
    more = len(found) > limit
    ids = [event_id for _, event_id in found[:limit]]
    events = {
        row[0]: dict(row._mapping)
        for row in narrowed(connection, select(*_SHARE), _LOGS.event_id, ids)
    }
    carried = _carried(connection, line, ids)
    shares = [{**events[key], "tag_ids": carried.get(key, [])} for key in ids if key in events]
    return shares, make_cursor(*found[limit - 1]) if more else None


def _line(record: str) -> Any:
    """Return the recursive query of a datum and all that was made of it; circles end by UNION."""
    line = select(_RECORDS.id.label("record")).where(_RECORDS.id == record)
    reached = line.cte("line", recursive=True)
    return reached.union(select(_PARENTS.record).where(_PARENTS.parent == reached.c.record))


def _carried(connection: Connection, line: Any, events: list[str]) -> dict[str, list[str]]:
    joined = models.AuditLogRecord.__table__.join(line, line.c.record == _LINKS.record).join(
        models.ProvenanceRecord.__table__, _RECORDS.id == _LINKS.record
    )
    query = select(_LINKS.event_id, _RECORDS.tag_id).select_from(joined)
    carried: dict[str, list[str]] = {}
    for event_id, tag_id in narrowed(connection, query, _LINKS.event_id, events):
        carried.setdefault(event_id, []).append(tag_id)
    return {event_id: sorted(tags) for event_id, tags in carried.items()}
