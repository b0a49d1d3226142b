"""Strong values in payloads: found however they are written, and only where they stand."""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
from typing import Any
from urllib.parse import quote, urlencode

import pytest

from sst_otel.shares import Part

from .conftest import World


def sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


MAIL = "ann.smith@example.com"
ESCAPED = "".join(f"\\u{ord(letter):04x}" for letter in MAIL)
SHA512 = hashlib.sha512(MAIL.encode()).digest()

FOUND: list[tuple[str, Part, str, str]] = [
    # (what, part, data type, evidence)
    ("as written", Part("json", {"m": "Ann.Smith@example.com"}), "email", "exact"),
    ("lower case", Part("json", {"m": MAIL}), "email", "normalized"),
    ("in prose", Part("body", f"write to {MAIL}, please"), "email", "normalized"),
    ("end of a sentence", Part("body", f"It is {MAIL}."), "email", "normalized"),
    ("angle brackets", Part("headers", [("To", f"Ann <{MAIL}>")]), "email", "normalized"),
    ("mailto", Part("body", f"mailto:{MAIL}?subject=x"), "email", "normalized"),
    ("url query", Part("url", f"https://x.example/a?e={quote(MAIL)}"), "email", "normalized"),
    ("url path", Part("url", f"https://x.example/c/{quote(MAIL, safe='')}"), "email", "normalized"),
    ("twice quoted", Part("body", quote(quote(MAIL, safe=""))), "email", "normalized"),
    ("form", Part("body", urlencode({"e": MAIL}).encode()), "email", "normalized"),
    ("json bytes", Part("body", json.dumps({"e": MAIL}).encode()), "email", "normalized"),
    (
        "json in a form",
        Part("body", urlencode({"d": json.dumps({"e": MAIL})})),
        "email",
        "normalized",
    ),
    ("json in json", Part("json", {"d": json.dumps({"e": MAIL})}), "email", "normalized"),
    ("gzip", Part("body", gzip.compress(json.dumps({"e": MAIL}).encode())), "email", "normalized"),
    ("escaped at", Part("body", 'x "ann.smith\\u0040example.com"'), "email", "normalized"),
    ("html", Part("body", "<b>ann.smith&#64;example.com</b>"), "email", "normalized"),
    ("cookie", Part("headers", [("Cookie", f"a=1; who={quote(MAIL)}")]), "email", "normalized"),
    ("as a key", Part("json", {MAIL: {"n": 1}}), "email", "normalized"),
    ("base64", Part("json", {"e": base64.b64encode(MAIL.encode()).decode()}), "email", "encoded"),
    (
        "base64 json",
        Part("json", {"e": base64.urlsafe_b64encode(json.dumps({"u": MAIL}).encode()).decode()}),
        "email",
        "encoded",
    ),
    (
        "base64 of escaped json",
        Part("json", {"e": base64.b64encode(ESCAPED.encode()).decode()}),
        "email",
        "encoded",
    ),
    ("hex", Part("json", {"e": MAIL.encode().hex()}), "email", "encoded"),
    ("sha256", Part("json", {"em": [sha256(MAIL)]}), "email", "hashed"),
    ("SHA256 upper", Part("json", {"em": sha256(MAIL).upper()}), "email", "hashed"),
    ("sha512", Part("json", {"em": SHA512.hex()}), "email", "hashed"),
    ("sha512 base64", Part("json", {"em": base64.b64encode(SHA512).decode()}), "email", "hashed"),
    (
        "md5",
        Part("url", f"https://x.example/{hashlib.md5(MAIL.encode()).hexdigest()}"),
        "email",
        "hashed",
    ),
    ("sha1", Part("json", {"em": hashlib.sha1(MAIL.encode()).hexdigest()}), "email", "hashed"),
    (
        "sha256 base64",
        Part("json", {"em": base64.b64encode(hashlib.sha256(MAIL.encode()).digest()).decode()}),
        "email",
        "hashed",
    ),
    (
        "sha256 base64url",
        Part(
            "json",
            {
                "em": base64.urlsafe_b64encode(hashlib.sha256(MAIL.encode()).digest())
                .decode()
                .rstrip("=")
            },
        ),
        "email",
        "hashed",
    ),
    ("phone digits", Part("json", {"p": "12015550123"}), "phone", "normalized"),
    ("phone with 00", Part("json", {"p": "0012015550123"}), "phone", "normalized"),
    ("phone with 00, spaced", Part("body", b"call 001 201 555 0123"), "phone", "normalized"),
    ("phone int", Part("json", {"p": 12015550123}), "phone", "normalized"),
    ("phone dotted", Part("body", "call +1.201.555.0123 now"), "phone", "normalized"),
    ("phone american", Part("body", "call (201) 555-0123 now"), "phone", "normalized"),
    ("phone 00", Part("body", "tel 001 201 555 0123"), "phone", "normalized"),
    ("phone sha256 digits", Part("json", {"ph": sha256("12015550123")}), "phone", "hashed"),
    ("phone sha256 e164", Part("json", {"ph": sha256("+12015550123")}), "phone", "hashed"),
    ("card", Part("json", {"c": "4111111111111111"}), "payment_card", "normalized"),
    ("card dashes", Part("json", {"c": "4111-1111-1111-1111"}), "payment_card", "normalized"),
    ("full name", Part("json", {"t": "Dear ANN  SMITH!"}), "name", "normalized"),
    ("name reversed", Part("json", {"t": "Smith, Ann"}), "name", "normalized"),
    ("address over lines", Part("json", {"t": "12 main\nstreet"}), "street_address", "normalized"),
]


