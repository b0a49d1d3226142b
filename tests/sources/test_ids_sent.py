"""Ids that somebody sends who is logged in: their own is theirs, others name other things."""

from __future__ import annotations

import pytest
import requests
from flask import Flask, request, session
from flask.testing import FlaskClient

from tests.support import Tracking, Vendor

STAFF = "3f0c8e1b9a5d4c7786d2e4f1a0b9c8d7"
WALLET = "310edfad432e4590a48172efcc0b956a"
NUMBER = "QX-774-19-KLP-2"


@pytest.fixture
def client(vendor: Vendor) -> FlaskClient:
    app = Flask("bank")
    app.secret_key = "k"

    @app.put("/users/balance")
    @app.put("/users/<user_id>/balance")
    def balance(user_id: str = "") -> str:
        session.get("user_id")
        said = (request.get_json(silent=True) or {}).get("id") or user_id
        requests.post(f"{vendor.url}/told", data=f"Wallet {said} has got 50 coins", timeout=20)
        return "ok"

    @app.post("/forms")
    @app.post("/of/<customer_number>")
    def form(customer_number: str = "") -> str:
        session.get("user_id")
        said = customer_number or request.form["customer_number"]
        requests.post(f"{vendor.url}/told", data=f"Number {said}", timeout=20)
        return "ok"

    client = app.test_client()
    with client.session_transaction() as kept:
        kept["user_id"] = STAFF
    return client


def test_another_id_is_not_the_senders(client: FlaskClient, tracking: Tracking) -> None:
    assert client.put("/users/balance", json={"id": WALLET, "amount": 50}).status_code == 200
    assert client.put(f"/users/{WALLET}/balance").status_code == 200
    assert tracking.shares() == []


def test_their_own_is_theirs(client: FlaskClient, tracking: Tracking) -> None:
    assert client.put("/users/balance", json={"id": STAFF, "amount": 50}).status_code == 200
    assert [share[1:] for share in tracking.shares()] == [(STAFF, ("user_id",))]


def test_their_number_is_theirs_beside_their_other_data(
    client: FlaskClient, tracking: Tracking
) -> None:
    form = {"customer_number": NUMBER, "email": "ann.keller@example.com"}
    assert client.post("/forms", data=form).status_code == 200
    assert [share[1:] for share in tracking.shares()] == [(STAFF, ("user_id",))]


def test_a_number_alone_says_whom_something_is_about(
    client: FlaskClient, tracking: Tracking
) -> None:
    form = {"customer_number": NUMBER, "amount": "50"}
    assert client.post("/forms", data=form).status_code == 200
    data = {"email": "ann.keller@example.com"}
    assert client.post(f"/of/{NUMBER}", data=data).status_code == 200
    assert tracking.shares() == []
