"""Other drivers of MySQL as sinks, sync and async: a server takes what they send."""

from __future__ import annotations

import asyncio
import importlib
import inspect
import socket
from collections.abc import Iterator
from typing import Any

import aiomysql  # type: ignore[import-untyped]
import asyncmy
import asyncmy.cursors
import mysql.connector
import mysql.connector.aio
import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.ext.asyncio import create_async_engine

import sst_otel
from tests.sinks.mysql_server import MysqlServer, mysql_server
from tests.sinks.unruly import OURS
from tests.support import Tracking

ANN, BEA = "ann.arbor@example.com", "bea.berlin@example.com"
INSERT = "INSERT INTO leads (m, n) VALUES (%s, %s)"
ONE = [("mysql leads(m)", "1", ("email",))]
TWO = [*ONE, ("mysql leads(m)", "2", ("email",))]
CONNECTS: dict[str, Any] = {
    "aiomysql": lambda **how: aiomysql.connect(user="u", db="app", **how),
    "asyncmy": lambda **how: asyncmy.connect(user="u", db="app", **how),
    "connector": lambda **how: mysql.connector.connect(
        user="u", password="", database="app", use_pure=True, ssl_disabled=True, **how
    ),
    "connector_aio": lambda **how: mysql.connector.aio.connect(
        user="u", password="", database="app", ssl_disabled=True, **how
    ),
}


def _mysqlclient(**how: Any) -> Any:
    driver: Any = importlib.import_module("MySQLdb")
    return driver.connect(user="u", passwd="", db="app", ssl_mode="DISABLED", **how)


@pytest.fixture(scope="module")
def server() -> Iterator[MysqlServer]:
    with mysql_server() as running:
        yield running


@pytest.fixture(autouse=True)
def people(server: MysqlServer, tracking: Tracking) -> None:
    server.statements.clear()
    sst_otel.tag(ANN, "email", owner_id="1")
    sst_otel.tag(BEA, "email", owner_id="2")


async def _awaited(result: Any) -> Any:
    return await result if inspect.isawaitable(result) else result


class Db:
    """A connection of any of the drivers, asked for one thing after the other."""

    def __init__(self, connection: Any) -> None:
        self.connection = connection

    async def run(self, method: str, *args: Any, **cursor: Any) -> Any:
        made = await _awaited(self.connection.cursor(**cursor))
        try:
            return await _awaited(getattr(made, method)(*args))
        finally:
            await _awaited(made.close())


@pytest.fixture(params=[*CONNECTS, pytest.param("mysqlclient", marks=pytest.mark.stack)])
def connect(request: pytest.FixtureRequest, server: MysqlServer) -> Any:
    async def connected(act: Any, host: str = "127.0.0.1") -> None:
        connecting = CONNECTS.get(request.param, _mysqlclient)
        connection = await _awaited(connecting(host=host, port=server.port))
        try:
            await act(Db(connection))
        finally:
            await _awaited(connection.close())

    return lambda act, **how: asyncio.run(connected(act, **how))


def test_one_row(connect: Any, server: MysqlServer, tracking: Tracking) -> None:
    async def act(db: Db) -> None:
        await db.run("execute", INSERT, (ANN, 1))
        await db.run("execute", "REPLACE leads SET m = %(m)s", {"m": ANN})
        await db.run("execute", f'INSERT INTO leads (m) VALUES ("{ANN}")')
        await db.run("execute", "SELECT * FROM leads WHERE m = %s", (ANN,))

    connect(act)
    assert tracking.shares(databases=True) == ONE * 3
    assert f"INSERT INTO leads (m, n) VALUES ('{ANN}', 1)" in server.statements
    assert {row["recipient"] for row in tracking.rows()} == {"own database"}
    assert {row["metadata"]["db.namespace"] for row in tracking.rows()} == {"app"}


@pytest.mark.parametrize(
    "statement", [INSERT, "UPDATE leads SET m = %s WHERE n = %s"], ids=["one", "several"]
)
def test_many_rows(connect: Any, tracking: Tracking, statement: str) -> None:
    connect(lambda db: db.run("executemany", statement, [(ANN, 1), (BEA, 2), ("none", 3)]))
    assert sorted(tracking.shares(databases=True)) == TWO
    assert {row["metadata"]["db.operation.batch.size"] for row in tracking.rows()} == {3}


