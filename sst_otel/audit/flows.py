"""The roll-up: how often which data went to whom, a row a day, kept with the events themselves.

Whatever adds or removes events says so here, in the same transaction; so the sum over the roll-up
is always that over the rows. An event counts whatever became of it, and a person's erasure changes
nothing, for neither is in it.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import BigInteger, Text, cast, delete, func, select
from sqlalchemy.engine import Connection

from sst_otel import semconv
from sst_otel.audit import models
from sst_otel.audit.inserting import add_missing

WHOLE = ""
"""Stands for an event as a whole where a type of its data stands else."""
DAY = 86_400.0
_HOST = semconv.SERVER_ADDRESS
_FLOWS = models.AuditFlowDay.__table__
_LOGS = models.AuditLog.__table__
_KEY = tuple(column.name for column in _FLOWS.primary_key)


@dataclass(frozen=True, slots=True)
class Flow:
    """Data of one type, or :data:`WHOLE` events, that went to one host of a recipient."""

    name: str
    purpose: str
    country: str
    role: str
    host: str
    data_type: str
    first: float
    last: float
    events: int

    @property
    def who(self) -> tuple[str, str, str, str]:
        """Name, purpose, country and role of the recipient."""
        return self.name, self.purpose, self.country, self.role


def count(connection: Connection, events: Iterable[Mapping[str, Any]]) -> None:
    """Add events that were not there before; each has the columns of ``audit_logs``.

    To be called last: until the caller commits, others who count such events wait.
    """
    rows = _rolled(events)
    if not rows:
        return
    if connection.dialect.name == "postgresql":
        from sqlalchemy.dialects.postgresql import insert as insert_postgresql

        insert: Any = insert_postgresql(_FLOWS)
        least, greatest = "least", "greatest"
    else:
        from sqlalchemy.dialects.sqlite import insert as insert_sqlite

        insert = insert_sqlite(_FLOWS)
        least, greatest = "min", "max"
    new = insert.excluded
    merge = insert.on_conflict_do_update(
        index_elements=_KEY,
        set_={
            "first_seen": getattr(func, least)(_FLOWS.c.first_seen, new.first_seen),
            "last_seen": getattr(func, greatest)(_FLOWS.c.last_seen, new.last_seen),
            "events": _FLOWS.c.events + new.events,
        },
    )
    connection.execute(merge, rows)


def forget(connection: Connection, cutoff: float) -> None:
    """Leave out the events from before ``cutoff`` (epoch seconds), all of which are gone."""
    day = _day(cutoff)
    connection.execute(delete(_FLOWS).where(_FLOWS.c.day <= day))
    names = (*_NAMES, "timestamp", "data_types", "metadata")
    rest = select(*(_LOGS.c[name] for name in names)).where(_LOGS.c.timestamp < day + DAY)
    rows = connection.execute(rest.execution_options(stream_results=True))
    add_missing(connection, _FLOWS, _rolled(dict(row._mapping) for row in rows))


def kept(connection: Connection) -> list[Flow]:
    """Return all flows, from the roll-up."""
    group = tuple(_FLOWS.c[name] for name in (*_WHO, "host", "data_type"))
    columns = (func.min(_FLOWS.c.first_seen), func.max(_FLOWS.c.last_seen))
    query = select(*group, *columns, cast(func.sum(_FLOWS.c.events), BigInteger)).group_by(*group)
    return [Flow(*row) for row in connection.execute(query)]


def among(connection: Connection, asked: list[Any]) -> list[Flow]:
    """Return the flows of the events that fulfil the conditions ``asked`` on ``audit_logs``."""
    # To PostgreSQL's GROUP BY an expression with bound values is never the same expression twice.
    events = (
        select(
            _LOGS.c.recipient_name,
            _LOGS.c.purpose,
            _LOGS.c.country,
            _LOGS.c.role,
            func.coalesce(_LOGS.c.metadata[_HOST].as_string(), "").label("host"),
            cast(_LOGS.c.data_types, Text).label("types"),
            _LOGS.c.timestamp.label("at"),
        )
        .where(*asked)
        .subquery()
        .c
    )
    *group, at = events
    query = select(*group, func.min(at), func.max(at), func.count()).group_by(*group)
    found: dict[tuple[str, ...], tuple[float, float, int]] = {}
    for *host, types, first, last, count in connection.execute(query):
        for data_type in {*json.loads(types), WHOLE}:
            key = (*host, data_type)
            before = found.get(key, (first, last, 0))
            found[key] = (min(first, before[0]), max(last, before[1]), before[2] + count)
    return [Flow(*key, *value) for key, value in found.items()]  # type: ignore[call-arg, arg-type]


def _rolled(events: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return the rows for these events, in the order in which all writers write them."""
    found: dict[tuple[Any, ...], list[Any]] = {}
    for event in events:
        at = event["timestamp"]
        host = event["metadata"].get(_HOST)
        start = (_day(at), *[event[name] for name in _NAMES], host if isinstance(host, str) else "")
        for data_type in {*event["data_types"], WHOLE}:
            row = found.setdefault((*start, data_type), [at, at, 0])
            row[0], row[1], row[2] = min(at, row[0]), max(at, row[1]), row[2] + 1
    names = (*_KEY, "first_seen", "last_seen", "events")
    return [dict(zip(names, (*key, *found[key]), strict=True)) for key in sorted(found)]


def _day(at: float) -> float:
    return at // DAY * DAY


_WHO = ("recipient", "purpose", "country", "role")
_NAMES = ("service", "recipient_name", "purpose", "country", "role")
