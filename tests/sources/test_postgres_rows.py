"""Rows from a real PostgreSQL server, by psycopg2, psycopg 3 and SQLAlchemy on both."""

from __future__ import annotations

import asyncio
import traceback
from collections.abc import Callable, Iterator
from typing import Any

import psycopg
import psycopg2
import psycopg2.extras
import pytest
from psycopg.rows import class_row, dict_row, namedtuple_row
from psycopg2 import sql
from sqlalchemy import create_engine, func, select, text
from sqlalchemy.ext.asyncio import AsyncSession, create_async_engine
from sqlalchemy.orm import Session

from tests.postgres import Database, postgres, postgres_server
from tests.sources.rows import ANN, fill, told, whole
from tests.sources.shop_models import User
from tests.support import Tracking

pytestmark = pytest.mark.stack
__all__ = ["postgres", "postgres_server"]
BOTH = [{("email", "1")}, {("email", "2")}]
MAILS = "SELECT email, id FROM users ORDER BY id"


@pytest.fixture
def filled(postgres: Database) -> Database:
    engine = create_engine(postgres.url("psycopg"))
    fill(engine)
    engine.dispose()
    return postgres


@pytest.fixture
def two(filled: Database, tracking: Tracking) -> Iterator[Any]:
    connection = psycopg2.connect(filled.dsn)
    yield connection
    connection.close()


@pytest.fixture
def three(filled: Database, tracking: Tracking) -> Iterator[psycopg.Connection[Any]]:
    with psycopg.connect(filled.dsn) as connection:
        yield connection


FETCHES: list[Callable[[Any], Any]] = [
    lambda cursor: cursor.fetchall(),
    lambda cursor: list(cursor),
    lambda cursor: cursor.fetchmany(2),
    lambda cursor: [cursor.fetchone(), cursor.fetchone()],
]


class TestPsycopg2:
    @pytest.mark.parametrize("fetch", FETCHES)
    @pytest.mark.parametrize(
        ("factory", "values"),
        [
            (None, tuple),
            (psycopg2.extras.DictCursor, tuple),
            (psycopg2.extras.NamedTupleCursor, tuple),
            (psycopg2.extras.RealDictCursor, lambda row: row.values()),
        ],
    )
    @pytest.mark.parametrize("name", [None, "on_the_server"])
    def test_each_row(
        self, two: Any, name: str | None, factory: Any, values: Any, fetch: Callable[[Any], Any]
    ) -> None:
        cursor = two.cursor(name, cursor_factory=factory)
        assert isinstance(cursor, factory or psycopg2.extensions.cursor)
        cursor.execute(MAILS)
        assert whole(values(row) for row in fetch(cursor)) == BOTH

    @pytest.mark.parametrize(
        "settings",
        [
            {"connection_factory": psycopg2.extras.RealDictConnection},
            {"connection_factory": psycopg2.extras.DictConnection},
            {"cursor_factory": psycopg2.extras.NamedTupleCursor},
        ],
    )
    def test_factories_of_the_connection(
        self, two: Any, filled: Database, settings: dict[str, Any]
    ) -> None:
        connection = psycopg2.connect(filled.dsn, **settings)
        with connection, connection.cursor() as cursor:
            cursor.execute(MAILS)
            row = cursor.fetchone()
            assert told(*(row.values() if isinstance(row, dict) else row)) == {("email", "1")}
        connection.close()

    def test_bound_keys_and_composed_statements(self, two: Any) -> None:
        with two.cursor() as cursor:
            cursor.execute("SELECT birthday FROM users WHERE id = %s", (2,))
            assert told(*cursor.fetchone()) == {("birthday", "2")}
            cursor.execute("SELECT income FROM users WHERE id = %(who)s", {"who": 1})
            assert told(*cursor.fetchone()) == {("income", "1")}
            column = sql.SQL("SELECT {} FROM users WHERE id = %s").format(sql.Identifier("income"))
            cursor.execute(column, (2,))
            assert told(*cursor.fetchone()) == {("income", "2")}

    def test_many_values_at_once(self, two: Any) -> None:
        with two.cursor() as cursor:
            insert = "INSERT INTO users (id, email) VALUES %s RETURNING id, email"
            rows = [(7, "cleo@example.net"), (8, "dora@example.net")]
            made = psycopg2.extras.execute_values(cursor, insert, rows, fetch=True)
            assert whole(made) == [{("email", "7")}, {("email", "8")}]

    def test_failures_end_in_the_applications_frame(self, two: Any) -> None:
        with pytest.raises(psycopg2.Error) as caught:
            two.cursor().execute("SELECT nothing FROM users")
        assert traceback.extract_tb(caught.value.__traceback__)[-1].filename == __file__


