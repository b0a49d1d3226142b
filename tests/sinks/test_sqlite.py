"""SQLite's own driver as a sink: what is written, of whom, once, and the driver as it was."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine, text

import sst_otel
from sst_otel import guard
from tests.support import Tracking

ANN, BEA = "ann.arbor@example.com", "bea.berlin@example.com"


@pytest.fixture
def db(tmp_path: Path, tracking: Tracking) -> Iterator[sqlite3.Connection]:
    connection = sqlite3.connect(tmp_path / "app.db")
    connection.execute("CREATE TABLE leads (m TEXT UNIQUE, n TEXT)")
    sst_otel.tag(ANN, "email", owner_id="1")
    sst_otel.tag(BEA, "email", owner_id="2")
    yield connection
    connection.close()


ONE = [("sqlite leads(m)", "1", ("email",))]
TWO = [*ONE, ("sqlite leads(m)", "2", ("email",))]
UNNAMED = [("sqlite leads(column1)", "1", ("email",))]
SCRIPT = f"INSERT INTO leads (m) VALUES ('{ANN}'); DELETE FROM leads WHERE m = '{BEA}'"
WAYS: list[tuple[str, tuple[Any, ...], list[Any]]] = [
    ("execute", ("INSERT INTO leads (m, n) VALUES (?, ?)", (ANN, "x")), ONE),
    ("execute", ("REPLACE INTO leads (m) VALUES (:who)", {"who": ANN}), ONE),
    ("execute", (f"INSERT INTO leads (m) VALUES ('{ANN}')",), ONE),
    ("execute", ("INSERT INTO leads (m) VALUES (?), (?)", (ANN, BEA)), TWO),
    ("execute", ("INSERT INTO leads VALUES (?, 'x')", (ANN,)), UNNAMED),
    ("executemany", ("INSERT INTO leads (m) VALUES (?)", [(ANN,), (BEA,)]), TWO),
    ("executescript", (SCRIPT,), ONE),
    ("execute", ("INSERT INTO leads (m, n) VALUES (?, ?)", ("x", "a@example.com")), []),
    ("execute", ("SELECT * FROM leads WHERE m = ?", (ANN,)), []),
    ("execute", ("DELETE FROM leads WHERE m = ?", (ANN,)), []),
]


@pytest.mark.parametrize(("method", "args", "shares"), WAYS)
@pytest.mark.parametrize("on", ["connection", "cursor"])
def test_what_is_written(
    db: sqlite3.Connection,
    tracking: Tracking,
    on: str,
    method: str,
    args: tuple[Any, ...],
    shares: list[Any],
) -> None:
    getattr(db if on == "connection" else db.cursor(), method)(*args)
    assert sorted(tracking.shares(databases=True)) == shares
    for row in tracking.rows():
        assert (row["event_type"], row["outcome"]) == ("database_write", "sent")
        assert row["recipient"] == "own database"
        assert row["metadata"]["db.collection.name"] == "leads"


def test_rows_that_come_one_by_one_are_handed_on(
    db: sqlite3.Connection, tracking: Tracking
) -> None:
    given = ((mail,) for mail in (ANN, BEA, "none@example.com"))
    assert db.executemany("INSERT INTO leads (m) VALUES (?)", given).rowcount == 3
    assert sorted(tracking.shares(databases=True)) == TWO
    assert {row["metadata"]["db.operation.batch.size"] for row in tracking.rows()} == {3}
    assert len(db.execute("SELECT m FROM leads").fetchall()) == 3


def test_a_failure_is_the_applications(db: sqlite3.Connection, tracking: Tracking) -> None:
    db.execute("INSERT INTO leads (m) VALUES (?)", (ANN,))
    with pytest.raises(sqlite3.IntegrityError) as caught:
        db.execute("INSERT INTO leads (m) VALUES (?)", (ANN,))
    assert [entry.name for entry in caught.traceback] == ["test_a_failure_is_the_applications"]
    assert [row["outcome"] for row in tracking.rows()] == ["sent", "failed"]
    with pytest.raises(sqlite3.ProgrammingError):
        db.execute("INSERT INTO leads (m) VALUES (?)", ())
    with pytest.raises(TypeError):
        db.execute()  # type: ignore[call-arg]


def test_cursors_of_the_application(db: sqlite3.Connection, tracking: Tracking) -> None:
    class Loud(sqlite3.Cursor):
        said: tuple[Any, ...] = ()

        def execute(self, *args: Any) -> Any:
            self.said = (*self.said, args[0])
            return super().execute(*args)

    cursor = db.cursor(Loud)
    cursor.execute("INSERT INTO leads (m) VALUES (?)", (ANN,))
    assert len(cursor.said) == 1
    assert isinstance(cursor, Loud)
    assert tracking.shares(databases=True) == ONE


@pytest.mark.parametrize("raw", [False, True])
def test_once_below_sqlalchemy(db: sqlite3.Connection, tracking: Tracking, raw: bool) -> None:
    engine = create_engine("sqlite://")
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE leads (m TEXT)"))
        if raw:
            connection.connection.cursor().execute("INSERT INTO leads (m) VALUES (?)", (ANN,))
        else:
            connection.execute(text("INSERT INTO leads (m) VALUES (:m)"), {"m": ANN})
    engine.dispose()
    assert tracking.shares(databases=True) == ONE


def test_inert_after_the_stop(db: sqlite3.Connection, tracking: Tracking) -> None:
    sst_otel.stop_tracking()
    db.execute("INSERT INTO leads (m) VALUES (?)", (ANN,))
    assert db.executemany("INSERT INTO leads (m) VALUES (?)", iter([(BEA,)])).rowcount == 1
    assert guard.error_counts() == {}
