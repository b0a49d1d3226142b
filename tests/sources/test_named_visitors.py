"""Accounts in memory: who registers under a name is whom the session calls by it."""

from __future__ import annotations

import pytest
import requests
from flask import Flask, request, session

from tests.support import Tracking, Vendor

ANN = {"username": "annkeller1977", "phone": "+49 151 23456701"}


@pytest.fixture
def app(vendor: Vendor) -> Flask:
    app = Flask("rooms")
    app.secret_key = "k"
    users: list[dict[str, str]] = []

    @app.post("/register")
    def register() -> str:
        users.append(dict(request.form))
        return "ok"

    @app.post("/login")
    def login() -> str:
        session["user"] = next(u for u in users if u["username"] == request.form["username"])[
            "username"
        ]
        return "ok"

    @app.post("/book")
    def book() -> str:
        me = next(u for u in users if u["username"] == session["user"])
        text = f"{me['username']} booked, call {me['phone']}"
        requests.post(f"{vendor.url}/push", json={"message": text}, timeout=20)
        return "ok"

    return app


def test_they_are_one_person(app: Flask, tracking: Tracking) -> None:
    client = app.test_client()
    client.post("/register", data=ANN)
    client.post("/login", data={"username": ANN["username"]})
    client.post("/book")
    assert [share[1:] for share in tracking.shares()] == [("annkeller1977", ("phone", "username"))]


def test_of_two_who_took_the_name_neither(app: Flask, tracking: Tracking) -> None:
    app.test_client().post("/register", data=ANN)
    client = app.test_client()
    client.post("/register", data={**ANN, "phone": "+49 151 23456702"})
    client.post("/login", data={"username": ANN["username"]})
    client.post("/book")
    owners = {owner: types for _, owner, types in tracking.shares()}
    assert "phone" not in owners.get("annkeller1977", ())
