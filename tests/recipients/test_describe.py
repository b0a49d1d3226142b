"""What a person reads for a call, and that no value of a path ever gets there."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sst_otel import literals, recipients
from sst_otel.recipients.loading import load_yaml
from sst_otel.recipients.paths import MASK, masked
from sst_otel.recipients.register import Register

REGISTER = Register([{"host": "*.crm.example", "path": "/v1/*", "name": "Example CRM"}])
OPERATIONS = set(load_yaml(Path(recipients.__file__).with_name("path_words.yaml"))["operations"])
VERSION = re.compile(r"v\d{1,3}(\.\d{1,2})?((alpha|beta|rc)\d{0,2})?|r[3-5]", re.IGNORECASE)
PERSONAL = [
    "jane.doe@example.org",
    "jane",
    "Jane Doe",
    "müller",
    "jane-doe",
    "JaneDoe",
    "+49 30 901820",
    "0049-30-901820",
    "5551234567",
    "1990-04-01",
    "50000",
    "50000.00",
    "F",
    "DE89370400440532013000",
    "4111111111111111",
    "10.0.0.1",
    "2001:db8::1",
    hashlib.md5(b"jane.doe@example.org").hexdigest(),
    hashlib.sha256(b"jane").hexdigest(),
    "0193a1b2-0000-7000-8000-000000000000",
    "amFuZS5kb2VAZXhhbXBsZS5vcmc=",
    "v1990",
    "berlin",
]


@pytest.mark.parametrize(
    ("call", "shown"),
    [
        (
            ("POST", "graph.facebook.com", "/v21.0/1234567/events?access_token=secret"),
            "POST graph.facebook.com/v21.0/{pixel}/events",
        ),
        (
            ("post", "api.groq.com", "/openai/v1/responses"),
            "POST api.groq.com/openai/v1/responses",
        ),
        (
            ("PUT", "us14.api.mailchimp.com", "/3.0/lists/abc/members/" + "a" * 32 + "/notes/7"),
            "PUT us14.api.mailchimp.com/3.0/lists/{list}/members/{member}/notes/{id}",
        ),
        (
            ("POST", "generativelanguage.googleapis.com", "/v1beta/models/g-2.0:generateContent"),
            "POST generativelanguage.googleapis.com/v1beta/models/{model}:generateContent",
        ),
        (
            ("POST", "eu.crm.example", "/v1/contacts/jane@example.org/merge"),
            "POST eu.crm.example/v1/contacts/{id}/merge",
        ),
        (
            ("GET", "shop.example", "/users/jane/orders/55"),
            "GET shop.example/users/{id}/orders/{id}",
        ),
        (("POST", "gate.example", "/llm/chat"), "POST gate.example/llm/chat"),
        (("POST", "us1.rest.example", "/3.0/batch"), "POST us1.rest.example/3.0/batch"),
        (("GET", "body.example", "/api/bmi/3.5"), "GET body.example/api/{id}/{id}"),
        (("GET", "shop.example", "/api/users/me"), "GET shop.example/api/users/me"),
        (("GET", "shop.example", "/contacts:batchCreate"), "GET shop.example/contacts:batchCreate"),
        (("GET", "jane@shop.example", "/api"), "GET shop.example/api"),
        (("GET", "shop.example", ""), "GET shop.example"),
        (("GET jane", "shop.example", "/#jane"), "shop.example"),
    ],
)
def test_shows_the_endpoint(call: tuple[str, str, str], shown: str) -> None:
    assert REGISTER.describe(*call) == shown


def test_shows_what_the_program_writes_in_a_path(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(literals, "_unsplit", [])
    monkeypatch.setattr(literals, "_segments", set())
    source = 'def f(b, who): return b + f"/tenure/{who}/zonings", b + "/users/zonings/margaret"'
    literals.note(compile(source, "n.py", "exec"))
    assert masked("/tenure/quebert/zonings") == f"/tenure/{MASK}/zonings"
    assert masked("/users/zonings") == f"/users/{MASK}"
    assert masked("/tenure/margaret") == f"/tenure/{MASK}"


class TestNoValueComesThrough:
    @pytest.mark.parametrize("value", PERSONAL)
    @pytest.mark.parametrize(
        "path",
        [
            "/users/{}",
            "/v1/contacts/{}/orders",
            "/search/{}",
            "/{}",
            "/reports/for-{}",
            "/reports/{}:export",
            "/api/x?q={}",
            "/api;{}",
            "/api#{}",
        ],
    )
    @pytest.mark.parametrize("host", ["shop.example", "eu.crm.example", "api.stripe.com"])
    def test_of_known_kinds(self, path: str, value: str, host: str) -> None:
        for written in (value, quote(value, safe=""), quote(quote(value, safe=""), safe="")):
            shown = REGISTER.describe("GET", host, path.format(written))
            path_shown = shown.partition(host)[2]
            pieces = path_shown.replace(":", "/").split("/")
            assert written not in pieces
            assert value not in pieces
            if len(value) > 2:
                assert value not in path_shown

    @given(st.text(alphabet=st.characters(codec="utf-8"), max_size=30))
    def test_of_any_kind_after_a_collection_of_people(self, value: str) -> None:
        for segment in masked("/users/" + quote(value, safe="")).split("/")[2:]:
            assert segment == MASK or segment.lower() in OPERATIONS or VERSION.fullmatch(segment)

    @given(st.from_regex(r"[0-9a-f]{8,64}|[0-9]{2,}|[^/?#]*@[^/?#]*", fullmatch=True))
    def test_of_digits_digests_and_addresses(self, value: str) -> None:
        assert masked("/api/" + value) == f"/api/{MASK}"

    def test_deep_paths_are_cut(self) -> None:
        assert masked("/api" * 5000) == "/api" * 10 + "/…"
