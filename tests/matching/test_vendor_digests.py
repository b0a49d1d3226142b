"""Hashed identifiers by each vendor's rule, and digests that are nobody's."""

from __future__ import annotations

import base64
import hashlib
import json
from pathlib import Path
from typing import Any

import pytest

from sst_otel.datatypes import digest_forms
from sst_otel.recipients.loading import load_yaml
from sst_otel.shares import Part

from .conftest import ANN, World

VENDORS = load_yaml(Path(__file__).with_name("vendor_digests.yaml"))
ROWS = [(vendor, row) for vendor, rows in VENDORS.items() for row in rows]
NAMES = [f"{vendor}: {row['key']} {row['text']}" for vendor, row in ROWS]
ANCHOR = "eve.anchor@example.net"


def digest(text: str, by: str = "sha256", encoding: str = "hex") -> str:
    raw = hashlib.new(by, text.encode()).digest()
    if encoding == "hex":
        return raw.hex()
    encode = base64.b64encode if encoding == "base64" else base64.urlsafe_b64encode
    return encode(raw).decode()


def sent(row: dict[str, Any]) -> str:
    made = digest(row["text"], row.get("by", "sha256"), row.get("as", "hex"))
    assert row.get("digest", made) == made
    return made


@pytest.fixture
def eve(world: World) -> World:
    """Return the world with Eve, of whom only the address that anchors her is known."""
    world.people["eve"] = world.minter.owner("eve")
    world.add("eve", "email", ANCHOR)
    return world


@pytest.mark.parametrize(("vendor", "row"), ROWS, ids=NAMES)
class TestOfAVendor:
    def test_is_found_beside_a_certain_value(
        self, eve: World, vendor: str, row: dict[str, Any]
    ) -> None:
        eve.add("eve", row["type"], row["value"])
        code = sent(row)
        payload = {row["key"]: [code] if row.get("array") else code, "contact": digest(ANCHOR)}
        found = eve.found(Part("body", json.dumps(payload).encode()))
        assert found == {"eve": {"email": "hashed", row["type"]: "hashed"}}

    def test_is_found_in_upper_case(self, eve: World, vendor: str, row: dict[str, Any]) -> None:
        eve.add("eve", row["type"], row["value"])
        code = digest(row["text"], row.get("by", "sha256")).upper()
        payload = {"user": {row["key"]: code, "contact": ANCHOR.upper()}}
        found = eve.found(Part("json", payload))["eve"]
        assert found[row["type"]] == "hashed" or row["type"] == "email"

    def test_of_somebody_elses_value_is_nobodys(
        self, eve: World, vendor: str, row: dict[str, Any]
    ) -> None:
        payload = {row["key"]: sent(row), "contact": digest(ANCHOR)}
        assert eve.found(Part("json", payload)) == {"eve": {"email": "hashed"}}


class TestFewValued:
    """A gender, a country, an initial hash to a few constants."""

    @pytest.mark.parametrize(
        ("key", "data_type", "value", "text"),
        [
            ("ge", "gender", "female", "f"),
            ("country", "country", "US", "us"),
            ("fi", "first_name", "Margaret", "m"),
            ("dobm", "birthday", "1990-05-17", "05"),
            ("doby", "birthday", "1990-05-17", "1990"),
        ],
    )
    def test_only_in_the_object_of_a_certain_value(
        self, eve: World, key: str, data_type: str, value: str, text: str
    ) -> None:
        eve.add("eve", data_type, value)
        code = digest(text)
        both = {"eve": {"email": "hashed", data_type: "hashed"}}
        assert eve.found(Part("json", {key: code, "em": digest(ANCHOR)})) == both
        assert eve.found(Part("json", {"em": digest(ANCHOR), "user": {key: code}})) == both
        assert eve.found(Part("json", {key: code})) == {}
        alone = {"eve": {"email": "hashed"}}
        assert eve.found(Part("json", {"note": code, "em": digest(ANCHOR)})) == alone
        rows = [{"em": digest(ANCHOR)}, {key: code}]
        assert eve.found(Part("json", rows)) == alone

    def test_not_of_a_full_name_by_its_initial(self, eve: World) -> None:
        eve.add("eve", "name", "Margaret Lindqvist")
        payload = {"a": digest("m"), "b": digest("l"), "c": digest("margaret")}
        assert eve.found(Part("json", payload)) == {}


class TestIdentifiersBeside:
    """Google's identifiers of one person are a list of objects."""

    def test_the_address_belongs_to_the_mail(self, eve: World) -> None:
        eve.add("eve", "first_name", "Margaret")
        eve.add("eve", "last_name", "Lindqvist")
        user = [
            {"emailAddress": digest(ANCHOR)},
            {"address": {"givenName": digest("margaret"), "familyName": digest("lindqvist")}},
        ]
        payload = {"events": [{"userData": {"userIdentifiers": user}}]}
        assert eve.found(Part("json", payload)) == {
            "eve": {"email": "hashed", "first_name": "hashed", "last_name": "hashed"}
        }

    def test_of_two_people_each_has_their_own(self, eve: World) -> None:
        eve.add("eve", "first_name", "Ann")
        mails = (ANCHOR, str(ANN["email"]).lower())
        events = [
            {"ids": [{"email": digest(mail)}, {"givenName": digest("ann")}]} for mail in mails
        ]
        both = {"email": "hashed", "first_name": "hashed"}
        assert eve.found(Part("json", {"events": events})) == {"eve": both, "ann": both}

    def test_beside_two_people_it_is_nobodys(self, eve: World) -> None:
        eve.add("eve", "first_name", "Ann")
        ids = [
            {"email": digest(ANCHOR)},
            {"email": digest(str(ANN["email"]).lower())},
            {"givenName": digest("ann")},
        ]
        found = eve.found(Part("json", {"ids": ids}))
        assert found == {"eve": {"email": "hashed"}, "ann": {"email": "hashed"}}


@pytest.mark.parametrize("code", ["f" * 64, "A" * 43, "A" * 44, "z" * 64, "0" * 32, "=" * 44])
def test_what_is_no_digest_of_anything_is_nobodys(eve: World, code: str) -> None:
    payload = {"ge": code, "em": ANCHOR}
    assert eve.found(Part("json", payload)) == {"eve": {"email": "exact"}}


def test_the_forms_are_few() -> None:
    for _, row in ROWS:
        assert len(digest_forms(row["type"], row["value"])) <= 12
