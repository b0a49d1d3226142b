"""Whose is what somebody known types: their own, or that of whom they mean."""

from __future__ import annotations

import io
import sqlite3
from collections.abc import Iterable
from contextlib import closing
from typing import Any

import pytest
import requests
from flask import Flask, request, session
from flask.testing import FlaskClient
from sqlalchemy import Column, Integer, String, select, text, update
from sqlalchemy.engine import Engine
from sqlalchemy.orm import Session, declarative_base

from tests.support import Tracking, Vendor

Base: Any = declarative_base()
OWN = {"first_name": "Hilda", "last_name": "Nussbaum", "email": "hilda.nussbaum@desk.example"}
FRIEND, OTHER = "thekla.uhlenbrock@mail.example", "veit.oberlaender@post.example"
PHONE = "+49 1511 2345671"
ME = "1"
WORDS = ("orders", "events", "messages", "payments", "reports", "customers", "products")
"""Where each field is sent to, in their order."""


class User(Base):  # type: ignore[misc]
    __tablename__ = "users"
    id = Column(Integer, primary_key=True)
    username = Column(String)
    first_name = Column(String)
    last_name = Column(String)
    email = Column(String)
    city = Column(String)
    password = Column(String)


@pytest.fixture
def engine(engine: Engine) -> Engine:
    Base.metadata.create_all(engine)
    return engine


@pytest.fixture
def client(engine: Engine, vendor: Vendor, tracking: Tracking) -> FlaskClient:
    app = Flask("club")
    app.secret_key = "k"

    def tell(values: dict[str, Any]) -> None:
        for word, value in zip(WORDS, values.values(), strict=False):
            requests.post(f"{vendor.url}/{word}", json={"v": value}, timeout=20)

    @app.post("/profile")
    @app.post("/checkout")
    @app.post("/invitations")
    @app.post("/bookings")
    @app.post("/contact")
    def sent() -> str:
        with Session(engine) as db:
            db.get(User, session.get("user_id", 0))
        tell(request.get_json(silent=True) or request.form.to_dict())
        return "ok"

    @app.post("/late")
    def late() -> str:
        """What was sent is read before the log-in is."""
        given = request.form.to_dict()
        session["user_id"] = 1
        with Session(engine) as db:
            db.get(User, 1)
        tell(given)
        return "ok"

    @app.post("/users")
    @app.post("/users/<int:number>")
    def written(number: int = 0) -> str:
        with Session(engine) as db:
            db.get(User, session.get("user_id", 0))
            given = request.form.to_dict()
            tell(given)
            user = db.get(User, number) if number else User()
            assert user is not None
            for name, value in given.items():
                setattr(user, name, value)
            db.add(user)
            db.commit()
        tell(given)
        return "ok"

    @app.post("/changed/<way>")
    def changed(way: str) -> str:
        """Staff changes the account of another without an object of it."""
        given = request.form.to_dict()
        table = User.__table__
        names = ", ".join(f"{name} = :{name}" for name in given)
        with engine.begin() as connection:
            connection.execute(select(table).where(table.c.id == session["user_id"])).all()
            if way == "core":
                connection.execute(update(table).where(table.c.id == 2).values(**given))
            elif way == "text":
                connection.execute(text(f"UPDATE users SET {names} WHERE id = 2"), given)
            elif way == "none":
                connection.execute(update(table).where(table.c.id == 99).values(**given))
        if way == "driver":
            with closing(sqlite3.connect(engine.url.database or "")) as driver:
                driver.execute(f"UPDATE users SET {names} WHERE id = 2", given)
                driver.commit()
        tell(given)
        return "ok"

    @app.post("/imports")
    def imported() -> str:
        with Session(engine) as db:
            db.get(User, session.get("user_id", 0))
        sheet = request.files["people"].read().decode()
        for line in sheet.splitlines()[1:]:
            requests.post(f"{vendor.url}/line", data=line, timeout=20)
        return "ok"

    with Session(engine) as db:
        db.add(User(id=1, username="hilda", city="Aalen", **OWN))
        db.commit()
    client = app.test_client()
    with client.session_transaction() as kept:
        kept["user_id"] = ME
    return client


def told(
    client: FlaskClient, tracking: Tracking, path: str, **form: str
) -> dict[str, set[str | None]]:
    """Send a form; return whose each field was said to be that left."""
    before = len(tracking.rows(event_type="external_api"))
    assert client.post(path, data=form).status_code == 200
    names = dict(zip(WORDS, form, strict=False))
    found: dict[str, set[str | None]] = {}
    for row in tracking.rows(event_type="external_api")[before:]:
        name = names[row["destination"].rpartition("/")[2]]
        found.setdefault(name, set()).add(row["owner_id"])
    return found


def each(form: Iterable[str], owner: str) -> dict[str, set[str | None]]:
    return {name: {owner} for name in form}


def test_their_own_other_address(client: FlaskClient, tracking: Tracking) -> None:
    form = {**OWN, "email": OTHER, "phone": PHONE}
    for path in ("/profile", "/checkout"):
        assert told(client, tracking, path, **form) == each(form, ME)
        form = {"email": OTHER, "phone": PHONE}
        assert told(client, tracking, path, **form) == each(form, ME)


@pytest.mark.parametrize("field", ["email", "freund", "friend_email", "to", "invite"])
def test_an_invitation_is_whom_it_goes_to(
    client: FlaskClient, tracking: Tracking, field: str
) -> None:
    assert told(client, tracking, "/invitations", **{field: FRIEND}) == each([field], FRIEND)
    assert told(client, tracking, "/invitations", **{field: OWN["email"]}) == each([field], ME)


