"""SQLAlchemy Core: what is written is seen, and a new account is its person's."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
from flask import Flask, request
from markupsafe import Markup
from sqlalchemy import Column, Integer, MetaData, String, Table, create_engine, insert, update
from sqlalchemy.engine import Engine

import sst_otel
from tests.support import Tracking, Vendor

MAIL = "ann.keller@example.com"
metadata = MetaData()
members = Table(
    "members",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("email", String),
    Column("first_name", String),
)
notes = Table("notes", metadata, Column("nr", Integer), Column("contact_email", String))


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    engine = create_engine(f"sqlite:///{tmp_path / 'app.db'}")
    metadata.create_all(engine)
    yield engine
    engine.dispose()


class TestWrites:
    """Names given to ``Column()`` are a subclass of ``str``, and so may values be."""

    @pytest.mark.parametrize("value", [MAIL, Markup(MAIL)], ids=["text", "markup"])
    def test_insert_and_update(self, value: str, engine: Engine, tracking: Tracking) -> None:
        sst_otel.tag(MAIL, "email", owner_id="1")
        with engine.begin() as connection:
            connection.execute(insert(members).values(email=value))
            connection.execute(members.insert(), {"email": value})
            connection.execute(insert(notes), [{"contact_email": MAIL}, {"contact_email": "x"}])
            connection.execute(update(members).where(members.c.id == 1).values(email=MAIL))
        assert tracking.shares(databases=True) == [
            ("sqlite members(email)", "1", ("email",)),
            ("sqlite members(email)", "1", ("email",)),
            ("sqlite notes(contact_email)", "1", ("email",)),
            ("sqlite members(email)", "1", ("email",)),
        ]


class TestSignUp:
    """The visitor who signs up is the account that Core inserts."""

    @pytest.fixture
    def app(self, engine: Engine, vendor: Vendor, tracking: Tracking) -> Flask:
        app = Flask("core")

        @app.post("/signup")
        def sign_up() -> str:
            values = {name: request.form[name] for name in ("email", "first_name")}
            with engine.begin() as connection:
                connection.execute(insert(members).values(**values))
            requests.post(f"{vendor.url}/crm", json=values, timeout=20)
            return "ok"

        @app.post("/import")
        def several() -> str:
            rows: list[dict[str, Any]] = [{"email": mail} for mail in request.form.getlist("email")]
            with engine.begin() as connection:
                connection.execute(insert(members), rows)
            return "ok"

        return app

    def test_the_visitor_becomes_the_account(self, app: Flask, tracking: Tracking) -> None:
        for number, name in ((1, "Ann"), (2, "Bob")):
            form = {"email": f"{name}.keller@example.com", "first_name": name}
            app.test_client().post("/signup", data=form)
            assert [owner for _, owner, _ in tracking.shares()][-1] == str(number)
        owners = [owner for _, owner, _ in tracking.shares(databases=True)]
        assert owners == ["1", "1", "2", "2"]

    def test_somebody_elses_account_takes_its_row(self, app: Flask, tracking: Tracking) -> None:
        @app.before_request
        def who() -> None:
            sst_otel.set_owner("staff")

        app.test_client().post("/signup", data={"email": MAIL, "first_name": "Ann"})
        assert [owner for _, owner, _ in tracking.shares()] == ["1"]

    def test_many_rows_at_once_are_nobodys_sign_up(self, app: Flask, tracking: Tracking) -> None:
        app.test_client().post("/import", data={"email": [MAIL, "bob@example.com"]})
        (row,) = tracking.rows()
        assert len(row["owner_id"]) == 26


class TestMadeUp:
    """What the program makes up for the new row is that person's as well."""

    def test_an_id(self, engine: Engine, vendor: Vendor, tracking: Tracking) -> None:
        app = Flask("uuids")
        users = Table(
            "users", MetaData(), Column("uid", String, primary_key=True), Column("email", String)
        )
        users.create(engine)

        @app.post("/signup")
        def sign_up() -> str:
            row = {"uid": str(uuid.uuid4()), "email": request.form["email"]}
            with engine.begin() as connection:
                connection.execute(insert(users), row)
            told = {"external": row["uid"]}
            requests.post(f"{vendor.url}/directory", data=json.dumps(told), timeout=20)
            return row["uid"]

        uid = app.test_client().post("/signup", data={"email": MAIL}).text
        assert tracking.shares()[-1][1:] == (uid, ("user_id",))
