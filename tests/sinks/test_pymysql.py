"""PyMySQL as a sink, against a server that takes what it sends."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from typing import Any

import pymysql  # type: ignore[import-untyped]
import pymysql.cursors  # type: ignore[import-untyped]
import pytest
from sqlalchemy import create_engine, text

import sst_otel
from tests.sinks.mysql_server import MysqlServer, mysql_server
from tests.support import Tracking

ANN, BEA = "ann.arbor@example.com", "bea.berlin@example.com"
INSERT = "INSERT INTO leads (m, n) VALUES (%s, %s)"
ONE = [("mysql leads(m)", "1", ("email",))]
TWO = [*ONE, ("mysql leads(m)", "2", ("email",))]


@pytest.fixture(scope="module")
def server() -> Iterator[MysqlServer]:
    with mysql_server() as running:
        yield running


@pytest.fixture
def db(server: MysqlServer, tracking: Tracking) -> Iterator[Any]:
    server.statements.clear()
    sst_otel.tag(ANN, "email", owner_id="1")
    sst_otel.tag(BEA, "email", owner_id="2")
    connection = pymysql.connect(host="127.0.0.1", port=server.port, user="u", database="app")
    yield connection
    if connection.open:
        connection.close()


def test_one_row(db: Any, server: MysqlServer, tracking: Tracking) -> None:
    assert db.cursor().execute(INSERT, (ANN, 1)) == 1
    db.cursor(pymysql.cursors.SSDictCursor).execute("REPLACE leads SET m = %(m)s", {"m": ANN})
    db.cursor().execute(f'INSERT INTO leads (m) VALUES ("{ANN}")')
    db.cursor().execute("SELECT * FROM leads WHERE m = %s", (ANN,))
    assert tracking.shares(databases=True) == ONE * 3
    assert f"INSERT INTO leads (m, n) VALUES ('{ANN}', 1)" in server.statements
    assert {row["recipient"] for row in tracking.rows()} == {"own database"}
    assert {row["metadata"]["db.namespace"] for row in tracking.rows()} == {"app"}


@pytest.mark.parametrize("given", [list, iter], ids=["list", "iterator"])
@pytest.mark.parametrize(
    "statement", [INSERT, "UPDATE leads SET m = %s WHERE n = %s"], ids=["one", "several"]
)
def test_many_rows(db: Any, tracking: Tracking, given: Any, statement: str) -> None:
    assert db.cursor().executemany(statement, given([(ANN, 1), (BEA, 2), ("none", 3)])) > 0
    assert sorted(tracking.shares(databases=True)) == TWO
    assert {row["metadata"]["db.operation.batch.size"] for row in tracking.rows()} == {3}


def test_failures_and_nothing_personal(db: Any, tracking: Tracking) -> None:
    db.cursor().execute(INSERT, ("nobody's words", 1))
    with pytest.raises(pymysql.err.OperationalError) as caught:
        db.cursor().execute("INSERT INTO leads (nope) VALUES (%s)", (ANN,))
    assert caught.value.args[0] == 1054
    assert [row["outcome"] for row in tracking.rows()] == ["failed"]


def test_another_host(
    db: Any, server: MysqlServer, tracking: Tracking, monkeypatch: pytest.MonkeyPatch
) -> None:
    connect, there = socket.create_connection, ("127.0.0.1", server.port)
    monkeypatch.setattr(
        socket, "create_connection", lambda _, *rest, **more: connect(there, *rest, **more)
    )
    for host in ("db.example", "warehouse.example"):
        connection = pymysql.connect(host=host, port=server.port, user="u", database="app")
        connection.cursor().execute("SELECT n FROM leads WHERE m = %s AND n > 3", (ANN,))
        connection.cursor().execute(INSERT, (ANN, 1))
        connection.close()
    rows = tracking.rows()
    assert [(row["event_type"], row["recipient"]) for row in rows] == [
        ("database_write", "own database"),
        ("database_read", "unknown"),
        ("database_write", "unknown"),
    ]
    assert {row["destination"] for row in rows} == {"mysql leads(m)"}


def test_once_below_sqlalchemy(db: Any, server: MysqlServer, tracking: Tracking) -> None:
    engine = create_engine("mysql+pymysql://", creator=lambda: db, _initialize=False)
    with engine.connect() as connection:
        connection.execute(text("INSERT INTO leads (m) VALUES (:m)"), {"m": ANN})
    engine.dispose()
    assert tracking.shares(databases=True) == ONE
