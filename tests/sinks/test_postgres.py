"""psycopg2 and psycopg 3 as sinks: every way to send a row, at the own database and elsewhere."""

from __future__ import annotations

import asyncio
import io
from collections.abc import Callable, Iterator
from typing import Any

import psycopg
import psycopg2
import psycopg2.extras
import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.ext.asyncio import create_async_engine

import sst_otel
from sst_otel.sinks.ownership import Server
from tests.postgres import Database, postgres, postgres_server
from tests.sinks.unruly import OURS
from tests.support import Tracking

pytestmark = pytest.mark.stack
__all__ = ["postgres", "postgres_server"]
ANN, BEA = "ann.arbor@example.com", "bea.berlin@example.com"
BOTH = [(ANN, 1), (BEA, 2)]
INSERT = "INSERT INTO leads (m, n) VALUES (%s, %s)"
ONE = [("postgresql leads(m)", "1", ("email",))]
TWO = [*ONE, ("postgresql leads(m)", "2", ("email",))]
ELSEWHERE = "host=warehouse.example hostaddr=127.0.0.1"


@pytest.fixture
def leads(postgres: Database, tracking: Tracking) -> Database:
    with psycopg.connect(postgres.dsn) as connection:
        connection.execute("CREATE TABLE leads (m text, n int)")
    sst_otel.tag(ANN, "email", owner_id="1")
    sst_otel.tag(BEA, "email", owner_id="2")
    return postgres


@pytest.fixture(params=[psycopg2, psycopg], ids=["psycopg2", "psycopg"])
def both(request: pytest.FixtureRequest, leads: Database) -> Iterator[Any]:
    connection = request.param.connect(leads.dsn)
    yield connection
    connection.close()


@pytest.fixture
def two(leads: Database) -> Iterator[Any]:
    connection = psycopg2.connect(leads.dsn)
    yield connection.cursor()
    connection.close()


def _elsewhere(driver: Any, leads: Database) -> Any:
    where = f"{ELSEWHERE} port={leads.port} dbname={leads.name} user=sst"
    return driver.connect(where)


class TestBoth:
    """What the two drivers have in common."""

    def test_parameters_and_literals(self, both: Any, tracking: Tracking) -> None:
        cursor = both.cursor()
        cursor.execute(INSERT, (ANN, 5))
        cursor.execute("UPDATE leads SET m = %(m)s", {"m": ANN})
        cursor.execute(f"INSERT INTO leads (m) VALUES ('{ANN}')".encode())
        cursor.execute("SELECT * FROM leads WHERE m = %s", (ANN,))
        assert cursor.fetchall() == [(ANN, 5), (ANN, None)]
        cursor.execute("DELETE FROM leads WHERE m = %s", (ANN,))
        assert tracking.shares(databases=True) == ONE * 3
        assert {row["recipient"] for row in tracking.rows()} == {"own database"}

    @pytest.mark.parametrize("given", [list, iter], ids=["list", "iterator"])
    def test_many(self, both: Any, tracking: Tracking, given: Callable[[Any], Any]) -> None:
        cursor = both.cursor()
        cursor.executemany(INSERT, given([*BOTH, ("none", 3)]))
        assert cursor.rowcount == 3
        assert sorted(tracking.shares(databases=True)) == TWO
        assert {row["metadata"]["db.operation.batch.size"] for row in tracking.rows()} == {3}

    def test_composed_statements(self, both: Any, tracking: Tracking) -> None:
        library: Any = psycopg2 if type(both).__module__.startswith("psycopg2") else psycopg
        sql = __import__(f"{library.__name__}.sql", fromlist=["SQL"])
        statement = sql.SQL("INSERT INTO {} (m) VALUES ({})")
        composed = statement.format(sql.Identifier("leads"), sql.Literal(ANN))
        both.cursor().execute(composed)
        assert tracking.shares(databases=True) == ONE

    def test_failures(self, both: Any, tracking: Tracking) -> None:
        library: Any = psycopg2 if type(both).__module__.startswith("psycopg2") else psycopg
        with pytest.raises(library.errors.UndefinedColumn):
            both.cursor().execute("INSERT INTO leads (nope) VALUES (%s)", (ANN,))
        assert [row["outcome"] for row in tracking.rows()] == ["failed"]

    def test_nothing_personal(self, both: Any, tracking: Tracking) -> None:
        both.cursor().execute(INSERT, ("some text of nobody", 5))
        assert tracking.rows() == []

    @pytest.mark.parametrize("driver", [psycopg2, psycopg], ids=["psycopg2", "psycopg"])
    def test_another_host(self, driver: Any, leads: Database, tracking: Tracking) -> None:
        tracking.tracker.emit.ownership.connected(Server("postgresql", "db.example"))
        connection = _elsewhere(driver, leads)
        connection.cursor().execute("SELECT n FROM leads WHERE lower(m) = %s", (ANN,))
        connection.cursor().execute(INSERT, (ANN, 1))
        connection.close()
        read, written = tracking.rows()
        assert read["event_type"] == "database_read"
        assert written["event_type"] == "database_write"
        assert read["destination"] == written["destination"] == "postgresql leads(m)"
        assert {read["recipient"], written["recipient"]} == {"unknown"}
        assert written["metadata"]["db.namespace"] == leads.name


