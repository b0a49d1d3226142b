"""What staff types into other people's rows is those people's, by whatever statement it is done."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
import requests
from flask import Flask, request
from sqlalchemy import bindparam, create_engine, insert, select, text, update
from sqlalchemy.engine import Engine
from sqlalchemy.orm import Session

from tests.sources.shop_models import Base, Profile, User
from tests.support import Tracking, Vendor

PHONES = [f"+49 151 2345671{digit}" for digit in range(10)]
CUSTOMER, OTHER, STAFF = 2, 3, 1
Change = Callable[[Session, str], Any]
USERS, PROFILES = User.__table__, Profile.__table__
BY_KEY = update(User).where(User.id == CUSTOMER)


def by_object(db: Session, email: str) -> None:
    user: Any = db.get(User, CUSTOMER)
    user.email = email
    db.flush()


def by_saving_in_bulk(db: Session, email: str) -> None:
    user: Any = db.get(User, CUSTOMER)
    db.expunge(user)
    user.email = email
    db.bulk_save_objects([user])


def by_driver(db: Session, statement: str, *given: Any) -> None:
    db.connection().exec_driver_sql(statement, given)


ONE_ROW: dict[str, Change] = {
    "an object": by_object,
    "a query": lambda db, email: db.query(User).filter_by(id=CUSTOMER).update({"email": email}),
    "a query that leaves its objects": lambda db, email: (
        db.query(User)
        .filter(User.id == CUSTOMER, User.city.isnot("Rome"))
        .update({User.email: email}, synchronize_session=False)
    ),
    "update()": lambda db, email: db.execute(BY_KEY.values(email=email)),
    "update() of a list of one": lambda db, email: db.execute(
        update(USERS).where(USERS.c.id.in_([CUSTOMER])).values(email=email)
    ),
    "update() of a table": lambda db, email: db.connection().execute(
        update(USERS).where(USERS.c.id == CUSTOMER).values(email=email)
    ),
    "update() with a parameter": lambda db, email: db.connection().execute(
        update(USERS).where(USERS.c.id == bindparam("key")),
        [{"key": CUSTOMER, "email": email}],
    ),
    "by the name": lambda db, email: (
        db.execute(select(User).where(User.id == CUSTOMER)).all(),
        db.execute(update(USERS).where(USERS.c.email == "bea@shop.example").values(email=email)),
    ),
    "mappings": lambda db, email: db.bulk_update_mappings(
        User.__mapper__, [{"id": CUSTOMER, "email": email}]
    ),
    "objects in bulk": by_saving_in_bulk,
    "text": lambda db, email: db.execute(
        text("UPDATE users SET email = :mail, city = 'Rome' WHERE (id = :key)"),
        {"mail": email, "key": CUSTOMER},
    ),
    "the driver": lambda db, email: by_driver(
        db, "UPDATE users SET email = ? WHERE city IS NULL AND id IN (?)", email, CUSTOMER
    ),
    "a document": lambda db, email: db.execute(
        text("UPDATE users SET first_name = 'Bea', contact = :more WHERE id = :key"),
        {"more": json.dumps({"contact": {"again": email}}), "key": CUSTOMER},
    ),
    "literals": lambda db, email: by_driver(
        db, f"UPDATE users SET email = '{email}' WHERE id = {CUSTOMER}"
    ),
}
NOBODY_ELSES: dict[str, Change] = {
    "their own row": lambda db, email: db.execute(
        update(User).where(User.id == STAFF).values(email=email)
    ),
    "several rows": lambda db, email: db.execute(
        update(User).where(User.id.in_([CUSTOMER, OTHER])).values(contact=email)
    ),
    "all rows": lambda db, email: db.execute(update(User).values(contact=email)),
    "all others": lambda db, email: db.execute(
        update(User).where(User.id != STAFF).values(contact=email)
    ),
    "any of two": lambda db, email: db.execute(
        update(User).where((User.id == CUSTOMER) | (User.id == OTHER)).values(contact=email)
    ),
    "several rows, as text": lambda db, email: by_driver(
        db, "UPDATE users SET contact = ? WHERE id IN (?, ?)", email, CUSTOMER, OTHER
    ),
    "either row, as text": lambda db, email: by_driver(
        db, "UPDATE users SET contact = ? WHERE id = ? OR id = ?", email, CUSTOMER, OTHER
    ),
    "a row that is not there": lambda db, email: db.execute(
        update(User).where(User.id == 99).values(email=email)
    ),
    "no row, as text": lambda db, email: by_driver(
        db, "UPDATE users SET email = ? WHERE id = ?", email, 99
    ),
    "another value": lambda db, email: db.execute(BY_KEY.values(email="new@shop.example")),
}


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    engine = create_engine(f"sqlite:///{tmp_path / 'app.db'}")
    Base.metadata.create_all(engine)
    with Session(engine) as db:
        db.add(User(id=STAFF, email="staff@shop.example", first_name="Hilda"))
        db.add(User(id=CUSTOMER, email="bea@shop.example"))
        db.add(User(id=OTHER, email="cor@shop.example"))
        db.add(Profile(id=7, user_id=CUSTOMER, phone="+49 151 1111111"))
        db.commit()
    yield engine
    engine.dispose()


@pytest.fixture
def shared(engine: Engine, tracking: Tracking, vendor: Vendor) -> Callable[..., dict[str, str]]:
    """Have staff type something, change rows by it, and send it; return whose each was."""
    app = Flask("desk")
    app.secret_key = "s" * 20
    changes: list[Change] = []

    @app.post("/customer/<name>")
    def customer(name: str) -> str:
        typed = request.form["typed"]
        with Session(engine) as db:
            assert db.get(User, STAFF) is not None
            changes[0](db, typed)
            db.commit()
        requests.post(f"{vendor.url}/{name}", data={"v": typed}, timeout=20)
        return "ok"

    def share(given: Mapping[str, Change], typed: Sequence[str] = ()) -> dict[str, str]:
        client = app.test_client()
        with client.session_transaction() as session:
            session["user_id"] = STAFF
        for number, change in enumerate(given.values()):
            changes[:] = [change]
            with Session(engine) as db:
                db.merge(User(id=CUSTOMER, email="bea@shop.example", city=None))
                db.commit()
            value = typed[number] if typed else f"altenburg{number}@mail.example"
            assert client.post(f"/customer/{number}", data={"typed": value}).status_code == 200
        assert not tracking.errors()
        rows = tracking.rows(event_type="external_api")
        assert len(rows) == len(given)
        return dict(zip(given, [row["owner_id"] for row in rows], strict=True))

    return share


def test_a_row_that_is_changed_is_its_persons(shared: Callable[..., dict[str, str]]) -> None:
    assert shared(ONE_ROW) == dict.fromkeys(ONE_ROW, str(CUSTOMER))


def test_what_is_written_to_no_one_elses_row_stays_theirs(
    shared: Callable[..., dict[str, str]],
) -> None:
    assert shared(NOBODY_ELSES) == dict.fromkeys(NOBODY_ELSES, str(STAFF))


def test_a_row_that_refers_to_its_person(shared: Callable[..., dict[str, str]]) -> None:
    def change(column: str, key: int, as_text: bool) -> Change:
        def act(db: Session, phone: str) -> None:
            db.execute(select(Profile)).all()  # whose it is has been seen
            if as_text:
                by_driver(db, f"UPDATE profiles SET phone = ? WHERE {column} = ?", phone, key)
            else:
                named = PROFILES.c[column] == key
                db.execute(update(PROFILES).where(named).values(phone=phone))

        return act

    changes = {
        f"{column} {as_text}": change(column, key, as_text)
        for column, key in (("user_id", CUSTOMER), ("id", 7))
        for as_text in (False, True)
    }
    assert shared(changes, PHONES) == dict.fromkeys(changes, str(CUSTOMER))


def test_several_accounts_that_one_statement_makes(
    shared: Callable[..., dict[str, str]], engine: Engine
) -> None:
    def change(table: Any, first: int) -> Change:
        more = {"id": first + 1, "email": f"more{first}@mail.example"}
        return lambda db, email: db.execute(insert(table), [{"id": first, "email": email}, more])

    assert shared({"orm": change(User, 40), "core": change(USERS, 50)}) == {
        "orm": "40",
        "core": "50",
    }
    with Session(engine) as db:
        assert {40, 41, 50, 51} <= set(db.execute(select(User.id)).scalars())


def test_a_cursor_of_the_drivers_own(
    engine: Engine, shared: Callable[..., dict[str, str]], tmp_path: Path
) -> None:
    def change(_: Session, email: str) -> None:
        with closing(sqlite3.connect(tmp_path / "app.db")) as db:
            db.execute("UPDATE users SET email = :m WHERE id = :k", {"m": email, "k": CUSTOMER})
            db.commit()

    assert shared({"sqlite3": change}) == {"sqlite3": str(CUSTOMER)}


def written(tracking: Tracking) -> list[str]:
    return [row["owner_id"] for row in tracking.rows(event_type="database_write")]


def test_the_statement_that_changes_a_row_is_a_share_of_its_person(
    shared: Callable[..., dict[str, str]], tracking: Tracking
) -> None:
    by_sqlalchemy = {how: act for how, act in ONE_ROW.items() if how != "literals"}
    shared(by_sqlalchemy)
    assert set(written(tracking)) == {str(CUSTOMER)}


def test_an_account_that_staff_enters(
    shared: Callable[..., dict[str, str]], tracking: Tracking, engine: Engine
) -> None:
    def by_text(db: Session, email: str) -> None:
        db.execute(
            text("INSERT INTO users (id, email, contact) VALUES (:key, :mail, :more)"),
            {"key": 60, "mail": email, "more": json.dumps({"again": [email]})},
        )

    entered: dict[str, Change] = {
        "object": lambda db, email: db.add(User(email=email, first_name="Veit")),
        "text": by_text,
    }
    assert shared(entered) == {"object": "4", "text": "60"}
    assert set(written(tracking)) == {"4", "60"}


def test_what_staff_writes_into_a_row_of_an_account(
    shared: Callable[..., dict[str, str]], tracking: Tracking
) -> None:
    def act(db: Session, phone: str) -> None:
        db.add(Profile(user_id=OTHER, phone=phone))
        db.flush()

    assert shared({"new profile": act}, PHONES) == {"new profile": str(OTHER)}
    assert set(written(tracking)) == {str(OTHER)}