@pytest.mark.parametrize(
    ("part", "data_type", "evidence"),
    [pytest.param(part, kind, how, id=what) for what, part, kind, how in FOUND],
)
def test_a_strong_value_is_found(world: World, part: Part, data_type: str, evidence: str) -> None:
    found = world.found(part)
    assert set(found) == {"ann"}
    assert found["ann"].get(data_type) == evidence


NOT_FOUND: list[tuple[str, Any]] = [
    ("longer address", {"m": "ann.smith@example.com.au"}),
    ("glued in front", {"m": "joann.smith@example.com"}),
    ("other domain", {"m": "ann.smith@example.net"}),
    ("digits inside a longer number", {"p": "912015550123"}),
    ("digits of a decimal", {"p": "0.12015550123"}),
    ("order number", {"id": "2015550124"}),
    ("first name alone", {"t": "Ann was here"}),
    ("city alone", {"t": "trains to Boston"}),
    ("income alone", {"n": 50000}),
    ("birthday of another day", {"d": "1990-05-18"}),
    ("unrelated digest", {"em": sha256("somebody@else.example")}),
    ("house number in another street", {"t": "12 Main Road"}),
    ("words apart", {"t": "Ann went to see Mr Smith"}),
    ("nothing", {}),
]


@pytest.mark.parametrize("payload", [pytest.param(payload, id=what) for what, payload in NOT_FOUND])
def test_what_only_resembles_a_value_is_not_reported(world: World, payload: Any) -> None:
    assert world.found(Part("json", payload)) == {}
    assert world.found(Part("body", json.dumps(payload).encode())) == {}


class TestPaths:
    """Paths say where in the payload, and never hold a value."""

    def test_of_json(self, world: World) -> None:
        payload = {"user_data": {"em": [sha256(MAIL)]}}
        match = world.match(Part("body", json.dumps(payload).encode()))
        assert [hit.leaf.path for hits in match.owners.values() for hit in hits] == [
            "body.user_data.em[0]"
        ]

    def test_personal_keys_are_masked(self, world: World) -> None:
        payload = {MAIL: {"phone": "12015550123"}, "12015550123": {"mail": MAIL}}
        match = world.match(Part("json", payload))
        paths = {hit.leaf.path for hits in match.owners.values() for hit in hits}
        assert paths == {"json.{key}", "json.{key}.phone"}


class TestBadInput:
    """Malformed and oversized payloads are looked at as far as possible, without an error."""

    def test_body_that_claims_gzip(self, world: World) -> None:
        assert "ann" in world.found(Part("body", b"\x1f\x8b" + MAIL.encode()))

    def test_invalid_utf8(self, world: World) -> None:
        assert "ann" in world.found(Part("body", b"\xfa\xfe\xfa " + MAIL.encode() + b" \xff"))

    def test_too_many_fields_are_counted(self, world: World) -> None:
        match = world.match(Part("json", {**{f"f{n}": n for n in range(30_000)}, "to": MAIL}))
        assert match.unread > 0

    def test_application_objects_are_left_alone(self, world: World) -> None:
        class Hostile:
            def __getattribute__(self, name: str) -> Any:
                raise AssertionError("touched")

        class HostileDict(dict[str, Any]):
            def items(self) -> Any:
                raise AssertionError("called")

        payload = {"a": Hostile(), "b": HostileDict(m=MAIL)}
        assert world.found(Part("json", payload)) == {"ann": {"email": "normalized"}}
