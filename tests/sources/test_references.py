"""Whose a row is through other rows: an order refers to a profile, the profile to an account."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
import requests
from sqlalchemy import Column as C
from sqlalchemy import ForeignKey, Integer, MetaData, Table, select
from sqlalchemy import String as S
from sqlalchemy.engine import Engine
from sqlalchemy.orm import Session, registry

from sst_otel.sources.references import through
from tests.support import Tracking, Vendor

mapper = registry()


class Base:
    def __init__(self, **values: Any) -> None:
        for name, value in values.items():
            setattr(self, name, value)


class User(Base):
    pass


class Customer(Base):
    pass


class Order(Base):
    contact_email: str


class Employee(Base):
    pass


class Address(Base):
    street: str


def _number(name: str, target: str = "") -> C[int]:
    keys = (ForeignKey(target),) if target else ()
    return C(name, Integer, *keys, primary_key=name == "id")


def _table(name: str, *columns: C[Any]) -> Table:
    return Table(name, mapper.metadata, _number("id"), *columns)


TABLES = {
    User: _table("users", C("email", S)),
    Customer: _table("customers", _number("user_id", "users.id"), C("phone", S)),
    Order: _table("orders", _number("customer_id", "customers.id"), C("contact_email", S)),
    Employee: _table("employees", _number("user_id", "users.id"), C("salary", Integer)),
    Address: _table("addresses", _number("employee_id", "employees.id"), C("street", S)),
}
for model, table in TABLES.items():
    mapper.map_imperatively(model, table)

SCRIPT = """
CREATE TABLE users (id INTEGER PRIMARY KEY, email TEXT);
CREATE TABLE customers (id INTEGER PRIMARY KEY, user_id INTEGER REFERENCES users(id), phone TEXT);
CREATE TABLE orders (id INTEGER PRIMARY KEY, customer_id INTEGER REFERENCES customers(id),
                     contact_email TEXT);
"""


@pytest.fixture
def send(vendor: Vendor) -> Callable[[Any], None]:
    def post(value: Any) -> None:
        requests.post(f"{vendor.url}/crm", json={"v": value}, timeout=5)

    return post


@pytest.fixture
def filled(engine: Engine, tracking: Tracking) -> Engine:
    """Two people whose keys differ from table to table; written before anything is tracked."""
    with engine.begin() as connection:
        mapper.metadata.create_all(connection)
        for number, name in ((3, "ann"), (4, "bea")):
            connection.exec_driver_sql(f"INSERT INTO users VALUES ({number}, '{name}@example.org')")
            one, two = number + 10, number + 20
            connection.exec_driver_sql(
                f"INSERT INTO customers VALUES ({one}, {number}, '+4915112345{number}{number}')"
            )
            connection.exec_driver_sql(
                f"INSERT INTO orders VALUES ({number}, {one}, '{name}.gift@example.net')"
            )
            connection.exec_driver_sql(f"INSERT INTO employees VALUES ({two}, {number}, 40000)")
            connection.exec_driver_sql(
                f"INSERT INTO addresses VALUES ({number}, {two}, 'Lindenallee {number}7')"
            )
    return engine


def owners(tracking: Tracking) -> list[str | None]:
    return [owner for _, owner, _ in tracking.shares()]


class TestObjects:
    def test_a_persons_row_that_was_seen(
        self, filled: Engine, tracking: Tracking, send: Callable[[Any], None]
    ) -> None:
        with Session(filled) as db:
            db.execute(select(Customer)).scalars().all()
            for order in db.execute(select(Order).order_by(TABLES[Order].c.id)).scalars():
                send(order.contact_email)
        assert owners(tracking) == ["3", "4"]

    def test_what_is_told_later_holds_for_before(
        self, filled: Engine, tracking: Tracking, send: Callable[[Any], None]
    ) -> None:
        with Session(filled) as db:
            order = db.get(Order, 3)
            assert order is not None
            send(order.contact_email)
            assert owners(tracking) == ["customers:13"]
            db.get(Customer, 13)
        assert [row["owner_id"] for row in tracking.rows(owner_id="3")] == ["3"]

    def test_through_a_row_that_describes_nobody(
        self, filled: Engine, tracking: Tracking, send: Callable[[Any], None]
    ) -> None:
        with Session(filled) as db:
            db.get(Employee, 24)
            wanted = select(Address).order_by(TABLES[Address].c.id)
            for address in db.execute(wanted).scalars():
                send(address.street)
        assert owners(tracking) == [None, "4"]

    def test_a_new_row_of_somebody(
        self, filled: Engine, tracking: Tracking, send: Callable[[Any], None]
    ) -> None:
        with Session(filled) as db:
            db.add(Customer(id=99, user_id=4, phone="+491701234567"))
            db.flush()
            db.add(Order(id=8, customer_id=99, contact_email="cai.gift@example.net"))
            db.commit()
            order = db.get(Order, 8)
            assert order is not None
            send(order.contact_email)
        assert owners(tracking) == ["4"]


def test_columns(filled: Engine, tracking: Tracking, send: Callable[[Any], None]) -> None:
    customers, addresses = TABLES[Customer], TABLES[Address]
    with filled.connect() as connection:
        for one in (customers, TABLES[Employee]):
            connection.execute(select(one)).all()
        asked = select(addresses.c.employee_id, addresses.c.street).order_by(addresses.c.id)
        for row in connection.execute(asked):
            send(row.street)
    assert owners(tracking) == ["3", "4"]


def test_columns_of_a_row_asked_for_by_its_key(
    filled: Engine, tracking: Tracking, send: Callable[[Any], None]
) -> None:
    customers = TABLES[Customer]
    with filled.connect() as connection:
        connection.execute(select(customers)).all()
        asked = select(customers.c.phone).where(customers.c.id == 14)
        send(connection.execute(asked).scalar_one())
    assert owners(tracking) == ["4"]


def test_a_driver(tmp_path: Path, tracking: Tracking, send: Callable[[Any], None]) -> None:
    with closing(sqlite3.connect(tmp_path / "own.db")) as db:
        db.executescript(SCRIPT)
        db.execute("INSERT INTO users VALUES (5, 'ann@example.org')")
        db.execute("INSERT INTO customers VALUES (7, 5, '+4915112345678')")
        db.execute("INSERT INTO orders VALUES (1, 7, 'gift@example.net')")
        db.execute("SELECT id, user_id, phone FROM customers").fetchall()
        (row,) = db.execute("SELECT customer_id, contact_email FROM orders").fetchall()
        send(row[1])
    assert owners(tracking) == ["5"]


class TestThrough:
    """Which foreign key leads to somebody."""

    def _found(self, *targets: str, somebodys: tuple[str, ...] = ("profiles",)) -> Any:
        metadata = MetaData()
        for name in ("profiles", "stocks"):
            Table(name, metadata, _number("id"))
        Table("carts", metadata, _number("id"), _number("profile_id", "profiles.id"))
        columns = [_number(f"{name[:-1]}_id", f"{name}.id") for name in targets]
        table = Table("things", metadata, _number("id"), *columns)
        return through(table, lambda one: one.name in somebodys)

    def test_one_does(self) -> None:
        assert self._found("profiles", "stocks") == ("profile_id", "profiles:")

    def test_by_way_of_another(self) -> None:
        assert self._found("carts") == ("cart_id", "carts:")

    def test_of_two_neither(self) -> None:
        assert self._found("carts", "profiles") is None

    def test_none(self) -> None:
        assert self._found("stocks") is None
