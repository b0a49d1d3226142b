"""ORM rows as a sink, and sign-ups: what is written, whose it was and whose it becomes."""

from __future__ import annotations

import pytest
import requests
from flask import Flask, request, session
from sqlalchemy import (
    text,
)
from sqlalchemy.engine import Engine
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from tests.sources.shop_models import (
    Base,
    Customer,
    User,
    fill_shop,
)
from tests.support import Tracking, Vendor


@pytest.fixture
def engine(engine: Engine) -> Engine:
    Base.metadata.create_all(engine)
    return engine


@pytest.fixture
def people(engine: Engine) -> None:
    fill_shop(engine)


@pytest.mark.usefixtures("people")
class TestWrites:
    """INSERT and UPDATE are shares with the application's own database."""

    def test_insert_and_update(self, engine: Engine, tracking: Tracking) -> None:
        with Session(engine) as db:
            user = db.get(User, 1)
            assert user is not None
            db.add(Customer(email=user.email, name=user.first_name))
            user.contact = user.email
            db.commit()
        shares = tracking.shares(databases=True)
        assert sorted(share[0] for share in shares) == [
            "sqlite customers(email, name)",
            "sqlite users(contact)",
        ]
        assert {share[1] for share in shares} == {"1"}
        assert {row["event_type"] for row in tracking.rows()} == {"database_write"}
        assert {row["outcome"] for row in tracking.rows()} == {"sent"}

    def test_core_raw_and_many(self, engine: Engine, tracking: Tracking) -> None:
        with Session(engine) as db:
            mails = [user.email for user in db.query(User)]
        with engine.begin() as connection:
            connection.execute(Customer.__table__.insert(), [{"email": mail} for mail in mails])
            connection.execute(
                text("INSERT INTO customers (email, name) VALUES (:m, :n)"),
                {"m": mails[0], "n": "x"},
            )
            connection.exec_driver_sql("UPDATE customers SET email = ? WHERE id = ?", (mails[1], 1))
        shares = tracking.shares(databases=True)
        assert {(share[0], share[2]) for share in shares} == {
            ("sqlite customers(email)", ("email",))
        }
        assert sorted(share[1] for share in shares[:2]) == ["1", "2"]
        assert [share[1] for share in shares[2:]] == ["1", "2"]

    def test_a_failing_insert_is_the_applications_error(
        self, engine: Engine, tracking: Tracking
    ) -> None:
        with Session(engine) as db:
            user = db.get(User, 1)
            assert user is not None
            db.add(User(email=user.email))
            with pytest.raises(IntegrityError):
                db.commit()
            db.rollback()
            assert db.query(User).count() == 2
        assert [row["outcome"] for row in tracking.rows()] == ["failed"]


class TestSignUp:
    """Data typed before the account exists becomes the new account's."""

    @pytest.fixture
    def app(self, engine: Engine, vendor: Vendor) -> Flask:
        app = Flask("shop")
        app.secret_key = "s" * 20

        @app.post("/signup")
        def signup() -> str:
            requests.post(f"{vendor.url}/pixel", json={"em": request.form["email"]})
            with Session(engine) as db:
                user = User(
                    email=request.form["email"].lower(),
                    first_name=request.form["first_name"],
                    password_hash="x",
                )
                db.add(user)
                db.commit()
                requests.post(f"{vendor.url}/crm", json={"m": user.email})
            return "ok"

        @app.post("/account/<int:number>")
        def account(number: int) -> str:
            with Session(engine) as db:
                db.get(User, number)
            requests.post(f"{vendor.url}/crm", json={"m": request.form["email"]})
            return "ok"

        @app.post("/staff/new")
        def create() -> str:
            with Session(engine) as db:
                staff = db.get(User, session["user_id"])
                assert staff is not None
                user = User(email=request.form["email"], password_hash="x")
                db.add(user)
                db.commit()
                requests.post(f"{vendor.url}/crm", json={"m": request.form["email"]})
            return "ok"

        return app

    def test_sign_up(self, app: Flask, tracking: Tracking) -> None:
        form = {"email": "Kim.Lee@example.com", "first_name": "Kim"}
        app.test_client().post("/signup", data=form)
        shares = tracking.shares(databases=True)
        assert [share[1] for share in shares] == ["1", "1", "1"]
        assert shares[1][0] == "sqlite users(email, first_name)"

    @pytest.mark.usefixtures("people")
    def test_staff_who_create_an_account_are_not_its_owner(
        self, app: Flask, tracking: Tracking
    ) -> None:
        client = app.test_client()
        with client.session_transaction() as stored:
            stored["user_id"] = 1
        client.post("/staff/new", data={"email": "kim.lee@example.com"})
        assert [share[1] for share in tracking.shares()] == ["3"]

    @pytest.mark.usefixtures("people")
    def test_a_number_in_the_row_is_not_the_sessions_key(
        self, app: Flask, engine: Engine, tracking: Tracking
    ) -> None:
        with Session(engine) as db:
            for number in (1, 2):
                db.get(User, number).logins = 2  # type: ignore[union-attr]
            db.commit()
        client = app.test_client()
        with client.session_transaction() as stored:
            stored["user_id"] = 2
        client.post("/account/1", data={"email": "third@example.com"})
        client.post("/account/2", data={"email": "fourth@example.com"})
        assert [share[1] for share in tracking.shares()] == ["2", "2"]

    @pytest.mark.usefixtures("people")
    def test_a_session_that_names_the_person_by_another_id(
        self, app: Flask, tracking: Tracking
    ) -> None:
        client = app.test_client()
        with client.session_transaction() as stored:
            stored["user_id"] = "u-200"
        client.post("/account/2", data={"email": "third@example.com"})
        client.post("/account/2", data={"email": "fourth@example.com"})
        assert [share[1] for share in tracking.shares()] == ["2", "2"]
