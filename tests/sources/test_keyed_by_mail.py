"""Tables whose rows are told apart by an e-mail: whose it is may be known by another id."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
import requests
from flask import Flask, request, session

from tests.support import Tracking, Vendor

ANN, BEA = "ann.keller@example.com", "bea.moser@example.org"
USERS = "CREATE TABLE IF NOT EXISTS users (id INTEGER PRIMARY KEY, name TEXT, password TEXT)"


@pytest.fixture
def app(tmp_path: Path, vendor: Vendor) -> Flask:
    app = Flask("letters")
    app.secret_key = "s"
    path = tmp_path / "own.db"

    def connect(table: str) -> closing[sqlite3.Connection]:
        connection = sqlite3.connect(path)
        connection.execute(USERS)
        connection.execute(f"CREATE TABLE IF NOT EXISTS {table} (mail TEXT PRIMARY KEY, lang TEXT)")
        return closing(connection)

    @app.post("/in/<int:number>")
    def sign_in(number: int) -> str:
        session["user_id"] = number
        return "ok"

    @app.post("/add/<table>")
    def add(table: str) -> str:
        with connect(table) as connection, connection:
            connection.execute(f"INSERT INTO {table} VALUES (?, ?)", (request.form["email"], "de"))
        return "ok"

    @app.post("/letter/<table>")
    def letter(table: str) -> str:
        with connect(table) as connection:
            for (mail,) in connection.execute(f"SELECT mail FROM {table} ORDER BY mail"):
                requests.post(f"{vendor.url}/letter", json={"to": mail}, timeout=20)
        return "ok"

    return app


def owners(tracking: Tracking) -> list[str | None]:
    return [owner for _, owner, _ in tracking.shares()]


def test_the_only_mail_of_somebody_who_is_known(app: Flask, tracking: Tracking) -> None:
    client = app.test_client()
    client.post("/in/7")
    client.post("/add/subscriber", data={"email": ANN, "lang": "de"})
    app.test_client().post("/letter/subscriber")
    assert owners(tracking) == ["7"]


def test_whoever_has_a_mail_already_enters_somebody_elses(app: Flask, tracking: Tracking) -> None:
    client = app.test_client()
    client.post("/in/7")
    client.post("/add/subscriber", data={"email": ANN})
    client.post("/add/subscriber", data={"email": BEA})
    app.test_client().post("/letter/subscriber")
    assert owners(tracking) == ["7", f"subscriber:{BEA}"]


def test_an_address_book_is_full_of_others(app: Flask, tracking: Tracking) -> None:
    client = app.test_client()
    client.post("/in/7")
    client.post("/add/contact", data={"email": BEA})
    app.test_client().post("/letter/contact")
    assert owners(tracking) == [f"contact:{BEA}"]
