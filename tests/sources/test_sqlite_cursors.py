"""Rows fetched by SQLite's own cursors: typed, each its person's, and the driver as it was."""

from __future__ import annotations

import sqlite3
import sys
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine, text

import sst_otel
from sst_otel import missed
from tests.sources.rows import ANN, BEA, told, whole
from tests.support import Tracking

SCHEMA = """
CREATE TABLE users (id INTEGER PRIMARY KEY, email TEXT UNIQUE, income REAL, password TEXT);
CREATE TABLE notes (id INTEGER PRIMARY KEY, user_id INTEGER REFERENCES users (id), phone TEXT);
"""
PEOPLE = [(1, ANN, 51234.5, "x"), (2, BEA, 51234.5, "y")]
BOTH = [{("email", "1")}, {("email", "2")}]


@pytest.fixture
def db(tmp_path: Path, tracking: Tracking) -> Iterator[sqlite3.Connection]:
    connection = sqlite3.connect(tmp_path / "app.db")
    connection.executescript(SCHEMA)
    connection.executemany("INSERT INTO users VALUES (?, ?, ?, ?)", PEOPLE)
    connection.execute("INSERT INTO notes VALUES (1, 2, '+49 151 23456701')")
    connection.commit()
    yield connection
    connection.close()


class TestWhoIsJoined:
    """Rows of two tables, one of which tells the person by name alone."""

    JOINED = (
        "SELECT u.email, n.phone FROM notes n JOIN users u ON u.id = n.user_id",
        "SELECT n.phone, u.email FROM users u, notes n WHERE n.user_id = u.id",
        "SELECT email, phone FROM notes INNER JOIN users ON notes.user_id = users.id",
    )

    @pytest.mark.parametrize("statement", JOINED)
    def test_a_name_that_was_met_is_the_person_s(
        self, db: sqlite3.Connection, statement: str
    ) -> None:
        db.execute("SELECT * FROM users").fetchall()
        assert whole(db.execute(statement)) == [{("email", "2"), ("phone", "2")}]

    def test_a_name_of_somebody_else_is_not(self, db: sqlite3.Connection) -> None:
        db.execute("SELECT * FROM users").fetchall()
        statement = "SELECT u.email, n.phone FROM notes n JOIN users u ON u.id < n.user_id"
        assert whole(db.execute(statement)) == [{("email", "1"), ("phone", None)}]


class TestTheWaysToFetch:
    @pytest.mark.parametrize(
        "fetch",
        [
            lambda cursor: cursor.fetchall(),
            lambda cursor: list(cursor),
            lambda cursor: cursor.fetchmany(2),
            lambda cursor: cursor.fetchmany(size=2),
            lambda cursor: [cursor.fetchone(), cursor.fetchone()],
            lambda cursor: [next(cursor), next(cursor)],
            lambda cursor: [row for row in cursor],
        ],
    )
    @pytest.mark.parametrize("shortcut", [True, False])
    def test_each_row(
        self, db: sqlite3.Connection, shortcut: bool, fetch: Callable[[Any], Any]
    ) -> None:
        statement = "SELECT email, id FROM users ORDER BY id"
        cursor = db.execute(statement) if shortcut else db.cursor().execute(statement)
        assert whole(fetch(cursor)) == BOTH

    def test_row_factories(self, db: sqlite3.Connection) -> None:
        def named(cursor: Any, row: Any) -> dict[str, Any]:
            return dict(zip((column[0] for column in cursor.description), row, strict=True))

        class Account:
            def __init__(self, cursor: Any, row: Any) -> None:
                self.__dict__.update(named(cursor, row))

            def __getattr__(self, name: str) -> Any:
                raise AssertionError("asked by somebody else")

        for factory, values in (
            (sqlite3.Row, tuple),
            (named, dict.values),
            (Account, lambda account: vars(account).values()),
            (lambda _cursor, row: list(row), list),
        ):
            db.row_factory = factory
            rows = db.execute("SELECT email, id FROM users ORDER BY id").fetchall()
            assert whole(values(row) for row in rows) == BOTH

    def test_one_value_for_a_row(self, db: sqlite3.Connection) -> None:
        db.row_factory = lambda _cursor, row: row[0]
        assert db.execute("SELECT email, id FROM users ORDER BY id").fetchone() == ANN
        assert missed.counts()[missed.FACTORY] == {"builtins.str": 1}


