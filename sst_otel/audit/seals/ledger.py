"""What the leaves say, the latest of each row, on the disk: a log has more of them than memory."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Iterator
from itertools import islice

from sst_otel.audit.seals import leaves
from sst_otel.audit.seals.leaves import Leaf

_INSERTED = 5_000


class StoppedError(Exception):
    """Somebody wanted no more of a verification."""


class Ledger:
    """A private file of SQLite's, which is gone when it is closed.

    Every step of a verification asks it something. So it is here that one ends which is not wanted
    any more: what reads or writes raises :class:`StoppedError` once ``stopping`` says so.
    """

    def __init__(self, stopping: Callable[[], bool] = lambda: False) -> None:
        self._stopping = stopping
        self._file = sqlite3.connect("", isolation_level=None)
        self._file.execute("PRAGMA journal_mode=OFF")
        self._file.execute(
            "CREATE TABLE latest (kind TEXT, key TEXT, at INTEGER, of TEXT, digest TEXT, "
            "PRIMARY KEY (kind, key)) WITHOUT ROWID"
        )
        self.cutoff = -1
        """Rows of before this time (microseconds since 1970) were removed on purpose."""
        self.pruned_at = -1
        """When that was done last."""

    def close(self) -> None:
        """Remove it."""
        self._file.close()

    def add(self, found: Iterable[Leaf]) -> None:
        """Take leaves in their order; a later one of the same row replaces an earlier one."""
        rows = iter(found)
        while some := list(islice(rows, _INSERTED)):
            self._go_on()
            for leaf in some:
                if leaf.table == leaves.PRUNED and leaf.key.isdecimal():
                    self.cutoff = max(self.cutoff, int(leaf.key))
                    self.pruned_at = max(self.pruned_at, leaf.at)
            self._file.executemany(
                "INSERT OR REPLACE INTO latest VALUES (?, ?, ?, ?, ?)",
                [(leaf.table, leaf.key, leaf.at, leaf.of, leaf.digest) for leaf in some],
            )

    def of(self, table: str, size: int) -> Iterator[list[Leaf]]:
        """Yield the leaves of a table, ``size`` at a time, by their keys."""
        after: str | None = None
        while True:
            self._go_on()
            found = self._file.execute(
                "SELECT * FROM latest WHERE kind = ? AND (? IS NULL OR key > ?) "
                "ORDER BY key LIMIT ?",
                (table, after, after, size),
            ).fetchall()
            if not found:
                return
            after = found[-1][1]
            yield [Leaf(*row) for row in found]

    def get(self, table: str, key: str | None) -> Leaf | None:
        """Return the leaf of a row."""
        self._go_on()
        row = self._file.execute(
            "SELECT * FROM latest WHERE kind = ? AND key = ?", (table, key)
        ).fetchone()
        return None if row is None else Leaf(*row)

    def erased(self, subject: str | None) -> bool:
        """Whether this person was erased."""
        return subject is not None and self.get(leaves.ERASED, subject) is not None

    def count(self, table: str) -> int:
        """Return how many rows of a table there are leaves of."""
        query = "SELECT count(*) FROM latest WHERE kind = ?"
        return int(self._file.execute(query, (table,)).fetchone()[0])

    def _go_on(self) -> None:
        if self._stopping():
            raise StoppedError
