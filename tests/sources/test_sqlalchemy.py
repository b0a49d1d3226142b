"""ORM rows as a source and as a sink: type from the column, owner from the row."""

from __future__ import annotations

import datetime
import enum
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
from flask import Flask, request, session
from sqlalchemy import (
    Column,
    Date,
    Enum,
    Float,
    ForeignKey,
    Integer,
    String,
    create_engine,
    event,
    text,
)
from sqlalchemy.engine import Engine
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session, declarative_base, relationship

from tests.support import Tracking, Vendor

Base: Any = declarative_base()


class User(Base):  # type: ignore[misc]
    __tablename__ = "users"
    id = Column(Integer, primary_key=True)
    email = Column(String, unique=True)
    password_hash = Column(String)
    first_name = Column(String)
    city = Column(String)
    birthday = Column(Date)
    income = Column(Float)
    public_id = Column(String, unique=True)
    logins = Column(Integer)
    contact = Column(String)


class Sex(enum.Enum):
    WOMAN = "female"
    MAN = "male"


class Pupil(Base):  # type: ignore[misc]
    __tablename__ = "pupils"
    id = Column(Integer, primary_key=True)
    email = Column(String)
    gender: Any = Column(Enum(Sex))
    sex: Any = Column(Enum("female", "male", name="sex"))


class Profile(Base):  # type: ignore[misc]
    __tablename__ = "profiles"
    id = Column(Integer, primary_key=True)
    user_id = Column(Integer, ForeignKey("users.id"))
    phone = Column(String)
    created_by_id = Column(Integer, ForeignKey("users.id"))
    user = relationship("User", foreign_keys=[user_id])


class Admin(User):
    __tablename__ = "admins"
    id = Column(Integer, ForeignKey("users.id"), primary_key=True)
    phone = Column(String)


class Customer(Base):  # type: ignore[misc]
    __tablename__ = "customers"
    id = Column(Integer, primary_key=True)
    email = Column(String)
    name = Column(String)


class Patient(Base):  # type: ignore[misc]
    __tablename__ = "patients"
    id = Column(Integer, primary_key=True)
    doctor_id = Column(Integer, ForeignKey("users.id"))
    user_id = Column(Integer, ForeignKey("users.id"), nullable=True)
    name = Column(String)
    phone = Column(String)


class Contact(Base):  # type: ignore[misc]
    __tablename__ = "crm_contacts"
    id = Column(Integer, primary_key=True)
    user_id = Column(Integer, ForeignKey("users.id"))
    name = Column(String)
    email = Column(String)


class Product(Base):  # type: ignore[misc]
    __tablename__ = "products"
    id = Column(Integer, primary_key=True)
    name = Column(String)
    city = Column(String)


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    engine = create_engine(f"sqlite:///{tmp_path / 'app.db'}")
    Base.metadata.create_all(engine)
    yield engine
    engine.dispose()


@pytest.fixture
def people(engine: Engine) -> None:
    """Two users who share city, birthday, income and first name."""
    with Session(engine) as db:
        for number, mail in ((1, "ann.keller@example.com"), (2, "ann.moser@example.org")):
            db.add(
                User(
                    id=number,
                    email=mail,
                    password_hash="x",
                    first_name="Ann",
                    city="Boston",
                    birthday=datetime.date(1990, 5, 17),
                    income=50000.0,
                    public_id=f"u-{number}00",
                    contact=f"second.mail{number}@example.net",
                )
            )
            db.add(Profile(id=number, user_id=number, phone=f"+1 201 555 012{number}"))
        db.add(Customer(id=1, email="kim.park@example.com", name="Kim Park"))
        db.add(Product(id=1, name="Ann Arbor Chair", city="Boston"))
        db.commit()


