"""Erasing a person: nothing leads to them any more, the others lose nothing, the log goes on."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, text

from sst_otel import semconv
from sst_otel.audit import models
from sst_otel.audit.decoding import decode
from sst_otel.audit.erasure import erase, find
from sst_otel.audit.log import open_reader
from sst_otel.audit.otlp import request_of
from sst_otel.audit.queries import Reader
from sst_otel.audit.records import Record, alias_record, outcome_record, share_record, tag_record
from sst_otel.audit.store import Store
from sst_otel.settings import Settings
from sst_otel.shares import new_event_id
from sst_otel.tags import ERASED, Owner
from tests.audit.helpers import KEYS, MINTER, NOW, sealed, share, tag
from tests.audit.intruder import everything, found
from tests.audit.seals.sample import Sealed
from tests.audit.test_store import counts
from tests.postgres import postgres as postgres
from tests.postgres import postgres_server as postgres_server

DAY = 86_400.0
GONE, OTHER, VISITOR = MINTER.owner("42"), MINTER.owner("7"), MINTER.visitor()
_RECEIVED = semconv.RECEIVED_TAG_IDS
REFS = (GONE.ref, VISITOR.ref)
VALUES = ("value", "parent")


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.stack)])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/audit.db"
    return str(request.getfixturevalue("postgres").url("psycopg"))


@pytest.fixture
def store(url: str) -> Iterator[Store]:
    store = Store(url)
    store.append([*life_of(GONE, VISITOR), *life_of(OTHER, MINTER.visitor())])
    yield store
    store.close()


@pytest.fixture
def reader(store: Store, url: str, tmp_path: Path) -> Reader:
    return open_reader(Settings(database_url=url, spool_dir=tmp_path / "none"), KEYS)


def life_of(person: Owner, visitor: Owner, at: float = NOW - DAY) -> list[Record]:
    """Return what a visit, a sign-up and two shares leave of somebody."""
    assert person.id is not None
    parent = tag(person, "income", "parent")
    child = tag(person, "derived", lineage=(parent.tag_id,))
    received = {_RECEIVED: [parent.tag_id], "a": 1}
    events = [
        share(visitor, "email", at=at, event_id=new_event_id(at)),
        share(person, "email", "phone", at=at + 60, event_id=new_event_id(at), metadata=received),
    ]
    lines = [tag_record(tag(visitor), "", at), *map(share_record, events)]
    lines += [outcome_record(event.event_id, "sent", at + 61) for event in events]
    lines += [tag_record(one, sealed(person), at + 60) for one in (parent, child)]
    lines.append(alias_record(visitor.ref, person.ref, sealed(person), at + 50))
    return [decode(line) for line in lines]


def letter_of(person: Owner) -> bytes:
    """Return an OTLP log record that names somebody."""
    [logs] = request_of([decode(share_record(share(person)))]).resource_logs
    return logs.scope_logs[0].log_records[0].SerializeToString()


def rows(store: Store, table: Any) -> list[Any]:
    with store.reading() as connection:
        return [tuple(row) for row in connection.execute(select(table))]


def leads(store: Store, *folders: Path) -> list[str]:
    return found(everything(store, *folders), "42", REFS, VALUES)


class TestNothingLeadsToThem:
    def test_before_it_an_intruder_finds_them(self, store: Store) -> None:
        assert len(leads(store)) > 5

    @pytest.mark.parametrize("asked", ["42", GONE.ref, VISITOR.ref], ids=["id", "ref", "visitor"])
    def test_after_it_nothing_does(self, store: Store, tmp_path: Path, asked: str) -> None:
        store.append([], unreadable=[letter_of(GONE), b"\xff" + VISITOR.ref.encode()])
        removed = store.erase({asked, MINTER.owner(asked).ref}, NOW, 30)
        assert removed == {
            "subjects": 2,
            "aliases": 1,
            "provenance_records": 5,
            "tag_sources": 3,
            "tag_parents": 1,
            "dead_letters": 2,
            "journal_records": 0,
        }
        assert store.compact()
        assert leads(store, tmp_path) == []

    def test_what_was_written_stays_and_so_do_the_others(
        self, store: Store, reader: Reader
    ) -> None:
        store.append([], unreadable=[letter_of(OTHER)])
        tables = (models.AuditLog, models.AuditLogRecord, models.AuditFlowDay, models.Outcome)
        before = [rows(store, table.__table__) for table in tables]
        people = rows(store, models.Subject.__table__)
        of_other = reader.audit_logs(viewer="7"), reader.provenance(viewer="7")
        store.erase([GONE.ref], NOW, 30)
        assert [rows(store, table.__table__) for table in tables] == before
        left = {row[0] for row in rows(store, models.Subject.__table__)}
        assert len(left) == 2 < len(people)
        assert (reader.audit_logs(viewer="7"), reader.provenance(viewer="7")) == of_other
        assert counts(store)["dead_letters"] == 1

    def test_the_act_is_written_down_without_them(self, store: Store) -> None:
        removed = store.erase([GONE.ref], NOW, 30, journal_records=3)
        [act] = store.erasures()
        assert (act["at"], act["removed"]) == (NOW, removed | {"journal_records": 3})

    def test_somebody_unknown(self, store: Store) -> None:
        before = counts(store)
        removed = store.erase([MINTER.owner("nobody").ref], NOW, 30)
        assert set(removed.values()) == {0}
        after = counts(store)
        assert after == before | {
            "erasures": 1,
            "tombstones": 1,
            "seal_blocks": before["seal_blocks"] + 1,
        }


class TestReading:
    def test_their_events_are_an_erased_persons(self, store: Store, reader: Reader) -> None:
        store.erase([GONE.ref], NOW, 30)
        events, _ = reader.audit_logs(viewer=None)
        theirs = [event for event in events if event["owner_id"] is None]
        assert len(theirs) == 2
        assert [event["tag_ids"] for event in theirs] == [[ERASED] * 2, [ERASED]]
        metadata = theirs[0]["metadata"]
        assert (metadata[_RECEIVED], metadata["a"]) == ([ERASED], 1)
        assert reader.audit_logs(viewer="42")[0] == []
        assert reader.audit_logs(viewer=None, owner_id=GONE.ref)[0] == []
        explained = reader.explain(theirs[0]["event_id"], viewer=None)
        assert explained is not None
        assert [finding["tag_id"] for finding in explained["findings"]] == [ERASED] * 2
        assert {row["owner_id"] for row in reader.provenance(viewer=None)[0]} == {"7"}
        assert sum(row["count"] for row in reader.summary(None)["recipients"]) == 4

    def test_the_tags_that_a_trusted_service_sent_are_shown_while_they_are_there(
        self, reader: Reader
    ) -> None:
        [event] = [
            event for event in reader.audit_logs(viewer="42")[0] if _RECEIVED in event["metadata"]
        ]
        assert event["metadata"][_RECEIVED] == [tag(GONE, "income", "parent").tag_id]


class TestWhatComesLate:
    """Records from before the erasure that arrive after it."""

    @pytest.fixture
    def erased(self, store: Store) -> Store:
        store.erase([GONE.ref], NOW, 30)
        return store

    def test_comes_again_and_changes_nothing(self, store: Store) -> None:
        records = life_of(GONE, VISITOR)
        store.append(records)
        store.erase([GONE.ref], NOW, 30)
        before = counts(store)
        store.append(records)
        events = [record for record in records if hasattr(record, "event_type")]
        assert counts(store)["audit_logs"] == before["audit_logs"]
        assert len(events) == 2
        assert {k: v for k, v in counts(store).items() if v != before[k]} == {}
        assert leads(store) == []

    def test_is_stored_as_an_erased_persons(self, erased: Store, reader: Reader) -> None:
        late = share("42", "email", "email", "phone", at=NOW)
        erased.append([decode(share_record(late)), *life_of(GONE, VISITOR)])
        assert leads(erased) == []
        [event], _ = reader.audit_logs(viewer=None, event_id=late.event_id)
        assert (event["owner_id"], event["tag_ids"]) == (None, [ERASED] * 3)
        assert event["data_types"] == ["email", "phone"]
        assert sum(row["count"] for row in reader.summary(None)["recipients"]) == 7

    def test_what_they_do_afterwards_is_theirs_again(self, erased: Store, reader: Reader) -> None:
        erased.append([decode(share_record(share("42", at=NOW + 1)))])
        erased.append([decode(share_record(share("42", at=NOW - 1)))])
        assert len(reader.audit_logs(viewer="42")[0]) == 1

    def test_others_are_untouched(self, erased: Store, reader: Reader) -> None:
        before = len(reader.audit_logs(viewer="7")[0])
        erased.append([decode(share_record(share(one))) for one in ("7", "42", "8")])
        assert len(reader.audit_logs(viewer="7")[0]) == before + 1
        assert len(reader.audit_logs(viewer="8")[0]) == 1

    @pytest.mark.parametrize("hold_days", [0, 30])
    def test_holds_for_so_long_and_leaves_no_stone(self, store: Store, hold_days: int) -> None:
        store.erase([GONE.ref], NOW - 31 * DAY, hold_days)
        assert counts(store)["tombstones"] == (2 if hold_days else 0)
        store.append([decode(share_record(share("42", at=NOW - 32 * DAY)))])
        assert leads(store) != []
        store.apply_retention(0, NOW)
        assert counts(store)["tombstones"] == 0

    def test_a_visitor_of_a_late_alias_is_nobody_at_once(
        self, erased: Store, reader: Reader
    ) -> None:
        visitor = MINTER.visitor()
        known = decode(alias_record(visitor.ref, GONE.ref, sealed(GONE), NOW - 5))
        before = counts(erased)
        erased.append([decode(share_record(share(visitor))), known])
        erased.append([decode(share_record(share(visitor, at=NOW - 9)))])
        after = counts(erased)
        assert (after["subjects"], after["audit_logs"]) == (
            before["subjects"],
            before["audit_logs"] + 2,
        )
        assert found(everything(erased), "42", [visitor.ref], VALUES) == []
        assert reader.audit_logs(viewer=None, owner_id=visitor.ref)[0] == []

    def test_a_visitor_who_is_there_goes_with_the_next_pruning(
        self, erased: Store, reader: Reader
    ) -> None:
        """Visits known here, the sign-up that says whose they were still on its way."""
        visitor = MINTER.visitor()
        known = decode(alias_record(visitor.ref, GONE.ref, sealed(GONE), NOW - 5))
        visit = [share(visitor, at=NOW - back) for back in (9, 8, 7)]
        erased.append([decode(share_record(visit[0]))])
        erased.append([decode(share_record(visit[1])), known])
        erased.append([decode(share_record(visit[2]))])
        subjects = counts(erased)["subjects"]
        erased.apply_retention(0, NOW)
        assert counts(erased)["subjects"] == subjects - 1
        assert found(everything(erased), "42", [*REFS, visitor.ref], VALUES) == []
        assert len(erased.erasures()) == 2
        events = reader.audit_logs(viewer=None)[0]
        for one in visit:
            [event] = [event for event in events if event["event_id"] == one.event_id]
            assert (event["owner_id"], event["tag_ids"]) == (None, [ERASED])
        erased.apply_retention(0, NOW)
        assert len(erased.erasures()) == 2


class TestSealed:
    """An erasure is no tampering, and what it leaves is sealed like all else."""

    @pytest.fixture
    def sample(self, store: Store, url: str, tmp_path: Path) -> Iterator[Sealed]:
        folder = tmp_path / "keys"
        folder.mkdir()
        sample = Sealed(url, folder)
        sample.seal()
        yield sample
        sample.close()

    def test_the_log_verifies(self, sample: Sealed, tmp_path: Path) -> None:
        assert sample.good().erased == 0
        sample.store.erase([GONE.ref], NOW, 30)
        assert sample.good().erased == 2
        sample.seal()
        sample.store.append([*life_of(GONE, VISITOR), decode(share_record(share("42", at=NOW)))])
        visitor = MINTER.visitor()
        sample.store.append([decode(share_record(share(visitor)))])
        alias = alias_record(visitor.ref, GONE.ref, sealed(GONE), NOW - 5)
        sample.store.append([decode(alias)])
        sample.store.apply_retention(0, NOW)
        sample.seal()
        assert sample.good().erased == 3
        assert sample.store.compact()
        assert leads(sample.store, tmp_path) == []
        assert sample.ask("SELECT count(*) FROM erasures") == [2]

    def test_an_act_that_is_hidden_is_found(self, sample: Sealed) -> None:
        sample.store.erase([GONE.ref], NOW, 30)
        sample.seal()
        assert sample.good().erased == 2
        assert sample.after("DELETE FROM erasures").count > 0


class TestFiles:
    """SQLite leaves deleted rows in its file, unless it was built not to."""

    @pytest.fixture
    def file(self, tmp_path: Path) -> Path:
        file = tmp_path / "audit.db"
        store = Store(f"sqlite:///{file}")
        store.append(life_of(GONE, VISITOR))
        with closing(sqlite3.connect(file)) as connection:
            connection.execute("PRAGMA secure_delete=OFF")
            connection.execute("DELETE FROM subjects")
            connection.commit()
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        assert GONE.ref.encode() in file.read_bytes()
        return file

    def test_are_written_anew(self, file: Path) -> None:
        assert Store(f"sqlite:///{file}").compact()
        names = [path.name for path in file.parent.iterdir()]
        left = b"".join((file.parent / name).read_bytes() for name in names)
        assert GONE.ref.encode() not in left

    def test_are_not_while_somebody_reads(self, file: Path) -> None:
        with closing(sqlite3.connect(file, isolation_level=None)) as connection:
            connection.execute("BEGIN")
            connection.execute("SELECT count(*) FROM aliases").fetchone()
            store = Store(f"sqlite:///{file}")
            assert not store.compact()


def test_it_is_all_or_nothing(store: Store) -> None:
    def broken_off() -> None:
        with store._database.writing(alone=True) as connection:
            erase(connection, find(connection, [GONE.ref]), NOW, 30)
            assert connection.execute(text("SELECT count(*) FROM tombstones")).scalar_one() == 2
            raise InterruptedError

    before = counts(store)
    with pytest.raises(InterruptedError):
        broken_off()
    assert counts(store) == before
