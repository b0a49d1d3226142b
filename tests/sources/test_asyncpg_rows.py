"""Records of asyncpg from a real PostgreSQL server, and the accounts that are written by it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import asyncpg
import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.ext.asyncio import create_async_engine

from tests.postgres import Database, postgres, postgres_server
from tests.sources.rows import fill, told, whole
from tests.support import Tracking

pytestmark = pytest.mark.stack
__all__ = ["postgres", "postgres_server"]
BOTH = [{("email", "1")}, {("email", "2")}]
MAILS = "SELECT email, id FROM users ORDER BY id"


@pytest.fixture
def filled(postgres: Database, tracking: Tracking) -> Database:
    engine = create_engine(postgres.url("psycopg"))
    fill(engine)
    engine.dispose()
    return postgres


def _run(filled: Database, act: Callable[[Any], Awaitable[Any]], **settings: Any) -> None:
    async def connected() -> None:
        connection = await asyncpg.connect(filled.dsn, **settings)
        try:
            await act(connection)
        finally:
            await connection.close()

    asyncio.run(connected())


class Mine(asyncpg.Record):  # type: ignore[misc]
    """As an application reads its rows."""

    def __getattr__(self, name: str) -> Any:
        return self[name]


class TestRows:
    """Each value is its row's person's, however the record was asked for."""

    @pytest.mark.parametrize("record", [asyncpg.Record, Mine])
    def test_each_row(self, filled: Database, record: type) -> None:
        async def act(db: Any) -> None:
            rows = await db.fetch(MAILS)
            assert type(rows[0]) is record
            assert whole(tuple(row) for row in rows) == BOTH
            prepared = await db.prepare(MAILS)
            assert whole(tuple(row) for row in await prepared.fetch()) == BOTH
            async with db.transaction():
                assert whole([tuple(row) async for row in db.cursor(MAILS, prefetch=1)]) == BOTH
                cursor = await db.cursor(MAILS)
                assert whole(tuple(row) for row in await cursor.fetch(2)) == BOTH

        _run(filled, act, record_class=record)

    def test_bound_keys(self, filled: Database) -> None:
        async def act(db: Any) -> None:
            row = await db.fetchrow("SELECT birthday FROM users WHERE id = $1", 2)
            assert told(*row) == {("birthday", "2")}
            assert told(await db.fetchval("SELECT income FROM users WHERE id = $1", 1)) == {
                ("income", "1")
            }
            assert await db.fetch("SELECT income FROM users WHERE id = $1", 7) == []
            assert told(await db.fetchval("SELECT count(*) FROM users")) == set()

        _run(filled, act)

    def test_tables_it_made_itself(self, filled: Database) -> None:
        async def act(db: Any) -> None:
            await db.execute("CREATE TABLE members (id int PRIMARY KEY, email text, password text)")
            mail = "cem.d@example.net"
            await db.execute("INSERT INTO members VALUES ($1, $2, 'x')", 5, mail)
            row = await db.fetchrow("SELECT * FROM members")
            assert ("email", "5") in {(kind, str(who)[-1:]) for kind, who in told(*row)}

        _run(filled, act)

    def test_failures_pass(self, filled: Database) -> None:
        with pytest.raises(asyncpg.UndefinedTableError):
            _run(filled, lambda db: db.fetch("SELECT email FROM nowhere"))


def test_below_sqlalchemy(filled: Database) -> None:
    async def read() -> None:
        engine = create_async_engine(filled.url("asyncpg"))
        async with engine.connect() as connection:
            rows = (await connection.execute(text(MAILS))).all()
            assert whole(tuple(row) for row in rows) == BOTH
            raw: Any = await connection.get_raw_connection()
            rows = await raw.driver_connection.fetch(MAILS)
            assert whole(tuple(row) for row in rows) == BOTH
        await engine.dispose()

    asyncio.run(read())
