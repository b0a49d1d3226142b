"""asyncpg as a sink: every way to send a row, to the own database and elsewhere."""

from __future__ import annotations

import asyncio
import io
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import asyncpg
import psycopg
import pytest
import uvloop
from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine

import sst_otel
from sst_otel.sinks.ownership import Server
from tests.postgres import Database, postgres, postgres_server
from tests.sinks.unruly import OURS
from tests.support import Tracking, tracking_in

pytestmark = pytest.mark.stack
__all__ = ["postgres", "postgres_server"]
ANN, BEA = "ann.arbor@example.com", "bea.berlin@example.com"
BOTH = [(ANN, 1), (BEA, 2)]
INSERT = "INSERT INTO leads (m, n) VALUES ($1, $2)"
ONE = [("postgresql leads(m)", "1", ("email",))]
TWO = [*ONE, ("postgresql leads(m)", "2", ("email",))]


@pytest.fixture
def leads(postgres: Database, tracking: Tracking) -> Database:
    with psycopg.connect(postgres.dsn) as connection:
        connection.execute("CREATE TABLE leads (m text, n int)")
    _tag()
    return postgres


def _tag() -> None:
    sst_otel.tag(ANN, "email", owner_id="1")
    sst_otel.tag(BEA, "email", owner_id="2")


def _run(leads: Database, act: Callable[[Any], Awaitable[object]]) -> list[tuple[Any, ...]]:
    """Run ``act`` with a connection; return what is in the table then."""

    async def connected() -> None:
        connection = await asyncpg.connect(leads.dsn)
        try:
            await act(connection)
        finally:
            await connection.close()

    asyncio.run(connected())
    with psycopg.connect(leads.dsn) as connection:
        return connection.execute("SELECT m, n FROM leads").fetchall()


