"""Rows that no key gives to anybody: a rare value that the request knows tells whose they are."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
import requests
from flask import Flask, request

from tests.support import Tracking, Vendor

ANN = {"email": "ann.keller@example.com", "postcode": "26122"}
BEA = {"email": "bea.moser@example.org", "postcode": "26135"}
TABLES = """
CREATE TABLE staging (mail TEXT, zip TEXT);
CREATE TABLE pairs (sender_email TEXT, receiver_email TEXT, zip TEXT);
INSERT INTO staging VALUES ('bea.moser@example.org', '26135');
CREATE TABLE users (id INTEGER PRIMARY KEY, phone TEXT, last_name TEXT);
CREATE TABLE members (user_id INTEGER PRIMARY KEY REFERENCES users(id), iban TEXT, zip TEXT);
INSERT INTO users VALUES (4, '+4915112345678', 'Moser'), (5, '+4915187654321', 'Keller');
INSERT INTO members VALUES (4, 'DE89370400440532013000', '26135'),
                           (5, 'NL91ABNA0417164300', '26122');
"""


@pytest.fixture
def app(tmp_path: Path, vendor: Vendor, tracking: Tracking) -> Flask:
    app = Flask("imports")
    path = app.config["DATABASE"] = tmp_path / "own.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript(TABLES)

    def send(rows: list[Any]) -> str:
        for row in rows:
            requests.post(f"{vendor.url}/rows", json={"zip": row[-1]}, timeout=20)
        return "ok"

    @app.post("/staging")
    def staging() -> str:
        form = request.form
        with closing(sqlite3.connect(path)) as connection, connection:
            connection.execute(
                "INSERT INTO staging VALUES (?, ?)", (form["email"].upper(), form["postcode"])
            )
            return send(connection.execute("SELECT mail, zip FROM staging").fetchall())

    @app.post("/pairs")
    def pairs() -> str:
        form = request.form
        with closing(sqlite3.connect(path)) as connection, connection:
            values = (form["email"], BEA["email"], BEA["postcode"])
            connection.execute("INSERT INTO pairs VALUES (?, ?, ?)", values)
            rows = connection.execute("SELECT sender_email, receiver_email, zip FROM pairs")
            return send(rows.fetchall())

    return app


def owners(tracking: Tracking) -> list[str]:
    shares = [row for row in tracking.rows() if row["event_type"] != "database_write"]
    assert {tuple(row["data_types"]) for row in shares} == {("postal_code",)}
    return [row["metadata"].get("sst.owner", "known") for row in shares]


def test_the_row_of_the_form_is_its_persons(app: Flask, tracking: Tracking) -> None:
    app.test_client().post("/staging", data=ANN)
    bea, ann = owners(tracking)
    assert bea == "unknown"
    assert ann != "unknown"


def test_a_row_about_two_people_is_nobodys(app: Flask, tracking: Tracking) -> None:
    app.test_client().post("/pairs", data=ANN)
    assert owners(tracking) == ["unknown"]


@pytest.mark.parametrize(
    ("statement", "told"),
    [
        ("SELECT iban, zip FROM members ORDER BY zip", ["5", "4"]),
        (
            "SELECT iban, zip, last_name FROM members m JOIN users u ON u.id = m.user_id"
            " ORDER BY zip",
            ["5", "4"],
        ),
        ("SELECT iban, zip, last_name FROM members, users ORDER BY zip LIMIT 2", ["5", "5"]),
        ("SELECT max(iban), zip FROM members GROUP BY zip ORDER BY zip", [None, None]),
        ("SELECT 1, zip FROM members ORDER BY zip", [None, None]),
    ],
    ids=["one table", "joined", "side by side", "of a group", "nothing rare"],
)
def test_a_value_of_one_account(
    statement: str, told: list[str | None], app: Flask, vendor: Vendor, tracking: Tracking
) -> None:
    with closing(sqlite3.connect(app.config["DATABASE"])) as connection:
        connection.execute("SELECT user_id, iban FROM members").fetchall()
        for row in connection.execute(statement).fetchall():
            requests.post(f"{vendor.url}/rows", json={"zip": row[1]}, timeout=20)
    assert [row["owner_id"] for row in tracking.rows()] == told
