"""Rows of MySQL's drivers, sync and async, against a server that makes them up."""

from __future__ import annotations

import asyncio
import importlib
from collections.abc import Callable, Iterator
from typing import Any

import aiomysql  # type: ignore[import-untyped]
import asyncmy
import asyncmy.cursors
import mysql.connector
import pymysql  # type: ignore[import-untyped]
import pymysql.cursors  # type: ignore[import-untyped]
import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.ext.asyncio import create_async_engine

from tests.sinks.mysql_server import MysqlServer, mysql_server
from tests.sources.rows import told, whole
from tests.support import Tracking

BOTH = [{("email", "1")}, {("email", "2")}]
MAILS = "SELECT email, id FROM users ORDER BY id"
ROWS: list[tuple[str | int, ...]] = [("ann.keller@example.com", 1), ("bea.moser@example.org", 2)]


def _mysqlclient(port: int, **how: Any) -> Any:
    driver: Any = importlib.import_module("MySQLdb")
    return driver.connect(host="127.0.0.1", port=port, user="u", ssl_mode="DISABLED", **how)


CONNECTS: dict[str, Callable[..., Any]] = {
    "pymysql": lambda port, **how: pymysql.connect(host="127.0.0.1", port=port, user="u", **how),
    "connector": lambda port, **how: mysql.connector.connect(
        host="127.0.0.1", port=port, user="u", use_pure=True, ssl_disabled=True, **how
    ),
    "mysqlclient": _mysqlclient,
}
FETCHES: list[Callable[[Any], Any]] = [
    lambda cursor: cursor.fetchall(),
    lambda cursor: list(cursor),
    lambda cursor: cursor.fetchmany(2),
    lambda cursor: [cursor.fetchone(), cursor.fetchone()],
]


@pytest.fixture(scope="module")
def server() -> Iterator[MysqlServer]:
    with mysql_server() as running:
        running.answers[MAILS] = (("email", "id"), ROWS)
        running.answers["SELECT email FROM users WHERE"] = (("email",), [ROWS[1][:1]])
        running.answers["SELECT count(*)"] = (("count(*)",), [(2,)])
        yield running


@pytest.fixture(
    params=["pymysql", "connector", pytest.param("mysqlclient", marks=pytest.mark.stack)]
)
def connection(
    request: pytest.FixtureRequest, server: MysqlServer, tracking: Tracking
) -> Iterator[Any]:
    made = CONNECTS[request.param](server.port)
    made.cursor().execute("CREATE TABLE users (id INT PRIMARY KEY, email TEXT, password TEXT)")
    yield made
    made.close()


def test_each_row(connection: Any) -> None:
    for fetch in FETCHES:
        cursor = connection.cursor()
        cursor.execute(MAILS)
        assert whole(fetch(cursor)) == BOTH
        cursor.close()


def test_bound_keys(connection: Any) -> None:
    cursor = connection.cursor()
    cursor.execute("SELECT email FROM users WHERE id = %s", (2,))
    (row,) = cursor.fetchall()
    assert told(*row) == {("email", "2")}
    cursor.execute("SELECT count(*) FROM users")
    assert told(*cursor.fetchone()) == set()


def test_failures_pass(connection: Any) -> None:
    with pytest.raises(Exception, match="1054"):
        connection.cursor().execute("SELECT email FROM nope")


@pytest.mark.parametrize(
    "kind",
    [
        pymysql.cursors.DictCursor,
        pymysql.cursors.SSCursor,
        pymysql.cursors.SSDictCursor,
        type("Mine", (pymysql.cursors.DictCursor,), {}),
    ],
)
def test_the_applications_choice(server: MysqlServer, tracking: Tracking, kind: Any) -> None:
    connection = pymysql.connect(host="127.0.0.1", port=server.port, user="u", cursorclass=kind)
    with connection, connection.cursor() as cursor:
        assert isinstance(cursor, kind)
        assert type(cursor).__name__ == kind.__name__
        cursor.execute("CREATE TABLE users (id INT PRIMARY KEY, email TEXT, password TEXT)")
        for fetch in FETCHES:
            cursor.execute(MAILS)
            assert _told(fetch(cursor)) == BOTH
            cursor.fetchall()  # what is unbuffered wants to be read to its end


def test_dictionaries_of_connector(server: MysqlServer, tracking: Tracking) -> None:
    connection: Any = CONNECTS["connector"](server.port)
    for settings in ({"dictionary": True}, {"buffered": True}):
        cursor = connection.cursor(**settings)
        cursor.execute("CREATE TABLE users (id INT PRIMARY KEY, email TEXT, password TEXT)")
        cursor.execute(MAILS)
        rows = cursor.fetchall()
        assert whole(row.values() if isinstance(row, dict) else row for row in rows) == BOTH
        cursor.close()
    connection.close()


class TestAsynchronous:
    """aiomysql and asyncmy."""

    @staticmethod
    def connecting(driver: Any, server: MysqlServer) -> Any:
        return driver.connect(host="127.0.0.1", port=server.port, user="u", db="app")

    @pytest.mark.parametrize("driver", [aiomysql, asyncmy])
    @pytest.mark.parametrize("kind", ["Cursor", "DictCursor", "SSCursor"])
    def test_each_row(
        self, server: MysqlServer, tracking: Tracking, driver: Any, kind: str
    ) -> None:
        wanted = getattr(driver.cursors, kind)

        async def read() -> None:
            connection = await self.connecting(driver, server)
            async with connection.cursor(wanted) as cursor:
                assert isinstance(cursor, wanted)
                await cursor.execute(
                    "CREATE TABLE users (id INT PRIMARY KEY, email TEXT, password TEXT)"
                )
                await cursor.execute(MAILS)
                assert _told(await cursor.fetchall()) == BOTH
                await cursor.execute(MAILS)
                assert _told([await cursor.fetchone(), *await cursor.fetchmany(5)]) == BOTH
                await cursor.execute(MAILS)
                assert _told([row async for row in cursor]) == BOTH
                await cursor.execute("SELECT email FROM users WHERE id = %s", (2,))
                assert _told(await cursor.fetchall()) == BOTH[1:]
                with pytest.raises(Exception, match="1054"):
                    await cursor.execute("SELECT email FROM nope")
            await connection.ensure_closed()

        asyncio.run(read())

    @pytest.mark.parametrize("driver", ["aiomysql", "asyncmy"])
    def test_below_sqlalchemy(self, server: MysqlServer, tracking: Tracking, driver: str) -> None:
        async def read() -> None:
            where = f"mysql+{driver}://u@127.0.0.1:{server.port}/app"
            engine = create_async_engine(where, _initialize=False)
            async with engine.connect() as db:
                create = "CREATE TABLE users (id INT PRIMARY KEY, email TEXT, password TEXT)"
                await db.execute(text(create))
                assert whole(tuple(row) for row in await db.execute(text(MAILS))) == BOTH
            await engine.dispose()

        asyncio.run(read())


def _told(rows: Any) -> Any:
    return whole(row.values() if isinstance(row, dict) else row for row in rows)


def test_below_sqlalchemy(server: MysqlServer, tracking: Tracking) -> None:
    connection = CONNECTS["pymysql"](server.port)
    engine = create_engine("mysql+pymysql://", creator=lambda: connection, _initialize=False)
    with engine.connect() as db:
        db.execute(text("CREATE TABLE users (id INT PRIMARY KEY, email TEXT, password TEXT)"))
        assert whole(tuple(row) for row in db.execute(text(MAILS))) == BOTH
    engine.dispose()
