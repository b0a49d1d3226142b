"""Whom a home-made session means."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import requests
from flask import Flask, request, session
from sqlalchemy import Column, Integer, String, create_engine, select
from sqlalchemy.orm import Session, declarative_base

from sst_otel.sources.session_keys import AccountNames, account_ids, prefix_for
from tests.support import Tracking, Vendor

ANN = "ann.keller@example.com"
UUID = "8d5c1f7e-0a54-4a8e-9c0b-3f1d2a6b7c88"
PEOPLE = {"user": "", "customer": "customers:", "member": "members:"}
ACCOUNTS = AccountNames(
    lambda noun: prefix_for(noun, PEOPLE, False),
    lambda name: {ANN: "7", "annk": "7", "bea": "8"}.get(name),
)


@pytest.mark.parametrize(
    ("content", "owner"),
    [
        ({"customer_id": 5}, "customers:5"),
        ({"memberId": "5"}, "members:5"),
        ({"userid": 5}, "5"),
        ({"userId": "5"}, "5"),
        ({"account_id": 5}, "5"),
        ({"curr_user": 5}, "5"),
        ({"loggedin_id": 5}, None),
        ({"logged_in_user_id": 5}, "5"),
        ({"patient_id": 5}, "patients:5"),
        ({"USERNAME": "annk"}, "7"),
        ({"user_email": ANN}, "7"),
        ({"email": ANN}, "7"),
        ({"logged_in_user": "annk"}, "7"),
        ({"user": {"name": "Ann", "email": ANN}}, "7"),
        ({"current_user": {"id": 5, "email": ANN}}, "5"),
        ({"customer": {"id": 5}}, "customers:5"),
        ({"sessions": [{"user": UUID, "at": "x"}]}, UUID),
        ({"accounts": [{"user_id": 5}]}, "5"),
        ({"sessions": [{"user": 5}, {"user": 6}]}, None),
        ({"sessions": [5], "accounts": 5, "users": ["annk"]}, None),
        ({"username": "somebody new"}, None),
        ({"email": "typed@example.org"}, None),
        ({"username": "annk", "email": "bea"}, None),
        ({"customer_id": 5, "member_id": 6}, None),
        ({"customer_id": 5, "customer_email": ANN}, "customers:5"),
        ({"customer_id": "cus_N1a9"}, None),
        ({"client_id": 5}, None),
        ({"client_id": "8d5c1f7e-0a54-4a8e-9c0b-3f1d2a6b7c88"}, None),
        ({"admin": 1, "login": True, "member": 1}, None),
        ({"cart_id": 5, "csrf_token": "annk", "session_id": 5, "order_id": 5, "id": 5}, None),
        ({"name": "annk", "state": "annk", "next": ANN, "product_user_id": 5}, None),
        ({"user_agent_id": 5, "user_count": 5, "users": 5}, None),
    ],
)
def test_the_words_of_its_keys(content: dict[str, Any], owner: str | None) -> None:
    assert ACCOUNTS.by_words(content) == owner


def test_what_may_have_been_typed_opens_no_page() -> None:
    assert ACCOUNTS.by_words({"email": ANN}, names=False) is None
    assert ACCOUNTS.by_words({"user": {"email": ANN}}, names=False) is None
    assert ACCOUNTS.by_words({"customer_id": 5}, names=False) == "customers:5"


def test_a_rule_s_key_names_the_table() -> None:
    assert ACCOUNTS.by_rule("customer_id", "5") == "customers:5"
    assert ACCOUNTS.by_rule("_user_id", "5") == "5"
    assert ACCOUNTS.by_rule("", "5") == "5"
    assert ACCOUNTS.by_rule("user_id", "ada") == "ada"


def test_a_number_alone_is_nobody_where_two_kinds_of_people_log_in() -> None:
    tied = AccountNames(
        lambda noun: prefix_for(noun, {"doctor": "doctor:", "patient": "patient:"}, True),
        lambda _name: None,
    )
    assert tied.by_rule("", "1") is None
    assert tied.by_rule("user_id", "1") is None
    assert tied.by_rule("user_id", "doctor-1") == "doctor-1"
    assert tied.by_words({"doctor_id": 1}) == "doctor:1"


def test_the_kind_of_user_says_whose_the_number_is() -> None:
    both = AccountNames(
        lambda noun: prefix_for(noun, {"user": "", "employee": "employees:"}, False),
        lambda _name: None,
        {"user": "", "employee": "employees:"}.get,
    )
    assert both.by_rule("user_id", "1", {"user_type": "Employee"}) == "employees:1"
    assert both.by_rule("user_id", "1", {"role": "employee", "type": "user"}) == "1"
    assert both.by_rule("user_id", "1", {"role": "editor", "name": "employee"}) == "1"
    assert both.by_rule("customer_id", "1", {"role": "employee"}) == "customers:1"
    assert both.by_claims({"id": 4, "role": "employee"}) == "employees:4"


def test_claims_of_a_token_without_a_subject() -> None:
    assert ACCOUNTS.by_claims({"user_id": 5, "exp": 1}) == "5"
    assert ACCOUNTS.by_claims({"identity": 5, "iat": 1, "jti": "x"}) == "5"
    assert ACCOUNTS.by_claims({"identity": {"id": 5, "email": "x@y.example"}}) == "5"
    assert ACCOUNTS.by_claims({"email": ANN}) == "7"
    assert ACCOUNTS.by_claims({"username": "not met yet"}) == "not met yet"
    assert ACCOUNTS.by_claims({"public_id": "8d5c1f7e-0a54"}) == "8d5c1f7e-0a54"
    assert ACCOUNTS.by_claims({"exp": 1, "scope": "read", "aud": "shop"}) is None


Known = Callable[[dict[str, Any]], "str | None"]


@pytest.fixture
def known(tmp_path: Path, tracking: Tracking, vendor: Vendor) -> Known:
    """Return who a session with this content is, in an application with two kinds of people."""
    base: Any = declarative_base()

    class Seller(base):  # type: ignore[misc]
        __tablename__ = "sellers"
        id = Column(Integer, primary_key=True)
        email = Column(String, unique=True)
        password = Column(String)

    class User(base):  # type: ignore[misc]
        __tablename__ = "user"
        id = Column(Integer, primary_key=True)
        email = Column(String, unique=True)
        username = Column(String, unique=True)
        password = Column(String)

    engine = create_engine(f"sqlite:///{tmp_path / 'shop.db'}")
    base.metadata.create_all(engine)
    with Session(engine) as db:
        db.add_all([User(email=ANN, username="annk77"), Seller(email="bea@example.org")])
        db.commit()
    app = Flask("shop")
    app.secret_key = "k"
    content: dict[str, Any] = {}

    @app.post("/login")
    def login() -> str:
        with Session(engine) as db:
            db.execute(select(User)).scalars().all()
            session.update(content)
        return "ok"

    @app.post("/say")
    def say() -> str:
        requests.post(f"{vendor.url}/sms", json={"to": request.form["phone"]}, timeout=20)
        return "ok"

    def ask(kept: dict[str, Any]) -> str | None:
        content.clear()
        content.update(kept)
        client = app.test_client()
        client.post("/login")
        client.post("/say", data={"phone": "+44 7700 900123"})
        owner: str | None = tracking.shares()[-1][1]
        return owner

    return ask


@pytest.mark.parametrize(
    ("content", "owner"),
    [
        ({"seller_id": 1}, "sellers:1"),
        ({"USERNAME": "annk77"}, "1"),
        ({"user_email": ANN}, "1"),
        ({"user": {"email": ANN}}, "1"),
        ({"userId": 1}, "1"),
    ],
)
def test_in_an_application(known: Known, content: dict[str, Any], owner: str) -> None:
    assert known(content) == owner


def test_a_cart_is_nobody(known: Known) -> None:
    assert known({"cart_id": 1, "coupon": "annk77"}) not in ("1", "sellers:1", "annk77")


@pytest.mark.parametrize(
    ("content", "owner", "keys"),
    [
        ({"user_id": 48213, "cart_id": 48213}, "48213", ["user_id"]),
        ({"user_id": "48213", "account": 48213}, "customers:48213", ["user_id", "account"]),
        ({"current_user": "8d5c1f7e", "user": "8d5c1f7e"}, "8d5c1f7e", ["current_user"]),
        ({"user_id": 48377, "admin": True}, "48213", []),
        ({"user_id": "ann@example.com"}, "ann@example.com", []),
    ],
)
def test_the_entries_that_are_its_account(
    content: dict[str, Any], owner: str, keys: list[str]
) -> None:
    assert account_ids(content, owner) == [(key, content[key]) for key in keys]


def test_the_id_in_the_session_is_followed_where_anything_is(
    tracking: Tracking, vendor: Vendor
) -> None:
    app = Flask(__name__)
    app.secret_key = "test"

    @app.get("/")
    def send() -> str:
        requests.post(vendor.url + "/points", json={"who": session["user_id"]}, timeout=5)
        return ""

    client = app.test_client()
    with client.session_transaction() as stored:
        stored["user_id"] = 48213
    assert client.get("/").status_code == 200
    assert [share[2] for share in tracking.shares()] == [("user_id",)]
