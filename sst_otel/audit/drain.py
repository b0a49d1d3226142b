"""Reads the journals of all processes, living and dead, into the store: everything exactly once.

How far a journal was read is committed with what was read from it, and every row carries an id of
its own; so a drainer may die anywhere. One drainer at a time works in a directory (a lock file);
the lock of a journal tells whether its writer lives, and files of the dead are removed once read.
"""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from sst_otel.audit.decoding import CorruptRecord, decode
from sst_otel.audit.journal import SUFFIX
from sst_otel.audit.records import Record
from sst_otel.audit.store import Store
from sst_otel.guard import count_error

_CHUNK = 512 * 1024
_LOCK = "drain.lock"
_POLL = 0.01


@dataclass(slots=True)
class Drained:
    """What one drain did."""

    records: int = 0
    corrupt: int = 0
    """Lines that were no records, and records the database would not take; left out."""
    removed: int = 0
    """Journals of ended writers, removed after reading."""


def drain(store: Store, directory: Path, wait: float = 0.0) -> Drained | None:
    """Read everything written so far; None when another drainer kept the directory busy.

    ``wait``: seconds to wait for the other one. Raises ``sqlalchemy.exc.SQLAlchemyError`` or
    ``OSError``; what was not read then is read next time.
    """
    if not directory.is_dir():
        return Drained()
    with _locked(directory, wait) as locked:
        if not locked:
            return None
        done = Drained()
        names = sorted(entry for entry in os.listdir(directory) if entry.endswith(SUFFIX))
        positions = store.positions() if names else {}
        for name in names:
            _drain_file(store, directory / name, positions.get(name, 0), done)
        if done.corrupt:
            count_error("audit.corrupt", f"{done.corrupt} unreadable records left out")
        return done


@contextmanager
def _locked(directory: Path, wait: float) -> Iterator[bool]:
    fd = os.open(directory / _LOCK, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
    try:
        until = time.monotonic() + wait
        while not _try_lock(fd):
            if time.monotonic() >= until:
                yield False
                return
            time.sleep(_POLL)
        yield True
    finally:
        os.close(fd)


def _try_lock(fd: int) -> bool:
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _drain_file(store: Store, path: Path, position: int, done: Drained) -> None:
    try:
        fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        return
    try:
        ended = _try_lock(fd)  # before reading: nobody can append after that
        if not ended and os.fstat(fd).st_size == position:
            return
        for lines, position in _chunks(fd, position):  # noqa: B020  # each chunk moves on
            records, corrupt = _decoded(lines)
            refused = store.append(records, path.name, position)
            done.records += len(records) - refused
            done.corrupt += corrupt + refused
        if ended:
            done.corrupt += os.fstat(fd).st_size > position  # the half line of a broken write
            with suppress(FileNotFoundError):
                path.unlink()
            store.forget_journal(path.name)
            done.removed += 1
    finally:
        os.close(fd)


def _chunks(fd: int, position: int) -> Iterator[tuple[list[bytes], int]]:
    """Yield whole lines from ``position`` on, and the position behind them."""
    size = _CHUNK
    while True:
        data = os.pread(fd, size, position)
        end = data.rfind(b"\n") + 1
        if end:
            position += end
            size = _CHUNK
            yield data[: end - 1].split(b"\n"), position
        elif len(data) == size:
            size *= 2  # one line longer than the chunk
        else:
            return  # the end, or a line still being written


def _decoded(lines: list[bytes]) -> tuple[list[Record], int]:
    records = []
    corrupt = 0
    for line in lines:
        try:
            records.append(decode(line))
        except CorruptRecord:
            corrupt += 1
    return records, corrupt
