"""Database rows as the objects of design 4.4, and the side look-ups they need."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.engine import Connection

from sst_otel import semconv
from sst_otel.audit import models
from sst_otel.audit.inserting import chunks
from sst_otel.audit.people import People
from sst_otel.tags import ERASED

_LINKS = models.AuditLogRecord.__table__.c
_RECORDS = models.ProvenanceRecord.__table__.c
_SOURCES = models.TagSource.__table__.c
_OUTCOMES = models.Outcome.__table__.c
_RECEIVED = semconv.RECEIVED_TAG_IDS


def event(
    row: dict[str, Any], people: People, tags: dict[str, str], outcomes: dict[str, str]
) -> dict[str, Any]:
    """Return one row of the audit log as the API gives it."""
    return {
        "event_id": row["event_id"],
        "event_type": row["event_type"],
        "timestamp": row["timestamp"],
        "owner_id": people.owner_id(row),
        "destination": row["destination"],
        "recipient": row["recipient_name"],
        "purpose": row["purpose"],
        "country": row["country"],
        "service": row["service"],
        "route": row["route"],
        "data_types": list(dict.fromkeys(row["data_types"])),
        "tag_ids": [tags.get(record, ERASED) for record in row["records"]],
        "evidence": row["evidence"],
        "paths": row["paths"],
        "outcome": outcomes.get(row["event_id"]),
        "trace_id": row["trace_id"],
        "span_id": row["span_id"],
        "metadata": _metadata(row, tags),
        "stack_trace": row["frames"] or [],
    }


def records_of(row: dict[str, Any]) -> list[str]:
    """Return all provenance records that a row of the audit log names."""
    return [*row["records"], *row["metadata"].get(_RECEIVED, ())]


def _metadata(row: dict[str, Any], tags: dict[str, str]) -> dict[str, Any]:
    received = row["metadata"].get(_RECEIVED)
    if received is None:
        return row["metadata"]  # type: ignore[no-any-return]
    return {**row["metadata"], _RECEIVED: [tags.get(record, ERASED) for record in received]}


def datum(
    row: dict[str, Any],
    people: People,
    sources: list[dict[str, Any]],
    tags: dict[str, str],
    shared: dict[str, float],
) -> dict[str, Any]:
    """Return one provenance record as the API gives it."""
    parents = dict.fromkeys(parent for source in sources for parent in source["lineage"])
    made = [source["transformations"] for source in sources if source["transformations"]]
    return {
        "tag_id": row["tag_id"],
        "owner_id": people.owner_id(row),
        "data_type": row["data_type"],
        "sources": sorted({source["source"] for source in sources}),
        "lineage": [tags.get(parent, ERASED) for parent in parents],
        "transformations": made[0] if made else [],
        "first_seen": row["first_seen"],
        "last_seen": max(row["first_seen"], shared.get(row["id"], 0.0)),
    }


def data_objects(
    connection: Connection, rows: list[dict[str, Any]], people: People
) -> list[dict[str, Any]]:
    """Return provenance records as the API gives them, with their sources and parents."""
    ids = [row["id"] for row in rows]
    sources = tag_sources(connection, ids)
    shared = last_shared(connection, ids)
    parents = {p for found in sources.values() for source in found for p in source["lineage"]}
    tags = tag_ids(connection, parents)
    return [datum(row, people, sources.get(row["id"], []), tags, shared) for row in rows]


def tag_ids(connection: Connection, records: set[str]) -> dict[str, str]:
    """Return the tag id of each provenance record that is still there."""
    rows = in_chunks(connection, select(_RECORDS.id, _RECORDS.tag_id), _RECORDS.id, records)
    return {row[0]: row[1] for row in rows}


def latest_outcomes(connection: Connection, events: list[str]) -> dict[str, str]:
    """Return the latest outcome of each event that has one."""
    query = select(_OUTCOMES.event_id, _OUTCOMES.at, _OUTCOMES.outcome)
    rows = in_chunks(connection, query, _OUTCOMES.event_id, events)
    return {row[0]: row[2] for row in sorted(rows, key=lambda row: row[1])}


def tag_sources(connection: Connection, records: list[str]) -> dict[str, list[dict[str, Any]]]:
    """Return the rows of ``tag_sources`` of each record."""
    found: dict[str, list[dict[str, Any]]] = {}
    query = select(models.TagSource.__table__)
    rows = in_chunks(connection, query, _SOURCES.record, records)
    for row in sorted(rows, key=lambda row: row.id):
        found.setdefault(row.record, []).append(dict(row._mapping))
    return found


def last_shared(connection: Connection, records: list[str]) -> dict[str, float]:
    """Return when each record was last shared, where it was."""
    query = select(_LINKS.record, func.max(_LINKS.timestamp)).group_by(_LINKS.record)
    return {row[0]: row[1] for row in in_chunks(connection, query, _LINKS.record, records)}


def in_chunks(connection: Connection, query: Any, key: Any, wanted: Iterable[str]) -> Iterator[Any]:
    """Yield the rows of ``query`` whose ``key`` is wanted, few enough at a time for any SQLite."""
    for few in chunks(wanted):
        yield from connection.execute(query.where(key.in_(few)))
