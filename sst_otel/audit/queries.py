"""Reading the audit log: the objects of the JSON API, the command and the pages (design 4.4)."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import select
from sqlalchemy.engine import Connection

from sst_otel.audit import explaining, flows, lineage_queries, models, recipients
from sst_otel.audit.data_page import DataPage
from sst_otel.audit.events_page import EventsPage
from sst_otel.audit.filters import checked, of_owner
from sst_otel.audit.outbox.drain import drain
from sst_otel.audit.people import People
from sst_otel.audit.store import Store
from sst_otel.audit.summary import summarise
from sst_otel.guard import count_error, say_once
from sst_otel.keys import Keys
from sst_otel.tags import Minter

_DRAIN_WAIT = 5.0
_LOGS = models.AuditLog.__table__.c
_RECORDS = models.ProvenanceRecord.__table__.c


class Reader:
    """Answers who got what of whom, from every process's events up to this moment.

    ``viewer``, in every method, is the application's own id of the person who asks and who sees
    nothing but their own rows; None is for staff, who see all. Raises
    ``sqlalchemy.exc.SQLAlchemyError`` where the database cannot be read. ``directory``: where the
    journals are that the store is filled from; None where somebody else fills it.
    """

    def __init__(
        self, store: Store, directory: Path | None, keys: Keys, *, stays: bool = False
    ) -> None:
        """``stays``: whether the store outlives the reader."""
        self._store = store
        self._stays = stays
        self._directory = directory
        self._keys = keys
        self._minter = Minter(keys.secret)

    def audit_logs(
        self,
        *,
        viewer: str | None,
        owner_id: str | None = None,
        destination: str | None = None,
        recipient: str | None = None,
        data_type: str | None = None,
        event_type: str | None = None,
        since: float | None = None,
        until: float | None = None,
        event_id: str | None = None,
        trace_id: str | None = None,
        limit: int = 100,
        cursor: str | None = None,
    ) -> tuple[list[dict[str, Any]], str | None]:
        """Return sharing events, newest first, and the cursor of the next page (None = the end).

        ``owner_id``: the application's id or the owner_ref. ``destination``: its text, ``*`` for
        anything. ``since`` (inclusive), ``until`` (exclusive): epoch seconds. ``outcome`` is the
        latest, None while there is none. Raises ``ValueError`` for a limit below 1 or a cursor
        that is not ours.
        """
        page = EventsPage(
            self._asked(_LOGS.subject, viewer, owner_id, _LOGS.timestamp, since, until),
            self._keys,
            limit,
            cursor,
            destination=destination,
            recipient=recipient,
            data_type=data_type,
            event_type=event_type,
            event_id=event_id,
            trace_id=trace_id,
        )
        with self._reading() as connection:
            return page.read(connection)

    def provenance(
        self,
        *,
        viewer: str | None,
        owner_id: str | None = None,
        data_type: str | None = None,
        tag_id: str | None = None,
        since: float | None = None,
        until: float | None = None,
        limit: int = 100,
        cursor: str | None = None,
    ) -> tuple[list[dict[str, Any]], str | None]:
        """Return the data that were seen, newest first, and the cursor of the next page.

        Filters as in :meth:`audit_logs`; the times are those of the first sight. ``last_seen`` is
        the latest share, or the first sight of what was never shared.
        """
        asked = self._asked(_RECORDS.subject, viewer, owner_id, _RECORDS.first_seen, since, until)
        page = DataPage(asked, self._keys, limit, cursor, data_type=data_type, tag_id=tag_id)
        with self._reading() as connection:
            return page.read(connection)

    def explain(self, event_id: str, *, viewer: str | None) -> dict[str, Any] | None:
        """Return an event with its ``findings``, each with the reason why it was reported.

        The event as in :meth:`audit_logs`, the findings as in :mod:`sst_otel.audit.explaining`;
        None where there is no such event, or none of the viewer's.
        """
        page = EventsPage(self._allowed(_LOGS.subject, viewer), self._keys, 1, event_id=event_id)
        with self._reading() as connection:
            events, _ = page.read(connection)
            if not events:
                return None
            people = People(_RECORDS.subject, self._keys)
            mine = self._allowed(_RECORDS.subject, viewer)
            found = explaining.findings(connection, events[0], people, mine)
        return {**events[0], "findings": found}

    def ancestors(self, tag_id: str, *, viewer: str | None) -> dict[str, Any] | None:
        """Return what a datum was made of: ``{"tag": …, "ancestors": […], "truncated": bool}``.

        Objects as in :meth:`provenance` with ``depth``, the datum itself being 0; None where there
        is no such tag, or none of the viewer's.
        """
        return self._lineage(tag_id, viewer, up=True)

    def descendants(
        self, tag_id: str, *, viewer: str | None, limit: int = 100, cursor: str | None = None
    ) -> dict[str, Any] | None:
        """Return what was made of a datum, and every share of it or of that, newest first.

        ``{"tag": …, "descendants": […], "truncated": bool, "shares": […], "next_cursor": …}``;
        ``limit`` and ``cursor`` are those of the shares. Else as :meth:`ancestors`.
        """
        return self._lineage(tag_id, viewer, up=False, limit=checked(limit), cursor=cursor)

    def _lineage(
        self, tag_id: str, viewer: str | None, *, up: bool, **page: Any
    ) -> dict[str, Any] | None:
        mine = self._allowed(_RECORDS.subject, viewer)
        with self._reading() as connection:
            record = lineage_queries.record_of(connection, tag_id, mine)
            if record is None:
                return None
            people = People(_RECORDS.subject, self._keys)
            found, truncated = lineage_queries.walk(connection, record, people, mine, up=up)
            name = "ancestors" if up else "descendants"
            answer = {"tag": found[0], name: found[1:], "truncated": truncated}
            if not up:
                shown = self._allowed(_LOGS.subject, viewer)
                shares, more = lineage_queries.shares_of(connection, record, shown, **page)
                answer |= {"shares": shares, "next_cursor": more}
        return answer

    def summary(self, viewer: str | None) -> dict[str, list[dict[str, Any]]]:
        """Return ``{"recipients": […], "data_types": […]}``, most recent first.

        A recipient has ``recipient, purpose, country, role, data_types, first, last, count``; a
        type has ``data_type, recipients, first, last, count``. Counts are events.
        """
        asked = self._allowed(_LOGS.subject, viewer)
        with self._reading() as connection:
            return summarise(_flows(connection, asked))

    def recipients(
        self,
        *,
        viewer: str | None,
        unknown: bool = False,
        since: float | None = None,
        until: float | None = None,
    ) -> list[dict[str, Any]]:
        """Return who got data, the latest first, as :func:`sst_otel.audit.recipients.seen` says.

        ``unknown``: only those that the register of recipients does not name.
        """
        asked = self._asked(_LOGS.subject, viewer, None, _LOGS.timestamp, since, until)
        with self._reading() as connection:
            found = _flows(connection, asked)
            if unknown:
                found = [flow for flow in found if flow.name == recipients.UNKNOWN]
                asked.append(_LOGS.recipient_name == recipients.UNKNOWN)
            return recipients.seen(connection, found, asked)

    def gaps(self) -> list[dict[str, Any]]:
        """Return what the log does not hold as it was lost, the latest first.

        Each has ``gap_id, service, since, until, lost, reason``; ``lost`` is how many records of
        which kind.
        """
        gaps = models.Gap.__table__
        with self._reading() as connection:
            rows = connection.execute(select(gaps).order_by(gaps.c.until.desc(), gaps.c.id))
            found = [dict(row._mapping) for row in rows]
        return [{"gap_id": row.pop("id"), **row} for row in found]

    def close(self) -> None:
        """Close the store, unless it is somebody else's."""
        if not self._stays:
            self._store.close()

    def _allowed(self, subject: Any, viewer: str | None) -> list[Any]:
        """Return the condition that rows are the viewer's; none for staff."""
        if viewer is None:
            return []
        return [of_owner(subject, [self._minter.owner(viewer).ref])]

    def _asked(
        self,
        subject: Any,
        viewer: str | None,
        owner_id: str | None,
        time: Any,
        since: float | None,
        until: float | None,
    ) -> list[Any]:
        asked = self._allowed(subject, viewer)
        if owner_id is not None:
            asked.append(of_owner(subject, [owner_id, self._minter.owner(owner_id).ref]))
        if since is not None:
            asked.append(time >= since)
        if until is not None:
            asked.append(time < until)
        return asked

    @contextmanager
    def _reading(self) -> Iterator[Connection]:
        """Read the journals of all processes, then give one state of the store."""
        try:
            directory = self._directory
            if directory is not None and drain(self._store, directory, _DRAIN_WAIT) is None:
                count_error("audit.read", "another process kept the journals busy")
            self._store.upgrade()
        except Exception as error:  # a read-only store can be read as far as it goes
            say_once(
                "audit.read",
                f"the latest events could not be read into the audit database "
                f"({type(error).__name__}); what it holds is shown",
            )
        with self._store.reading() as connection:
            yield connection


def _flows(connection: Connection, asked: list[Any]) -> list[flows.Flow]:
    """Return the flows of the events that fulfil ``asked``; those of all are rolled up."""
    return flows.among(connection, asked) if asked else flows.kept(connection)
