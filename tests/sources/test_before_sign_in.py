"""Forms that ask who somebody is before they sign in: what is typed there is the account's."""

from __future__ import annotations

from contextlib import closing
from typing import Any

import pytest
import requests
from flask import Flask, request
from flask.testing import FlaskClient
from sqlalchemy import Column, Integer, String, select
from sqlalchemy.engine import Engine
from sqlalchemy.orm import Session, declarative_base

from tests.support import Tracking, Vendor

Base: Any = declarative_base()
MAIL, PHONE = "marisol.quintero@fastmail.example", "+351 912 345 678"
SHARED = "praxis.lindenhof@post.example"


class User(Base):  # type: ignore[misc]
    __tablename__ = "users"
    id = Column(Integer, primary_key=True)
    name = Column(String)
    email = Column(String)
    phone = Column(String)


@pytest.fixture
def client(engine: Engine, vendor: Vendor, tracking: Tracking) -> FlaskClient:
    Base.metadata.create_all(engine)
    with Session(engine) as db:
        db.add(User(id=7, name="Marisol Quintero", email=MAIL, phone=PHONE))
        db.add(User(id=8, name="Wen Okafor", email=SHARED))
        db.add(User(id=9, name="Greta Lindqvist", email=SHARED))
        db.commit()
    app = Flask("desk")

    @app.post("/<string:field>")
    def asked(field: str) -> str:
        """Write to what was typed, where an account has it."""
        typed = request.form[field]
        with Session(engine) as db:
            users = db.execute(select(User).where(getattr(User, field) == typed)).scalars().all()
            said = {"to": typed, **{k: v for k, v in request.form.items() if k != field}}
            if "greet" in request.args:
                said["text"] = f"Hello {users[0].name}, here is your code"
        requests.post(f"{vendor.url}/messages", json=said, timeout=5)
        return "If there is an account, a message is on its way."

    @app.post("/again")
    def again() -> str:
        """Read back whom was written to, and write once more."""
        with closing(engine.raw_connection()) as db:
            cursor = db.cursor()
            cursor.execute(
                "CREATE TABLE sent_address (id INTEGER PRIMARY KEY, email INTEGER, address VARCHAR)"
            )
            typed = (request.form["email"],)
            cursor.execute("INSERT INTO sent_address (email, address) VALUES (1, ?)", typed)
            cursor.execute("SELECT id, address FROM sent_address")
            for _, address in cursor.fetchall():
                requests.post(f"{vendor.url}/messages", json={"to": address}, timeout=5)
        return "Sent."

    return app.test_client()


def told(tracking: Tracking) -> list[tuple[str, list[str]]]:
    rows = [row for row in tracking.rows() if row["event_type"] == "external_api"]
    return [(row["owner_id"], sorted(row["data_types"])) for row in rows]


def test_the_address_that_a_password_is_asked_for(client: FlaskClient, tracking: Tracking) -> None:
    client.post("/email", data={"email": MAIL})
    assert told(tracking) == [("7", ["email"])]


def test_a_message_to_one_person_is_about_one_person(
    client: FlaskClient, tracking: Tracking
) -> None:
    client.post("/email?greet=1", data={"email": MAIL})
    assert told(tracking) == [("7", ["email", "name"])]


def test_a_number_that_a_code_is_sent_to(client: FlaskClient, tracking: Tracking) -> None:
    client.post("/phone", data={"phone": PHONE})
    assert told(tracking) == [("7", ["phone"])]


def test_who_says_more_is_one_visitor(client: FlaskClient, tracking: Tracking) -> None:
    """Nobody has proved yet that this is the account's person."""
    client.post("/email", data={"email": MAIL, "phone": "+47 912 34 567"})
    ((owner, types),) = told(tracking)
    assert (len(owner), types) == (26, ["email", "phone"])


@pytest.mark.parametrize("address", [SHARED, "nobody.known@post.example"])
def test_an_address_of_several_accounts_or_of_none(
    address: str, client: FlaskClient, tracking: Tracking
) -> None:
    client.post("/email", data={"email": address})
    ((owner, types),) = told(tracking)
    assert (len(owner), types) == (26, ["email"])


def test_whom_was_written_to_is_not_a_person_of_that_table(
    client: FlaskClient, tracking: Tracking
) -> None:
    client.post("/again", data={"email": "nobody.known@post.example"})
    ((owner, types),) = told(tracking)
    assert (len(owner), types) == (26, ["email"])