class TestPsycopg2:
    """What only psycopg2 has."""

    def test_rows_in_one_statement(self, two: Any, tracking: Tracking) -> None:
        psycopg2.extras.execute_values(two, "INSERT INTO leads (m, n) VALUES %s", BOTH)
        psycopg2.extras.execute_batch(two, INSERT, BOTH)
        psycopg2.extras.execute_batch(two, INSERT, iter(BOTH), page_size=1)
        two.execute("SELECT count(*) FROM leads")
        assert two.fetchone() == (6,)
        assert sorted(tracking.shares(databases=True)) == sorted(TWO * 3)

    def test_copies(self, two: Any, tracking: Tracking) -> None:
        two.copy_from(io.StringIO(f"{ANN}\t1\n{BEA}\t2\n"), "leads", columns=("m", "n"))
        csv = io.BytesIO(f'"{ANN}",1\n'.encode())
        two.copy_expert("COPY leads (m, n) FROM STDIN WITH CSV", file=csv)
        out = io.StringIO()
        two.copy_expert("COPY leads TO STDOUT", out)
        assert out.getvalue() == f"{ANN}\t1\n{BEA}\t2\n{ANN}\t1\n"
        assert sorted(tracking.shares(databases=True)) == sorted(TWO + ONE)
        assert tracking.rows()[0]["metadata"]["db.operation.name"] == "COPY"


class TestPsycopg3:
    """What only psycopg 3 has."""

    def test_copies_and_streams(self, leads: Database, tracking: Tracking) -> None:
        with psycopg.connect(leads.dsn) as connection:
            cursor = connection.cursor()
            with cursor.copy("COPY leads (m, n) FROM STDIN") as copy:
                for row in BOTH:
                    copy.write_row(row)
            with cursor.copy("COPY leads (m, n) FROM STDIN") as copy:
                copy.write(f"{ANN}\t")
                copy.write(b"7\n")
            with cursor.copy("COPY leads TO STDOUT") as copy:
                assert len(b"".join(bytes(block) for block in copy).splitlines()) == 3
            assert [*cursor.stream(f"{INSERT} RETURNING n", (ANN, 9))] == [(9,)]
        assert sorted(tracking.shares(databases=True)) == sorted(TWO + ONE + ONE)

    def test_a_copy_that_is_given_up(self, leads: Database, tracking: Tracking) -> None:
        def give_up(connection: psycopg.Connection[Any]) -> None:
            with connection.cursor().copy("COPY leads (m) FROM STDIN") as copy:
                copy.write_row((ANN,))
                raise ZeroDivisionError

        with psycopg.connect(leads.dsn) as connection:
            with pytest.raises(ZeroDivisionError):
                give_up(connection)
            connection.rollback()
        assert [row["outcome"] for row in tracking.rows()] == ["failed"]

    def test_no_frame_of_ours_where_a_copy_fails(self, leads: Database) -> None:
        with psycopg.connect(leads.dsn) as connection:
            copies = connection.cursor().copy("COPY leads (m) FROM STDIN")
            with pytest.raises(psycopg.Error) as caught, copies as copy:
                copy.write_row((ANN, object()))
            connection.rollback()
        assert not [entry for entry in caught.traceback if str(entry.path).startswith(OURS)]

    def test_asynchronous(self, leads: Database, tracking: Tracking) -> None:
        async def write() -> None:
            async with await psycopg.AsyncConnection.connect(leads.dsn) as connection:
                await connection.execute(INSERT, (ANN, 1))
                cursor = connection.cursor()
                await cursor.executemany(INSERT, iter(BOTH))
                async with cursor.copy("COPY leads (m, n) FROM STDIN") as copy:
                    await copy.write_row(BOTH[0])
                with pytest.raises(psycopg.errors.UndefinedColumn):
                    await connection.execute("INSERT INTO leads (nope) VALUES (%s)", (BEA,))

        asyncio.run(write())
        assert sorted(tracking.shares(databases=True))[:4] == sorted(ONE + TWO + ONE)
        assert [row["outcome"] for row in tracking.rows()] == ["sent"] * 4 + ["failed"]


class TestSqlalchemy:
    """Above the drivers: once, and by its own look."""

    @pytest.mark.parametrize("driver", ["psycopg2", "psycopg"])
    def test_once(self, leads: Database, tracking: Tracking, driver: str) -> None:
        engine = create_engine(leads.url(driver))
        with engine.begin() as connection:
            connection.execute(text("INSERT INTO leads (m) VALUES (:m)"), {"m": ANN})
            rows = [{"m": ANN}, {"m": BEA}]
            connection.execute(text("INSERT INTO leads (m) VALUES (:m)"), rows)
        engine.dispose()
        assert sorted(tracking.shares(databases=True)) == sorted(ONE + TWO)

    def test_asynchronous(self, leads: Database, tracking: Tracking) -> None:
        async def write() -> None:
            engine = create_async_engine(leads.url("psycopg"))
            async with engine.begin() as connection:
                await connection.execute(text("INSERT INTO leads (m) VALUES (:m)"), {"m": ANN})
            await engine.dispose()

        asyncio.run(write())
        assert tracking.shares(databases=True) == ONE

    def test_another_host(self, leads: Database, tracking: Tracking) -> None:
        where = f"postgresql+psycopg://sst@warehouse.example:{leads.port}/{leads.name}"
        tracking.tracker.emit.ownership.connected(Server("postgresql", "db.example"))
        engine = create_engine(where, connect_args={"hostaddr": "127.0.0.1"})
        with engine.begin() as connection:
            connection.execute(text("SELECT n FROM leads WHERE m = :m"), {"m": ANN})
        engine.dispose()
        (read,) = tracking.rows()
        assert (read["event_type"], read["destination"]) == ("database_read", ONE[0][0])
