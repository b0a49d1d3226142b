"""Rows that peewee and Tortoise make objects of: what they convert stays whose it was."""

from __future__ import annotations

import asyncio
import datetime
import decimal
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import peewee
import pytest
from flask import Flask
from tortoise import Tortoise, fields
from tortoise.models import Model

from sst_otel.registry.identity import marked
from tests.support import Tracking

BORN = datetime.date(1992, 11, 2)
INCOME = decimal.Decimal("61250.50")
TABLE = """
CREATE TABLE users (id INTEGER PRIMARY KEY, email TEXT, password_hash TEXT, born TEXT, income TEXT);
INSERT INTO users VALUES (7, 'oduya@mbeki.example', 'x', '1992-11-02', '61250.50');
"""
_storage = peewee.SqliteDatabase(None)


class Walker(peewee.Model):
    id = peewee.AutoField()
    email = peewee.CharField()
    born = peewee.DateField()
    income = peewee.DecimalField()

    class Meta:
        database = _storage
        table_name = "users"


class Stroller(Model):
    id = fields.IntField(primary_key=True)
    email = fields.CharField(max_length=90)
    born = fields.DateField()
    income = fields.DecimalField(max_digits=12, decimal_places=2)

    class Meta:
        table = "users"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    with closing(sqlite3.connect(tmp_path / "own.db")) as connection:
        connection.executescript(TABLE)
    return tmp_path / "own.db"


@pytest.fixture
def storage(path: Path) -> Iterator[None]:
    _storage.init(str(path))
    yield
    _storage.close()


def _object() -> tuple[Any, ...]:
    one: Any = Walker.get_by_id(7)
    return one.born, one.income


def _tuples() -> tuple[Any, ...]:
    one: Any = next(iter(_columns().tuples()))
    return one[1], one[2]


def _dictionaries() -> tuple[Any, ...]:
    one: Any = next(iter(_columns().dicts()))
    return one["born"], one["income"]


def _named() -> tuple[Any, ...]:
    one: Any = next(iter(_columns().namedtuples()))
    return one.born, one.income


def _columns() -> Any:
    return Walker.select(Walker.id, Walker.born, Walker.income)


def seen(load: Callable[[], tuple[Any, ...]]) -> list[tuple[Any, list[tuple[str, str | None]]]]:
    """Return what a request loads, each value with its types and their owner's id."""
    app = Flask("strolls")
    found: list[Any] = []

    @app.get("/")
    def index() -> str:
        for value in load():
            entry = marked(value)
            data = () if entry is None else entry.data
            found.append((value, [(datum.data_type, datum.owner.id) for datum in data]))
        return "ok"

    assert app.test_client().get("/").status_code == 200
    return found


@pytest.mark.parametrize("load", [_object, _tuples, _dictionaries, _named])
def test_peewee(load: Callable[[], tuple[Any, ...]], storage: None, tracking: Tracking) -> None:
    assert seen(load) == [(BORN, [("birthday", "7")]), (INCOME, [("income", "7")])]


def test_tortoise(path: Path, tracking: Tracking) -> None:
    async def load() -> tuple[Any, ...]:
        await Tortoise.init(db_url=f"sqlite://{path}", modules={"models": [__name__]})
        try:
            one = await Stroller.get(id=7)
            return one.born, one.income
        finally:
            await Tortoise.close_connections()

    assert seen(lambda: asyncio.run(load())) == [
        (BORN, [("birthday", "7")]),
        (INCOME, [("income", "7")]),
    ]