def test_friends_beside_themselves(client: FlaskClient, tracking: Tracking) -> None:
    form = {"guest_email": FRIEND, "guest_phone": PHONE}
    assert told(client, tracking, "/bookings", **OWN, **form, **{"guests-1-email": OTHER}) == {
        **each(OWN, ME),
        **each(form, FRIEND),
        "guests-1-email": {OTHER},
    }


def test_an_account_that_staff_creates(client: FlaskClient, tracking: Tracking) -> None:
    form = {"first_name": "Thekla", "last_name": "Uhlenbrock", "email": FRIEND, "city": "Ulm"}
    assert told(client, tracking, "/users", **form) == each(form, "2")


def test_an_account_that_only_its_row_tells(client: FlaskClient, tracking: Tracking) -> None:
    form = {"email": OTHER, "city": "Tuttlingen"}
    assert told(client, tracking, "/users", **form) == {name: {ME, "2"} for name in form}


def test_their_own_account_with_everything_new(client: FlaskClient, tracking: Tracking) -> None:
    form = {"first_name": "Thekla", "last_name": "Uhlenbrock", "email": FRIEND}
    assert told(client, tracking, "/users/1", **form) == each(form, ME)


def test_what_staff_changes_in_an_account(client: FlaskClient, tracking: Tracking) -> None:
    told(client, tracking, "/users", email=OTHER, first_name="Veit")
    form = {"first_name": "Thekla", "last_name": "Uhlenbrock", "email": FRIEND}
    assert told(client, tracking, "/users/2", **form) == each(form, "2")


@pytest.mark.parametrize(
    ("way", "whose"), [("core", "2"), ("text", "2"), ("driver", "2"), ("none", FRIEND)]
)
def test_what_staff_changes_in_a_row(
    client: FlaskClient, tracking: Tracking, way: str, whose: str
) -> None:
    told(client, tracking, "/users", email=OTHER, first_name="Veit")
    form = {"first_name": "Thekla", "last_name": "Uhlenbrock", "email": FRIEND}
    assert told(client, tracking, f"/changed/{way}", **form) == each(form, whose)


def test_a_list_of_addresses(client: FlaskClient, tracking: Tracking) -> None:
    addresses = f"Thekla U. <{FRIEND}>, {OTHER}, {OWN['email']}"
    assert told(client, tracking, "/invitations", to=addresses) == {"to": {FRIEND, OTHER, ME}}


def test_a_table_that_staff_imports(client: FlaskClient, tracking: Tracking) -> None:
    def imported(sheet: str) -> list[tuple[str | None, tuple[str, ...]]]:
        file = (io.BytesIO(sheet.encode()), "people.csv", "text/csv")
        assert client.post("/imports", data={"people": file}).status_code == 200
        return [share[1:] for share in tracking.shares()]

    both = ("email", "phone")
    table = f"E-Mail;Phone;Note\n{FRIEND};{PHONE};a\n{OTHER};+49 1511 2345672;b\n"
    assert imported(table) == [(FRIEND, both), (OTHER, both)]
    for other in ("", "Price;Note\n5,00;a\n6,00;b\n", "E-Mail;Note\ninfo\n;;\n"):
        assert len(imported(other)) == len(both)


def test_where_an_order_is_sent(client: FlaskClient, tracking: Tracking) -> None:
    order = {"email": OWN["email"], "shipping_first_name": "Thekla", "shipping_city": "Tuttlingen"}
    assert told(client, tracking, "/checkout", **order) == each(order, ME)
    gift = {"recipient_email": FRIEND, "recipient_first_name": "Thekla"}
    assert told(client, tracking, "/checkout", email=OWN["email"], **gift) == {
        "email": {ME},
        **each(gift, FRIEND),
    }


def test_what_is_read_before_the_log_in(client: FlaskClient, tracking: Tracking) -> None:
    log_out(client)
    assert told(client, tracking, "/late", **OWN, friend_email=FRIEND) == {
        **each(OWN, ME),
        "friend_email": {FRIEND},
    }


def test_a_visitors_two_forms(client: FlaskClient, tracking: Tracking) -> None:
    log_out(client)
    first = told(client, tracking, "/contact", email=FRIEND, phone=PHONE)
    second = told(client, tracking, "/bookings", email=FRIEND, friend_email=OTHER)
    (one,), (another,) = first["email"], second["email"]
    assert (first["phone"], second["friend_email"]) == ({one}, {another})
    assert None not in {one, another} != {ME}
    assert one != another


def test_a_friend_who_signs_up_later(client: FlaskClient, tracking: Tracking) -> None:
    told(client, tracking, "/invitations", email=FRIEND)
    log_out(client)
    told(client, tracking, "/users", username="thekla", email=FRIEND)
    assert {row["owner_id"] for row in tracking.rows(event_type="external_api")} == {"2"}


def test_what_two_people_have_in_common(client: FlaskClient, tracking: Tracking) -> None:
    for number, address in ((2, FRIEND), (3, OTHER)):
        form = {"email": address, "first_name": "Otfried", "city": "Tuttlingen"}
        assert told(client, tracking, "/users", **form) == each(form, str(number))
    assert told(client, tracking, "/profile", city="Tuttlingen") == {"city": {ME}}


def log_out(client: FlaskClient) -> None:
    with client.session_transaction() as kept:
        kept.clear()
