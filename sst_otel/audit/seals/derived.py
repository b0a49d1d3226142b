"""Checks rows that have no leaf because they follow from one that has."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from contextlib import suppress
from typing import Any

from sqlalchemy import exists, select
from sqlalchemy.engine import Connection

from sst_otel.audit import following, models
from sst_otel.audit.columns import microseconds
from sst_otel.audit.finding import found
from sst_otel.audit.seals.report import Report

_LOGS = models.AuditLog.__table__
_LINKS = models.AuditLogRecord.__table__
_STACKS = models.Stack.__table__
_SOURCES = models.TagSource.__table__
_PARENTS = models.TagParent.__table__
_RECORDS = models.ProvenanceRecord.__table__
_MOST = 100

Row = dict[str, Any]


def check(connection: Connection, table: Any, rows: Sequence[Row], report: Report) -> None:
    """Check what follows from rows of a table that are as they were written."""
    if table is _LOGS:
        _links(connection, rows, report)
        _stacks(connection, rows, report)
    elif table is _SOURCES:
        _parents(connection, rows, report)


def check_others(connection: Connection, report: Report) -> None:
    """Find rows that follow from none."""
    links = select(_LINKS.c.event_id).where(~exists().where(_LOGS.c.event_id == _LINKS.c.event_id))
    for row in connection.execute(links.limit(_MOST)):
        report.add("inserted", _LINKS.name, row[0], "there is no such event", row[0])
    parents = select(_PARENTS.c.record).where(
        ~exists().where(_SOURCES.c.record == _PARENTS.c.record),
        exists().where(_RECORDS.c.id == _PARENTS.c.record),
    )
    for row in connection.execute(parents.limit(_MOST)):
        report.add("inserted", _PARENTS.name, row[0], "nothing says what the datum was made of")


def _links(connection: Connection, events: Sequence[Row], report: Report) -> None:
    there: dict[str, set[tuple[Any, ...]]] = {event["event_id"]: set() for event in events}
    unreadable = set()
    columns = [_LINKS.c.event_id, _LINKS.c.record, _LINKS.c.data_type, _LINKS.c.timestamp]
    try:
        for event_id, *rest in found(connection, columns, columns[0], there.keys()):
            there[event_id].add(_link(*rest))
    except (ValueError, TypeError):  # a time that is none
        for event_id in there:
            try:
                rows = [*found(connection, columns, columns[0], {event_id})]
                there[event_id] = {_link(*row[1:]) for row in rows}
            except (ValueError, TypeError):
                unreadable.add(event_id)
    for event in events:
        event_id = event["event_id"]
        expected = {
            _link(row["record"], row["data_type"], row["timestamp"])
            for row in following.links(event)
        }
        if event_id in unreadable or expected != there[event_id]:
            detail = "the data of the event are not those it was written with"
            report.add("changed", _LINKS.name, event_id, detail, event_id)


def _link(record: str, data_type: str, at: float) -> tuple[str, str, int]:
    return record, data_type, microseconds(at)


def _stacks(connection: Connection, events: Sequence[Row], report: Report) -> None:
    first: dict[str, str] = {}
    for event in events:
        if event["stack_id"] is not None:
            first.setdefault(event["stack_id"], event["event_id"])
    try:
        good = _good_stacks(connection, first.keys())
    except ValueError:  # a JSON text that is none
        good = set()
        for stack_id in first:
            with suppress(ValueError):
                good |= _good_stacks(connection, {stack_id})
    for stack_id in sorted(first.keys() - good):
        detail = "its frames are gone, or not those that were written"
        report.add("changed", _STACKS.name, stack_id, detail, first[stack_id])


def _good_stacks(connection: Connection, ids: Collection[str]) -> set[str]:
    rows = found(connection, [*_STACKS.c], _STACKS.c.id, ids)
    return {row[0] for row in rows if following.stack_id(row[1]) == row[0]}


def _parents(connection: Connection, sources: Sequence[Row], report: Report) -> None:
    records = {source["record"] for source in sources}
    expected = set()
    for record, lineage in found(
        connection, [_SOURCES.c.record, _SOURCES.c.lineage], _SOURCES.c.record, records
    ):
        expected |= _pairs(record, lineage)
    there = {tuple(row) for row in found(connection, [*_PARENTS.c], _PARENTS.c.record, records)}
    for record in sorted({pair[0] for pair in expected ^ there}):
        detail = "what the datum was made of is not what was written"
        report.add("changed", _PARENTS.name, record, detail)


def _pairs(record: str, lineage: Iterable[str]) -> set[tuple[str, str]]:
    return {(record, parent) for parent in lineage}
