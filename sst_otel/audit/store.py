"""The audit store: append decoded records, note outcomes, forget what is too old."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.engine import Connection

from sst_otel.audit import erasure, models, partitions
from sst_otel.audit.database import PATIENCE_SECONDS, Database, is_outage
from sst_otel.audit.dead_letters import REFUSED, UNREADABLE, bury, letter_of
from sst_otel.audit.inserting import add_missing
from sst_otel.audit.records import OutcomeRecord, Record
from sst_otel.audit.retention import prune
from sst_otel.audit.writing import write
from sst_otel.guard import count_error, say_once

_DAY = 86_400.0
_OFFSETS = models.JournalOffset.__table__
_ERASURES = models.Erasure.__table__


class Store:
    """The database behind the audit log; ``url`` is a SQLAlchemy URL (SQLite or PostgreSQL).

    Every method raises ``sqlalchemy.exc.SQLAlchemyError`` where the database refuses, and
    ``RuntimeError`` where its tables are newer than this package. Safe to use from several threads
    and processes, and after a fork.
    """

    def __init__(self, url: str, connections: int = 0, patience: float = PATIENCE_SECONDS) -> None:
        """Keep ``connections`` open, for threads that write all the time; none where it is 0.

        Those wait ``patience`` seconds for a lock, others as long as it takes.
        """
        self._database = Database(url, connections, patience)
        self._months_until = 0.0 if self._database.is_postgresql else float("inf")

    def upgrade(self) -> None:
        """Make or migrate the tables now instead of on the first write."""
        self._database.upgrade()

    def append(
        self,
        records: Sequence[Record],
        journal: str = "",
        position: int = 0,
        unreadable: Sequence[bytes] = (),
    ) -> Sequence[Record]:
        """Write records, and how far ``journal`` has thereby been read, in one transaction.

        What is there already stays as it is. A record the database will not take becomes a dead
        letter, so that it does not hold up the others; returns those. ``unreadable``: log records
        in protobuf that were none of ours, dead letters too.
        """
        now = time.time()
        if now >= self._months_until:
            self._make_months(now)
        try:
            with self._database.writing() as connection:
                write(connection, records, now)
                self._note(connection, journal, position, unreadable, now)
            return []
        except Exception as error:
            if is_outage(error):
                raise
        with self._database.writing() as connection:
            refused = _halved(connection, records, now)
            self._note(connection, journal, position, unreadable, now)
            bury(connection, [(letter_of(record), REFUSED) for record in refused], now)
        return refused

    def outcome(self, event_id: str, outcome: str, at: float) -> None:
        """Note what became of an event at ``at`` (epoch seconds)."""
        self.append([OutcomeRecord(event_id, outcome, at)])

    def note_verification(self, at: float, problems: int, first_event: str | None) -> None:
        """Note what a verification found at ``at`` (epoch seconds)."""
        row = {"at": at, "problems": problems, "first_event": first_event}
        with self._database.writing() as connection:
            add_missing(connection, models.Verification.__table__, [row])

    def positions(self) -> dict[str, int]:
        """Return how far each journal has been read, in bytes."""
        with self._database.writing() as connection:
            rows = connection.execute(select(_OFFSETS.c.name, _OFFSETS.c.position))
            return {row[0]: row[1] for row in rows}

    def forget_journal(self, name: str) -> None:
        """Drop the position of a journal whose file is gone."""
        with self._database.writing() as connection:
            connection.execute(delete(_OFFSETS).where(_OFFSETS.c.name == name))

    def apply_retention(self, days: int, now: float) -> int:
        """Delete events older than ``days`` days (0 keeps all); return how many went.

        What erasures have left to do is done, too.
        """
        with self._database.writing(alone=True) as connection:
            erasure.erase_due(connection, now)
            return prune(connection, max(0.0, now - days * _DAY)) if days > 0 else 0

    def person(self, refs: Iterable[str]) -> erasure.Person:
        """Return what the store has of whom one of these owner_refs means."""
        with self._database.reading() as connection:
            return erasure.find(connection, refs)

    def erase(
        self, refs: Iterable[str], now: float, hold_days: int, journal_records: int = 0
    ) -> dict[str, int]:
        """Erase a person as :mod:`sst_otel.audit.erasure` says; return what went, by its table.

        ``journal_records``: how many were taken out of journals for it, to be noted with the rest.
        Their visitors' owner_refs are added to what counts as erased for ``hold_days`` days.
        """
        with self._database.writing(alone=True) as connection:
            person = erasure.find(connection, refs)
            removed = erasure.erase(connection, person, now, hold_days)
            removed["journal_records"] = journal_records
            erasure.note(connection, removed, now)
        return removed

    def compact(self) -> bool:
        """Leave nothing of deleted rows in SQLite's files; False where somebody reads, or else."""
        return self._database.compact()

    def erasures(self) -> list[dict[str, Any]]:
        """Return when somebody was erased, the latest first: ``erasure_id, at, removed``."""
        with self._database.reading() as connection:
            rows = connection.execute(select(_ERASURES).order_by(_ERASURES.c.id.desc()))
            found = [dict(row._mapping) for row in rows]
        return [{"erasure_id": row.pop("id"), **row} for row in found]

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """Give a connection that sees one state of the store, for :mod:`sst_otel.audit.queries`."""
        with self._database.reading() as connection:
            yield connection

    def close(self) -> None:
        """Close the connections."""
        self._database.close()

    def _make_months(self, now: float) -> None:
        """Make the partitions of this month and the next; look again tomorrow.

        Where they cannot be made, say for want of the right, the default partition takes the rows.
        """
        self._months_until = now + _DAY
        try:
            with self._database.writing(alone=True) as connection:
                month = partitions.month_of(now)
                partitions.make(connection, month)
                partitions.make(connection, partitions.following(month))
        except Exception as error:
            if is_outage(error):
                self._months_until = 0.0
                raise
            kind = type(error).__name__
            say_once("audit.months", f"no partition for the month could be made ({kind})")
            count_error("audit.months", kind)

    def _note(
        self,
        connection: Connection,
        journal: str,
        position: int,
        unreadable: Sequence[bytes],
        now: float,
    ) -> None:
        bury(connection, [(body, UNREADABLE) for body in unreadable], now)
        if journal:
            row = {"name": journal, "position": position, "at": now}
            add_missing(connection, _OFFSETS, [row])
            update = _OFFSETS.update().where(_OFFSETS.c.name == journal)
            connection.execute(update.values(position=position, at=now))


def _halved(connection: Connection, records: Sequence[Record], now: float) -> list[Record]:
    """Write the records that the database takes; return the others."""
    try:
        with connection.begin_nested():
            write(connection, records, now)
        return []
    except Exception as error:
        if is_outage(error):
            raise
    if len(records) == 1:
        return [records[0]]
    half = len(records) // 2
    return _halved(connection, records[:half], now) + _halved(connection, records[half:], now)
