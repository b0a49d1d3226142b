"""Holds the rows of the store against what their leaves say."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.engine import Connection

from sst_otel.audit import models
from sst_otel.audit.finding import found
from sst_otel.audit.seals import derived, leaves, salts
from sst_otel.audit.seals.leaves import Leaf
from sst_otel.audit.seals.ledger import Ledger
from sst_otel.audit.seals.missing import judge
from sst_otel.audit.seals.report import Report

_ROWS = 1_000
"""Rows that are in memory at once."""
_LOGS = models.AuditLog.__table__
_LINKS = models.AuditLogRecord.__table__
_OUTCOMES = models.Outcome.__table__
_CHANGED = {
    _LOGS.name: "the event is not as it was written",
    "subjects": "the person behind this surrogate is not the one that was written",
}

Row = dict[str, Any]


def check_rows(connection: Connection, ledger: Ledger, since: float | None, report: Report) -> None:
    """Check every row that the ledger has a leaf of, and that there are no others.

    With ``since`` (epoch seconds) the ledger is a part: of rows that it does not have, those are
    found that say they are events received since then.
    """
    for name, table in leaves.TABLES.items():
        there = 0
        for expected in ledger.of(name, _ROWS):
            there += _check(connection, ledger, table, expected, report)
        if since is None:
            rows = connection.execute(select(func.count()).select_from(table)).scalar_one()
            if rows != there:
                _check_others(connection, ledger, table, None, report)
        elif table is _LOGS:
            _check_others(connection, ledger, table, _LOGS.c.received_at >= since, report)
    if since is None:
        derived.check_others(connection, report)


def _check(
    connection: Connection, ledger: Ledger, table: Any, expected: list[Leaf], report: Report
) -> int:
    """Check some rows of a table; return how many there are of them."""
    name = table.name
    rows, unreadable = _rows(connection, table, [leaf.key for leaf in expected])
    salt = salts.of(connection, [*rows]) if name in leaves.SALTED else {}
    gone = []
    good: list[Row] = []
    for leaf in expected:
        row = rows.get(leaf.key)
        if leaf.key in unreadable:
            report.add("changed", name, leaf.key, "it cannot be read", _event(connection, leaf))
        elif row is None:
            gone.append(leaf)
        elif leaves.digest(name, row, salt.get(leaf.key, "")) != leaf.digest:
            detail = _CHANGED.get(name, "the row is not as it was written")
            report.add("changed", name, leaf.key, detail, _event(connection, leaf))
        else:
            good.append(row)
    for leaf, why in zip(gone, judge(connection, ledger, name, gone), strict=True):
        if why is None:
            report.add("missing", name, leaf.key, "the row is gone", _event(connection, leaf))
        elif why == leaves.ERASED:
            report.erased_rows += 1
        else:
            report.pruned += 1
    report.rows += len(good)
    derived.check(connection, table, good, report)
    return len(rows) + len(unreadable)


def _rows(
    connection: Connection, table: Any, keys: Sequence[str]
) -> tuple[Mapping[str, Row], set[str]]:
    """Return rows by their keys, and the keys of those that are not what their columns hold."""
    first = next(iter(table.primary_key))
    several = len(table.primary_key) > 1
    wanted = {str(json.loads(key)[0]) for key in keys} if several else set(keys)
    among = set(keys)
    try:
        return _read(connection, table, first, wanted, among), set()
    except (ValueError, TypeError):  # a JSON text or a time that is none
        rows: dict[str, Row] = {}
        bad: set[str] = set()
        for key in keys:
            value = str(json.loads(key)[0]) if several else key
            try:
                rows |= _read(connection, table, first, {value}, {key})
            except (ValueError, TypeError):
                bad.add(key)
        return rows, bad


def _read(
    connection: Connection, table: Any, column: Any, values: set[str], among: set[str]
) -> dict[str, Row]:
    rows = {}
    for found_row in found(connection, [*table.columns], column, values):
        row = dict(found_row._mapping)
        key = leaves.key_of(table.name, row)
        if key in among:
            rows[key] = row
    return rows


def _check_others(
    connection: Connection, ledger: Ledger, table: Any, condition: Any, report: Report
) -> None:
    """Find rows without a leaf."""
    query = select(*table.primary_key).execution_options(stream_results=True)
    if condition is not None:
        query = query.where(condition)
    for row in connection.execute(query):
        key = leaves.key_of(table.name, dict(row._mapping))
        if ledger.get(table.name, key) is None:
            event = row[0] if table in (_LOGS, _OUTCOMES) else None
            report.add("inserted", table.name, key, "nothing says that this was written", event)


def _event(connection: Connection, leaf: Leaf) -> str | None:
    """Return the first event that a row is about."""
    if leaf.table == _LOGS.name:
        return leaf.key
    if leaf.table == _OUTCOMES.name:
        return str(json.loads(leaf.key)[0])
    column, key = {
        "subjects": (_LOGS.c.subject, leaf.key),
        "aliases": (_LOGS.c.subject, leaf.key),
        "provenance_records": (_LINKS.c.record, leaf.key),
        "tag_sources": (_LINKS.c.record, leaf.of),
    }.get(leaf.table, (None, None))
    if column is None:
        return None
    query = select(func.min(column.table.c.event_id)).where(column == key)
    event: str | None = connection.execute(query).scalar()
    return event
