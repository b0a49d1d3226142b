"""Tables and migration, idempotent writing, retention."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import func, select, text

from sst_otel.audit import models
from sst_otel.audit.decoding import decode
from sst_otel.audit.records import Record, ShareRecord, alias_record, share_record, tag_record
from sst_otel.audit.schema import HEAD, MIGRATIONS, VERSION_TABLE, revise, stored_version
from sst_otel.audit.store import Store
from sst_otel.tags import Tag
from tests.audit.by_hand import by_hand
from tests.audit.helpers import MINTER, NOW, sealed, share, start, tag

DAY = 86_400.0


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    store = Store(f"sqlite:///{tmp_path}/audit.db")
    yield store
    store.close()


def counts(store: Store) -> dict[str, int]:
    with store.reading() as connection:
        return {
            table.name: connection.execute(select(func.count()).select_from(table)).scalar_one()
            for table in models.Base.metadata.sorted_tables
        }


def shared(*arguments: str, **values: object) -> Record:
    return decode(share_record(share(*arguments, **values)))  # type: ignore[arg-type]


@pytest.mark.parametrize("at", [-86_400.0, 1e15])
def test_a_clock_that_is_wrong_loses_no_record(at: float) -> None:
    record = shared("42", at=at)
    assert isinstance(record, ShareRecord)
    assert 0 <= record.at < 1e12


def tagged(datum: Tag, at: float, person: str = "42") -> Record:
    return decode(tag_record(datum, sealed(MINTER.owner(person)), at))


class TestSchema:
    def test_head_is_the_last_migration(self) -> None:
        assert ScriptDirectory(str(MIGRATIONS)).get_heads() == [HEAD]

    def test_revisions_make_what_the_models_say(self, store: Store) -> None:
        with store.reading() as connection:
            revise(connection)
            context = MigrationContext.configure(
                connection=connection,
                opts={
                    "compare_type": True,
                    "compare_server_default": True,
                    "include_name": lambda name, kind, _: kind != "table" or name != VERSION_TABLE,
                },
            )
            differing = compare_metadata(context, models.Base.metadata)
            # SQLite counts such a column up by itself, and knows no word for it.
            assert [one[0][2:4] for one in differing] == [("seal_blocks", "id")]

    def test_making_them_is_the_same_as_the_revisions(self, store: Store, tmp_path: Path) -> None:
        query = text("SELECT type, name, tbl_name FROM sqlite_master ORDER BY type, name")
        store.upgrade()
        with store.reading() as connection:
            made = connection.execute(query).fetchall()
        other = Store(f"sqlite:///{tmp_path}/revised.db")
        with other.reading() as connection:
            revise(connection)
            assert connection.execute(query).fetchall() == made
            assert stored_version(connection) == HEAD

    @pytest.mark.parametrize("times", [1, 2])
    def test_neither_making_nor_finding_them_needs_alembic(
        self, tmp_path: Path, times: int
    ) -> None:
        url = f"sqlite:///{tmp_path}/audit.db"
        for _ in range(times - 1):
            Store(url).upgrade()
        script = """
import sys
from sst_otel.audit.store import Store
Store(sys.argv[1]).upgrade()
assert "alembic" not in sys.modules
"""
        with start(script, url) as process:
            assert process.communicate(timeout=60) == ("", "")
            assert process.returncode == 0

    def test_two_processes_at_once_make_them_once(self, tmp_path: Path) -> None:
        url = f"sqlite:///{tmp_path}/audit.db"
        script = """