class TestWhose:
    def test_a_bound_key(self, db: sqlite3.Connection) -> None:
        row = db.execute("SELECT income FROM users WHERE id = ?", (2,)).fetchone()
        assert told(*row) == {("income", "2")}
        row = db.execute("SELECT income FROM users WHERE id = :who", {"who": "1"}).fetchone()
        assert told(*row) == {("income", "1")}

    def test_a_foreign_key(self, db: sqlite3.Connection) -> None:
        assert told(*db.execute("SELECT * FROM notes").fetchone()) == {("phone", "2")}

    def test_the_next_statement_of_a_cursor(self, db: sqlite3.Connection) -> None:
        cursor = db.execute("SELECT email, id FROM users")
        cursor.fetchone()
        cursor.execute("SELECT 51234.5")
        assert whole(cursor) == [set()]
        cursor.execute("SELECT income, id FROM users ORDER BY id")
        assert whole(cursor) == [{("income", "1")}, {("income", "2")}]

    def test_sums(self, db: sqlite3.Connection) -> None:
        statement = "SELECT AVG(income), COUNT(email) FROM users"
        assert told(*db.execute(statement).fetchone()) == {("derived", None)}
        grouped = db.execute("SELECT SUM(income), id FROM users GROUP BY id ORDER BY id")
        assert whole(grouped) == [{("derived", "1")}, {("derived", "2")}]


class TestTheDriverIsAsItWas:
    def test_types(self, db: sqlite3.Connection) -> None:
        cursor = db.execute("SELECT email FROM users")
        assert isinstance(db, sqlite3.Connection)
        assert isinstance(cursor, sqlite3.Cursor)
        assert repr(cursor).startswith("<sqlite3.Cursor object at ")
        assert cursor.connection is db
        assert iter(cursor) is cursor
        assert type(db.cursor().execute("SELECT 1").fetchone()) is tuple

    def test_the_applications_own_classes(self, tmp_path: Path, db: sqlite3.Connection) -> None:
        class Cursor(sqlite3.Cursor):
            def shout(self) -> str:
                return str(self.fetchone()[0]).upper()

        class Connection(sqlite3.Connection):
            def cursor(self, *_: Any) -> Any:
                return super().cursor(Cursor)

        path = tmp_path / "app.db"
        with sqlite3.connect(path, factory=Connection) as own:
            cursor = own.cursor().execute("SELECT email, id FROM users ORDER BY id")
            assert isinstance(own, Connection)
            assert isinstance(cursor, Cursor)
            assert whole(cursor) == BOTH
            assert cursor.execute("SELECT email FROM users ORDER BY id").shout() == ANN.upper()
        own.close()
        assert isinstance(db.cursor(Cursor), Cursor)
        positional: Any = (path, 5.0, 0, "", True, Connection)
        if sys.version_info < (3, 12):
            own = sqlite3.connect(*positional)
            assert isinstance(own, Connection)
            own.close()

    def test_a_factory_that_is_a_function_is_left_alone(
        self, tmp_path: Path, db: sqlite3.Connection, caplog: pytest.LogCaptureFixture
    ) -> None:
        def make(*args: Any, **kwargs: Any) -> sqlite3.Connection:
            return sqlite3.Connection(*args, **kwargs)

        connect: Any = sqlite3.connect
        connection = connect(tmp_path / "app.db", factory=make)
        assert type(connection) is sqlite3.Connection
        assert whole(connection.execute("SELECT email, id FROM users")) == [set(), set()]
        connection.close()
        assert "are not looked at: it stands where our connection would" in caplog.text
        assert any("make" in name for name in missed.counts()[missed.FACTORY])

    @pytest.mark.parametrize(
        "act",
        [
            lambda db: db.execute("SELECT nothing FROM users"),
            lambda db: db.cursor().execute("SELECT email FROM users WHERE id = ?", (1, 2)),
            lambda db: db.executemany("INSERT INTO users (id) VALUES (?)", [(1,)]),
            lambda db: db.executescript("SELECT nothing"),
            lambda db: sqlite3.connect("/nowhere/app.db"),
            lambda db: db.cursor(factory=int),
        ],
    )
    def test_failures_end_in_the_applications_frame(
        self, db: sqlite3.Connection, act: Callable[[Any], Any]
    ) -> None:
        with pytest.raises((sqlite3.Error, TypeError)) as caught:
            act(db)
        assert traceback.extract_tb(caught.value.__traceback__)[-1].filename == __file__

    def test_after_tracking(self, db: sqlite3.Connection) -> None:
        open_cursor = db.execute("SELECT email, id FROM users")
        sst_otel.stop_tracking()
        assert whole(open_cursor) == [set(), set()]
        assert whole(db.execute("SELECT email, id FROM users")) == [set(), set()]
        plain = sqlite3.connect(":memory:")
        assert type(plain) is sqlite3.Connection
        plain.close()


class TestBelowSqlalchemy:
    def test_its_rows_are_looked_at_once(
        self, tmp_path: Path, db: sqlite3.Connection, tracking: Tracking
    ) -> None:
        engine = create_engine(f"sqlite:///{tmp_path / 'app.db'}")
        with engine.connect() as connection:
            result = connection.execute(text("SELECT email, id FROM users ORDER BY id"))
            before = len(tracking.tracker.registry)
            raw: Any = result.cursor.fetchone()
            assert told(*raw) == set()
            assert len(tracking.tracker.registry) == before
            own = connection.connection.cursor()  # what the application itself does with it
            own.execute("SELECT email, id FROM users ORDER BY id")
            assert whole(own.fetchall()) == BOTH
        engine.dispose()
