"""One table of an application, at most, gives plain ids; every process says which alike."""

from __future__ import annotations

from collections.abc import Callable
from itertools import permutations
from pathlib import Path
from typing import Any

import pytest
import requests
from sqlalchemy import Column, ForeignKey, Integer, MetaData, String, Table, create_engine, select
from sqlalchemy.orm import Session, declarative_base

from sst_otel.audit.models import Base
from sst_otel.datatypes import FieldClassifier, default_taxonomy
from sst_otel.sources.accounts import LOGIN as LOGIN_OF_FRAMEWORK
from sst_otel.sources.known_tables import KnownTables
from sst_otel.sources.mapper_plan import mapper_plan
from sst_otel.sources.people import People
from tests.support import Tracking, Vendor

CLASSIFIER = FieldClassifier(default_taxonomy())
Described = tuple[str, tuple[str, ...]]
LOGIN = ("email", "password")


def prefixes(*described: Described) -> dict[str, str]:
    """Return table → what its people's ids begin with; the same in every order of description."""
    found = set()
    for order in permutations(described):
        metadata = MetaData()
        for name, columns in order:
            Table(name, metadata, *columns_of(columns))
        for first in order:  # whichever is asked for first
            people = People(
                lambda column, others, table: CLASSIFIER.classify(column, others, table)
            )
            people.plan(metadata.tables[first[0]])
            plans = {name: people.plan(table) for name, table in metadata.tables.items()}
            told = {name: plan.owners[-1][1] for name, plan in plans.items() if plan.owners}
            assert [name for name, plan in plans.items() if plan.login] == [
                name for name, prefix in told.items() if not prefix and _own_key(plans[name])
            ]
            found.add(tuple(sorted(told.items())))
    assert len(found) == 1
    return dict(found.pop())


def _own_key(plan: Any) -> bool:
    return bool(plan.owners[0][0] == "id")


def columns_of(names: tuple[str, ...]) -> list[Column[Any]]:
    keys: list[Column[Any]] = [Column("id", Integer, primary_key=True)]
    return keys + [
        Column(name, Integer, ForeignKey(f"{name[:-3]}s.id"))
        if name.endswith("_id")
        else Column(name, String)
        for name in names
    ]


@pytest.mark.parametrize(
    ("described", "plain"),
    [
        ((("doctor", LOGIN), ("patient", LOGIN)), None),
        ((("students", LOGIN), ("teachers", LOGIN), ("products", ("name",))), None),
        ((("users", LOGIN), ("admins", LOGIN)), "users"),
        ((("users", ("email", "name")), ("admins", LOGIN)), "users"),
        ((("members", LOGIN), ("admins", LOGIN)), "members"),
        ((("accounts", LOGIN), ("user", LOGIN)), "user"),
        ((("accounts", ("email", "iban")), ("customers", LOGIN)), "customers"),
        ((("shop_user", LOGIN), ("sellers", LOGIN)), "shop_user"),
        ((("customers", LOGIN), ("guests", ("name", "email"))), "customers"),
        ((("subscribers", ("name", "email")),), "subscribers"),
        ((("subscribers", ("name", "email")), ("guests", ("name", "email"))), None),
    ],
)
def test_which_it_is(described: tuple[Described, ...], plain: str | None) -> None:
    expected = {name: "" if name == plain else f"{name}:" for name, _ in described}
    expected.pop("products", None)
    assert prefixes(*described) == expected


def test_a_password_in_a_table_of_its_own_is_its_users() -> None:
    found = prefixes(("users", ("email",)), ("credentials", ("user_id", "email", "password")))
    assert found["users"] == ""


def test_a_user_is_no_part_of_a_company() -> None:
    columns = ("company_id", *LOGIN)
    metadata = MetaData()
    Table("companys", metadata, *columns_of(("name", "email")))
    users = Table("users", metadata, *columns_of(columns))
    people = People(lambda column, others, table: CLASSIFIER.classify(column, others, table))
    assert people.plan(users).owner_id({"id": 5, "company_id": 1}) == "5"
    assert people.plan(users).login


def test_the_one_that_a_framework_declares() -> None:
    """Accounts without a password, whose settings are a row of their own and have an e-mail too."""
    metadata = MetaData()
    settings = Table("lab_userpreferences", metadata, *columns_of(("email_alternate",)))
    link: Column[Any] = Column("preferences_id", ForeignKey("lab_userpreferences.id"), unique=True)
    columns = (*columns_of(("username", "email")), link)
    members = Table("lab_member", metadata, *columns, info={LOGIN_OF_FRAMEWORK: True})
    Table("lab_card", metadata, *columns_of(("username", "password")))
    people = People(lambda column, others, table: CLASSIFIER.classify(column, others, table))
    assert people.plan(members).login
    assert people.plan(members).owner_id({"id": 5, "preferences_id": 1}) == "5"
    stored = {column.name: column for column in members.columns}
    assert mapper_plan(members, stored, people, None).addresses == (
        ("preferences_id", f"{settings.name}:"),
    )


