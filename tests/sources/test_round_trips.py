"""What one request or process writes, another reads: by whatever way, it is the same person's."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
import requests
from sqlalchemy import insert, select, text, update
from sqlalchemy.engine import Engine
from sqlalchemy.orm import Session

from tests.sources.rows import ANN, BEA
from tests.sources.shop_models import Base, User
from tests.support import Vendor, tracking_in

users: Any = User.__table__
PEOPLE = [
    {"id": 1, "email": ANN, "first_name": "Ann", "income": 51234.5},
    {"id": 2, "email": BEA, "first_name": "Bea", "income": 51234.5},
]
INSERT = (
    "INSERT INTO users (id, email, first_name, income) VALUES (:id, :email, :first_name, :income)"
)


@pytest.fixture
def engine(engine: Engine) -> Engine:
    Base.metadata.create_all(engine)
    return engine


def by_orm(engine: Engine) -> None:
    with Session(engine) as db:
        db.add_all(User(**person) for person in PEOPLE)
        db.commit()


def by_core(engine: Engine) -> None:
    with engine.begin() as connection:
        connection.execute(insert(users), PEOPLE)


def by_text(engine: Engine) -> None:
    with engine.begin() as connection:
        connection.execute(text(INSERT), PEOPLE)


def by_driver(engine: Engine) -> None:
    with closing(sqlite3.connect(str(engine.url.database))) as connection, connection:
        connection.executemany(INSERT, PEOPLE)


def objects(engine: Engine) -> list[dict[str, Any]]:
    with Session(engine) as db:
        return [{"i": user.income, "x": user.email} for user in db.execute(select(User)).scalars()]


def columns(engine: Engine) -> list[dict[str, Any]]:
    with Session(engine) as db:
        query = select(User.id, User.income, User.email)
        return [{"i": row.income, "x": row.email} for row in db.execute(query)]


def mappings(engine: Engine) -> list[dict[str, Any]]:
    with engine.connect() as connection:
        query = select(users.c.id, users.c.income.label("i"), users.c.email.label("x"))
        rows = [dict(row) for row in connection.execute(query).mappings()]
    return [{name: row[name] for name in "ix"} for row in rows]


def plain_sql(engine: Engine) -> list[dict[str, Any]]:
    with engine.connect() as connection:
        result = connection.execute(text("SELECT id, income AS i, email AS x FROM users"))
        return [{"i": row.i, "x": row.x} for row in result]


def driver(engine: Engine) -> list[dict[str, Any]]:
    with closing(sqlite3.connect(str(engine.url.database))) as connection:
        connection.row_factory = sqlite3.Row
        rows = connection.execute("SELECT * FROM users").fetchall()
        return [{"i": row["income"], "x": row["email"]} for row in rows]


def one_by_one(engine: Engine) -> list[dict[str, Any]]:
    documents = []
    with engine.connect() as connection:
        for number in connection.execute(select(users.c.id)).scalars().all():
            query = text("SELECT income, email FROM users WHERE id = :number")
            row = connection.execute(query, {"number": number}).one()
            documents.append({"i": row.income, "x": row.email})
    return documents


@pytest.mark.parametrize("read", [objects, columns, mappings, plain_sql, driver, one_by_one])
@pytest.mark.parametrize("write", [by_orm, by_core, by_text, by_driver])
def test_written_by_one_process_read_by_another(
    write: Callable[[Engine], None],
    read: Callable[[Engine], list[dict[str, Any]]],
    engine: Engine,
    vendor: Vendor,
    tmp_path: Path,
) -> None:
    """A nightly job: no request, everybody's rows, values that they share."""
    with tracking_in(tmp_path) as tracking:
        write(engine)
        assert tracking.errors() == {}
    with tracking_in(tmp_path) as tracking:  # knows nothing of the first
        for document in read(engine):
            requests.post(f"{vendor.url}/crm", json=document, timeout=20)
        assert tracking.shares() == [
            ("POST 127.0.0.1/crm", "1", ("email", "income")),
            ("POST 127.0.0.1/crm", "2", ("email", "income")),
        ]
        assert tracking.errors() == {}


def test_the_same_datum_is_the_same_tag_however_it_is_read(
    engine: Engine, vendor: Vendor, tmp_path: Path
) -> None:
    tags = []
    by_core(engine)
    for read in (objects, columns, plain_sql, driver):
        with tracking_in(tmp_path) as tracking:
            requests.post(f"{vendor.url}/crm", json=read(engine)[0], timeout=20)
            tags.append(sorted(tracking.rows()[-1]["tag_ids"]))
    assert tags[1:] == tags[:-1]


def test_a_change_is_read_as_changed(engine: Engine, vendor: Vendor, tmp_path: Path) -> None:
    by_core(engine)
    with tracking_in(tmp_path) as tracking:
        with engine.begin() as connection:
            row = connection.execute(select(users).where(users.c.id == 1)).one()
            moved = update(users).where(users.c.id == 2).values(income=row.income * 2)
            connection.execute(moved)
            income = connection.scalar(select(users.c.income).where(users.c.id == 2))
        requests.post(f"{vendor.url}/crm", json={"n": income}, timeout=20)
        assert tracking.shares() == [("POST 127.0.0.1/crm", "2", ("income",))]
