"""The first screen of the page: per recipient and per data type, what, since when, how often."""

from __future__ import annotations

from typing import Any

from sqlalchemy import distinct, func, select
from sqlalchemy.engine import Connection

from sst_otel.audit import models

_LOGS = models.AuditLog.__table__
_LINKS = models.AuditLogRecord.__table__


def summarise(connection: Connection, asked: list[Any]) -> dict[str, list[dict[str, Any]]]:
    """Group the events that fulfil the conditions ``asked`` on ``audit_logs``."""
    who = (_LOGS.c.recipient_name, _LOGS.c.purpose, _LOGS.c.country, _LOGS.c.role)
    first, last = func.min(_LOGS.c.timestamp), func.max(_LOGS.c.timestamp)
    linked = _LOGS.join(_LINKS, _LINKS.c.event_id == _LOGS.c.event_id)
    by_recipient = select(*who, first, last, func.count()).where(*asked).group_by(*who)
    by_type = (
        select(_LINKS.c.data_type, first, last, func.count(distinct(_LOGS.c.event_id)))
        .select_from(linked)
        .where(*asked)
        .group_by(_LINKS.c.data_type)
    )
    pairs = select(*who, _LINKS.c.data_type).select_from(linked).where(*asked).distinct()
    types: dict[Any, set[str]] = {}
    names: dict[str, set[str]] = {}
    for *recipient, data_type in connection.execute(pairs):
        types.setdefault(tuple(recipient), set()).add(data_type)
        names.setdefault(data_type, set()).add(recipient[0])
    recipients = [
        {
            "recipient": row[0],
            "purpose": row[1],
            "country": row[2],
            "role": row[3],
            "data_types": sorted(types.get(tuple(row[:4]), ())),
            "first": row[4],
            "last": row[5],
            "count": row[6],
        }
        for row in connection.execute(by_recipient)
    ]
    data_types = [
        {
            "data_type": row[0],
            "recipients": sorted(names.get(row[0], ())),
            "first": row[1],
            "last": row[2],
            "count": row[3],
        }
        for row in connection.execute(by_type)
    ]
    for rows in (recipients, data_types):
        rows.sort(key=lambda row: row["last"], reverse=True)
    return {"recipients": recipients, "data_types": data_types}
