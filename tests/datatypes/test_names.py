from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from sst_otel.datatypes import FieldClassifier, load_taxonomy

_TABLE = yaml.safe_load(Path(__file__).with_name("field_names.yaml").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def classifier() -> FieldClassifier:
    return FieldClassifier(load_taxonomy())


def _case(row: list[Any]) -> tuple[str, tuple[str, ...], str]:
    siblings = row[1] if len(row) > 1 else []
    return row[0], tuple(siblings), row[2] if len(row) > 2 else ""


@pytest.mark.parametrize("row", _TABLE["personal"], ids=str)
def test_a_personal_field_is_named(classifier: FieldClassifier, row: list[Any]) -> None:
    path, expected, *rest = row
    assert classifier.classify(*_case([path, *rest])) == expected


@pytest.mark.parametrize("row", _TABLE["impersonal"], ids=str)
def test_a_field_that_is_nobodys_has_no_type(classifier: FieldClassifier, row: list[Any]) -> None:
    assert classifier.classify(*_case(row)) is None


def test_the_table_is_as_large_as_it_says() -> None:
    assert len(_TABLE["personal"]) >= 300
    assert len(_TABLE["impersonal"]) >= 450


@pytest.mark.parametrize(
    ("key", "data_type"),
    [
        ("em", "email"),
        ("user_data.em", "email"),
        ("user_data.em[0]", "email"),
        ("ph", "phone"),
        ("fn", "first_name"),
        ("ln", "last_name"),
        ("ge", "gender"),
        ("db", "birthday"),
        ("dob", "birthday"),
        ("ct", "city"),
        ("st", "region"),
        ("zp", "postal_code"),
        ("country", "country"),
        ("external_id", "user_id"),
        ("client_reference_id", "user_id"),
        ("user.id", "user_id"),
        ("sha256_email_address", "email"),
        ("SHA256_EMAIL", "email"),
        ("hashedEmail", "email"),
        ("hashed_phone_number", "phone"),
        ("sha256_first_name", "first_name"),
        ("address[0].sha256_last_name", "last_name"),
        ("sha256_street", "street_address"),
        ("hashedPhoneNumber", "phone"),
        ("$email", "email"),
        ("$set.$name", "name"),
        ("traits.birthday", "birthday"),
        ("merge_fields.FNAME", "first_name"),
        ("client_ip_address", "ip_address"),
        ("client_user_agent", "user_agent"),
        ("state", "region"),
        ("name", "name"),
        ("name", "first_name"),
        ("location", "city"),
        ("annual_income", "income"),
        ("gps_adid", "device_id"),
        ("cid", "cookie_id"),
    ],
)
def test_an_outgoing_key_names_its_type(
    classifier: FieldClassifier, key: str, data_type: str
) -> None:
    assert classifier.names_type(key, data_type)


@pytest.mark.parametrize(
    ("key", "data_type"),
    [
        ("author", "name"),
        ("id", "user_id"),
        ("order.id", "user_id"),
        ("em", "phone"),
        ("product.name", "name"),
        ("server.address", "street_address"),
        ("first_name", "name"),
        ("email_template", "email"),
        ("amount", "income"),
        ("value", "income"),
        ("", "email"),
        ("email", "no_such_type"),
        ("model", "gender"),
        ("status", "region"),
    ],
)
def test_an_outgoing_key_names_nothing_else(
    classifier: FieldClassifier, key: str, data_type: str
) -> None:
    assert not classifier.names_type(key, data_type)


def test_a_short_egress_key_does_not_name_an_incoming_field(classifier: FieldClassifier) -> None:
    assert [classifier.classify(key) for key in ("em", "ph", "db", "st", "ct", "ge")] == [None] * 6


class TestContext:
    """Words that are personal only beside a person."""

    def test_a_table_of_things_outweighs_an_email_beside(self, classifier: FieldClassifier) -> None:
        assert classifier.classify("name", ("email", "url"), "servers") is None

    def test_what_only_a_person_has_outweighs_a_table_of_things(
        self, classifier: FieldClassifier
    ) -> None:
        assert classifier.classify("name", ("birthday", "gender"), "products") == "name"

    def test_the_last_word_of_a_route_decides(self, classifier: FieldClassifier) -> None:
        assert classifier.classify("name", (), "/users/<int:user_id>/products") is None
        assert classifier.classify("name", (), "/products/<id>/customers") == "name"

    def test_the_nearest_parent_decides(self, classifier: FieldClassifier) -> None:
        assert classifier.classify("user.product.name") is None
        assert classifier.classify("product.owner.name") == "name"

    def test_a_state_needs_an_address_not_a_person(self, classifier: FieldClassifier) -> None:
        assert classifier.classify("state", ("email", "name"), "users") is None
        assert classifier.classify("state", ("street", "postcode"), "orders") == "region"

    def test_siblings_may_be_many(self, classifier: FieldClassifier) -> None:
        siblings = tuple(f"field{number}" for number in range(5000))
        assert classifier.classify("name", siblings) is None


class TestExplain:
    def test_says_the_phrase(self, classifier: FieldClassifier) -> None:
        assert classifier.explain("customerEmail") == '"email" names email'

    def test_says_what_is_missing(self, classifier: FieldClassifier) -> None:
        assert "nothing here tells of a person" in classifier.explain("name")
        assert "is a person's" in classifier.explain("name", ("email",))
        assert "no phrase" in classifier.explain("goals")


def test_own_names_of_an_installation_count() -> None:
    taxonomy = load_taxonomy({"loyalty": {"fields": ["card_ref", "loyaltyNo"]}, "username": "off"})
    classifier = FieldClassifier(taxonomy)
    assert classifier.classify("member.cardRef") == "loyalty"
    assert classifier.classify("loyalty_no") == "loyalty"
    assert classifier.classify("username") is None


@given(st.text(max_size=400))
def test_any_text_is_a_field_name(path: str) -> None:
    found = _SHARED.classify(path, (path, "email"), path)
    assert found is None or found in _SHARED.taxonomy


@given(st.sampled_from(_TABLE["personal"]), st.sampled_from(["-", " "]))
def test_the_separator_does_not_matter(row: list[Any], separator: str) -> None:
    path, expected, *rest = row
    if "_" not in path or "." in path or "[" in path:
        return
    _, siblings, context = _case([path, *rest])
    assert _SHARED.classify(path.replace("_", separator), siblings, context) == expected


_SHARED = FieldClassifier(load_taxonomy())