@pytest.mark.usefixtures("people")
class TestRows:
    """A loaded row is its person's, whoever looks at it."""

    def test_owner_from_the_row(self, engine: Engine, tracking: Tracking, vendor: Vendor) -> None:
        with Session(engine) as db:
            for number in (1, 2):
                user = db.get(User, number)
                assert user is not None
                requests.post(vendor.url, json={"mail": user.email, "town": user.city})
        assert [share[1:] for share in tracking.shares()] == [
            ("1", ("city", "email")),
            ("2", ("city", "email")),
        ]

    def test_owner_from_the_foreign_key(
        self, engine: Engine, tracking: Tracking, vendor: Vendor
    ) -> None:
        with Session(engine) as db:
            profile = db.get(Profile, 2)
            assert profile is not None
            requests.post(vendor.url, json={"p": profile.phone})
        assert [share[1:] for share in tracking.shares()] == [("2", ("phone",))]

    def test_a_class_that_inherits_has_its_parents_columns(
        self, engine: Engine, tracking: Tracking, vendor: Vendor
    ) -> None:
        with Session(engine) as db:
            db.add(Admin(id=9, email="root@example.com", first_name="Ida", phone="+12015550166"))
            db.commit()
        with Session(engine) as db:
            admin = db.get(Admin, 9)
            assert admin is not None
            requests.post(vendor.url, json={"a": admin.phone, "b": admin.first_name})
        assert [share[1:] for share in tracking.shares()] == [("9", ("first_name", "phone"))]

    def test_customers_are_not_users(
        self, engine: Engine, tracking: Tracking, vendor: Vendor
    ) -> None:
        with Session(engine) as db:
            customer = db.get(Customer, 1)
            assert customer is not None
            requests.post(vendor.url, json={"who": customer.name, "m": customer.email})
        assert [share[1:] for share in tracking.shares()] == [("customers:1", ("email", "name"))]

    def test_people_in_somebodys_care_are_not_that_somebody(
        self, engine: Engine, tracking: Tracking, vendor: Vendor
    ) -> None:
        with Session(engine) as db:
            db.add(Patient(id=1, doctor_id=1, user_id=2, name="Ann Moser", phone="+1 201 555 0177"))
            db.add(Patient(id=2, doctor_id=1, name="Theo Brandt", phone="+1 201 555 0188"))
            db.add(Contact(id=3, user_id=1, name="Lea Winter", email="lea@example.net"))
            db.commit()
        with Session(engine) as db:
            for model, key, name in (
                (Patient, 1, "phone"),
                (Patient, 2, "phone"),
                (Contact, 3, "email"),
            ):
                row = db.get(model, key)
                requests.post(vendor.url, json={"v": getattr(row, name)})
        owners = [share[1] for share in tracking.shares()]
        assert owners == ["2", "patients:2", "crm_contacts:3"]

    def test_a_mail_in_a_column_of_another_name(
        self, engine: Engine, tracking: Tracking, vendor: Vendor
    ) -> None:
        with Session(engine) as db:
            user = db.get(User, 1)
            assert user is not None
            requests.post(vendor.url, json={"m": user.contact})
        assert [share[1:] for share in tracking.shares()] == [("1", ("email",))]

    def test_products_are_nobody(self, engine: Engine, tracking: Tracking, vendor: Vendor) -> None:
        with Session(engine) as db:
            product = db.get(Product, 1)
            assert product is not None
            requests.post(vendor.url, json={"name": product.name})
        assert tracking.shares() == []

    def test_weak_values_by_identity(
        self, engine: Engine, tracking: Tracking, vendor: Vendor
    ) -> None:
        with Session(engine) as db:
            user = db.get(User, 2)
            assert user is not None
            requests.post(vendor.url, json={"a": user.income, "b": user.city})
        assert [share[1:] for share in tracking.shares()] == [("2", ("city", "income"))]

    def test_the_constants_of_an_enumeration_are_nobodys(
        self, engine: Engine, tracking: Tracking, vendor: Vendor
    ) -> None:
        with Session(engine) as db:
            for number in (1, 2):
                mail = f"pupil{number}@example.com"
                db.add(Pupil(id=number, email=mail, gender=Sex.WOMAN, sex="female"))
            db.commit()
        with Session(engine) as db:
            first, second = db.get(Pupil, 1), db.get(Pupil, 2)
            assert first is not None
            assert second is not None
            requests.post(vendor.url, json={"label": Sex.WOMAN.value, "kind": first.sex})
            requests.post(vendor.url, json={"m": first.email, "gender": first.sex})
        assert [share[1:] for share in tracking.shares()] == [("pupils:1", ("email", "gender"))]

    def test_a_long_batch_says_what_was_not_read(self, engine: Engine, tracking: Tracking) -> None:
        with Session(engine) as db:
            user = db.get(User, 1)
            assert user is not None
            rows = [{"email": user.email}] * 1_200
        with engine.begin() as connection:
            connection.execute(text("INSERT INTO customers (email) VALUES (:email)"), rows)
        (row,) = tracking.rows()
        assert row["metadata"]["db.operation.batch.size"] == 1_200
        assert row["metadata"]["sst.rows.unread"] == 200

    def test_no_statement_is_ours(self, engine: Engine, tracking: Tracking) -> None:
        def statements(name: str) -> list[str]:
            seen: list[str] = []

            def note(_c: Any, _u: Any, statement: str, *_: Any) -> None:
                seen.append(statement)

            event.listen(engine, "before_cursor_execute", note)
            with Session(engine) as db:
                for user in db.query(User).all():
                    user.first_name = name  # type: ignore[assignment]
                db.add(User(email="new@example.com", income=1.5))
                db.commit()
                [user.city for user in db.query(User)]
                db.query(User).filter(User.email == "new@example.com").delete()
                db.commit()
            event.remove(engine, "before_cursor_execute", note)
            return seen

        tracked = statements("Bea")
        tracking.tracker.stop()
        assert statements("Cleo") == tracked


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
