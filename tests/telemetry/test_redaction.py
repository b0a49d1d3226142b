"""Personal values in texts: found as the matcher finds them, cut out where they stand."""

from __future__ import annotations

import base64
import hashlib
import html
import json
import zlib
from urllib.parse import quote, quote_plus

import pytest

from sst_otel import semconv
from sst_otel.datatypes import FieldClassifier, default_taxonomy
from sst_otel.registry.datum import Datum
from sst_otel.registry.registry import Registry
from sst_otel.tags import NOBODY, Owner, Tag
from sst_otel.telemetry.redaction import Redactor

ANN = Owner("ann", "1")
BOB = Owner("bob", "2")
MAIL = "ann.keller+shop@example.com"
NAME = "Ann Quackenbüsch"
SAID = " ".join(f"word{number}" for number in range(30))


def _tag(datum: Datum) -> Tag:
    return Tag(f"tag_{datum.owner.ref}", datum.owner.ref, datum.data_type, "test")


@pytest.fixture(scope="module")
def classifier() -> FieldClassifier:
    return FieldClassifier(default_taxonomy())


@pytest.fixture
def registry() -> Registry:
    registry = Registry(1_000, 3_600, lambda: 0.0)
    for data_type, value in {
        "email": MAIL,
        "phone": "+49 159 87654321",
        "name": NAME,
        "bank_account": "DE89 3704 0044 0532 0130 00",
        "user_content": SAID,
        "gender": "F",
        "age": 54,
        "country": "US",
        "city": "New York",
    }.items():
        registry.add(ANN, data_type, value, "test")
    registry.add(BOB, "email", "bob@example.org", "test")
    registry.add(BOB, "street_address", "東京都千代田区丸の内一丁目", "test")
    return registry


@pytest.fixture
def redactor(registry: Registry, classifier: FieldClassifier) -> Redactor:
    return Redactor(registry, classifier, _tag)


def _redacted(redactor: Redactor, text: str) -> str:
    collected = redactor.collected()
    collected.value(text)
    shown = redactor.swaps(collected).text(text)
    assert type(shown) is str
    return shown


def _base64(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (MAIL, "{email:tag_ann}"),
        (f"GET /users/{MAIL}/cart", "GET /users/{email:tag_ann}/cart"),
        (f"https://x.example/?m={quote(MAIL)}&n=3", "https://x.example/?m={email:tag_ann}&n=3"),
        (f"m={quote(quote(MAIL, safe=''), safe='')}&n=3", "m={email:tag_ann}&n=3"),
        (MAIL.upper(), "{email:tag_ann}"),
        (f"<{html.escape(MAIL).replace('@', '&#64;')}>", "<{email:tag_ann}>"),
        ("ann.keller+shop (at) example (dot) com", "{email:tag_ann}"),
        (json.dumps({MAIL: [1]}), '{"{email:tag_ann}": [1]}'),
        (json.dumps(json.dumps({"n": NAME})), r'"{\"n\": \"{name:tag_ann}\"}"'),
        (f"Not Found: /{NAME.encode('unicode_escape').decode()}/x", "Not Found: /{name:tag_ann}/x"),
        (f"bad: {NAME.encode()!r}", "bad: b'{name:tag_ann}'"),
        (f"bad: {NAME.encode('latin-1')!r}", "bad: b'{name:tag_ann}'"),
        (f"who={quote_plus(NAME)}&x", "who={name:tag_ann}&x"),
        ("/s?q=Ann+Quackenbusch", "/s?q={name:tag_ann}"),
        ("QUACKENBUSCH, Ann", "{name:tag_ann}"),
        ("('Ann', 'Quackenbüsch', 3)", "('{name:tag_ann}', 3)"),
        ("tel. +49 (159) 876-54-321!", "tel. {phone:tag_ann}!"),
        ("call 015987654321 now", "call {phone:tag_ann} now"),
        ("IBAN DE89370400440532013000.", "IBAN {bank_account:tag_ann}."),
        (f"say {SAID}, please", "say {user_content:tag_ann}, please"),
        (f"v1 {_base64('to: ' + MAIL)} ok", "v1 {email:tag_ann} ok"),
        (f"/q/{MAIL.encode().hex()}", "/q/{email:tag_ann}"),
        (f"h={hashlib.sha256(MAIL.encode()).hexdigest()}&x", "h={email:tag_ann}&x"),
        (f"/{hashlib.md5(MAIL.encode()).hexdigest()}/c", "/{email:tag_ann}/c"),
        ("都 東京都千代田区丸の内一丁目 1", "都 {street_address:tag_bob} 1"),
        (f"{MAIL}, bob@example.org", "{email:tag_ann}, {email:tag_bob}"),
    ],
)
def test_strong_values(text: str, shown: str, redactor: Redactor) -> None:
    assert _redacted(redactor, text) == shown


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("/x?gender=F&age=54&page=54", "/x?gender={gender:tag_ann}&age={age:tag_ann}&page=54"),
        ('{"age": 54, "b": "F"}', '{"age": {age:tag_ann}, "b": "F"}'),
        (r"{\"gender\": \"F\"}", r"{\"gender\": \"{gender:tag_ann}\"}"),
        ("WHERE country = 'US' AND t = 'US'", "WHERE country = '{country:tag_ann}' AND t = 'US'"),
        ("city=New%20York&a=1", "city={city:tag_ann}&a=1"),
        (f"mail={MAIL}&gender=F", "mail={email:tag_ann}&gender={gender:tag_ann}"),
    ],
)
def test_weak_values_under_keys_of_their_type(text: str, shown: str, redactor: Redactor) -> None:
    assert _redacted(redactor, text) == shown