def test_classes_that_inherit_from_one_of_people() -> None:
    metadata = MetaData()
    person = Table("person", metadata, *columns_of(("email", "name")))
    made = {}
    for name in ("doctor", "patient"):
        key: Column[Any] = Column("id", ForeignKey("person.id"), primary_key=True)
        made[name] = Table(name, metadata, key, Column("password", String), Column("phone", String))
    people = People(lambda column, others, table: CLASSIFIER.classify(column, others, table))
    owners = [people.plan(table).owner_id({"id": 1}) for table in (person, *made.values())]
    assert owners == ["1", "1", "1"]


def test_tables_of_several_databases() -> None:
    first, second = MetaData(), MetaData()
    users = Table("users", first, *columns_of(("email", "name")))
    customers = Table("customers", second, *columns_of(LOGIN))
    both = [users, customers]
    people = People(
        lambda column, others, table: CLASSIFIER.classify(column, others, table),
        others=lambda: both,
    )
    owners = [people.plan(table).owner_id({"id": 1}) for table in both]
    assert owners == ["1", "customers:1"]


@pytest.fixture
def send(vendor: Vendor) -> Callable[[Any], None]:
    def post(document: Any) -> None:
        requests.post(f"{vendor.url}/crm", json=document, timeout=20)

    return post


def test_a_doctor_and_a_patient(
    tmp_path: Path, tracking: Tracking, send: Callable[[Any], None]
) -> None:
    base: Any = declarative_base()

    class Doctor(base):  # type: ignore[misc]
        __tablename__ = "doctor"
        id = Column(Integer, primary_key=True)
        email = Column(String)
        password = Column(String)

    class Patient(base):  # type: ignore[misc]
        __tablename__ = "patient"
        id = Column(Integer, primary_key=True)
        email = Column(String)
        password = Column(String)

    engine = create_engine(f"sqlite:///{tmp_path / 'clinic.db'}")
    base.metadata.create_all(engine)
    with Session(engine) as db:
        db.add_all([Doctor(email="ann.keller@example.com"), Patient(email="bea.moser@example.org")])
        db.commit()
        for model in (Doctor, Patient):
            row: Any = db.execute(select(model)).scalars().one()
            send({"to": row.email})
    with engine.connect() as connection:
        for table in (Doctor.__table__, Patient.__table__):
            send({"mail": connection.execute(select(table)).one().email})
    engine.dispose()
    assert [owner for _, owner, _ in tracking.shares()] == ["doctor:1", "patient:1"] * 2
    assert tracking.rows(owner_id="1") == []


def test_tables_of_plain_sql_beside_those_of_sqlalchemy(
    tmp_path: Path, tracking: Tracking, send: Callable[[Any], None]
) -> None:
    import sqlite3

    users = Table("users", MetaData(), *columns_of(("email", "name")))
    engine = create_engine(f"sqlite:///{tmp_path / 'app.db'}")
    users.create(engine)
    with engine.begin() as connection:
        connection.execute(users.insert().values(email="ann.keller@example.com"))
        send({"to": connection.execute(select(users)).one().email})
    engine.dispose()
    other = sqlite3.connect(tmp_path / "crm.db")
    other.execute("CREATE TABLE customers (id INTEGER PRIMARY KEY, email TEXT, name TEXT)")
    other.execute("INSERT INTO customers (email) VALUES ('bea.moser@example.org')")
    send({"to": other.execute("SELECT * FROM customers WHERE id = 1").fetchone()[1]})
    other.close()
    assert [owner for _, owner, _ in tracking.shares()] == ["1", "customers:1"]


class Describing:
    """A ``MetaData`` as another thread sees it while a table is being described."""

    def __init__(self) -> None:
        self.info: dict[str, Any] = {}
        users = Table("users", MetaData(), Column("id", Integer, primary_key=True))
        self.tables = {"users": users, "half": Table.__new__(Table)}


def test_our_own_tables_and_unfinished_ones_are_not_the_applications() -> None:
    known, metadata = KnownTables(), Describing()
    known._attached(None, Base.metadata)
    known._attached(None, metadata)
    assert list(known.described()) == [metadata.tables["users"]]
