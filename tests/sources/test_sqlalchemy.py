"""ORM rows as a source: type from the column, owner from the row."""

from __future__ import annotations

from typing import Any

import pytest
import requests
from sqlalchemy import (
    event,
    text,
)
from sqlalchemy.engine import Engine
from sqlalchemy.orm import Session

from tests.sources.shop_models import (
    Admin,
    Contact,
    Customer,
    Patient,
    Product,
    Profile,
    Pupil,
    Sex,
    User,
    fill_shop,
)
from tests.support import Tracking, Vendor


@pytest.fixture
def engine(engine: Engine) -> Engine:
    fill_shop(engine)
    return engine


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