@pytest.mark.parametrize(
    "text",
    [
        "GET /orders/54",
        "gender=M&age=53&country=DE",
        "carol@example.com",
        "SELECT count(*) FROM users WHERE email = %s",
        "F",
        f"/h/{hashlib.md5(b'somebody else').hexdigest()}",
        "4915987654322",
        "Ann Smith and Bob Quackenbush-Miller",
        "/usr/lib/python3.11/site-packages/opentelemetry/sdk/trace/__init__.py",
    ],
)
def test_other_texts_stay(text: str, redactor: Redactor) -> None:
    assert _redacted(redactor, text) == text


def test_what_several_people_have_is_nobodys(registry: Registry, redactor: Redactor) -> None:
    registry.add(BOB, "email", MAIL, "test")
    registry.add(BOB, "gender", "F", "test")
    assert _redacted(redactor, f"to {MAIL}, gender=F") == "to {email}, gender={gender}"


def test_a_value_whose_person_is_unknown_has_a_tag_too(
    registry: Registry, redactor: Redactor
) -> None:
    registry.add(NOBODY, "email", "who.knows@example.net", "test")
    assert _redacted(redactor, "who.knows@example.net") == "{email:tag_}"


def test_what_is_compressed(redactor: Redactor) -> None:
    packed = base64.b64encode(zlib.compress(json.dumps({"to": MAIL, "n": 1}).encode())).decode()
    assert _redacted(redactor, f"z: {packed}") == "z: {email:tag_ann}"


def test_a_text_goes_whole_where_a_value_cannot_be_cut_out(redactor: Redactor) -> None:
    assert _redacted(redactor, "line 2: 0159 - - - - 87654321") == "{phone:tag_ann}"


def test_queries_among_other_texts(redactor: Redactor) -> None:
    collected = redactor.collected()
    given = ["nothing", "a+b", "/s?q=Ann+Quackenbusch", "again nothing"]
    collected.value(given)
    shown = redactor.swaps(collected).value(given)
    assert shown == ["nothing", "a+b", "/s?q={name:tag_ann}", "again nothing"]


def test_keys_and_numbers(redactor: Redactor) -> None:
    given = {
        "user.gender": "F",
        "user.age": 54,
        "kind": "F",
        "level": 54,
        "phone": 4915987654321,
        MAIL: {"inner": [MAIL, b"to " + MAIL.encode(), True, None, 1.5]},
        "sst.tag.ids": (MAIL,),
    }
    collected = redactor.collected()
    collected.attributes(given)
    assert redactor.swaps(collected).attributes(given) == {
        "user.gender": "{gender:tag_ann}",
        "user.age": "{age:tag_ann}",
        "kind": "F",
        "level": 54,
        "phone": "{phone:tag_ann}",
        "{email:tag_ann}": {"inner": ["{email:tag_ann}", b"to {email:tag_ann}", True, None, 1.5]},
        "sst.tag.ids": (MAIL,),
    }


def test_what_is_redacted_stays_as_it_is(redactor: Redactor) -> None:
    once = _redacted(redactor, f"m={MAIL}&gender=F&x={_base64(MAIL)}")
    assert _redacted(redactor, once) == once


def test_of_a_text_that_was_put_together_the_words_stay(
    registry: Registry, redactor: Redactor
) -> None:
    text = f"no member {MAIL} in our club of New York"
    data = tuple(
        datum for datum in registry.of_owner("ann") if datum.data_type in ("email", "city")
    )
    registry.made().add(text, data, semconv.COMPOSED)
    shown = _redacted(redactor, f"LookupError: {text}")
    assert shown == "LookupError: no member {email:tag_ann} in our club of New York"


@pytest.mark.parametrize("visitors", [5, 15, 50])
def test_what_many_people_have_goes_without_whose_it_is(
    visitors: int, registry: Registry, redactor: Redactor
) -> None:
    for number in range(visitors):
        visitor = Owner(f"visit{number}", None)
        registry.add(visitor, "email", MAIL, "test")
        registry.add(visitor, "first_name", "Zephyrine", "test")
        registry.add(visitor, "last_name", "Thistlewaite", "test")
    digest = hashlib.sha256(MAIL.encode()).hexdigest()
    text = f"no {MAIL}, {digest} or Zephyrine Thistlewaite"
    assert _redacted(redactor, text) == "no {email}, {email} or {first_name,last_name}"
