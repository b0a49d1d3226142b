"""pg8000 as a sink and a source: cursors, native connections, copies."""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import Any

import pg8000.dbapi  # type: ignore[import-untyped]
import pg8000.legacy  # type: ignore[import-untyped]
import pg8000.native  # type: ignore[import-untyped]
import psycopg
import pytest
from sqlalchemy import create_engine, text

import sst_otel
from sst_otel.sinks.ownership import Server
from tests.postgres import Database, postgres, postgres_server
from tests.sources.rows import told
from tests.support import Tracking, tracking_in

pytestmark = pytest.mark.stack
__all__ = ["postgres", "postgres_server"]
ANN, BEA = "ann.arbor@example.com", "bea.berlin@example.com"
INSERT = "INSERT INTO leads (m, n) VALUES (%s, %s)"
ONE = [("postgresql leads(m)", "1", ("email",))]
TWO = [*ONE, ("postgresql leads(m)", "2", ("email",))]


@pytest.fixture
def leads(postgres: Database, tracking: Tracking) -> Database:
    with psycopg.connect(postgres.dsn) as connection:
        connection.execute("CREATE TABLE leads (m text, n int)")
    sst_otel.tag(ANN, "email", owner_id="1")
    sst_otel.tag(BEA, "email", owner_id="2")
    return postgres


def _settings(leads: Database, host: str = "127.0.0.1") -> dict[str, Any]:
    return {"user": "sst", "host": host, "port": leads.port, "database": leads.name}


@pytest.fixture(params=[pg8000.dbapi, pg8000.legacy], ids=["dbapi", "legacy"])
def db(request: pytest.FixtureRequest, leads: Database) -> Iterator[Any]:
    connection = request.param.Connection(**_settings(leads))
    yield connection
    connection.close()


class TestCursors:
    """By either module."""

    def test_rows(self, db: Any, leads: Database, tracking: Tracking) -> None:
        cursor = db.cursor()
        cursor.execute(INSERT, (ANN, 1))
        cursor.execute(f"UPDATE leads SET n = 2 WHERE m = '{ANN}'")
        cursor.executemany(INSERT, [(ANN, 1), (BEA, 2)])
        cursor.execute("SELECT * FROM leads WHERE m = %s", (BEA,))
        assert [list(row) for row in cursor.fetchall()] == [[BEA, 2]]
        cursor.execute(INSERT, ("nobody", 2))
        assert sorted(tracking.shares(databases=True)) == sorted(ONE + TWO)
        rows = tracking.rows()
        assert {row["metadata"]["db.namespace"] for row in rows} == {leads.name}
        assert {row["outcome"] for row in rows} == {"sent"}

    def test_copies(self, db: Any, tracking: Tracking) -> None:
        cursor = db.cursor()
        lines = io.BytesIO(f"{ANN}\t1\n{BEA}\t2\n".encode())
        cursor.execute("COPY leads (m, n) FROM STDIN", stream=lines)
        cursor.execute("SELECT m FROM leads ORDER BY n")
        assert [row[0] for row in cursor.fetchall()] == [ANN, BEA]
        assert sorted(tracking.shares(databases=True)) == TWO

    def test_failures(self, db: Any, tracking: Tracking) -> None:
        with pytest.raises(Exception, match="nope"):
            db.cursor().execute("INSERT INTO leads (nope) VALUES (%s)", (ANN,))
        assert [row["outcome"] for row in tracking.rows()] == ["failed"]

    def test_what_is_read(self, db: Any) -> None:
        cursor = db.cursor()
        cursor.execute("CREATE TABLE users (id int PRIMARY KEY, email text, password text)")
        cursor.execute("INSERT INTO users VALUES (7, 'cem.d@example.net', 'x')")
        cursor.execute("SELECT email FROM users WHERE id = %s", (7,))
        (row,) = cursor.fetchall()
        assert told(*row) == {("email", "7")}


def test_native_connections(leads: Database, tracking: Tracking) -> None:
    connection = pg8000.native.Connection(**_settings(leads))
    connection.run("INSERT INTO leads (m) VALUES (:m)", m=ANN)
    prepared = connection.prepare("INSERT INTO leads (m, n) VALUES (:m, :n)")
    prepared.run(m=BEA, n=2)
    connection.run("COPY leads (m, n) FROM STDIN", stream=[f"{ANN}\t", "1\n"])
    assert len(connection.run("SELECT * FROM leads")) == 3
    connection.close()
    assert tracking.shares(databases=True) == [*TWO, *ONE]


def test_a_connection_made_before(leads: Database, tracking: Tracking) -> None:
    sst_otel.stop_tracking()
    connection = pg8000.dbapi.Connection(**_settings(leads))
    with tracking_in(tracking.directory) as again:
        sst_otel.tag(ANN, "email", owner_id="1")
        connection.cursor().execute(INSERT, (ANN, 1))
        assert again.shares(databases=True) == ONE
        assert again.rows()[0]["metadata"]["server.port"] == leads.port
    connection.close()


def test_once_below_sqlalchemy(leads: Database, tracking: Tracking) -> None:
    engine = create_engine(leads.url("pg8000"))
    with engine.begin() as connection:
        connection.execute(text("INSERT INTO leads (m) VALUES (:m)"), {"m": ANN})
    engine.dispose()
    assert tracking.shares(databases=True) == ONE


def test_another_host(leads: Database, tracking: Tracking, monkeypatch: pytest.MonkeyPatch) -> None:
    tracking.tracker.emit.ownership.connected(Server("postgresql", "db.example"))
    connection = pg8000.dbapi.Connection(**_settings(leads, "localhost"))
    warehouse = Server("postgresql", "warehouse.example", leads.port, leads.name)
    monkeypatch.setattr(connection, "_sst_server", warehouse)
    connection.cursor().execute("SELECT n FROM leads WHERE lower(m) = %s", (ANN,))
    connection.close()
    (row,) = tracking.rows()
    assert (row["event_type"], row["recipient"]) == ("database_read", "unknown")
