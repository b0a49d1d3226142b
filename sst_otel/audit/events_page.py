"""A page of the audit log: the events of design 4.4, newest first.

Two statements whatever the page holds: the rows with all that belongs to them, then the tags that
they name. The rows are chosen before anything is joined to them, so that the planner has tables of
months in one place only, and what is JSON is decoded at once.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Text, and_, cast, exists, select
from sqlalchemy.engine import Connection

from sst_otel import semconv
from sst_otel.audit import models
from sst_otel.audit.data_page import tag_ids
from sst_otel.audit.filters import before, checked, like, make_cursor
from sst_otel.audit.people import People
from sst_otel.keys import Keys
from sst_otel.tags import ERASED

_LOGS = models.AuditLog.__table__.c
_LINKS = models.AuditLogRecord.__table__.c
_STACKS = models.Stack.__table__
_OUTCOMES = models.Outcome.__table__.c
_RECEIVED = semconv.RECEIVED_TAG_IDS
_PLAIN = (
    _LOGS.event_id,
    _LOGS.event_type,
    _LOGS.timestamp,
    _LOGS.destination,
    _LOGS.recipient_name,
    _LOGS.purpose,
    _LOGS.country,
    _LOGS.service,
    _LOGS.route,
    _LOGS.trace_id,
    _LOGS.span_id,
)
_JSON = (_LOGS.data_types, _LOGS.records, _LOGS.evidence, _LOGS.paths, _LOGS.metadata)


class EventsPage:
    """The events that fulfil ``asked``, conditions on ``audit_logs``, and the filters.

    ``destination``: its text, ``*`` for anything. Raises ``ValueError`` for a limit below 1 or a
    cursor that is not ours.
    """

    def __init__(
        self,
        asked: list[Any],
        keys: Keys,
        limit: int,
        cursor: str | None = None,
        *,
        destination: str | None = None,
        recipient: str | None = None,
        data_type: str | None = None,
        event_type: str | None = None,
        event_id: str | None = None,
        trace_id: str | None = None,
    ) -> None:
        asked = list(asked)
        if destination is not None:
            asked.append(like(_LOGS.destination, destination))
        equal = {
            _LOGS.recipient_name: recipient,
            _LOGS.event_type: event_type,
            _LOGS.event_id: event_id,
            _LOGS.trace_id: trace_id,
        }
        asked += [column == value for column, value in equal.items() if value is not None]
        if data_type is not None:
            sent = and_(_LINKS.event_id == _LOGS.event_id, _LINKS.data_type == data_type)
            asked.append(exists().where(sent))  # early 1.4 takes one condition
        if cursor is not None:
            asked.append(before(_LOGS.timestamp, _LOGS.event_id, cursor))
        self._limit = checked(limit)
        chosen = (
            select(*_PLAIN, *_JSON, _LOGS.subject, _LOGS.stack_id)
            .where(*asked)
            .order_by(_LOGS.timestamp.desc(), _LOGS.event_id.desc())
            .limit(limit + 1)
            .subquery("page")
        )
        page = chosen.c
        self._people = People(page.subject, keys)
        self._query = (
            select(
                *(page[column.name] for column in _PLAIN),
                *self._people.columns,
                latest_outcome(page.event_id),
                cast(_STACKS.c.frames, Text),
                *(cast(page[column.name], Text) for column in _JSON),
            )
            .select_from(
                self._people.join(chosen).outerjoin(_STACKS, _STACKS.c.id == page.stack_id)
            )
            .order_by(page.timestamp.desc(), page.event_id.desc())
        )

    def read(self, connection: Connection) -> tuple[list[dict[str, Any]], str | None]:
        """Return the events and the cursor of the next page, None where this is the last."""
        rows = connection.execute(self._query).fetchall()
        more = len(rows) > self._limit
        rows = rows[: self._limit]
        parts = _decoded(rows)
        wanted = {record for part in parts for record in (*part[1], *part[4].get(_RECEIVED, ()))}
        tags = tag_ids(connection, wanted)
        stacks: dict[str | None, list[str]] = {None: []}
        events = []
        for row, part in zip(rows, parts, strict=True):
            frames = row[len(_PLAIN) + 3]
            if frames not in stacks:
                stacks[frames] = json.loads(frames)
            events.append(self._event(row, part, stacks[frames], tags))
        if not more:
            return events, None
        return events, make_cursor(events[-1]["timestamp"], events[-1]["event_id"])

    def _event(
        self, row: Any, part: list[Any], stack: list[str], tags: dict[str, str]
    ) -> dict[str, Any]:
        event_id, event_type, at, destination, recipient, purpose, country, *rest = row
        service, route, trace_id, span_id, owner_ref, sealed, outcome, *_ = rest
        data_types, records, evidence, paths, metadata = part
        if _RECEIVED in metadata:
            metadata[_RECEIVED] = [tags.get(record, ERASED) for record in metadata[_RECEIVED]]
        return {
            "event_id": event_id,
            "event_type": event_type,
            "timestamp": at,
            "owner_id": self._people.owner_id(owner_ref, sealed),
            "destination": destination,
            "recipient": recipient,
            "purpose": purpose,
            "country": country,
            "service": service,
            "route": route,
            "data_types": list(dict.fromkeys(data_types)),
            "tag_ids": [tags.get(record, ERASED) for record in records],
            "evidence": evidence,
            "paths": paths,
            "outcome": outcome,
            "trace_id": trace_id,
            "span_id": span_id,
            "metadata": metadata,
            "stack_trace": stack,
        }


def latest_outcome(event_id: Any) -> Any:
    """Return the column of what became last of the event whose id is in ``event_id``."""
    return (
        select(_OUTCOMES.outcome)
        .where(_OUTCOMES.event_id == event_id)
        .order_by(_OUTCOMES.at.desc(), _OUTCOMES.outcome.desc())
        .limit(1)
        .scalar_subquery()
        .label("outcome")
    )


def _decoded(rows: Sequence[Any]) -> list[list[Any]]:
    """Return what is JSON in each row, by one decoding: five in each cost a millisecond a page."""
    texts = [f"[{','.join(row[-len(_JSON) :])}]" for row in rows]
    return json.loads(f"[{','.join(texts)}]")  # type: ignore[no-any-return]
