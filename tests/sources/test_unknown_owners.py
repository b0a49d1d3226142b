"""Values whose person cannot be told: reported as such, joined to nobody, read in every view."""

from __future__ import annotations

from typing import Any

import pytest
import requests
from flask import Flask
from sqlalchemy import func, select, text
from sqlalchemy.engine import Engine
from sqlalchemy.orm import Session

import sst_otel
from tests.sources.rows import ANN, fill
from tests.sources.shop_models import User
from tests.support import Tracking, Vendor


@pytest.fixture
def engine(engine: Engine) -> Engine:
    fill(engine)
    return engine


@pytest.fixture
def send(vendor: Vendor, tracking: Tracking) -> Any:
    return lambda document: requests.post(f"{vendor.url}/crm", json=document, timeout=20)


class TestReports:
    def test_an_average(self, engine: Engine, send: Any, tracking: Tracking) -> None:
        with Session(engine) as db:
            average = db.scalar(select(func.avg(User.income)))
        send({"statistics": {"figure": average, "people": 2}})
        (row,) = tracking.rows()
        assert row["owner_id"] is None
        assert sorted(row["data_types"]) == ["derived", "income"]
        assert row["metadata"]["sst.owner"] == "unknown"
        assert set(row["paths"]) == {"json.statistics.figure"}
        assert tracking.rows(owner_id="1") == []

    def test_its_provenance_names_the_column(
        self, engine: Engine, send: Any, tracking: Tracking
    ) -> None:
        with Session(engine) as db:
            send({"n": db.scalar(select(func.avg(User.income)))})
        (row,) = tracking.rows()
        running = tracking.tracker
        from sst_otel.audit import open_reader

        reader = open_reader(running.settings, running.keys)
        try:
            records, _ = reader.provenance(viewer=None, limit=100)
        finally:
            reader.close()
        by_type = {record["data_type"]: record for record in records}
        assert set(by_type) >= {"derived", "income"}
        assert by_type["income"]["owner_id"] is None
        assert "db:users.income" in str(by_type["income"]["sources"])
        assert by_type["derived"]["lineage"] == [by_type["income"]["tag_id"]]
        assert by_type["derived"]["transformations"] == ["avg"]
        assert set(row["tag_ids"]) == {by_type["derived"]["tag_id"], by_type["income"]["tag_id"]}

    def test_sums_of_one_person_are_theirs(
        self, engine: Engine, send: Any, tracking: Tracking
    ) -> None:
        with Session(engine) as db:
            query = select(User.id, func.sum(User.income)).group_by(User.id).order_by(User.id)
            send([{"total": total} for _, total in db.execute(query)])
        assert sorted(tracking.shares()) == [
            ("POST 127.0.0.1/crm", "1", ("derived", "income")),
            ("POST 127.0.0.1/crm", "2", ("derived", "income")),
        ]

    def test_counts_are_nothing(self, engine: Engine, send: Any, tracking: Tracking) -> None:
        with Session(engine) as db:
            counted = db.execute(select(func.count(User.email), func.count(User.id.distinct())))
            send({"counts": list(counted.one())})
        assert tracking.shares() == []

    def test_a_row_without_its_key(self, engine: Engine, send: Any, tracking: Tracking) -> None:
        with Session(engine) as db:
            row = db.execute(text("SELECT email, income FROM users ORDER BY id")).first()
        assert row is not None
        send({"contact": {"mail": row.email}})
        shares: list[Any] = tracking.shares()
        assert shares == [("POST 127.0.0.1/crm", None, ("email",))]


class TestNobodyIsNoPerson:
    def test_somebody_who_is_known_goes_before(
        self, engine: Engine, send: Any, tracking: Tracking
    ) -> None:
        with Session(engine) as db:
            without_key = db.execute(text("SELECT email FROM users ORDER BY id")).scalars().all()
            db.execute(select(User.id, User.email)).all()
        send({"mail": without_key[0]})
        assert tracking.shares() == [("POST 127.0.0.1/crm", "1", ("email",))]

    def test_it_anchors_nothing(self, engine: Engine, send: Any, tracking: Tracking) -> None:
        with Session(engine) as db:
            mail = db.execute(text("SELECT email, city FROM users ORDER BY id")).first()
        assert mail is not None
        send({"a": str(mail.email)[:4] + str(mail.email)[4:], "b": "Zwi" + "ckau", "c": 51234.5})
        assert {types for _, _, types in tracking.shares()} == {("email",)}

    def test_two_of_its_values_are_not_one_persons(
        self, engine: Engine, vendor: Vendor, tracking: Tracking
    ) -> None:
        app = Flask("nobody")

        @app.get("/")
        def view() -> str:
            with Session(engine) as db:
                db.execute(text("SELECT city, birthday FROM users")).all()
            document = {"x": "".join(("Zwic", "kau")), "y": "-".join(("1990", "04", "17"))}
            requests.post(f"{vendor.url}/weather", json=document, timeout=20)
            return "ok"

        app.test_client().get("/")
        assert tracking.shares() == []

    def test_parts_of_names_are_not_put_together(
        self, engine: Engine, send: Any, tracking: Tracking
    ) -> None:
        with engine.begin() as connection:
            connection.execute(text("CREATE TABLE guests (first_name TEXT, last_name TEXT)"))
            connection.execute(
                text("INSERT INTO guests VALUES ('Zephyrine', 'Abbott'), ('Tom', 'Quillfeather')")
            )
            connection.execute(text("SELECT first_name, last_name FROM guests")).all()
        send({"text": "Zephyrine Quillfeather"})
        assert tracking.shares() == []

    def test_a_request_is_not_joined_to_it(
        self, engine: Engine, vendor: Vendor, tracking: Tracking
    ) -> None:
        app = Flask("mixed")

        @app.get("/")
        def view() -> str:
            sst_otel.set_owner("1")
            with Session(engine) as db:
                average = db.scalar(select(func.avg(User.income)))
                mail = db.scalar(select(User.email).where(User.id == 1))
            requests.post(f"{vendor.url}/x", json={"mail": mail, "avg": average}, timeout=20)
            return "ok"

        app.test_client().get("/")
        assert mail_and_average(tracking) == {"1": ("email",), None: ("derived", "income")}


def mail_and_average(tracking: Tracking) -> dict[str | None, tuple[str, ...]]:
    return {owner: types for _, owner, types in tracking.shares()}


def test_the_value_is_in_no_row(engine: Engine, send: Any, tracking: Tracking) -> None:
    with Session(engine) as db:
        send({ANN: db.scalar(text("SELECT max(email) FROM users"))})
    assert "example" not in str([{**row, "stack_trace": ()} for row in tracking.rows()])
