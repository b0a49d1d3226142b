"""A statement's columns are read off its tree: nothing is rendered again, nobody warned twice."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import String, exists, func, select
from sqlalchemy.engine import Engine
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.orm import Session
from sqlalchemy.sql.functions import GenericFunction

from tests.sources.rows import ANN, fill, told
from tests.sources.shop_models import Order, User
from tests.support import Tracking

users: Any = User.__table__
orders: Any = Order.__table__
rendered: list[str] = []


class trimmed(GenericFunction[str]):
    type = String()
    inherit_cache = True


@compiles(trimmed, "sqlite")
def _trimmed(element: Any, compiler: Any, **options: Any) -> str:
    rendered.append(type(compiler.dialect).__name__)
    return f"trim({compiler.process(element.clauses, **options)})"


@compiles(trimmed)
def _never(_element: Any, _compiler: Any, **_options: Any) -> str:
    raise AssertionError("rendered for a database that is not the application's")


@pytest.fixture
def engine(engine: Engine) -> Engine:
    fill(engine)
    return engine


@pytest.mark.parametrize(
    "statement",
    [
        select(users.c.email, trimmed(users.c.first_name)).where(users.c.id == 1),
        select(User.email, trimmed(User.first_name)).where(User.id == 1),
        select(
            select(users.c.email, trimmed(users.c.first_name)).where(users.c.id == 1).subquery()
        ),
        select(users.c.email, func.count(orders.c.id))
        .select_from(users.join(orders, isouter=True))
        .where(users.c.id == 1, exists(select(users.c.id).where(trimmed(users.c.email) != "")))
        .group_by(users.c.email),
        select(User.email, func.count(Order.id))
        .join(Order, isouter=True)
        .where(User.id == 1, trimmed(User.email) != "")
        .group_by(User.email),
    ],
)
def test_once_and_for_its_own_database(db: Session, tracking: Tracking, statement: Any) -> None:
    rendered.clear()
    row = db.execute(statement).one()
    assert row[0] == ANN
    assert told(row[0]) == {("email", "1")}
    assert rendered == ["SQLiteDialect_pysqlite"]
    assert tracking.errors() == {}
