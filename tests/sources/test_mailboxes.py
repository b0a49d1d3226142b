"""Addresses that are not those of a row's person, by tables alone."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import JSON, Column, ForeignKey, Integer, MetaData, String, Table

from sst_otel.datatypes import FieldClassifier, default_taxonomy
from sst_otel.sources.mailboxes import is_sender, names_several
from sst_otel.sources.people import People
from sst_otel.sources.table_plan import TablePlan

CLASSIFIER = FieldClassifier(default_taxonomy())


def plans(**tables: list[Column[Any]]) -> dict[str, TablePlan]:
    metadata = MetaData()
    people = People(lambda column, siblings, table: CLASSIFIER.classify(column, siblings, table))
    made = [
        Table(name, metadata, Column("id", Integer, primary_key=True), *columns)
        for name, columns in tables.items()
    ]
    return {table.name: people.plan(table) for table in made}


def text(name: str) -> Column[Any]:
    return Column(name, String)


def to(name: str, table: str) -> Column[Any]:
    return Column(name, Integer, ForeignKey(f"{table}.id"))


def users(*more: str) -> list[Column[Any]]:
    return [text(name) for name in ("username", "email", "password", *more)]


@pytest.mark.parametrize("name", ["queue", "desk_teams", "sales_channel"])
def test_what_work_is_organised_by_is_nobody(name: str) -> None:
    columns = [text("title"), text("email_address"), text("copies_to")]
    tickets = [to("unit_id", name), text("submitter_email")]
    found = plans(**{"users": users(), name: columns, "tickets": tickets})
    assert found[name].types == {}
    assert found[name].texts == frozenset()
    assert found["tickets"].owner_id({"unit_id": 3, "id": 7}) == "tickets:7"


def test_a_mailing_list_is_nobody() -> None:
    columns = [text("name"), text("display_name"), text("description")]
    mails = [to("list_id", "archive_mailinglist"), text("sender_name")]
    found = plans(users=users(), archive_mailinglist=columns, mails=mails)
    assert found["archive_mailinglist"].owners == ()
    assert found["archive_mailinglist"].types == {}
    assert found["mails"].owner_id({"list_id": 3, "id": 7}) == "mails:7"


def test_where_things_are_is_nobody() -> None:
    columns = [text(name) for name in ("name", "addr_street", "addr_zipcode", "latitude")]
    depots = [to("location_id", "garden_location"), text("weekday")]
    found = plans(users=users(), garden_location=columns, garden_depot=depots)
    assert found["garden_location"].owners == ()
    assert found["garden_location"].types == {}
    assert found["garden_location"].texts == frozenset()
    assert found["garden_depot"].owners == ()


def test_where_people_live_is_theirs() -> None:
    columns = [text(name) for name in ("name", "addr_street", "addr_zipcode", "latitude")]
    found = plans(users=[*users(), to("location_id", "location")], location=columns)
    assert "street_address" in found["location"].types.values()


def test_a_place_that_names_its_person_is_theirs() -> None:
    columns = [text("first_name"), text("last_name"), text("addr_street"), text("addr_zipcode")]
    found = plans(users=users(), event_place=columns)
    assert found["event_place"].owner_id({"id": 7}) == "event_place:7"


CONFIGURED = ["default_direct_address_name", "backoffice_mail", "address"]


def test_a_configuration_is_nobodys() -> None:
    columns = [*map(text, CONFIGURED), to("template_id", "mail_template")]
    found = plans(users=users(), mail_template=[text("subject")], common_configuration=columns)[
        "common_configuration"
    ]
    assert (found.owners, found.types, found.texts) == ((), {}, frozenset())


def test_where_somebody_has_been_is_theirs() -> None:
    columns = [text("name"), text("latitude"), text("longitude"), to("user_id", "users")]
    found = plans(users=users(), location=columns)["location"]
    assert found.owners[0] == ("user_id", "")
    assert "geo_precise" in found.types.values()


def test_a_track_is_no_place() -> None:
    columns = [text("latitude"), text("longitude"), to("device_id", "device")]
    found = plans(users=users(), device=[text("serial"), to("user_id", "users")], location=columns)
    assert "geo_precise" in found["location"].types.values()


@pytest.mark.parametrize("name", ["member_configuration", "config"])
def test_somebodys_settings_are_theirs(name: str) -> None:
    columns = [*map(text, CONFIGURED), to("user_id", "users")]
    found = plans(users=users(), **{name: columns})
    assert found[name].owners[0] == ("user_id", "")


def test_what_is_published_has_a_mailbox() -> None:
    events = [text("name"), text("slug"), text("email")]
    talks = [to("event_id", "events"), text("submitter_email")]
    found = plans(users=users(), events=events, talks=talks)
    assert found["events"].types == {}
    assert found["talks"].owner_id({"event_id": 3, "id": 7}) == "talks:7"


def test_a_class_of_what_is_published_has_one_too() -> None:
    metadata = MetaData()
    Table("pages", metadata, Column("id", Integer, primary_key=True), text("slug"))
    key = Column("page_ptr_id", Integer, ForeignKey("pages.id"), primary_key=True)
    forms = Table("forms_form", metadata, key, text("email_from"), text("email_copies"))
    people = People(lambda column, siblings, table: CLASSIFIER.classify(column, siblings, table))
    assert people.plan(forms).types == {}


def test_people_may_have_pages() -> None:
    speakers = [text("first_name"), text("slug"), text("email")]
    found = plans(users=[text("email"), text("slug")], speakers=speakers)
    assert found["users"].types["email"] == "email"
    assert found["speakers"].owner_id({"id": 4}) == "speakers:4"


@pytest.mark.parametrize(
    ("table", "more"),
    [("id_tenants", "slug"), ("tenants", "logo_url"), ("oauth_clients", "client_secret")],
)
def test_whom_a_service_is_run_for_is_nobody(table: str, more: str) -> None:
    found = plans(**{"users": users(), table: [text("name"), text(more)]})
    assert found[table].types == {}
    assert found[table].owners == ()


@pytest.mark.parametrize("table", ["tenants", "clients", "customers"])
def test_who_rents_or_is_looked_after_is_somebody(table: str) -> None:
    known = plans(**{table: [text("name"), text("slug"), text("phone")]})
    assert known[table].types["name"] == "name"
    assert known[table].types["phone"] == "phone"
    called = plans(**{table: [text("name"), text("notes")]})
    assert called[table].types["name"] == "name"


def test_fields_that_forms_ask_users_for_are_nobody() -> None:
    asked = [text("name"), text("slug"), text("kind")]
    values = [to("user_id", "users"), to("field_id", "user_fields"), text("phone")]
    found = plans(users=users(), user_fields=asked, user_field_values=values)
    assert found["user_fields"].types == {}
    assert found["user_field_values"].owner_id({"user_id": 3, "id": 7}) == "3"


def test_whom_a_machine_reports_to_is_not_the_machine() -> None:
    columns = [text("name"), text("notification_email_address"), text("phone_number")]
    columns += [text("location"), to("primary_owner_id", "users")]
    found = plans(users=users(), lab_tool=columns, tasks=[to("tool_id", "lab_tool")])
    assert set(found["lab_tool"].types) == {"primary_owner_id"}
    assert found["lab_tool"].owners == found["tasks"].owners == ()


def test_who_is_to_be_told_of_a_price_is_a_person() -> None:
    found = plans(users=users(), price_watches=[text("article"), text("alert_email")])
    assert found["price_watches"].owner_id({"id": 4}) == "price_watches:4"


def test_a_shop_may_be_somebodys() -> None:
    assert plans(shops=[text("city"), text("email")])["shops"].types["email"] == "email"


def test_people_in_a_team_are_people() -> None:
    columns = [text("first_name"), text("last_name"), text("email")]
    assert plans(team=columns)["team"].owner_id({"id": 4}) is not None


def test_whom_a_note_was_sent_to_does_not_make_it_a_person() -> None:
    note = [to("user_id", "users"), text("comment"), Column("email_recipients", JSON)]
    found = plans(users=users(), notes=note)["notes"]
    assert found.owner_id({"user_id": None, "id": 5}) is None
    assert found.owner_id({"user_id": 2, "id": 5}) == "2"


@pytest.mark.parametrize(
    "column", ["assigned_to_id", "responsible_id", "default_owner_id", "inviter_id"]
)
def test_who_works_on_a_row_is_not_whom_it_is_about(column: str) -> None:
    ticket = [to(column, "users"), text("submitter_email")]
    found = plans(users=users(), tickets=ticket)["tickets"]
    assert found.owner_id({column: 2, "id": 5}) == "tickets:5"


@pytest.mark.parametrize("column", ["sender", "from_address", "mail_from", "reply_to", "from"])
def test_a_sender_says_nothing_of_its_row(column: str) -> None:
    assert is_sender(column)
    assert column not in plans(mails=[text(column), text("body")])["mails"].texts


@pytest.mark.parametrize("column", ["sent_from_city", "from_date", "sender_id", "reply"])
def test_other_columns_are_no_senders(column: str) -> None:
    assert not is_sender(column)


@pytest.mark.parametrize(("column", "several"), [("cc", True), ("emails", True), ("email", False)])
def test_columns_of_several_people(column: str, several: bool) -> None:
    assert names_several(column) is several


@pytest.mark.parametrize("column", ["last_login", "search_text", "search_vector"])
def test_columns_of_accounts_that_say_nothing(column: str) -> None:
    assert column not in plans(users=users(column))["users"].types
