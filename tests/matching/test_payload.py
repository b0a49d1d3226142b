"""Where in a payload a value stands, in every form that bodies come in."""

from __future__ import annotations

import base64
import io
import json
import pickle
import zlib
from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sst_otel.matching.texts import Texts
from sst_otel.matching.xml import xml_fields
from sst_otel.registry.text import SEPARATOR, tokens
from sst_otel.shares import Part

from .conftest import World

MAIL = "ann.smith@example.com"
MULTIPART = (
    b'--b1\r\nContent-Disposition: form-data; name="who"\r\n\r\n' + MAIL.encode() + b"\r\n"
    b'--b1\r\nContent-Disposition: form-data; name="d"\r\nContent-Type: application/json\r\n\r\n'
    b'{"p": ["+1 201 555 0123"]}\r\n--b1--\r\n'
)
XML = f"""<?xml version="1.0"?>
<o:order xmlns:o="urn:x"><customer email="{MAIL}"><tel>+1 201 555 0123</tel></customer></o:order>
"""

PATHS: list[tuple[str, Part, set[str]]] = [
    ("json", Part("body", json.dumps({"a": [{"b": MAIL}]}).encode()), {"body.a[0].b"}),
    ("form", Part("body", urlencode({"a": 1, "user[mail]": MAIL})), {"body.user[mail]"}),
    (
        "json in a form",
        Part("body", urlencode({"data": json.dumps({"u": {"m": MAIL}})})),
        {"body.data.u.m"},
    ),
    ("multipart", Part("body", MULTIPART), {"body.who", "body.d.p[0]"}),
    ("query", Part("url", f"https://x.example/t?e={MAIL}&n=1"), {"url.query.e"}),
    ("path", Part("url", f"https://x.example/u/{MAIL}/x"), {"url.path"}),
    ("header", Part("headers", [("X-Who", MAIL), ("Accept", MAIL)]), {"header.X-Who"}),
    ("cookie", Part("headers", [("Cookie", f"a=1; who={MAIL}")]), {"cookie.who"}),
    (
        "prompt",
        Part("json", {"messages": [{"role": "user", "content": f"I am {MAIL}, help me."}]}),
        {"json.messages[0].content"},
    ),
    ("xml", Part("body", XML.encode()), {"body.order.customer.@email", "body.order.customer.tel"}),
    ("column", Part("table:users", {"mail": MAIL}), {"users.mail"}),
    ("deflate", Part("body", zlib.compress(json.dumps({"m": MAIL}).encode())), {"body.m"}),
]


@pytest.mark.parametrize(("part", "paths"), [pytest.param(p, s, id=w) for w, p, s in PATHS])
def test_paths(world: World, part: Part, paths: set[str]) -> None:
    match = world.match(part)
    assert {hit.leaf.path for hits in match.owners.values() for hit in hits} == paths


def jwt(claims: dict[str, object]) -> str:
    parts = (json.dumps({"alg": "HS256"}).encode(), json.dumps(claims).encode(), b"\x01\x80" * 16)
    return ".".join(base64.urlsafe_b64encode(part).decode().rstrip("=") for part in parts)


CODES: list[tuple[str, object]] = [
    ("a JWT", {"token": jwt({"sub": "1", "email": MAIL})}),
    ("a JWT in a sentence", {"t": f"Bearer {jwt({'e': MAIL})}, they say"}),
    ("behind one letter", {"t": "x" + base64.b64encode(f"mail {MAIL} now".encode()).decode()}),
    ("behind two", {"t": "xy" + base64.b64encode(f"mail {MAIL} now".encode()).decode()}),
    ("behind three", {"t": "xyz" + base64.b64encode(f"mail {MAIL} now".encode()).decode()}),
    ("in a binary record", {"t": base64.b64encode(b"\x00\xff\x93" + MAIL.encode() + b"\x01")}),
    ("in a pickle", {"t": base64.b64encode(pickle.dumps({"m": MAIL, "n": 7})).decode()}),
    ("in a zip", {"t": base64.b64encode(zlib.compress(f"it is {MAIL}".encode())).decode()}),
    ("hex in a path", {"u": f"https://x.example/{MAIL.encode().hex()}/a"}),
]


@pytest.mark.parametrize("payload", [pytest.param(payload, id=what) for what, payload in CODES])
def test_codes_are_read(world: World, payload: dict[str, object]) -> None:
    tree = {k: v.decode() if isinstance(v, bytes) else v for k, v in payload.items()}
    for part in (Part("json", tree), Part("body", json.dumps(tree).encode())):
        assert "email" in world.found(part).get("ann", {})


@pytest.mark.parametrize("start", range(12))
@pytest.mark.parametrize("end", range(3))
def test_every_alignment_of_base64(world: World, start: int, end: int) -> None:
    blob = base64.b64encode(bytes(range(128, 128 + start)) + MAIL.encode() + b"\xfe" * end).decode()
    assert "email" in world.found(Part("json", {"blob": blob})).get("ann", {})


class TestXml:
    """Read without anything that could grow or reach out."""

    @pytest.mark.parametrize(
        "text",
        [
            '<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>',
            '<!DOCTYPE a SYSTEM "file:///etc/passwd"><a/>',
            "<a><b></a>",
            "plain",
            "<p>" * 100 + "x" + "</p>" * 100,
        ],
    )
    def test_is_read_as_text_where_it_is_not_plain(self, world: World, text: str) -> None:
        assert xml_fields(text) is None
        assert "ann" in world.found(Part("body", text + " " + MAIL))

    def test_objects_keep_people_apart(self, world: World) -> None:
        rows = "".join(
            f"<p><mail>{mail}</mail><city>Boston</city></p>" for mail in (MAIL, "bea@example.org")
        )
        assert world.found(Part("body", f"<people>{rows}</people>")) == {
            "ann": {"email": "normalized", "city": "field"},
            "bea": {"email": "exact", "city": "field"},
        }


class TestTexts:
    """Looking at all texts together is the same as at each."""

    @given(st.lists(st.text(max_size=40), max_size=8))
    def test_words_and_numbers(self, texts: list[str]) -> None:
        joined = Texts(texts)
        apart = [tokens(text.replace(SEPARATOR, " ")) for text in texts]
        found: list[list[str]] = [[] for _ in texts]
        for position, word in enumerate(joined.words):
            if word != SEPARATOR:
                found[joined.number_of_word(position)].append(word)
        assert found == apart
        if texts:
            assert joined.phrases() == [" ".join(words) for words in apart]

    @given(st.lists(st.text(alphabet="aZ9+/=. \x00é", max_size=60), max_size=6))
    def test_codes_stay_in_their_text(self, texts: list[str]) -> None:
        for offset, code in Texts(texts).long_codes():
            assert code in texts[Texts(texts).number_of_char(offset)]


def test_a_bytearray_and_a_view_are_bodies(world: World) -> None:
    body = io.BytesIO(json.dumps({"m": MAIL}).encode())
    assert "ann" in world.found(Part("body", body.getbuffer()))
    assert "ann" in world.found(Part("body", bytearray(body.getvalue())))
