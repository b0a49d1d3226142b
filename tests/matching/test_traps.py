"""How one value is written in other places, and what only looks like it."""

from __future__ import annotations

import datetime
import gzip
import hashlib
import json
import unicodedata
from typing import Any
from urllib.parse import quote

import pytest

from sst_otel.scope import Scope
from sst_otel.shares import Part

from .conftest import World

VALUES: dict[str, Any] = {
    "email": "john.doe@example.com",
    "name": "Zoë Großmann",
    "phone": "+1 (201) 555-1234",
    "payment_card": "4111 1111 1111 1111",
    "bank_account": "DE89 3704 0044 0532 0130 00",
    "birthday": datetime.date(1984, 7, 9),
    "income": 1234567,
    "ip_address": "81.2.69.142",
    "street_address": "42 Elm Street, Apt 7",
    "user_id": "cust8812734",
    "national_id": "123-45-6789",
}
HAN = "王小明天才"
WEAK = frozenset({"birthday"})
"""Found beside a certain value of the same person: others were born on that day too."""


def utf8_escaped(text: str) -> str:
    return json.dumps({"n": text})


FOUND: list[tuple[str, str, Any]] = [
    ("phone", "e164", "+12015551234"),
    ("phone", "digits", "12015551234"),
    ("phone", "national digits", "2015551234"),
    ("phone", "dashes", "1-201-555-1234"),
    ("phone", "dots", "201.555.1234"),
    ("phone", "brackets", "(201) 555-1234"),
    ("phone", "blanks", "201 555 1234"),
    ("phone", "number", 12015551234),
    ("phone", "no-break blanks", "+1\u00a0201\u00a0555\u00a01234"),
    ("phone", "between words", "ring 201-555-1234 after six"),
    ("payment_card", "no blanks", "4111111111111111"),
    ("payment_card", "dashes", "4111-1111-1111-1111"),
    ("bank_account", "no blanks", "DE89370400440532013000"),
    ("bank_account", "lower case", "de89 3704 0044 0532 0130 00"),
    ("national_id", "no dashes", "123456789"),
    ("national_id", "as is", "123-45-6789"),
    ("birthday", "iso", "1984-07-09"),
    ("birthday", "with a time", "1984-07-09T00:00:00Z"),
    ("birthday", "with a time and a blank", "1984-07-09 00:00"),
    ("birthday", "dots", "09.07.1984"),
    ("birthday", "american", "07/09/1984"),
    ("birthday", "compact", "19840709"),
    ("birthday", "in words", "July 9, 1984"),
    ("income", "groups", "1,234,567"),
    ("income", "a decimal", "1234567.0"),
    ("income", "cents", "1,234,567.00"),
    ("income", "dotted groups", "1.234.567"),
    ("ip_address", "as is", "81.2.69.142"),
    ("ip_address", "with a port", "81.2.69.142:443"),
    ("name", "NFC", unicodedata.normalize("NFC", "Zoë Großmann")),
    ("name", "NFD", unicodedata.normalize("NFD", "Zoë Großmann")),
    ("name", "capitals", "ZOË GROSSMANN"),
    ("name", "without accents", "zoe grossmann"),
    ("name", "reversed", "Großmann, Zoë"),
    ("name", "escaped twice", json.dumps(utf8_escaped("Zoë Großmann"))),
    ("name", "quoted", quote("Zoë Großmann")),
    ("name", "quoted twice", quote(quote("Zoë Großmann"))),
    ("name", "html", "Zo&euml; Gro&szlig;mann"),
    ("name", "two blanks", "Zoë  Großmann"),
    ("name", "line-wrapped", "Dear Zoë\n    Großmann"),
    ("street_address", "over lines", "42 Elm Street\nApt 7"),
    ("street_address", "capitals", "42 ELM STREET, APT 7"),
    ("email", "capitals", "JOHN.DOE@EXAMPLE.COM"),
    ("email", "in brackets", "<john.doe@example.com>"),
    ("email", "before a full stop", "Mail john.doe@example.com."),
    ("email", "sha256", hashlib.sha256(b"john.doe@example.com").hexdigest()),
    ("email", "md5, capitals", hashlib.md5(b"john.doe@example.com").hexdigest().upper()),
    ("phone", "sha256 e164", hashlib.sha256(b"+12015551234").hexdigest()),
    ("user_id", "as is", "cust8812734"),
]

CLEAN: list[tuple[str, Any]] = [
    ("a longer local part", "xjohn.doe@example.com"),
    ("a longer domain", "john.doe@example.com.au"),
    ("a name in a name", "johnson"),
    ("an address in a longer one", "181.2.69.1420"),
    ("digits in a longer number", "9912015551234777"),
    ("a number in a longer one", "1234567890123"),
    ("digits of a fraction", "0.12015551234"),
    ("another day", "1984-07-08"),
    ("the year", "1984"),
    ("the house number", "42"),
    ("the street", "Elm Street"),
    ("a part of the name", "Zoe"),
    ("an id in an id", "cust88127345"),
    ("a card of somebody else", "4111111111111112"),
    ("another digest", hashlib.sha256(b"jane.doe@example.com").hexdigest()),
    ("rounded", "1.23e6"),
    ("backwards", "moc.elpmaxe@eod.nhoj"),
    ("three letters", "com"),
    ("a salted digest", hashlib.sha256(b"salt:john.doe@example.com").hexdigest()),
]


@pytest.fixture
def john(world: World) -> World:
    world.people["john"] = world.minter.owner("john")
    for data_type, value in VALUES.items():
        world.add("john", data_type, value)
    world.people["ming"] = world.minter.owner("ming")
    world.add("ming", "name", HAN)
    return world


@pytest.mark.parametrize(
    ("data_type", "written"),
    [pytest.param(kind, text, id=f"{kind} {what}") for kind, what, text in FOUND],
)
def test_a_value_however_it_is_written(john: World, data_type: str, written: Any) -> None:
    beside = {"m": VALUES["email"]} if data_type in WEAK else {}
    tree = {"items": [{"v": written, **beside}], "n": 1}
    body = json.dumps(tree).encode()
    spaced = json.dumps(tree, ensure_ascii=False, indent=1).encode()
    parts = [
        Part("json", tree),
        Part("body", body),
        Part("body", spaced),
        Part("body", gzip.compress(body)),
    ]
    if data_type not in WEAK:
        parts.append(Part("body", str(written).encode("utf-16")))
    for part in parts:
        assert data_type in john.found(part, scope=Scope()).get("john", {})


@pytest.mark.parametrize("written", [pytest.param(text, id=what) for what, text in CLEAN])
def test_what_only_looks_like_it(john: World, written: Any) -> None:
    for part in (Part("json", {"v": written}), Part("body", f"so {written} then".encode())):
        assert john.found(part, scope=Scope()) == {}


def test_a_script_without_blanks(john: World) -> None:
    for text in (f"您好{HAN}先生", HAN):
        for body in (text.encode(), json.dumps({"t": text}).encode()):
            assert john.found(Part("body", body)) == {"ming": {"name": "exact"}}


def test_latin_1(john: World) -> None:
    assert "name" in john.found(Part("body", "Frau Zoë Großmann".encode("latin-1")))["john"]