import sys
from sst_otel.audit.store import Store
store = Store(sys.argv[1])
print("ready", flush=True)
sys.stdin.readline()
store.upgrade()
"""
        processes: list[subprocess.Popen[str]] = [start(script, url) for _ in range(3)]
        for process in processes:
            assert process.stdout is not None
            assert process.stdout.readline() == "ready\n"
        for process in processes:
            with process:
                assert process.communicate("\n", timeout=60) == ("", "")
            assert process.returncode == 0
        with Store(url).reading() as connection:
            assert stored_version(connection) == HEAD

    def test_an_applications_own_migrations_stay_apart(self, tmp_path: Path) -> None:
        store = Store(f"sqlite:///{tmp_path}/audit.db")
        with by_hand(store) as connection:
            connection.execute(text("CREATE TABLE alembic_version (version_num VARCHAR(32))"))
            connection.execute(text("INSERT INTO alembic_version VALUES ('theirs')"))
            connection.commit()
        store.upgrade()
        with store.reading() as connection:
            query = text("SELECT version_num FROM alembic_version")
            assert connection.execute(query).scalar() == "theirs"

    def test_tables_of_a_newer_version_are_left_alone(self, store: Store) -> None:
        store.upgrade()
        with by_hand(store) as connection:
            connection.execute(text(f"UPDATE {VERSION_TABLE} SET version_num = '9999'"))
            connection.commit()
        with pytest.raises(RuntimeError, match="newer"):
            Store(str(store._database.engine.url)).append([shared("42")])

    def test_in_memory(self) -> None:
        store = Store("sqlite://")
        store.append([shared("42")])
        assert counts(store)["audit_logs"] == 1
        store.close()


class TestAppend:
    def test_twice_is_once(self, store: Store) -> None:
        owner, visitor = MINTER.owner("42"), MINTER.visitor()
        parent = tag(owner, "income")
        records = [
            shared("42"),
            tagged(tag(owner, "derived", lineage=(parent.tag_id,)), NOW),
            decode(alias_record(visitor.ref, owner.ref, sealed(owner), NOW)),
        ]
        assert store.append(records) == []
        store.outcome("e", "sent", NOW)
        before = counts(store)
        assert store.append([*records, *records]) == []
        store.outcome("e", "sent", NOW)
        assert counts(store) == before

    def test_event_rows_hold_no_id_the_key_could_compute(
        self, store: Store, tmp_path: Path
    ) -> None:
        owner = MINTER.owner("42")
        store.append([shared("42"), tagged(tag(owner, "derived", lineage=("tag_p",)), NOW)])
        with store.reading() as connection:
            for name in ("audit_logs", "audit_log_records", "tag_sources", "outcomes", "stacks"):
                text_of = str(connection.execute(text(f"SELECT * FROM {name}")).fetchall())
                assert owner.ref not in text_of
                assert "tag_" not in text_of.replace("tag_sources", "")

    def test_a_parent_named_first_by_its_child_gets_its_type_later(self, store: Store) -> None:
        owner = MINTER.owner("42")
        parent = tag(owner, "income")
        store.append([tagged(tag(owner, "derived", lineage=(parent.tag_id,)), NOW)])
        store.append([tagged(parent, NOW - 5)])
        table = models.ProvenanceRecord.__table__
        with store.reading() as connection:
            query = select(table.c.data_type, table.c.first_seen).order_by(table.c.data_type)
            assert [tuple(row) for row in connection.execute(query)] == [
                ("derived", NOW),
                ("income", pytest.approx(NOW - 5)),
            ]

    def test_a_row_the_database_refuses_does_not_hold_up_the_others(self, store: Store) -> None:
        store.upgrade()
        with by_hand(store) as connection:
            connection.execute(
                text(
                    "CREATE TRIGGER no BEFORE INSERT ON audit_logs WHEN NEW.route = '/bad' "
                    "BEGIN SELECT RAISE(ABORT, 'no'); END"
                )
            )
            connection.commit()
        good, bad = shared("42"), shared("42", route="/bad")
        assert store.append([bad, good], "j.journal", 77) == [bad]
        assert counts(store)["dead_letters"] == 1
        assert counts(store)["audit_logs"] == 1
        assert store.positions() == {"j.journal": 77}


class TestRetention:
    def test_removes_old_events_and_what_only_they_named(self, store: Store) -> None:
        old, new = NOW - 400 * DAY, NOW - DAY
        visitor, person = MINTER.visitor(), MINTER.owner("old")
        store.append(
            [
                shared("old", "phone", at=old),
                decode(alias_record(visitor.ref, person.ref, sealed(person), old)),
                shared("both", "email", at=old, event_id="gone"),
                shared("both", "email", at=new, event_id="kept"),
                tagged(tag(MINTER.owner("both"), "income"), old),
            ]
        )
        store.outcome("gone", "sent", old)
        store.outcome("kept", "sent", new)
        assert store.apply_retention(365, NOW) == 2
        assert counts(store) == {
            "aliases": 0,
            "audit_flow_days": 2,
            "audit_log_records": 1,
            "audit_logs": 1,
            "dead_letters": 0,
            "erasures": 0,
            "gaps": 0,
            "journal_offsets": 0,
            "outcomes": 1,
            "provenance_records": 1,
            "seal_batches": 0,
            "seal_blocks": 4,
            "seal_salts": 2,
            "seal_verifications": 0,
            "stacks": 1,
            "subjects": 1,
            "tag_parents": 0,
            "tag_sources": 0,
            "tombstones": 0,
        }
        assert store.apply_retention(365, NOW) == 0

    def test_keeps_the_parents_of_what_is_kept(self, store: Store) -> None:
        owner = MINTER.owner("42")
        old = NOW - 400 * DAY
        root = tag(owner, "income")
        middle = tag(owner, "derived", "m", lineage=(root.tag_id,))
        leaf = tag(owner, "derived", "l", lineage=(middle.tag_id,))
        stray = tag(owner, "phone")
        store.append([tagged(datum, old) for datum in (root, middle, stray)])
        store.append([tagged(leaf, NOW)])
        store.apply_retention(365, NOW)
        assert counts(store)["provenance_records"] == 3

    def test_zero_days_keep_everything(self, store: Store) -> None:
        store.append([shared("42", at=1.0)])
        assert store.apply_retention(0, NOW) == 0
        assert counts(store)["audit_logs"] == 1
