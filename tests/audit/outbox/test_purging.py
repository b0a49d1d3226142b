"""A person goes out of the journals while others write and read them."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Sequence
from pathlib import Path

import pytest

from sst_otel.audit.decoding import decode
from sst_otel.audit.outbox import purging
from sst_otel.audit.outbox.drain import drain, locked
from sst_otel.audit.outbox.journal import SUFFIX, Journal
from sst_otel.audit.outbox.purging import Purged, purge
from sst_otel.audit.records import (
    Record,
    alias_record,
    outcome_record,
    share_record,
    tag_record,
)
from tests.audit.helpers import KEYS, MINTER, NOW, run, sealed, share, tag

GONE, OTHER, VISITOR = MINTER.owner("42"), MINTER.owner("7"), MINTER.visitor()


class Taken:
    """A place that keeps what it gets, and how far each journal was read."""

    def __init__(self) -> None:
        self.records: list[Record] = []
        self.at: dict[str, int] = {}

    def positions(self) -> dict[str, int]:
        return dict(self.at)

    def append(self, records: Sequence[Record], journal: str, position: int) -> list[Record]:
        self.records += records
        self.at[journal] = position
        return []

    def forget_journal(self, name: str) -> None:
        self.at.pop(name, None)

    def close(self) -> None:
        pass


def theirs() -> list[bytes]:
    return [
        share_record(share("42", at=NOW - 8)),
        tag_record(tag(GONE), sealed(GONE), NOW - 7),
        share_record(share(VISITOR, at=NOW - 9)),
        alias_record(VISITOR.ref, GONE.ref, sealed(GONE), NOW - 3),
    ]


def others() -> list[bytes]:
    return [
        share_record(share("7")),
        outcome_record("e", "sent", NOW),
        tag_record(tag(OTHER), sealed(OTHER), NOW),
        alias_record(MINTER.visitor().ref, OTHER.ref, sealed(OTHER), NOW),
    ]


def bytes_of(spool: Path) -> bytes:
    return b"".join(path.read_bytes() for path in sorted(spool.glob(f"*{SUFFIX}")))


def read(spool: Path, taken: Taken) -> list[Record]:
    """Drain; return what came."""
    start = len(taken.records)
    done = drain(taken, spool)
    assert done is not None
    assert done.corrupt == 0
    return taken.records[start:]


def test_their_lines_are_blank_and_all_others_where_they_were(tmp_path: Path) -> None:
    journal, kept = Journal(tmp_path), others()
    lines = [line for pair in zip(theirs(), kept, strict=True) for line in pair]
    journal.append(lines)
    size = len(bytes_of(tmp_path))
    done = purge(tmp_path, [GONE.ref], {})
    assert done is not None
    assert (done.records, done.undelivered) == (4, {"share": 2, "tag": 1, "alias": 1})
    assert (done.since, done.until) == pytest.approx((NOW - 9, NOW - 3))
    left = bytes_of(tmp_path)
    assert len(left) == size
    assert [line for line in left.splitlines(keepends=True) if not line.isspace()] == kept
    for name in (GONE.ref, VISITOR.ref, KEYS.seal("42"), tag(GONE).tag_id):
        assert name.encode() not in left
    assert purge(tmp_path, [GONE.ref], {}) == Purged()
    taken = Taken()
    journal.append(kept[:1])
    assert read(tmp_path, taken) == [decode(line) for line in [*kept, kept[0]]]


def test_what_was_delivered_does_not_come_again(tmp_path: Path) -> None:
    journal, taken = Journal(tmp_path), Taken()
    journal.append([*theirs(), *others()])
    assert len(read(tmp_path, taken)) == 8
    late = others()[:1]
    journal.append([theirs()[0], *late])
    done = purge(tmp_path, [GONE.ref], taken.positions())
    assert done is not None
    assert (done.records, done.undelivered) == (5, {"share": 1})
    assert read(tmp_path, taken) == [decode(late[0])]
    journal.close()
    assert read(tmp_path, taken) == []
    assert list(tmp_path.glob(f"*{SUFFIX}")) == []


def test_a_visitor_is_theirs_wherever_the_alias_stands(tmp_path: Path) -> None:
    first, second = Journal(tmp_path), Journal(tmp_path)
    first.append(theirs()[2:3])
    second.append(theirs()[3:])
    assert purge(tmp_path, [GONE.ref], {}) is not None
    assert bytes_of(tmp_path).isspace()


def test_half_a_line_and_damaged_ones(tmp_path: Path) -> None:
    half, damaged = theirs()[0][:-20], b'{"k":"share","x":"' + GONE.ref.encode() + b'"}\n'
    kept = b"".join(others())
    (tmp_path / f"a{SUFFIX}").write_bytes(kept + damaged + half)
    done = purge(tmp_path, [GONE.ref], {})
    assert done is not None
    assert (done.records, done.undelivered) == (2, {})
    assert bytes_of(tmp_path).startswith(kept)
    assert bytes_of(tmp_path)[len(kept) :].isspace()


def test_a_line_that_is_just_being_written(tmp_path: Path) -> None:
    """The file of a living writer is seen with half of a line; the rest comes after."""
    line, kept = theirs()[0], others()
    path, taken = tmp_path / f"a{SUFFIX}", Taken()
    with path.open("ab", buffering=0) as writer:
        fcntl.flock(writer, fcntl.LOCK_EX)
        writer.write(line + b"".join(kept) + line[:-20])
        done = purge(tmp_path, [GONE.ref], {})
        assert done is not None
        assert (done.records, done.undelivered) == (1, {"share": 1})
        writer.write(line[-20:])
        assert read(tmp_path, taken) == [decode(each) for each in [*kept, line]]
        assert purge(tmp_path, [GONE.ref], taken.positions()) == Purged(records=1)
    assert read(tmp_path, taken) == []


def test_lines_longer_than_a_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(purging, "_CHUNK", 64)
    kept = others()
    Journal(tmp_path).append([*kept[:2], *theirs(), *kept[2:]])
    done = purge(tmp_path, [GONE.ref], {})
    assert done is not None
    assert done.records == 4
    assert [line for line in bytes_of(tmp_path).splitlines(True) if not line.isspace()] == kept


def test_waits_for_who_reads_and_gives_up(tmp_path: Path) -> None:
    Journal(tmp_path).append(theirs())
    with locked(tmp_path, 0) as alone:
        assert alone
        assert purge(tmp_path, [GONE.ref], {}) is None
    assert GONE.ref.encode() in bytes_of(tmp_path)


def test_no_directory(tmp_path: Path) -> None:
    assert purge(tmp_path / "none", [GONE.ref], {}) == Purged()


def test_beside_a_writer_and_a_reader_nobody_else_loses_anything(tmp_path: Path) -> None:
    """Two people's shares are written while they are drained and one of them is taken out."""
    script = """
import sys, threading
from pathlib import Path
from helpers import MINTER, NOW, share
from sst_otel.audit.outbox.drain import drain
from sst_otel.audit.outbox.journal import Journal
from sst_otel.audit.outbox.purging import purge
from sst_otel.audit.records import share_record
from tests.audit.outbox.test_purging import Taken

spool, gone = Path(sys.argv[1]), MINTER.owner("42").ref
taken, journal, over = Taken(), Journal(spool, rotate_bytes=100_000), threading.Event()

def writing():
    for number in range(3000):
        journal.append([share_record(share(str(7 + 35 * (number % 2)), event_id=str(number)))])
    journal.close()
    over.set()

writer = threading.Thread(target=writing)
writer.start()
purged = 0
while not over.is_set():
    drain(taken, spool)
    purged += purge(spool, [gone], taken.positions()).records
writer.join()
done = drain(taken, spool)
ids = [int(record.event_id) for record in taken.records if record.owner_ref != gone]
print(ids == sorted(ids), len(ids), len(set(ids)), purged > 0, done.corrupt)
"""
    out, err, status = run(script, tmp_path)
    assert (err, status) == ("", 0)
    assert out == "True 1500 1500 True 0\n"
    assert os.listdir(tmp_path) == ["drain.lock"]
