"""aiosqlite: what its thread does with sqlite3 is written and read as if it were used directly."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import aiosqlite
import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine

import sst_otel
from tests.sources.rows import told
from tests.support import Tracking

ANN, BEA = "ann.arbor@example.com", "bea.berlin@example.com"
INSERT = "INSERT INTO leads (m, n) VALUES (?, ?)"
ONE = [("sqlite leads(m)", "1", ("email",))]
TWO = [*ONE, ("sqlite leads(m)", "2", ("email",))]

NOPE = ("sqlite leads(nope)", "1", ("email",))


@pytest.fixture(autouse=True)
def people(tracking: Tracking) -> None:
    sst_otel.tag(ANN, "email", owner_id="1")
    sst_otel.tag(BEA, "email", owner_id="2")


def _run(path: Path, act: Callable[[aiosqlite.Connection], Awaitable[Any]]) -> None:
    async def connected() -> None:
        async with aiosqlite.connect(path) as db:
            await db.execute("CREATE TABLE IF NOT EXISTS leads (m TEXT, n INT)")
            await act(db)

    asyncio.run(connected())


def test_what_is_written(tmp_path: Path, tracking: Tracking) -> None:
    async def act(db: aiosqlite.Connection) -> None:
        await db.execute(INSERT, (ANN, 1))
        await db.executemany(INSERT, [(ANN, 1), (BEA, 2)])
        async with db.execute("SELECT m FROM leads WHERE m = ?", (BEA,)) as cursor:
            assert [*await cursor.fetchall()] == [(BEA,)]
        cursor = await db.cursor()
        await cursor.execute(f"UPDATE leads SET m = '{ANN}'")
        with pytest.raises(aiosqlite.OperationalError):
            await db.execute("INSERT INTO leads (nope) VALUES (?)", (ANN,))
        await db.execute(INSERT, ("nobody", 1))

    _run(tmp_path / "app.db", act)
    assert sorted(tracking.shares(databases=True)) == sorted([*ONE, *TWO, *ONE, NOPE])
    assert [row["outcome"] for row in tracking.rows()] == ["sent"] * 4 + ["failed"]


def test_rows_are_their_persons(tmp_path: Path) -> None:
    async def act(db: aiosqlite.Connection) -> None:
        await db.execute("CREATE TABLE users (id INTEGER PRIMARY KEY, email TEXT, password TEXT)")
        await db.execute("INSERT INTO users VALUES (7, 'cem.d@example.net', 'x')")
        async with db.execute("SELECT * FROM users") as cursor:
            assert ("email", "7") in told(*[value async for row in cursor for value in row])
        db.row_factory = aiosqlite.Row
        async with db.execute("SELECT email FROM users WHERE id = ?", (7,)) as cursor:
            row = await cursor.fetchone()
            assert row is not None
            assert told(row["email"]) == {("email", "7")}

    _run(tmp_path / "app.db", act)


def test_once_below_sqlalchemy(tmp_path: Path, tracking: Tracking) -> None:
    async def write() -> None:
        engine = create_async_engine(f"sqlite+aiosqlite:///{tmp_path / 'app.db'}")
        async with engine.begin() as connection:
            await connection.execute(text("CREATE TABLE leads (m TEXT)"))
            await connection.execute(text("INSERT INTO leads (m) VALUES (:m)"), {"m": ANN})
        await engine.dispose()

    asyncio.run(write())
    assert tracking.shares(databases=True) == ONE
