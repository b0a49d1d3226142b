"""Whose a row is, by tables alone."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import Boolean, Column, Enum, ForeignKey, Integer, MetaData, String, Table

from sst_otel.datatypes import FieldClassifier, default_taxonomy
from sst_otel.sources.people import People

CLASSIFIER = FieldClassifier(default_taxonomy())


@pytest.fixture
def people() -> People:
    return People(lambda column, siblings, table: CLASSIFIER.classify(column, siblings, table))


def tables(*described: tuple[str, list[Any]]) -> dict[str, Table]:
    metadata = MetaData()
    return {name: Table(name, metadata, *columns) for name, columns in described}


def key() -> Column[int]:
    return Column("id", Integer, primary_key=True)


class TestAnAddressThatIsAMailbox:
    def mailboxes(self, people: People, name: str, *columns: str) -> list[str]:
        described = [key(), *(Column(column, String) for column in columns)]
        found = people.plan(tables((name, described))[name]).types
        return [column for column, data_type in found.items() if data_type == "email"]

    def test_an_accounts(self, people: People) -> None:
        names = ("username", "password", "address", "alternate_addresses")
        assert self.mailboxes(people, "users", *names) == ["address"]

    def test_a_postal_one_stays_what_it_is(self, people: People) -> None:
        assert self.mailboxes(people, "users", "password", "address", "city") == []
        assert self.mailboxes(people, "users", "password", "address", "email") == ["email"]
        assert self.mailboxes(people, "parcels", "address", "weight") == []


class TestReferencesWithoutAForeignKey:
    def test_the_users_of_the_application(self, people: People) -> None:
        found = tables(
            ("users", [key(), Column("email", String), Column("password", String)]),
            ("orders", [key(), Column("user_id", Integer), Column("phone", String)]),
        )
        assert people.plan(found["orders"]).owner_id({"user_id": 5, "id": 9}) == "5"

    def test_people_beside_them(self, people: People) -> None:
        found = tables(
            ("users", [key(), Column("email", String), Column("password", String)]),
            ("customers", [key(), Column("name", String)]),
            ("invoices", [key(), Column("customer_id", Integer), Column("iban", String)]),
        )
        assert people.plan(found["invoices"]).owner_id({"customer_id": 5}) == "customers:5"
        assert people.plan(found["customers"]).owner_id({"id": 5}) == "customers:5"

    def test_people_of_another_service(self, people: People) -> None:
        found = tables(
            ("payments", [key(), Column("account_id", Integer), Column("iban", String)]),
            ("claims", [key(), Column("patient_id", Integer), Column("diagnosis", String)]),
        )
        assert people.plan(found["payments"]).owner_id({"account_id": 5}) == "5"
        assert people.plan(found["claims"]).owner_id({"patient_id": 5}) == "patients:5"

    def test_a_rows_own_other_key(self, people: People) -> None:
        columns = [key(), Column("user_id", String), Column("email", String)]
        (table,) = tables(("users", columns)).values()
        assert people.plan(table).owner_id({"id": 5, "user_id": "x-1"}) == "5"


class TestWhatColumnsCanHold:
    def test_a_key_is_no_address(self, people: People) -> None:
        found = tables(
            ("mails", [key(), Column("subject", String)]),
            ("votes", [key(), Column("email_id", ForeignKey("mails.id"))]),
            ("receipts", [key(), Column("email_id", Integer), Column("phone", Integer)]),
        )
        assert people.plan(found["votes"]).types == {}
        assert people.plan(found["receipts"]).types == {"phone": "phone"}

    def test_a_choice_is_no_address(self, people: People) -> None:
        columns = [key(), Column("email_replies", Boolean), Column("mobile_phone_sms", Boolean)]
        (table,) = tables(("preferences", columns)).values()
        assert people.plan(table).types == {}


class TestWhatElseTellsThePerson:
    def test_names_of_accounts(self, people: People) -> None:
        columns = [
            key(),
            Column("email", String),
            Column("slug", String, unique=True),
            Column("city", String),
        ]
        (table,) = tables(("users", columns)).values()
        assert set(people.plan(table).names) == {"email", "slug"}

    def test_an_orders_e_mail_is_no_name_of_it(self, people: People) -> None:
        found = tables(
            ("users", [key(), Column("email", String)]),
            ("orders", [key(), Column("user_id", ForeignKey("users.id")), Column("email", String)]),
        )
        assert people.plan(found["orders"]).names == ()

    def test_constants_and_texts(self, people: People) -> None:
        columns = [key(), Column("gender", Enum("f", "m")), Column("contact", String)]
        (table,) = tables(("users", columns)).values()
        assert people.plan(table).constants == {"gender"}
        assert people.plan(table).texts == {"contact"}


class TestSettings:
    def test_an_override_by_table(self) -> None:
        (table,) = tables(("users", [key(), Column("nr", Integer), Column("b2", String)])).values()
        people = People(
            lambda column, siblings, name: CLASSIFIER.classify(column, siblings, name),
            lambda _table: {"owner": "nr", "fields": {"b2": "phone"}},
        )
        plan = people.plan(table)
        assert plan.types["b2"] == "phone"
        assert plan.owners[0][0] == "nr"


class TestPlaces:
    """Where a thing is says nothing of people; where they live does."""

    def planned(self, people: People, name: str, *columns: Column[Any]) -> set[str]:
        found = tables(
            (name, [key(), Column("town", String), Column("zip_code", String), *columns]),
            ("users", [key(), Column("email", String)]),
            ("guests", [key(), Column("name", String), Column("home_id", ForeignKey("homes.id"))]),
            ("visits", [key(), Column("flat_id", ForeignKey("flats.id"))]),
            *([] if name == "homes" else [("homes", [key()])]),
        )
        return {"city", "postal_code", "email"} & set(people.plan(found[name]).types.values())

    def test_of_things(self, people: People) -> None:
        assert self.planned(people, "flats") == set()

    @pytest.mark.parametrize("name", ["homes", "addresses", "customers"])
    def test_of_people(self, name: str, people: People) -> None:
        assert self.planned(people, name) == {"city", "postal_code"}

    def test_of_somebodys_things(self, people: People) -> None:
        owned: Column[int] = Column("user_id", ForeignKey("users.id"))
        assert self.planned(people, "parcels", owned) == {"city", "postal_code"}

    def test_beside_what_tells_a_person(self, people: People) -> None:
        assert "email" in self.planned(people, "shops", Column("email", String))
