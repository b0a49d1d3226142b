"""Accounts written by a program's own SQL: the visitor who signs up becomes the account."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
import requests
from flask import Flask, request
from sqlalchemy import create_engine, text

from tests.support import Tracking, Vendor

ANN = {"email": "Ann.Keller@example.com", "phone": "+49 151 23456701"}
SCHEMA = "CREATE TABLE members (id INTEGER PRIMARY KEY, email TEXT UNIQUE, phone TEXT, secret TEXT)"
PLAIN = "INSERT INTO members (email, phone, secret) VALUES (lower(?), ?, 'x')"
Write = Callable[[Any, str, str], object]

SQLITE: dict[str, Write] = {
    "the connection": lambda db, *given: db.execute(PLAIN, given),
    "a cursor": lambda db, *given: db.cursor().execute(PLAIN, given),
    "named": lambda db, email, phone: db.execute(
        "INSERT INTO members (phone, email) VALUES (:phone, :email)",
        {"email": email, "phone": phone},
    ),
    "replace": lambda db, *given: db.execute(
        "REPLACE INTO members (email, phone) VALUES (?, ?)", given
    ),
    "returning": lambda db, *given: db.execute(
        "INSERT INTO members (email, phone) VALUES (?, ?) RETURNING phone, id AS number", given
    ).fetchone(),
    "an upsert that returns": lambda db, *given: db.execute(
        "INSERT INTO members (email, phone) VALUES (?, ?) "
        "ON CONFLICT (email) DO UPDATE SET phone = excluded.phone RETURNING *",
        given,
    ).fetchall(),
}


def site(vendor: Vendor, write: Callable[[str, str], object]) -> Flask:
    app = Flask("letters")

    @app.post("/register")
    def register() -> str:
        requests.post(f"{vendor.url}/before", json={"to": request.form["email"]}, timeout=20)
        write(request.form["email"], request.form["phone"])
        requests.post(f"{vendor.url}/after", json={"call": request.form["phone"]}, timeout=20)
        return "ok"

    return app


def signed_up(tracking: Tracking, app: Flask, **more: str) -> set[str]:
    assert app.test_client().post("/register", data={**ANN, **more}).status_code == 200
    assert not tracking.errors()
    return {owner for _, owner, _ in tracking.shares()}


class TestSqlite:
    @pytest.fixture
    def path(self, tmp_path: Path) -> Path:
        path = tmp_path / "app.db"
        with closing(sqlite3.connect(path)) as db:
            db.execute(SCHEMA)
            db.execute("INSERT INTO members (id, email) VALUES (40, 'first@example.org')")
            db.commit()
        return path

    @staticmethod
    def by(path: Path, write: Write) -> Callable[[str, str], object]:
        def written(email: str, phone: str) -> None:
            with closing(sqlite3.connect(path)) as db:
                write(db, email, phone)
                db.commit()

        return written

    @pytest.mark.parametrize("way", SQLITE)
    def test_one_row(self, path: Path, tracking: Tracking, vendor: Vendor, way: str) -> None:
        assert signed_up(tracking, site(vendor, self.by(path, SQLITE[way]))) == {"41"}

    def test_its_table_may_be_declared_later(
        self, path: Path, tracking: Tracking, vendor: Vendor
    ) -> None:
        with closing(sqlite3.connect(path)) as db:
            db.execute(SCHEMA.replace("TABLE", "TABLE IF NOT EXISTS"))
        write = self.by(
            path,
            lambda db, *given: db.execute("INSERT INTO members VALUES (NULL, ?, ?, '')", given),
        )
        assert signed_up(tracking, site(vendor, write)) == {"41"}

    def test_sqlalchemy_with_text(self, path: Path, tracking: Tracking, vendor: Vendor) -> None:
        engine = create_engine(f"sqlite:///{path}")

        def write(email: str, phone: str) -> None:
            with engine.begin() as connection:
                connection.execute(
                    text("INSERT INTO members (email, phone) VALUES (:email, :phone)"),
                    {"email": email, "phone": phone},
                )

        assert signed_up(tracking, site(vendor, write)) == {"41"}
        engine.dispose()

    @pytest.mark.parametrize(
        "statement",
        [
            "INSERT OR IGNORE INTO members (id, email, phone) VALUES (40, ?, ?)",
            "INSERT INTO members (email, phone) VALUES (?, ?) ON CONFLICT DO NOTHING",
            "INSERT INTO members (email, phone) VALUES (?, ?), ('bea@example.org', '')",
            "INSERT INTO members (email, phone) SELECT ?, ?",
            "INSERT INTO events (email, phone) VALUES (?, ?)",
            "INSERT INTO messages (member_id, email, phone) VALUES (40, ?, ?)",
        ],
    )
    def test_what_makes_nobody_known(
        self, path: Path, tracking: Tracking, vendor: Vendor, statement: str
    ) -> None:
        with closing(sqlite3.connect(path)) as db:
            db.execute("CREATE TABLE events (id INTEGER PRIMARY KEY, email TEXT, phone TEXT)")
            db.execute(
                "CREATE TABLE messages (id INTEGER PRIMARY KEY, member_id INTEGER, email TEXT, "
                "phone TEXT)"
            )
        write = self.by(path, lambda db, *given: db.execute(statement, given))
        owners = signed_up(tracking, site(vendor, write))
        assert not owners & {"40", "41", "42", "1"}

    def test_a_row_about_somebody_else(
        self, path: Path, tracking: Tracking, vendor: Vendor
    ) -> None:
        write = self.by(
            path, lambda db, *_: db.execute(PLAIN, ("bea@example.org", "+49 151 99999999"))
        )
        owners = signed_up(tracking, site(vendor, write))
        assert "41" not in owners

    def test_an_error_is_the_programs_own(
        self, path: Path, tracking: Tracking, vendor: Vendor
    ) -> None:
        app = site(vendor, self.by(path, SQLITE["a cursor"]))
        client = app.test_client()
        assert client.post("/register", data=ANN).status_code == 200
        app.testing = True
        with pytest.raises(sqlite3.IntegrityError):
            client.post("/register", data=ANN)
        assert not tracking.errors()
