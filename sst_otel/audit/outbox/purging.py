"""Takes a person's records out of the journals, under the hands of those who write and read them.

A line is overwritten in its place by blanks. So every position stays what it was: nothing is sent
again, a writer goes on appending behind, and whoever reads skips blank lines.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from sst_otel.audit.decoding import CorruptRecord, decode
from sst_otel.audit.outbox.drain import locked, opened, try_lock
from sst_otel.audit.outbox.journal import SUFFIX
from sst_otel.audit.records import (
    AliasRecord,
    Record,
    ShareRecord,
    TagRecord,
    kind_of_record,
)

_CHUNK = 512 * 1024


@dataclass(slots=True)
class Purged:
    """What was overwritten."""

    records: int = 0
    undelivered: Counter[str] = field(default_factory=Counter)
    """Those nobody else has, by kind."""
    since: float = float("inf")
    until: float = 0.0
    """When the first and the last of the undelivered were made, in epoch seconds."""


def purge(
    directory: Path, refs: Collection[str], positions: Mapping[str, int], wait: float = 0.0
) -> Purged | None:
    """Overwrite the records of these owner_refs, delivered or not, and of their visitors.

    A visitor is theirs where an alias in the journals says so. ``positions``: how far each journal
    was delivered at least. None when another process kept the directory busy for ``wait`` seconds.
    Raises ``OSError``; then some may be left.
    """
    done = Purged()
    if not directory.is_dir():
        return done
    with locked(directory, wait) as alone:
        if not alone:
            return None
        journals = sorted(path for path in directory.iterdir() if path.name.endswith(SUFFIX))
        names = set(refs)
        for path in journals:
            with opened(path, os.O_RDONLY) as fd:
                names |= {name for _, line in _naming(fd, names) for name in _visitors(line, names)}
        for path in journals:
            with opened(path, os.O_RDWR) as fd:
                _overwrite(fd, names, positions.get(path.name, 0), done)
    return done


def _overwrite(fd: int, names: set[str], delivered: int, done: Purged) -> None:
    before = done.records
    for position, line in _naming(fd, names):
        try:
            record: Record | None = decode(line)
        except CorruptRecord:
            record = None  # half a line of a dead writer, or a damaged one
        if record is not None and not names & _people(record):
            continue
        os.pwrite(fd, b" " * len(line), position)
        done.records += 1
        if record is not None and position >= delivered:
            done.undelivered[kind_of_record(record)] += 1
            done.since, done.until = min(done.since, record.at), max(done.until, record.at)
    if done.records > before:
        os.fdatasync(fd)


def _people(record: Record) -> set[str]:
    """Return the owner_refs of a record."""
    if isinstance(record, AliasRecord):
        return {record.pseudonym_ref, record.owner_ref}
    return {record.owner_ref} if isinstance(record, (ShareRecord, TagRecord)) else set()


def _visitors(line: bytes, names: set[str]) -> set[str]:
    with suppress(CorruptRecord):
        record = decode(line)
        if isinstance(record, AliasRecord) and record.owner_ref in names:
            return {record.pseudonym_ref}
    return set()


def _naming(fd: int, names: Collection[str]) -> Iterator[tuple[int, bytes]]:
    """Yield the lines that hold one of the names, with their positions."""
    needles = [name.encode() for name in names]
    ended = try_lock(fd)  # before looking how long it is: nobody can append after that
    size, position = os.fstat(fd).st_size, 0
    while block := _lines(fd, position, size, ended):
        if any(needle in block for needle in needles):
            start = position
            for line in block.split(b"\n"):
                if any(needle in line for needle in needles):
                    yield start, line
                start += len(line) + 1
        position += len(block)


def _lines(fd: int, position: int, size: int, ended: bool) -> bytes:
    """Return whole lines from ``position`` on; of a dead writer (``ended``) also half of one.

    A living one is about to write the rest: a file grows while a line is copied into it.
    """
    length = _CHUNK
    while True:
        data = os.pread(fd, min(length, size - position), position)
        end = data.rfind(b"\n") + 1
        if position + len(data) >= size or not data:
            return data if ended else data[:end]
        if end:
            return data[:end]
        length *= 2
