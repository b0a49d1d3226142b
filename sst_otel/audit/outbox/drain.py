"""Empties the journals of all processes, living and dead, into the store or to a receiver.

How far a journal was read is noted with what was read from it, and every record carries an id of
its own; so a drainer may die anywhere, and everything arrives once. One drainer at a time works in
a directory (a lock file); the lock of a journal tells whether its writer lives, and files of the
dead are removed once read.
"""

from __future__ import annotations

import fcntl
import os
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from sst_otel.audit.decoding import CorruptRecord, decode
from sst_otel.audit.outbox.journal import SUFFIX
from sst_otel.audit.records import Record, kind_of_record
from sst_otel.guard import count_error

_CHUNK = 512 * 1024
_LOCK = "drain.lock"
_POLL = 0.01


class UndeliveredError(OSError):
    """The target has not taken it; the text says why, and names no address."""


class Target(Protocol):
    """Where records go: the embedded store, or a receiver."""

    def positions(self) -> dict[str, int]:
        """Return how far each journal has been read, in bytes."""

    def append(self, records: Sequence[Record], journal: str, position: int) -> Sequence[Record]:
        """Take records, and note how far ``journal`` has been read; return those it never takes.

        Raises where it cannot take them now; then they come again.
        """

    def forget_journal(self, name: str) -> None:
        """Drop the position of a journal whose file is gone."""

    def close(self) -> None:
        """Close what is open."""


@dataclass(slots=True)
class Drained:
    """What one drain did."""

    records: int = 0
    corrupt: int = 0
    """Lines that were no records; left out."""
    refused: Counter[str] = field(default_factory=Counter)
    """Records that the target will never take, by kind; left out."""
    removed: int = 0
    """Journals of ended writers, removed after reading."""


def drain(target: Target, directory: Path, wait: float = 0.0) -> Drained | None:
    """Read everything written so far; None when another drainer kept the directory busy.

    ``wait``: seconds to wait for the other one. Raises what the target does, or ``OSError``; what
    was not read then is read next time.
    """
    if not directory.is_dir():
        return Drained()
    with locked(directory, wait) as alone:
        if not alone:
            return None
        done = Drained()
        names = sorted(entry for entry in os.listdir(directory) if entry.endswith(SUFFIX))
        positions = target.positions() if names else {}
        for name in names:
            _drain_file(target, directory / name, positions.get(name, 0), done)
        if done.corrupt:
            count_error("audit.corrupt", f"{done.corrupt} unreadable records left out")
        if done.refused:
            count = sum(done.refused.values())
            count_error("audit.refused", f"{count} records left out that nobody takes")
        return done


@contextmanager
def locked(directory: Path, wait: float) -> Iterator[bool]:
    """Keep other drainers out of the directory; False after ``wait`` seconds of not getting it."""
    with opened(directory / _LOCK, os.O_CREAT | os.O_RDWR) as fd:
        until = time.monotonic() + wait
        while not try_lock(fd):
            if time.monotonic() >= until:
                yield False
                return
            time.sleep(_POLL)
        yield True


@contextmanager
def opened(path: Path, flags: int) -> Iterator[int]:
    """Open a file that may be locked; a child forked meanwhile lets go of it."""
    fd = os.open(path, flags | os.O_CLOEXEC, 0o600)
    _held.add(fd)
    try:
        yield fd
    finally:
        _held.discard(fd)
        with suppress(OSError):
            fcntl.flock(fd, fcntl.LOCK_UN)  # a child of this moment may have it open, too
        os.close(fd)


def try_lock(fd: int) -> bool:
    """Lock an open file; False when another has it, as a living writer has its journal."""
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _forked() -> None:
    """Let go of the parent's locks: should it be killed now, they last as long as our files."""
    while _held:
        with suppress(OSError):
            os.close(_held.pop())


_held: set[int] = set()
os.register_at_fork(after_in_child=_forked)


def _drain_file(target: Target, path: Path, position: int, done: Drained) -> None:
    with ExitStack() as files:
        try:
            fd = files.enter_context(opened(path, os.O_RDONLY))
        except FileNotFoundError:
            return
        ended = try_lock(fd)  # before reading: nobody can append after that
        if not ended and os.fstat(fd).st_size == position:
            return
        for lines, position in _chunks(fd, position):  # noqa: B020  # each chunk moves on
            records, corrupt = _decoded(lines)
            refused = target.append(records, path.name, position)
            done.records += len(records) - len(refused)
            done.corrupt += corrupt
            done.refused.update(map(kind_of_record, refused))
        if ended:
            done.corrupt += os.fstat(fd).st_size > position  # the half line of a broken write
            with suppress(FileNotFoundError):
                path.unlink()
            target.forget_journal(path.name)
            done.removed += 1


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
        if line.isspace():  # somebody was erased here
            continue
        try:
            records.append(decode(line))
        except CorruptRecord:
            corrupt += 1
    return records, corrupt