def test_failures_and_nothing_personal(connect: Any, tracking: Tracking) -> None:
    async def act(db: Db) -> None:
        await db.run("execute", INSERT, ("nobody's words", 1))
        await db.run("execute", "INSERT INTO leads (nope) VALUES (%s)", (ANN,))

    with pytest.raises(Exception, match="1054") as caught:
        connect(act)
    assert not [entry for entry in caught.traceback if str(entry.path).startswith(OURS)]
    assert [row["outcome"] for row in tracking.rows()] == ["failed"]


@pytest.mark.parametrize("connect", CONNECTS, indirect=True)  # C asks nobody for addresses
def test_another_host(connect: Any, tracking: Tracking, monkeypatch: pytest.MonkeyPatch) -> None:
    look_up = socket.getaddrinfo
    monkeypatch.setattr(
        socket, "getaddrinfo", lambda _, *args, **kwargs: look_up("127.0.0.1", *args, **kwargs)
    )

    async def act(db: Db) -> None:
        await db.run("execute", "SELECT n FROM leads WHERE m = %s AND n > 3", (ANN,))
        await db.run("execute", INSERT, (ANN, 1))

    for host in ("db.example", "warehouse.example"):
        connect(act, host=host)
    rows = tracking.rows()
    assert [(row["event_type"], row["recipient"]) for row in rows] == [
        ("database_write", "own database"),
        ("database_read", "unknown"),
        ("database_write", "unknown"),
    ]
    assert {row["destination"] for row in rows} == {"mysql leads(m)"}


def test_a_closed_cursor(connect: Any, tracking: Tracking) -> None:
    async def act(db: Db) -> None:
        cursor = await _awaited(db.connection.cursor())
        await _awaited(cursor.close())
        with pytest.raises(Exception, match=r"(?i)closed|not connected"):
            await _awaited(cursor.execute(INSERT, (ANN, 1)))

    connect(act)
    assert tracking.rows() == []


def test_after_the_stop(connect: Any, server: MysqlServer) -> None:
    async def act(db: Db) -> None:
        sst_otel.stop_tracking()
        await db.run("execute", INSERT, (ANN, 1))

    connect(act)
    assert f"INSERT INTO leads (m, n) VALUES ('{ANN}', 1)" in server.statements


class TestAsyncmy:
    """Its cursor classes are C types."""

    @pytest.mark.parametrize("kind", [asyncmy.cursors.SSCursor, asyncmy.cursors.DictCursor])
    def test_the_application_s_choice(
        self, server: MysqlServer, tracking: Tracking, kind: Any
    ) -> None:
        async def act() -> None:
            how: dict[str, Any] = {"host": "127.0.0.1", "port": server.port, "user": "u"}
            pool = await asyncmy.create_pool(minsize=1, maxsize=2, **how)
            async with pool, pool.acquire() as connection, connection.cursor(kind) as cursor:
                assert isinstance(cursor, kind)
                assert type(cursor).__name__ == kind.__name__
                assert await cursor.execute(INSERT, (ANN, 1)) == 1

        asyncio.run(act())
        assert tracking.shares(databases=True) == ONE


class TestSqlalchemy:
    """Above the drivers: once, by its own look."""

    @pytest.mark.parametrize("driver", ["aiomysql", "asyncmy"])
    def test_asynchronous(self, server: MysqlServer, tracking: Tracking, driver: str) -> None:
        async def write() -> None:
            where = f"mysql+{driver}://u@127.0.0.1:{server.port}/app"
            engine = create_async_engine(where, _initialize=False)
            async with engine.begin() as connection:
                await connection.execute(text("INSERT INTO leads (m) VALUES (:m)"), {"m": ANN})
            await engine.dispose()

        asyncio.run(write())
        assert tracking.shares(databases=True) == ONE

    @pytest.mark.parametrize(
        ("driver", "settings"),
        [
            ("mysqlconnector", {"use_pure": True, "ssl_disabled": True}),
            pytest.param("mysqldb", {"ssl_mode": "DISABLED"}, marks=pytest.mark.stack),
        ],
    )
    def test_once(
        self, server: MysqlServer, tracking: Tracking, driver: str, settings: dict[str, Any]
    ) -> None:
        where = f"mysql+{driver}://u@127.0.0.1:{server.port}/app"
        engine = create_engine(where, _initialize=False, connect_args=settings)
        with engine.begin() as connection:
            connection.execute(text("INSERT INTO leads (m) VALUES (:m)"), {"m": ANN})
        engine.dispose()
        assert tracking.shares(databases=True) == ONE
