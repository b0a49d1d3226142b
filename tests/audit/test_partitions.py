"""The months of PostgreSQL: made ahead, dropped whole, and found again in an older store."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import datetime, timezone
from pathlib import Path

import pytest
from alembic.operations import Operations
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import text
from sqlalchemy.engine import Connection

from sst_otel.audit import flows, partitions
from sst_otel.audit.decoding import decode
from sst_otel.audit.models import Base, SealBatch, SealBlock, SealSalt, Tombstone
from sst_otel.audit.partitions import bounds, existing, following, month_of
from sst_otel.audit.records import Record, outcome_record, share_record
from sst_otel.audit.schema import MIGRATIONS, VERSION_TABLE, revise
from sst_otel.audit.store import Store
from sst_otel.audit.writing import write
from sst_otel.shares import new_event_id
from tests.audit.by_hand import by_hand
from tests.audit.helpers import NOW, share
from tests.audit.test_store import counts
from tests.postgres import Database
from tests.postgres import postgres as postgres
from tests.postgres import postgres_server as postgres_server

DAY = 86_400.0
THIS = month_of(NOW)


@pytest.fixture
def store(postgres: Database) -> Iterator[Store]:
    store = Store(postgres.url("psycopg"), connections=2)
    yield store
    store.close()


def shared(at: float, event_id: str = "") -> list[Record]:
    """Return an event of a time, and its outcome a second later."""
    event = share("42", "email", "phone", at=at, event_id=event_id or new_event_id(at))
    return [
        decode(share_record(event)),
        decode(outcome_record(event.event_id, "sent", at + 1)),
    ]


def start_of(year: int, month: int) -> float:
    return datetime(year, month, 1, tzinfo=timezone.utc).timestamp()


def places(connection: Connection, table: str = "audit_logs") -> list[str]:
    """Return the partition of each row, in the order of the ids."""
    query = text(f"SELECT CAST(tableoid AS regclass) FROM {table} ORDER BY event_id")
    return [row[0].removeprefix(f"{table}_") for row in connection.execute(query)]


def older(store: Store, records: list[Record]) -> None:
    """Make a store of before there were months, with these in it."""
    scripts = ScriptDirectory(str(MIGRATIONS))
    with by_hand(store) as connection:
        operations = Operations(MigrationContext.configure(connection=connection))
        for number in range(1, 5):
            scripts.get_revision(f"{number:04}").module.upgrade(operations)
        connection.execute(text(f"CREATE TABLE {VERSION_TABLE} (version_num VARCHAR(32))"))
        connection.execute(text(f"INSERT INTO {VERSION_TABLE} VALUES ('0004')"))
        later = (SealBlock, SealBatch, SealSalt, Tombstone)
        seals = [table.__table__ for table in later]
        Base.metadata.create_all(connection, tables=seals)
        write(connection, records, NOW)
        Base.metadata.drop_all(connection, tables=seals)  # none knew of them
        connection.commit()


@pytest.mark.parametrize(
    "at",
    [
        start_of(2026, 11) + 11.25 * DAY,
        start_of(2027, 1),
        start_of(2027, 1) - 0.001,
        start_of(2028, 2) + 28 * DAY,
        start_of(2100, 12),
    ],
)
def test_an_id_is_within_the_bounds_of_its_month(at: float) -> None:
    low, high = bounds(month_of(at))
    assert low < new_event_id(at) < high
    assert high == bounds(following(month_of(at)))[0]


@pytest.mark.stack
class TestPostgres:
    def test_this_month_and_the_next_are_there_before_their_rows(self, store: Store) -> None:
        store.append([*shared(NOW), *shared(NOW, "no uuid"), *shared(NOW - 400 * DAY)])
        with store.reading() as connection:
            assert existing(connection) == [THIS, following(THIS)]
            month = f"{THIS[0]}_{THIS[1]:02}"
            for table in ("audit_logs", "outcomes"):
                assert sorted(places(connection, table)) == [month, "default", "default"]

    def test_a_month_takes_its_rows_from_the_default(self, store: Store) -> None:
        months = [(2024, 1), (2024, 2)]
        records = [
            record
            for month in months
            for at in (start_of(*month), start_of(*following(month)) - 0.001)
            for record in shared(at)
        ]
        store.append(records)
        before = counts(store)
        with store._database.writing(alone=True) as connection:
            assert places(connection) == ["default"] * 4
            assert partitions.make(connection, (2024, 2))
            assert not partitions.make(connection, (2024, 2))
        with store.reading() as connection:
            assert places(connection) == ["default", "default", "2024_02", "2024_02"]
        store.append(records)
        assert counts(store) == before

    def test_pruning_drops_months_and_leaves_what_it_leaves_elsewhere(
        self, store: Store, tmp_path: Path
    ) -> None:
        chance = random.Random(5)
        records = [
            record
            for _ in range(60)
            for record in shared(round(NOW - chance.random() * 200 * DAY, 6))
        ]
        records += shared(NOW, new_event_id(NOW - 190 * DAY))  # an id that does not tell the truth
        other = Store(f"sqlite:///{tmp_path}/audit.db")
        store.upgrade()
        with store._database.writing(alone=True) as connection:
            for days in range(200, -1, -20):
                partitions.make(connection, month_of(NOW - days * DAY))
        for one in (store, other):
            one.append(records)
        with store.reading() as connection:
            assert "default" not in places(connection)
            before = existing(connection)
        for age in (170, 100, 45.5):
            now = NOW - age * DAY + 10 * DAY
            assert store.apply_retention(10, now) == other.apply_retention(10, now) > 0
            assert counts(store) == counts(other)
            with store.reading() as connection, other.reading() as same:
                assert set(flows.kept(connection)) == set(flows.kept(same))
        with store.reading() as connection:
            after = existing(connection)
            liar = month_of(NOW - 190 * DAY)
            assert set(before) - set(after) == {
                month
                for month in before
                if start_of(*following(month)) <= NOW - 45.5 * DAY and month != liar
            }

    def test_without_the_right_to_make_them_rows_go_to_the_default(
        self, store: Store, postgres: Database
    ) -> None:
        store.upgrade()
        with by_hand(store) as connection:
            connection.execute(text("DROP ROLE IF EXISTS sst_writer"))
            connection.execute(text("CREATE ROLE sst_writer LOGIN"))
            connection.execute(
                text("GRANT SELECT, INSERT, UPDATE ON ALL TABLES IN SCHEMA public TO sst_writer")
            )
            connection.commit()
        writer = Store(postgres.url("psycopg").replace("sst@", "sst_writer@"))
        try:
            assert writer.append(shared(NOW)) == []
            with store.reading() as connection:
                assert places(connection) == ["default"]
        finally:
            with by_hand(store) as connection:
                connection.execute(text("DROP OWNED BY sst_writer"))
                connection.execute(text("DROP ROLE sst_writer"))
                connection.commit()

    def test_an_older_store_is_moved_into_months(self, store: Store) -> None:
        records = [record for days in (0, 40, 400) for record in shared(NOW - days * DAY)]
        records += shared(NOW, "no uuid")
        older(store, records)
        with store.reading() as connection:
            rows = _rows(connection)
        store.upgrade()
        with store.reading() as connection:
            assert _rows(connection) == rows
            months = [month_of(NOW - days * DAY) for days in (400, 40, 0)]
            assert existing(connection) == months
            named = [f"{year}_{number:02}" for year, number in months]
            assert places(connection) == [*named, "default"]
            assert sorted(set(places(connection, "audit_log_records"))) == [*named, "default"]
        before = counts(store)
        store.append(records)
        assert counts(store) == before

    def test_making_the_tables_is_the_same_as_the_revisions(self, store: Store) -> None:
        store.upgrade()
        with by_hand(store) as connection:
            made = _catalogue(connection)
            connection.execute(text("DROP SCHEMA public CASCADE"))
            connection.execute(text("CREATE SCHEMA public"))
            revise(connection)
            assert _catalogue(connection) == made


def _rows(connection: Connection) -> list[list[str]]:
    return [
        sorted(str(row) for row in connection.execute(text(f"SELECT * FROM {table}")))
        for table in partitions.TABLES
    ]


def _catalogue(connection: Connection) -> list[str]:
    queries = (
        "SELECT indexdef FROM pg_indexes WHERE schemaname = 'public'",
        "SELECT table_name, column_name, data_type, collation_name, is_nullable "
        "FROM information_schema.columns WHERE table_schema = 'public'",
        "SELECT relname, relkind, pg_get_partkeydef(oid), pg_get_expr(relpartbound, oid) "
        "FROM pg_class WHERE relnamespace = CAST('public' AS regnamespace)",
    )
    return sorted(str(row) for query in queries for row in connection.execute(text(query)))