class Account:
    def __init__(self, email: str, id: int) -> None:
        self.email = email
        self.id = id


class TestPsycopg3:
    @pytest.mark.parametrize("fetch", FETCHES)
    @pytest.mark.parametrize(
        ("factory", "values"),
        [
            (None, tuple),
            (namedtuple_row, tuple),
            (dict_row, lambda row: row.values()),
            (class_row(Account), lambda account: vars(account).values()),
        ],
    )
    @pytest.mark.parametrize("name", ["", "on_the_server"])
    def test_each_row(
        self,
        three: psycopg.Connection[Any],
        name: str,
        factory: Any,
        values: Any,
        fetch: Callable[[Any], Any],
    ) -> None:
        settings = {"row_factory": factory} if factory is not None else {}
        cursor: Any = three.cursor(name, **settings) if name else three.cursor(**settings)
        with cursor:
            cursor.execute(MAILS)
            assert whole(values(row) for row in fetch(cursor)) == BOTH

    @pytest.mark.parametrize("binary", [False, True])
    @pytest.mark.parametrize("kind", [psycopg.Cursor, psycopg.ClientCursor, psycopg.RawCursor])
    def test_bound_keys(self, three: psycopg.Connection[Any], kind: Any, binary: bool) -> None:
        place = "$1" if kind is psycopg.RawCursor else "%s"
        statement = f"SELECT birthday FROM users WHERE id = {place}"
        if kind is psycopg.ClientCursor and binary:
            binary = False  # it has no other
        row = kind(three).execute(statement, (2,), binary=binary).fetchone()
        assert told(*row) == {("birthday", "2")}

    def test_streams_and_several_results(self, three: psycopg.Connection[Any]) -> None:
        with three.cursor() as cursor:
            assert whole(cursor.stream(MAILS)) == BOTH
            insert = "INSERT INTO users (id, email) VALUES (%s, %s) RETURNING email, id"
            rows = [(7, "cleo@example.net"), (8, "dora@example.net")]
            cursor.executemany(insert, rows, returning=True)
            assert told(*(cursor.fetchone() or ())) == {("email", "7")}
            cursor.nextset()
            assert told(*(cursor.fetchone() or ())) == {("email", "8")}

    def test_asynchronous(self, filled: Database, tracking: Tracking) -> None:
        async def read() -> list[Any]:
            async with await psycopg.AsyncConnection.connect(filled.dsn) as connection:
                cursor = await connection.execute(MAILS)
                rows: list[Any] = await cursor.fetchall()
                async for row in connection.cursor().stream(MAILS):
                    rows.append(row)
                return rows

        assert whole(asyncio.run(read())) == BOTH + BOTH


class TestSqlalchemy:
    @pytest.mark.parametrize("driver", ["psycopg2", "psycopg"])
    def test_each_way(self, filled: Database, tracking: Tracking, driver: str) -> None:
        engine = create_engine(filled.url(driver))
        with Session(engine) as db:
            assert whole(db.execute(select(User.email, User.id).order_by(User.id))) == BOTH
            assert whole(db.execute(text(MAILS))) == BOTH
            day = text("SELECT birthday FROM users WHERE id = :who")
            assert told(*db.execute(day, {"who": 2}).one()) == {("birthday", "2")}
            assert told(db.scalar(select(func.avg(User.income)))) == {("derived", None)}
            streamed = text(MAILS).execution_options(stream_results=True)
            assert whole(db.execute(streamed)) == BOTH
            (user,) = db.scalars(select(User).where(User.email == ANN))
            assert told(user.birthday) == {("birthday", "1")}
        engine.dispose()

    @pytest.mark.parametrize("driver", ["psycopg2", "psycopg"])
    def test_rows_are_looked_at_once(
        self, filled: Database, tracking: Tracking, driver: str
    ) -> None:
        engine = create_engine(filled.url(driver))
        with engine.connect() as connection:
            result = connection.execute(text(MAILS))
            cursor: Any = result.cursor
            assert told(*cursor.fetchone()) == set()
            own: Any = connection.connection.cursor()  # what the application itself does with it
            own.execute(MAILS)
            assert told(*own.fetchone()) == {("email", "1")}
        engine.dispose()

    def test_asynchronous(self, filled: Database, tracking: Tracking) -> None:
        async def read() -> None:
            engine = create_async_engine(filled.url("psycopg"))
            async with AsyncSession(engine) as db:
                query = select(User.email, User.id).order_by(User.id)
                assert whole(await db.execute(query)) == BOTH
                assert told(await db.scalar(select(User.income).where(User.id == 2))) == {
                    ("income", "2")
                }
                streamed = await db.stream(text(MAILS))
                assert whole([row async for row in streamed]) == BOTH
            await engine.dispose()

        asyncio.run(read())
