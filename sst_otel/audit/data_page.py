"""A page of the data that were seen, and such data as the objects of design 4.4."""

from __future__ import annotations

from typing import Any

from sqlalchemy import func, select
from sqlalchemy.engine import Connection

from sst_otel.audit import models
from sst_otel.audit.filters import before, checked, make_cursor
from sst_otel.audit.finding import found, narrowed
from sst_otel.audit.people import People
from sst_otel.keys import Keys
from sst_otel.tags import ERASED

_LINKS = models.AuditLogRecord.__table__.c
_RECORDS = models.ProvenanceRecord.__table__.c
_SOURCES = models.TagSource.__table__.c
_LAST_SHARED = select(_LINKS.record, func.max(_LINKS.timestamp)).group_by(_LINKS.record)


class DataPage:
    """The data that fulfil ``asked``, conditions on ``provenance_records``, and the filters.

    Newest first. Raises ``ValueError`` for a limit below 1 or a cursor that is not ours.
    """

    def __init__(
        self,
        asked: list[Any],
        keys: Keys,
        limit: int,
        cursor: str | None,
        *,
        data_type: str | None,
        tag_id: str | None,
    ) -> None:
        asked = list(asked)
        asked.append(
            _RECORDS.data_type != "" if data_type is None else _RECORDS.data_type == data_type
        )
        if tag_id is not None:
            asked.append(_RECORDS.tag_id == tag_id)
        if cursor is not None:
            asked.append(before(_RECORDS.first_seen, _RECORDS.id, cursor))
        self._limit = checked(limit)
        self._people = People(_RECORDS.subject, keys)
        self._query = (
            records_of(self._people, asked)
            .order_by(_RECORDS.first_seen.desc(), _RECORDS.id.desc())
            .limit(limit + 1)
        )

    def read(self, connection: Connection) -> tuple[list[dict[str, Any]], str | None]:
        """Return the data and the cursor of the next page, None where this is the last."""
        rows = [dict(row._mapping) for row in connection.execute(self._query)]
        more = len(rows) > self._limit
        rows = rows[: self._limit]
        data = data_objects(connection, rows, self._people)
        last = rows[-1] if more else None
        return data, make_cursor(last["first_seen"], last["id"]) if last else None


def records_of(people: People, asked: list[Any]) -> Any:
    """Return the query of the provenance records that fulfil ``asked``, with whose they are."""
    return (
        select(models.ProvenanceRecord.__table__, *people.columns)
        .select_from(people.join(models.ProvenanceRecord.__table__))
        .where(*asked)
    )


def data_objects(
    connection: Connection, rows: list[dict[str, Any]], people: People
) -> list[dict[str, Any]]:
    """Return rows of :func:`records_of` as the API gives them, with their sources and parents."""
    ids = [row["id"] for row in rows]
    sources = _sources(connection, ids)
    last = narrowed(connection, _LAST_SHARED, _LINKS.record, ids)
    shared = {row[0]: row[1] for row in last}
    parents = {p for of in sources.values() for source in of for p in source["lineage"]}
    tags = tag_ids(connection, parents)
    return [_datum(row, people, sources.get(row["id"], []), tags, shared) for row in rows]


def tag_ids(connection: Connection, records: set[str]) -> dict[str, str]:
    """Return the tag id of each provenance record that is still there."""
    rows = found(connection, [_RECORDS.id, _RECORDS.tag_id], _RECORDS.id, records)
    return {row[0]: row[1] for row in rows}


def _sources(connection: Connection, records: list[str]) -> dict[str, list[dict[str, Any]]]:
    """Return the rows of ``tag_sources`` of each record."""
    of: dict[str, list[dict[str, Any]]] = {}
    rows = found(connection, [*_SOURCES], _SOURCES.record, records)
    for row in sorted(rows, key=lambda row: row.id):
        of.setdefault(row.record, []).append(dict(row._mapping))
    return of


def _datum(
    row: dict[str, Any],
    people: People,
    sources: list[dict[str, Any]],
    tags: dict[str, str],
    shared: dict[str, float],
) -> dict[str, Any]:
    parents = dict.fromkeys(parent for source in sources for parent in source["lineage"])
    made = [source["transformations"] for source in sources if source["transformations"]]
    return {
        "tag_id": row["tag_id"],
        "owner_id": people.owner_id(row["owner_ref"], row["sealed"]),
        "data_type": row["data_type"],
        "sources": sorted({source["source"] for source in sources}),
        "lineage": [tags.get(parent, ERASED) for parent in parents],
        "transformations": made[0] if made else [],
        "first_seen": row["first_seen"],
        "last_seen": max(row["first_seen"], shared.get(row["id"], 0.0)),
    }
