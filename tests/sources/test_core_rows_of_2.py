"""Rows by ways that only SQLAlchemy 2 has: scalars at once, what a write returns, frozen text."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import insert, select, text, update
from sqlalchemy.engine import Engine
from sqlalchemy.orm import Session

from tests.sources.rows import fill, told, whole
from tests.sources.shop_models import User

users: Any = User.__table__


@pytest.fixture
def engine(engine: Engine) -> Engine:
    fill(engine)
    return engine


def test_scalars_of_a_session_and_a_connection(db: Session) -> None:
    query = select(User.birthday).where(User.id == 2)
    assert told(db.scalars(query).first()) == {("birthday", "2")}
    assert told(db.connection().scalars(query).one()) == {("birthday", "2")}


def test_what_a_write_returns(db: Session) -> None:
    changed = update(users).where(users.c.id == 1).values(city="Gera").returning(users.c.email)
    assert told(*db.execute(changed).one()) == {("email", "1")}
    new = insert(users).values(email="c@example.net").returning(users.c.id, users.c.email)
    assert told(*db.execute(new).one()) == {("email", "3")}


@pytest.mark.parametrize(
    "query",
    [
        select(users.c.email, users.c.id).order_by(users.c.id),
        select(User.email, User.id).order_by(User.id),
        text("SELECT email, id FROM users ORDER BY id"),
    ],
    ids=["core", "orm", "text"],
)
def test_a_frozen_result(db: Session, query: Any) -> None:
    assert whole(db.execute(query).freeze()()) == [{("email", "1")}, {("email", "2")}]
