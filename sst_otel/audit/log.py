"""The audit log as the tracker sees it: say what happened, it is durable when the call returns.

Everything here is cheap and local; the database is the drainer's business and may be down.
"""

from __future__ import annotations

import os
import threading
import weakref
from asyncio import _get_running_loop
from collections import Counter
from typing import TYPE_CHECKING

from sst_otel.audit.outbox.drain import Drained
from sst_otel.audit.outbox.drainer import Drainer
from sst_otel.audit.outbox.journal import Journal
from sst_otel.audit.outbox.losses import Losses
from sst_otel.audit.outbox.routes import route_of
from sst_otel.audit.records import alias_record, kind_of, outcome_record, share_record, tag_record
from sst_otel.guard import count_error, say_once
from sst_otel.keys import Keys
from sst_otel.settings import Settings
from sst_otel.shares import SharingEvent
from sst_otel.tags import Owner, Tag

if TYPE_CHECKING:
    from sst_otel.audit.queries import Reader
    from sst_otel.audit.store import Store

_TAGS_REMEMBERED = 20_000
_KEPT_BYTES = 4 * 1024 * 1024

_logs: weakref.WeakSet[AuditLog] = weakref.WeakSet()


class AuditLog:
    """Writes shares, tags, outcomes and aliases to this process's journal.

    Raises nothing for a disk that is full or read-only: that is said once, and what could not be
    written is kept in memory (up to 4 MiB) and tried again with whatever comes next. What is lost
    beyond that is counted, and told by a record of its own as soon as one can be written.
    """

    def __init__(self, settings: Settings, keys: Keys) -> None:
        self._keys = keys
        self._waits_for_disk = settings.durability == "full"
        self._journal = Journal(
            settings.spool_dir,
            limit=settings.spool_limit * 1_000_000,
            sync=self._waits_for_disk,
        )
        self._losses = Losses(settings.service_name)
        self._drainer = Drainer(
            route_of(settings), settings.spool_dir, self.flush, self._drained, self.close
        )
        self._lock = threading.RLock()
        self._pending: list[bytes] = []
        self._pending_bytes = 0
        self._recent: set[int] = set()
        self._older: set[int] = set()
        self._noted: Counter[str] = Counter()
        _logs.add(self)

    def share(self, event: SharingEvent) -> bool:
        """Write an event, and the tags before it; False when it is not durable (yet)."""
        self._losses.service = event.service
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
        with self._lock:
            self._noted[tag.data_type] += 1
        self._soon(tag_record(tag, owner_sealed, at))

    def outcome(self, event_id: str, outcome: str, at: float) -> None:
        """Write what became of an event, so that it survives SIGKILL when this returns.

        Servers and pools stop workers by signals between two calls. Where writing can take long
        (an event loop, or a disk that is waited for) it is left to the drainer's thread, for 0.1 s.
        """
        line = outcome_record(event_id, outcome, at)
        if self._waits_for_disk or _get_running_loop() is not None:
            self._soon(line)
        else:
            self._write(line)

    def alias(self, pseudonym_ref: str, owner: Owner, at: float) -> bool:
        """Write that the visitor ``pseudonym_ref`` is ``owner``, whose id must be known."""
        if owner.id is None or not pseudonym_ref or pseudonym_ref == owner.ref:
            return False
        sealed = self._keys.seal(owner.id)
        return self._write(alias_record(pseudonym_ref, owner.ref, sealed, at))

    def tags_noted(self) -> dict[str, int]:
        """Return how many tags were noted so far, by data type."""
        with self._lock:
            return dict(self._noted)

    def lost(self) -> dict[str, int]:
        """Return how many records nobody will see, by kind, since this process began."""
        return self._losses.all()

    def buffered_bytes(self) -> int:
        """Return the size of the records that are in memory only."""
        return self._pending_bytes

    def spooled_bytes(self) -> int:
        """Return the size of all journals that stand beside this process's."""
        return self._journal.size_of_all()

    def flush(self) -> bool:
        """Write what is buffered; False where that cannot be, and it is kept."""
        return not (self._pending or self._losses) or self._write(None)

    def close(self) -> None:
        """Write what is buffered, drain once more, end the thread and the file."""
        self.flush()
        self._journal.close()  # first, so that the last drain may remove the file
        self._drainer.close()
        self._journal.close()
        self.flush()  # what found no room before that drain
        self._journal.close()

    def _soon(self, line: bytes) -> None:
        """Leave a line to the drainer's thread, unless that has ended."""
        self._buffer(line)
        if not self._drainer.wake():
            self.flush()

    def _write(self, line: bytes | None) -> bool:
        with self._lock:
            lines, self._pending, self._pending_bytes = self._pending, [], 0
            if line is not None:
                lines.append(line)
            gap = self._losses.told()
            try:
                self._journal.append([*lines, *gap])
            except OSError as error:
                self._losses.reason = error.strerror or type(error).__name__
                for kept in lines:
                    self._buffer(kept)
                self._say(error)
                return False
            if gap:
                self._losses.settle()
        self._drainer.wake()
        return True

    def _buffer(self, line: bytes) -> None:
        with self._lock:
            if self._pending_bytes + len(line) > _KEPT_BYTES:
                count_error("audit.lost", "memory for unwritten records is full")
                self._losses.add(kind_of(line), 1)
                return
            self._pending.append(line)
            self._pending_bytes += len(line)

    def _drained(self, done: Drained) -> None:
        """Note what no reader and no receiver could take."""
        if not (done.corrupt or done.refused):
            return
        with self._lock:
            for kind, count in (*done.refused.items(), ("unreadable", done.corrupt)):
                if count:
                    self._losses.add(kind, count)
        self._drainer.wake()

    def _say(self, error: OSError) -> None:
        reason = error.strerror or type(error).__name__
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
        self._losses = Losses(self._losses.service)


def open_reader(settings: Settings, keys: Keys, store: Store | None = None) -> Reader:
    """Open the audit log for reading, from this or any other process.

    Where events go to an endpoint, the database is that of an ingest, and the journals beside us
    are the endpoint's. ``store``: that database, where it is open already and stays so. Raises
    ``ValueError`` for a database URL that cannot be used.
    """
    from sst_otel.audit.queries import Reader
    from sst_otel.audit.store import Store

    journals = settings.spool_dir if settings.audit_endpoint is None else None
    if store is not None:
        return Reader(store, journals, keys, stays=True)
    return Reader(Store(settings.database_url), journals, keys)


def _after_fork() -> None:
    for log in list(_logs):
        log._forked()


os.register_at_fork(after_in_child=_after_fork)
