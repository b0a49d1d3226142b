"""The audit log as the tracker sees it: say what happened, it is durable when the call returns.

Everything here is cheap and local; the database is the drainer's business and may be down.
"""

from __future__ import annotations

import os
import threading
import weakref
from typing import TYPE_CHECKING

from sst_otel.audit.drainer import Drainer
from sst_otel.audit.journal import Journal
from sst_otel.audit.records import alias_record, outcome_record, share_record, tag_record
from sst_otel.guard import count_error, say_once
from sst_otel.keys import Keys
from sst_otel.settings import Settings
from sst_otel.shares import SharingEvent
from sst_otel.tags import Owner, Tag

if TYPE_CHECKING:
    from sst_otel.audit.queries import Reader

_TAGS_REMEMBERED = 20_000
_KEPT_BYTES = 4 * 1024 * 1024

_logs: weakref.WeakSet[AuditLog] = weakref.WeakSet()


class AuditLog:
    """Writes shares, tags, outcomes and aliases to this process's journal.

    Raises nothing for a disk that is full or read-only: that is said once, and what could not be
    written is kept in memory (up to 4 MiB) and tried again with whatever comes next.
    """

    def __init__(self, settings: Settings, keys: Keys) -> None:
        self._keys = keys
        self._journal = Journal(settings.spool_dir)
        self._drainer = Drainer(
            settings.database_url, settings.spool_dir, settings.retention_days, self.flush
        )
        self._lock = threading.RLock()
        self._pending: list[bytes] = []
        self._pending_bytes = 0
        self._recent: set[int] = set()
        self._older: set[int] = set()
        _logs.add(self)

    def share(self, event: SharingEvent) -> bool:
        """Write an event, and the tags before it; False when it is not durable (yet)."""
        return self._write(share_record(event))

    def tag(self, tag: Tag, owner_sealed: str, at: float) -> None:
        """Note a tag seen at ``at``; written with the next share, within about 0.1 s anyway.

        ``owner_sealed``: the owner's id from :meth:`Keys.seal`, ``""`` for a pseudonym. The same
        tag from the same source is noted once per process.
        """
        seen = hash((tag.tag_id, tag.source, tag.lineage, tag.transformations))
        if seen in self._recent or seen in self._older:
            return
        if len(self._recent) >= _TAGS_REMEMBERED:
            self._older, self._recent = self._recent, set()
        self._recent.add(seen)
        self._soon(tag_record(tag, owner_sealed, at))

    def outcome(self, event_id: str, outcome: str, at: float) -> None:
        """Note what became of an event; written with the next share, within about 0.1 s anyway.

        The event is durable already, and the call is over: nobody has to wait for this.
        """
        self._soon(outcome_record(event_id, outcome, at))

    def alias(self, pseudonym_ref: str, owner: Owner, at: float) -> bool:
        """Write that the visitor ``pseudonym_ref`` is ``owner``, whose id must be known."""
        if owner.id is None or not pseudonym_ref or pseudonym_ref == owner.ref:
            return False
        sealed = self._keys.seal(owner.id)
        return self._write(alias_record(pseudonym_ref, owner.ref, sealed, at))

    def flush(self) -> bool:
        """Write what is buffered; False where that cannot be, and it is kept."""
        return not self._pending or self._write(None)

    def close(self) -> None:
        """Write what is buffered, drain once more, end the thread and the file."""
        self.flush()
        self._journal.close()  # first, so that the last drain may remove the file
        self._drainer.close()
        self._journal.close()

    def _soon(self, line: bytes) -> None:
        """Leave a line to the drainer's thread, unless that has ended."""
        self._buffer(line)
        if not self._drainer.wake():
            self.flush()

    def _write(self, line: bytes | None) -> bool:
        with self._lock:
            if line is not None:
                self._buffer(line)
            lines, self._pending, self._pending_bytes = self._pending, [], 0
            try:
                self._journal.append(lines)
            except OSError as error:
                for kept in lines:
                    self._buffer(kept)
                self._say(error)
                return False
        self._drainer.wake()
        return True

    def _buffer(self, line: bytes) -> None:
        with self._lock:
            if self._pending_bytes + len(line) > _KEPT_BYTES:
                count_error("audit.lost", "memory for unwritten records is full")
                return
            self._pending.append(line)
            self._pending_bytes += len(line)

    def _say(self, error: OSError) -> None:
        reason = os.strerror(error.errno) if error.errno else type(error).__name__
        say_once(
            "audit.journal",
            f"cannot write audit events to {self._journal.directory}: {reason}; "
            "the application is not affected, the latest events are kept in memory meanwhile",
        )
        count_error("audit.journal", type(error).__name__)

    def _forked(self) -> None:
        """Leave what the parent has buffered to the parent."""
        self._lock = threading.RLock()
        self._pending, self._pending_bytes = [], 0


def open_reader(settings: Settings, keys: Keys) -> Reader:
    """Open the audit log for reading, from this or any other process.

    Raises ``ValueError`` for a database URL that cannot be used.
    """
    from sst_otel.audit.queries import Reader
    from sst_otel.audit.store import Store

    return Reader(Store(settings.database_url), settings.spool_dir, keys)


def _after_fork() -> None:
    for log in list(_logs):
        log._forked()


os.register_at_fork(after_in_child=_after_fork)
