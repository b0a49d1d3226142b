"""Who was seen to get data: known by name, everybody else by the domain they have registered."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import distinct, func, select
from sqlalchemy.engine import Connection

from sst_otel.audit import models
from sst_otel.recipients.domains import registrable_domain

UNKNOWN = "unknown"
_HOST = "server.address"
_LOGS = models.AuditLog.__table__
_LINKS = models.AuditLogRecord.__table__
_ALIASES = models.Alias.__table__

Who = tuple[str, str, str, str]
"""Name, purpose, country, role."""


@dataclass
class _Seen:
    """One recipient as it is gathered."""

    hosts: set[str] = field(default_factory=set)
    data_types: set[str] = field(default_factory=set)
    events: int = 0
    first: float = float("inf")
    last: float = 0.0


def seen(connection: Connection, asked: list[Any]) -> list[dict[str, Any]]:
    """Return the recipients of the events that fulfil ``asked``, the latest first.

    Each is ``recipient, purpose, role, country, known, domains, hosts, data_types, people, events,
    first_seen, last_seen``. Those whom the register does not name are told apart by domain.
    ``people``: distinct ones, visitors who turned out to be somebody counted once; nobody known
    does not count.
    """
    events = _events(asked)
    who = (events.c.name, events.c.purpose, events.c.country, events.c.role)
    found: dict[tuple[Who, str], _Seen] = {}
    counted = select(
        *who, events.c.host, func.min(events.c.at), func.max(events.c.at), func.count()
    ).group_by(*who, events.c.host)
    for row in connection.execute(counted):
        one = found.setdefault(_key(row), _Seen())
        one.hosts.add(row[4] or "")
        one.first, one.last = min(one.first, row[5]), max(one.last, row[6])
        one.events += row[7]
    linked = events.join(_LINKS, _LINKS.c.event_id == events.c.event_id)
    types = select(*who, events.c.host, _LINKS.c.data_type).select_from(linked).distinct()
    for row in connection.execute(types):
        found[_key(row)].data_types.add(row[5])
    by_name = select(*who, func.count(distinct(events.c.person))).group_by(*who)
    people = {tuple(row[:4]): row[4] for row in connection.execute(by_name)}
    rows = []
    for (named, domain), one in found.items():
        count = people[named]
        if domain:
            of_these = [column == value for column, value in zip(who, named, strict=True)]
            those = select(func.count(distinct(events.c.person))).where(
                *of_these, events.c.host.in_(sorted(one.hosts))
            )
            count = connection.execute(those).scalar()
        rows.append(_row(named, one, count))
    return sorted(rows, key=lambda row: (-row["last_seen"], row["recipient"], row["domains"]))


def _events(asked: list[Any]) -> Any:
    """Return the events asked for with host and person, as a table inside the query.

    To PostgreSQL's GROUP BY an expression with bound values is never the same expression twice.
    """
    person = func.coalesce(_ALIASES.c.subject, _LOGS.c.subject)
    logs = _LOGS.outerjoin(_ALIASES, _ALIASES.c.pseudonym == _LOGS.c.subject)
    return (
        select(
            _LOGS.c.event_id,
            _LOGS.c.recipient_name.label("name"),
            _LOGS.c.purpose,
            _LOGS.c.country,
            _LOGS.c.role,
            _LOGS.c.timestamp.label("at"),
            _LOGS.c.metadata[_HOST].as_string().label("host"),
            person.label("person"),
        )
        .select_from(logs)
        .where(*asked)
        .subquery()
    )


def _key(row: Any) -> tuple[Who, str]:
    who = (row[0], row[1], row[2], row[3])
    return who, registrable_domain(row[4] or "") if row[0] == UNKNOWN else ""


def _row(who: Who, one: _Seen, people: int) -> dict[str, Any]:
    hosts = sorted(filter(None, one.hosts))
    return {
        "recipient": who[0],
        "purpose": who[1],
        "role": who[3],
        "country": who[2],
        "known": who[0] != UNKNOWN,
        "domains": sorted({registrable_domain(host) for host in hosts}),
        "hosts": hosts,
        "data_types": sorted(one.data_types),
        "people": people,
        "events": one.events,
        "first_seen": one.first,
        "last_seen": one.last,
    }
