"""The roles of PostgreSQL: each logs in, does its work, and is refused what is not its."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from psycopg import errors

from sst_otel.audit import models, partitions, views
from sst_otel.audit.database import Database as Opened
from sst_otel.audit.decoding import decode
from sst_otel.audit.log import open_reader
from sst_otel.audit.partitions import existing, following, month_of
from sst_otel.audit.records import outcome_record, share_record
from sst_otel.audit.roles import KEPT, ROLES, apply
from sst_otel.audit.seals.sealing import seal
from sst_otel.audit.seals.signing import load_signer
from sst_otel.audit.store import Store
from sst_otel.cli import main
from sst_otel.settings import Settings
from sst_otel.shares import new_event_id
from tests.audit.helpers import KEYS, MINTER, NOW, share
from tests.audit.seals.sample import Sealed
from tests.audit.test_erasure import GONE, VISITOR, life_of
from tests.audit.test_store import counts
from tests.postgres import Database
from tests.postgres import postgres as postgres
from tests.postgres import postgres_server as postgres_server

pytestmark = pytest.mark.stack

DAY = 86_400.0
OWNER = "sst_test_owner"
NAMES = [role.name for role in ROLES]
TABLES = sorted(models.Base.metadata.tables)


@pytest.fixture
def database(postgres: Database) -> Iterator[Database]:
    """A database of an owner who is no superuser, with an account for each role."""
    with psycopg.connect(postgres.dsn, autocommit=True) as connection:
        for name in (OWNER, *NAMES, *(f"{name}_account" for name in NAMES)):
            here = connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [name])
            if here.fetchone() is None:
                login = "LOGIN CREATEROLE" if name == OWNER else "LOGIN"
                connection.execute(f"CREATE ROLE {name} {login}".encode())
        connection.execute(f"ALTER DATABASE {postgres.name} OWNER TO {OWNER}".encode())
        owner = Opened(url(postgres, OWNER))
        with owner.writing(alone=True) as opened:
            apply(opened)
        with owner.writing(alone=True) as opened:
            apply(opened)  # as after an upgrade
        for name in NAMES:
            connection.execute(f"GRANT {name} TO {name}_account".encode())
    yield postgres
    owner.close()


def url(database: Database, user: str) -> str:
    return database.url("psycopg").replace("sst@", f"{user}@")


def column_of(table: str) -> str:
    return str(next(iter(models.Base.metadata.tables[table].columns)).name)


def store_of(database: Database, role: str) -> Store:
    return Store(url(database, role if role == OWNER else f"{role}_account"))


def tried(database: Database, role: str, statement: str) -> str:
    """Return what PostgreSQL says to a statement of a role, ``""`` where it does it."""
    dsn = database.dsn.replace("sst@", f"{role if role == OWNER else f'{role}_account'}@")
    with psycopg.connect(dsn) as connection:
        try:
            connection.execute(statement.encode())
        except errors.InsufficientPrivilege as error:
            return str(error)
        finally:
            connection.rollback()
    return ""


@pytest.fixture
def filled(database: Database) -> Database:
    store = store_of(database, "sst_ingest")
    lives = [*life_of(GONE, VISITOR), *life_of(MINTER.owner("7"), MINTER.visitor())]
    assert store.append(lives) == []
    old = decode(share_record(share("7", at=NOW - 400 * DAY)))
    assert store.append([old], "j.journal", 7) == []
    store.forget_journal("j.journal")
    store.close()
    return database


class TestIngest:
    def test_takes_in_all_kinds_and_makes_the_months(self, filled: Database) -> None:
        store = store_of(filled, "sst_ingest")
        assert store.append(life_of(GONE, VISITOR, NOW - 40 * DAY)) == []
        with store.reading() as connection:
            assert existing(connection) == [month_of(NOW), following(month_of(NOW))]
        assert counts(store_of(filled, "sst_auditor"))["audit_logs"] == 7
        assert store.append([decode(share_record(share("42")))], unreadable=[b"x"]) == []
        store.close()

    def test_what_is_late_for_somebody_erased(self, filled: Database) -> None:
        store_of(filled, "sst_eraser").erase([GONE.ref], NOW, 30)
        store = store_of(filled, "sst_ingest")
        late = [decode(share_record(share("42", at=NOW - 1))), *life_of(GONE, VISITOR)]
        assert store.append(late) == []
        assert counts(store_of(filled, "sst_auditor"))["subjects"] == 2

    def test_nothing_else(self, filled: Database) -> None:
        for statement in (
            "SELECT sst_drop_month(2026, 1, now())",
            "SELECT sst_delete_events(now())",
            "DELETE FROM subjects",
            "UPDATE subjects SET owner_ref = ''",
            "UPDATE provenance_records SET tag_id = ''",
            "UPDATE aliases SET subject = ''",
            "INSERT INTO seal_batches SELECT * FROM seal_batches",
            "UPDATE seal_blocks SET body = ''",
            "INSERT INTO erasures SELECT * FROM erasures",
            "CREATE TABLE mine (a int)",
            "DROP TABLE audit_logs_default",
            "ALTER TABLE audit_logs DISABLE TRIGGER ALL",
            "DELETE FROM audit_logs_default",
        ):
            assert tried(filled, "sst_ingest", statement) != "", statement


class TestEventsStay:
    """Nobody changes an event, a seal, or an act of erasure."""

    def test_no_role_may(self, filled: Database) -> None:
        for table, role in itertools.product(KEPT, NAMES):
            for work in ("UPDATE {} SET {} = NULL", "DELETE FROM {}", "TRUNCATE {}"):
                statement = work.format(table, column_of(table))
                assert "denied" in tried(filled, role, statement), (role, statement)
        with psycopg.connect(filled.dsn) as connection:
            query = b"SELECT has_any_column_privilege(%s, %s, 'UPDATE')"
            for table, role in itertools.product(KEPT, NAMES):
                assert connection.execute(query, [role, table]).fetchone() == (False,)

    def test_not_even_with_the_right(self, filled: Database, tmp_path: Path) -> None:
        store_of(filled, "sst_eraser").erase([GONE.ref], NOW, 30)
        seal(Opened(url(filled, "sst_sealer_account")), load_signer(tmp_path / "seal.key"))
        store_of(filled, "sst_auditor").note_verification(NOW, 0, None)
        with psycopg.connect(filled.dsn.replace("sst@", f"{OWNER}@")) as connection:
            for table in KEPT:
                connection.execute(f"GRANT ALL ON {table} TO sst_ingest".encode())
        for table in KEPT:
            column = column_of(table)
            for role in (OWNER, "sst_ingest"):
                said = tried(filled, role, f"UPDATE {table} SET {column} = {column}")
                assert "stay as they were written" in said, (table, role)
            assert "stay" in tried(filled, "sst_ingest", f"DELETE FROM {table}")
            assert tried(filled, OWNER, f"DELETE FROM {table}") == ""

    def test_in_a_month_that_was_made_later(self, filled: Database) -> None:
        with store_of(filled, OWNER)._database.writing(alone=True) as connection:
            partitions.make(connection, month_of(NOW - 400 * DAY))
        year, month = month_of(NOW)
        said = tried(filled, OWNER, f"UPDATE audit_logs_{year}_{month:02} SET route = ''")
        assert "stay" in said


class TestReader:
    def test_reads_the_views_and_nothing_else(self, filled: Database) -> None:
        for view in views.NAMES:
            assert tried(filled, "sst_reader", f"SELECT * FROM {view}") == ""
        for table in (*TABLES, "audit_flow", "sst_alembic_version"):
            assert "denied" in tried(filled, "sst_reader", f"SELECT * FROM {table}")
        for view in ("report_flow_days", "audit_logs"):
            assert "denied" in tried(filled, "sst_reader", f"DELETE FROM {view}")


class TestSealer:
    def test_seals_and_reads_no_row(self, filled: Database, tmp_path: Path) -> None:
        sealer = Opened(url(filled, "sst_sealer_account"))
        [header] = seal(sealer, load_signer(tmp_path / "seal.key"))
        sealer.close()
        assert header.leaves > 10
        for table in ("audit_logs", "subjects", "provenance_records", "seal_salts"):
            assert "denied" in tried(filled, "sst_sealer", f"SELECT * FROM {table}")
        assert "denied" in tried(filled, "sst_sealer", "UPDATE seal_blocks SET body = ''")
        assert "denied" in tried(filled, "sst_sealer", "DELETE FROM seal_blocks")


class TestAuditor:
    def test_reads_everything_and_writes_its_verdicts_alone(
        self, filled: Database, tmp_path: Path
    ) -> None:
        address = url(filled, "sst_auditor_account")
        reader = open_reader(Settings(database_url=address, spool_dir=tmp_path / "none"), KEYS)
        assert len(reader.audit_logs(viewer=None)[0]) == 5
        assert len(reader.provenance(viewer="42")[0]) > 2
        assert reader.recipients(viewer=None) != []
        reader.close()
        for table in TABLES:
            for work in ("INSERT INTO {0} SELECT * FROM {0}", "DELETE FROM {0}"):
                said = tried(filled, "sst_auditor", work.format(table))
                verdict = table == "seal_verifications" and work.startswith("INSERT")
                assert verdict or "denied" in said
        store_of(filled, "sst_auditor").note_verification(NOW, 1, None)

    def test_verifies_what_the_others_did(self, filled: Database, tmp_path: Path) -> None:
        owner = Sealed(url(filled, "sst_sealer_account"), tmp_path)
        auditor = Sealed(url(filled, "sst_auditor_account"), tmp_path)
        owner.seal()
        store_of(filled, "sst_eraser").erase([GONE.ref], NOW, 30)
        store_of(filled, "sst_pruner").apply_retention(365, NOW)
        owner.seal()
        assert auditor.good().erased == 2
        auditor.close()
        owner.close()


class TestEraser:
    def test_erases_and_sees_no_event(self, filled: Database) -> None:
        eraser = store_of(filled, "sst_eraser")
        eraser.append([])
        assert eraser.person([GONE.ref]).subjects
        assert eraser.erase([GONE.ref], NOW, 30)["subjects"] == 2
        assert len(eraser.erasures()) == 1
        for statement in (
            "SELECT * FROM audit_logs",
            "INSERT INTO subjects SELECT * FROM subjects",
            "DELETE FROM outcomes",
            "DELETE FROM erasures",
            "SELECT sst_delete_events(now())",
        ):
            assert "denied" in tried(filled, "sst_eraser", statement)


class TestPruner:
    def test_prunes_by_months_and_rows(self, filled: Database) -> None:
        owner = store_of(filled, OWNER)
        with owner._database.writing(alone=True) as connection:
            partitions.make(connection, month_of(NOW - 100 * DAY))
        ingest, at = store_of(filled, "sst_ingest"), NOW - 100 * DAY
        event = share("7", at=at, event_id=new_event_id(at))
        records = [share_record(event), outcome_record(event.event_id, "x", at)]
        assert ingest.append([decode(line) for line in records]) == []
        pruner = store_of(filled, "sst_pruner")
        assert pruner.apply_retention(60, NOW) == 2
        with owner.reading() as connection:
            assert existing(connection) == [month_of(NOW), following(month_of(NOW))]
        assert counts(owner)["audit_logs"] == 4
        for statement in (
            "DELETE FROM audit_logs_default",
            "DROP TABLE audit_logs_default",
            "SELECT sst_make_month(2031, 1)",
            "INSERT INTO audit_logs SELECT * FROM audit_logs",
        ):
            assert tried(filled, "sst_pruner", statement) != ""


def test_the_functions_look_into_no_table_of_the_caller(filled: Database) -> None:
    """A temporary table of the same name would otherwise be what the owner deletes from."""
    dsn = filled.dsn.replace("sst@", "sst_pruner_account@")
    with psycopg.connect(dsn) as connection:
        connection.execute("CREATE TEMP TABLE audit_logs (timestamp timestamptz, event_id text)")
        connection.execute("INSERT INTO pg_temp.audit_logs VALUES ('2000-01-01', 'x')")
        [gone] = connection.execute("SELECT sst_delete_events('2001-01-01')").fetchone() or [None]
        assert gone == 0


def test_one_account_that_may_do_everything_still_may(database: Database) -> None:
    store = store_of(database, OWNER)
    store.append(life_of(GONE, VISITOR))
    store.append([decode(share_record(share("7", at=NOW - 400 * DAY)))])
    assert store.erase([GONE.ref], NOW, 30)["subjects"] == 2
    assert store.apply_retention(365, NOW) == 1
    store.close()


class TestCommand:
    def test_prints_what_psql_takes(
        self, postgres: Database, capsys: pytest.CaptureFixture[str]
    ) -> None:
        Store(postgres.url("psycopg")).upgrade()
        assert main(["roles"]) == 0
        sql = capsys.readouterr().out
        with psycopg.connect(postgres.dsn, autocommit=True) as connection:
            connection.execute(sql.encode())
            query = "SELECT has_table_privilege('sst_reader', 'report_shares', 'SELECT')"
            assert connection.execute(query.encode()).fetchone() == (True,)

    def test_applies_it(
        self,
        database: Database,
        monkeypatch: pytest.MonkeyPatch,
        capsys: pytest.CaptureFixture[str],
    ) -> None:
        monkeypatch.setenv("SST_DATABASE_URL", url(database, OWNER))
        assert main(["roles", "--apply"]) == 0
        out = capsys.readouterr().out
        assert all(name in out for name in NAMES)
        monkeypatch.setenv("SST_DATABASE_URL", url(database, "sst_reader_account"))
        assert main(["roles", "--apply"]) == 3
        assert "could not be made" in capsys.readouterr().err


def test_sqlite_has_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SST_DATABASE_URL", f"sqlite:///{tmp_path}/audit.db")
    assert main(["roles", "--apply"]) == 2
    assert not (tmp_path / "audit.db").exists()
