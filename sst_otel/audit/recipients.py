"""Who was seen to get data: known by name, everybody else by the domain they have registered."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import distinct, func, select
from sqlalchemy.engine import Connection

from sst_otel import semconv
from sst_otel.audit import models
from sst_otel.audit.flows import WHOLE, Flow
from sst_otel.recipients.domains import registrable_domain

UNKNOWN = "unknown"
_HOST = semconv.SERVER_ADDRESS
_LOGS = models.AuditLog.__table__
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


def seen(connection: Connection, flows: list[Flow], asked: list[Any]) -> list[dict[str, Any]]:
    """Return the recipients of ``flows``, those of the events that fulfil ``asked``; latest first.

    Each is ``recipient, purpose, role, country, known, domains, hosts, data_types, people, events,
    first_seen, last_seen``. Those whom the register does not name are told apart by domain.
    ``people``: distinct ones, visitors who turned out to be somebody counted once; nobody known
    does not count.
    """
    found: dict[tuple[Who, str], _Seen] = {}
    for flow in flows:
        domain = registrable_domain(flow.host) if flow.name == UNKNOWN else ""
        one = found.setdefault((flow.who, domain), _Seen())
        if flow.data_type != WHOLE:
            one.data_types.add(flow.data_type)
            continue
        one.hosts.add(flow.host)
        one.first, one.last = min(one.first, flow.first), max(one.last, flow.last)
        one.events += flow.events
    people = _people(connection, found, asked)
    rows = [_row(who, one, people.get((who, name), 0)) for (who, name), one in found.items()]
    return sorted(rows, key=lambda row: (-row["last_seen"], row["recipient"], row["domains"]))


def _people(
    connection: Connection, keys: Collection[tuple[Who, str]], asked: list[Any]
) -> dict[tuple[Who, str], int]:
    """Count the distinct people of each recipient, and of each domain of those without a name."""
    counts: dict[tuple[Who, str], int] = {}
    if any(who[0] != UNKNOWN for who, _ in keys):
        *who, person = _mentions([*asked, _LOGS.c.recipient_name != UNKNOWN]).subquery().c
        query = select(*who, func.count(distinct(person))).group_by(*who)
        counts = {((n, p, c, r), ""): count for n, p, c, r, count in connection.execute(query)}
    if any(who[0] == UNKNOWN for who, _ in keys):
        host = func.coalesce(_LOGS.c.metadata[_HOST].as_string(), "").label("host")
        query = _mentions([*asked, _LOGS.c.recipient_name == UNKNOWN], host)
        people: dict[tuple[Who, str], set[str]] = {}
        for name, purpose, country, role, at, person in connection.execute(query):
            if person is not None:
                key = ((name, purpose, country, role), registrable_domain(at))
                people.setdefault(key, set()).add(person)
        counts |= {key: len(of) for key, of in people.items()}
    return counts


def _mentions(asked: list[Any], *more: Any) -> Any:
    """Return the query of who got data of which person, and ``more``, each mention once."""
    who = (_LOGS.c.recipient_name, _LOGS.c.purpose, _LOGS.c.country, _LOGS.c.role)
    mentioned = select(*who, *more, _LOGS.c.subject).where(*asked).distinct().subquery()
    *named, subject = mentioned.c
    person = func.coalesce(_ALIASES.c.subject, subject).label("person")
    joined = mentioned.outerjoin(_ALIASES, _ALIASES.c.pseudonym == subject)
    return select(*named, person).select_from(joined)


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
