"""The audit store: append decoded records, note outcomes, forget what is too old."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from sqlalchemy import delete, select
from sqlalchemy.engine import Connection

from sst_otel.audit import models
from sst_otel.audit.database import Database, is_outage
from sst_otel.audit.records import OutcomeRecord, Record
from sst_otel.audit.retention import prune
from sst_otel.audit.writing import add_missing, write

_OFFSETS = models.JournalOffset.__table__


class Store:
    """The database behind the audit log; ``url`` is a SQLAlchemy URL (SQLite or PostgreSQL).

    Every method raises ``sqlalchemy.exc.SQLAlchemyError`` where the database refuses, and
    ``RuntimeError`` where its tables are newer than this package. Safe to use from several threads
    and processes, and after a fork.
    """

    def __init__(self, url: str) -> None:
        self._database = Database(url)

    def upgrade(self) -> None:
        """Make or migrate the tables now instead of on the first write."""
        with self._database.writing():
            pass

    def append(self, records: Sequence[Record], journal: str = "", position: int = 0) -> int:
        """Write records, and how far ``journal`` has thereby been read, in one transaction.

        What is there already stays as it is. A record the database will not take is left out, so
        that it does not hold up the others; returns how many were.
        """
        try:
            self._append(records, journal, position)
            return 0
        except Exception as error:
            if is_outage(error):
                raise
        refused = 0
        for record in records:
            try:
                self._append([record], "", 0)
            except Exception as error:
                if is_outage(error):
                    raise
                refused += 1
        self._append([], journal, position)
        return refused

    def outcome(self, event_id: str, outcome: str, at: float) -> None:
        """Note what became of an event at ``at`` (epoch seconds)."""
        self.append([OutcomeRecord(event_id, outcome, at)])

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
        """Delete events older than ``days`` days (0 keeps all); return how many went."""
        if days <= 0:
            return 0
        with self._database.writing(alone=True) as connection:
            return prune(connection, max(0.0, now - days * 86400.0))

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """Give a connection that sees one state of the store, for :mod:`sst_otel.audit.queries`."""
        with self._database.reading() as connection:
            yield connection

    def close(self) -> None:
        """Close the connections."""
        self._database.close()

    def _append(self, records: Sequence[Record], journal: str, position: int) -> None:
        now = time.time()
        with self._database.writing() as connection:
            write(connection, records, now)
            if journal:
                row = {"name": journal, "position": position, "at": now}
                add_missing(connection, _OFFSETS, [row])
                update = _OFFSETS.update().where(_OFFSETS.c.name == journal)
                connection.execute(update.values(position=position, at=now))