class TestStatements:
    """However a statement is run."""

    def test_one_row(self, leads: Database, tracking: Tracking) -> None:
        async def act(db: Any) -> None:
            assert await db.execute(INSERT, ANN, 5) == "INSERT 0 1"
            assert await db.fetchval(f"{INSERT} RETURNING n", ANN, 6) == 6
            assert (await db.fetchrow("UPDATE leads SET m = $1 RETURNING m", ANN))["m"] == ANN
            assert await db.execute(f"INSERT INTO leads (m) VALUES ('{ANN}')") == "INSERT 0 1"
            assert len(await db.fetch("SELECT * FROM leads WHERE m = $1", ANN)) == 3
            await db.execute("DELETE FROM leads WHERE m = $1 AND n = 6", ANN)

        assert len(_run(leads, act)) == 2
        assert tracking.shares(databases=True) == ONE * 4
        rows = tracking.rows()
        assert {row["recipient"] for row in rows} == {"own database"}
        assert {row["metadata"]["db.namespace"] for row in rows} == {leads.name}
        assert {row["outcome"] for row in rows} == {"sent"}

    @pytest.mark.parametrize("given", [list, iter], ids=["list", "iterator"])
    def test_many(self, leads: Database, tracking: Tracking, given: Any) -> None:
        rows = [*BOTH, ("none", 3)]
        assert _run(leads, lambda db: db.executemany(INSERT, given(rows))) == rows
        assert sorted(tracking.shares(databases=True)) == TWO
        assert {row["metadata"]["db.operation.batch.size"] for row in tracking.rows()} == {3}

    def test_columns_as_arrays(self, leads: Database, tracking: Tracking) -> None:
        statement = "INSERT INTO leads (m, n) SELECT * FROM unnest($1::text[], $2::int[])"
        _run(leads, lambda db: db.execute(statement, [ANN, BEA], [1, 2]))
        assert [found[1:] for found in sorted(tracking.shares(databases=True))] == [
            ("1", ("email",)),
            ("2", ("email",)),
        ]

    def test_prepared_statements_and_cursors(self, leads: Database, tracking: Tracking) -> None:
        async def act(db: Any) -> None:
            prepared = await db.prepare(f"{INSERT} RETURNING n")
            assert await prepared.fetchval(ANN, 1) == 1
            await prepared.executemany([(BEA, 2)])
            async with db.transaction():
                async for row in db.cursor(f"{INSERT} RETURNING m", ANN, 3):
                    assert row["m"] == ANN
                cursor = await db.cursor(f"{INSERT} RETURNING m", BEA, 4)
                assert len(await cursor.fetch(5)) == 1

        assert len(_run(leads, act)) == 4
        assert tracking.shares(databases=True) == TWO * 2

    def test_pools(self, leads: Database, tracking: Tracking) -> None:
        async def act(_db: Any) -> None:
            async with asyncpg.create_pool(leads.dsn, min_size=1, max_size=2) as pool:
                await pool.execute(INSERT, ANN, 1)
                async with pool.acquire() as db, db.transaction():
                    await db.execute(INSERT, BEA, 2)

        assert _run(leads, act) == BOTH
        assert tracking.shares(databases=True) == TWO

    def test_on_uvloop(self, leads: Database, tracking: Tracking) -> None:
        async def act() -> None:
            db = await asyncpg.connect(leads.dsn)
            await db.execute(INSERT, ANN, 1)
            await db.close()

        uvloop.run(act())
        assert tracking.shares(databases=True) == ONE

    def test_failures(self, leads: Database, tracking: Tracking) -> None:
        with pytest.raises(asyncpg.UndefinedColumnError):
            _run(leads, lambda db: db.execute("INSERT INTO leads (nope) VALUES ($1)", ANN))
        with pytest.raises(asyncpg.DivisionByZeroError) as caught:
            _run(leads, lambda db: db.execute("INSERT INTO leads VALUES ($1, 1 / $2)", ANN, 0))
        assert not [entry for entry in caught.traceback if str(entry.path).startswith(OURS)]
        assert [row["outcome"] for row in tracking.rows()] == ["failed"]

    def test_nothing_personal(self, leads: Database, tracking: Tracking) -> None:
        _run(leads, lambda db: db.execute(INSERT, "some text of nobody", 5))
        assert tracking.rows() == []

    def test_another_host(
        self, leads: Database, tracking: Tracking, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        loop, look_up = asyncio.BaseEventLoop, asyncio.BaseEventLoop.getaddrinfo

        async def here(self: Any, host: Any, *args: Any, **kwargs: Any) -> Any:
            return await look_up(self, "127.0.0.1", *args, **kwargs)

        monkeypatch.setattr(loop, "getaddrinfo", here)
        tracking.tracker.emit.ownership.connected(Server("postgresql", "db.example"))

        async def act() -> None:
            where = leads.dsn.replace("127.0.0.1", "warehouse.example")
            db = await asyncpg.connect(where)
            await db.fetch("SELECT n FROM leads WHERE lower(m) = $1", ANN)
            await db.execute(INSERT, ANN, 1)
            await db.close()

        asyncio.run(act())
        read, written = tracking.rows()
        assert (read["event_type"], written["event_type"]) == ("database_read", "database_write")
        assert read["destination"] == written["destination"] == "postgresql leads(m)"
        assert {read["recipient"], written["recipient"]} == {"unknown"}

    def test_connections_made_before(self, leads: Database, tracking: Tracking) -> None:
        async def act(db: Any) -> None:
            sst_otel.stop_tracking()
            await db.execute(INSERT, ANN, 1)
            with tracking_in(tracking.directory) as again:
                _tag()
                await db.execute(INSERT, BEA, 2)
                assert again.shares(databases=True) == TWO[1:]
                assert again.rows()[0]["metadata"]["db.namespace"] == leads.name

        _run(leads, act)


class TestCopies:
    """``COPY`` from records, text and files."""

    @pytest.mark.parametrize("given", ["list", "iterator", "asynchronous"])
    def test_records(self, leads: Database, tracking: Tracking, given: str) -> None:
        async def one_by_one() -> AsyncIterator[Any]:
            for row in BOTH:
                yield row

        records: Any = {"list": BOTH, "iterator": iter(BOTH), "asynchronous": one_by_one()}[given]

        async def act(db: Any) -> None:
            columns = ["m", "n"] if given == "list" else None
            done = await db.copy_records_to_table("leads", records=records, columns=columns)
            assert done == "COPY 2"

        assert _run(leads, act) == BOTH
        assert sorted(tracking.shares(databases=True)) == TWO
        assert tracking.rows()[0]["metadata"]["db.operation.name"] == "COPY"

    def test_text(self, leads: Database, tracking: Tracking) -> None:
        async def pieces() -> AsyncIterator[bytes]:
            yield f"{ANN}\t".encode()
            yield b"1\n"

        async def act(db: Any) -> None:
            await db.copy_to_table("leads", source=pieces(), columns=["m", "n"])
            csv = io.BytesIO(f"{BEA},2\n".encode())
            await db.copy_to_table("leads", source=csv, columns=["m", "n"], format="csv")

        assert _run(leads, act) == BOTH
        assert tracking.shares(databases=True) == TWO

    def test_one_that_fails(self, leads: Database, tracking: Tracking) -> None:
        with pytest.raises((asyncpg.DataError, TypeError)):
            _run(leads, lambda db: db.copy_records_to_table("leads", records=[(ANN, "x")]))
        assert [row["outcome"] for row in tracking.rows()] == ["failed"]


class TestSqlalchemy:
    """Above the driver: once, and by its own look."""

    def test_once(self, leads: Database, tracking: Tracking) -> None:
        async def write() -> None:
            engine = create_async_engine(leads.url("asyncpg"))
            async with engine.begin() as connection:
                await connection.execute(text("INSERT INTO leads (m) VALUES (:m)"), {"m": ANN})
                rows = [{"m": ANN}, {"m": BEA}]
                await connection.execute(text("INSERT INTO leads (m) VALUES (:m)"), rows)
            await engine.dispose()

        asyncio.run(write())
        assert sorted(tracking.shares(databases=True)) == sorted(ONE + TWO)

    def test_the_driver_below(self, leads: Database, tracking: Tracking) -> None:
        async def write() -> None:
            engine = create_async_engine(leads.url("asyncpg"))
            async with engine.connect() as connection:
                raw: Any = await connection.get_raw_connection()
                await raw.driver_connection.execute(INSERT, ANN, 1)
            await engine.dispose()

        asyncio.run(write())
        assert tracking.shares(databases=True) == ONE
