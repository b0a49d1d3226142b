"""Answers, headers, statement counts and what vendors get: equal with and without us."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import pytest
import requests

from tests.support import Vendor, vendor_server
from tests.system.launch import FLASK, OTEL, Launched, launched, wait_until
from tests.system.people import MARIA, sign_in

Ask = Callable[[requests.Session, str], requests.Response]


class Side:
    """The shop on one side of the comparison, with a person logged in and the vendor it calls."""

    def __init__(self, app: Launched, vendor: Vendor) -> None:
        self.app = app
        self.vendor = vendor
        self.client = app.client()
        sign_in(self.client, app.url, MARIA)


@pytest.fixture(scope="module")
def sides(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Side, Side]]:
    with (
        vendor_server() as one,
        vendor_server() as other,
        launched(tmp_path_factory.mktemp("plain"), one.url, FLASK) as plain,
        launched(tmp_path_factory.mktemp("tracked"), other.url, (OTEL, *FLASK)) as tracked,
    ):
        yield Side(plain, one), Side(tracked, other)


def get(path: str, **kwargs: Any) -> Ask:
    return lambda client, url: client.get(url + path, allow_redirects=False, **kwargs)


def post(path: str, **kwargs: Any) -> Ask:
    return lambda client, url: client.post(url + path, allow_redirects=False, **kwargs)


def method(name: str, path: str) -> Ask:
    return lambda client, url: client.request(name, url + path, allow_redirects=False)


FORM = MARIA.form()
JSON = {"Content-Type": "application/json"}
URLENCODED = {"Content-Type": "application/x-www-form-urlencoded"}
DEEP = b'{"email": ' * 1_000 + b'"maria@example.com"' + b"}" * 1_000
DEEPLY = b'{"a":' * 400 + b'"x"' + b"}" * 400
LARGE = {"notes": "lorem ipsum " * 850_000, **FORM}
MANY = {f"field{number}": "x" for number in range(10_000)} | FORM

REQUESTS: dict[str, Ask] = {
    "page": get("/me"),
    "page with query": get("/greeting", params={"name": MARIA.first_name}),
    "json": get("/item/7"),
    "put": method("PUT", "/item/7"),
    "delete": method("DELETE", "/item/7"),
    "head": method("HEAD", "/me"),
    "options": method("OPTIONS", "/item/7"),
    "unknown method": method("BREW", "/item/7"),
    "not found": get("/nowhere/maria@example.com?email=maria@example.com"),
    "not found by converter": get("/item/seven"),
    "method not allowed": get("/signup"),
    "redirect": get("/old"),
    "redirect after post": post("/move", data={"city": "Gera"}),
    "error": get("/boom"),
    "missing field": post("/signup", data={"email": MARIA.email}),
    "conflict": post("/signup", data=FORM),
    "not logged in": lambda _, url: requests.get(f"{url}/me", timeout=20),
    "wrong password": lambda _, url: requests.post(
        f"{url}/login", data={"email": MARIA.email, "password": "x"}, timeout=20
    ),
    "llm": post("/advice", data={"saved": "5000"}),
    "conversion": post("/conversion"),
    "crm": post("/contact"),
    "write": post("/orders", json={"item": "hat", "contact": {"email": MARIA.email}}),
    "failing write": post("/broken-insert", data=FORM),
    "vendor down": post("/vendor-down", data=FORM),
    "keyed by e-mail": post("/keyed", data=FORM),
    "streamed out": post("/stream-out", data=FORM),
    "unreadable body": post("/odd-body", data=FORM),
    "claims gzip": post("/false-gzip", data=FORM),
    "stream read by the view": post("/raw", data=FORM),
    "json stream read by the view": post("/raw", json=FORM),
    "multipart stream read by the view": post("/raw", data=b"--b\r\n\r\nx", headers={
        "Content-Type": "multipart/form-data; boundary=b"
    }),
    "stream read in pieces": post("/stream-in", data=b"email=" + b"m" * 2_500, headers=URLENCODED),
    "chunked": lambda client, url: client.post(
        f"{url}/stream-in", data=iter([b"email=", b"maria@example.com"])
    ),
    "bytes": post("/data", json=FORM),
    "form bytes": post("/data", data=FORM),
    "streamed answer": get("/export"),
    "streamed answer with context": get("/stream-context", params={"email": MARIA.email}),
    "upload": post("/upload", data={"note": MARIA.email}, files={
        "document": ("cv.txt", f"E-Mail: {MARIA.email}")
    }),
    "large upload": post("/upload", files={"document": ("a.bin", b"\0\xff" * 5_000_000)}),
    "upload without file": post("/upload", data={"note": "x"}),
    "form of 10 MB": post("/echo", data=LARGE),
    "forwarded form of 10 MB": post("/forward", data=LARGE),
    "10,000 fields": post("/echo", data=MANY),
    "10,000 forwarded fields": post("/forward", data=MANY),
    "10,000 parts": post("/echo", files=[(name, (None, value)) for name, value in MANY.items()]),
    "too many parts": post("/echo", files=[("x", (None, "y"))] * 20_001),
    "deep json": post("/echo", data=DEEP, headers=JSON),
    "forwarded deep json": post("/forward-json", data=DEEPLY, headers=JSON),
    "deep lists": post("/echo", data=b"[" * 1_000 + b"]" * 1_000, headers=JSON),
    "open lists": post("/echo", data=b"[" * 100_000, headers=JSON),
    "half a json": post("/echo", data=b'{"email": "maria@exam', headers=JSON),
    "json of a number": post("/echo", data=b"17", headers=JSON),
    "huge number": post("/forward-json", data=b'{"income": ' + b"9" * 4_000 + b"}", headers=JSON),
    "NaN": post("/echo", data=b'{"income": NaN}', headers=JSON),
    "lone surrogate": post("/echo", data=b'{"name": "\\ud800"}', headers=JSON),
    "forwarded lone surrogate": post("/forward-json", data=b'{"name": "\\ud800"}', headers=JSON),
    "NUL": post("/forward", data={"name": "Maria\0Keller", "email": "\0"}),
    "invalid utf-8 form": post("/forward", data=b"email=%ff%fe&name=\xff", headers=URLENCODED),
    "invalid utf-8 json": post("/echo", data=b'{"email": "\xff\xfe"}', headers=JSON),
    "invalid utf-8 query": get("/greeting?name=%ff%fe&email=%c3%28"),
    "invalid utf-8 cookie": get("/greeting", headers={"Cookie": b"email=\xff\xfe; x"}),
    "invalid utf-8 header": get("/item/7", headers={"User-Agent": b"\xff\xfe (x)"}),
    "gzip that is none": post("/echo", data=b"email=x", headers={
        **URLENCODED, "Content-Encoding": "gzip"
    }),
    "broken boundary": post("/echo", data=b"--x", headers={
        "Content-Type": "multipart/form-data; boundary="
    }),
    "empty json": post("/echo", data=b"", headers=JSON),
    "long query": get("/greeting?name=" + "x" * 60_000),
    "strange token": get("/greeting", headers={"Authorization": "Bearer a.b.c"}),
    "strange context": get("/greeting", headers={"traceparent": "00-x", "baggage": "a=b,=;;"}),
}  # fmt: skip


@pytest.mark.parametrize("ask", REQUESTS.values(), ids=REQUESTS)
def test_equal(ask: Ask, sides: tuple[Side, Side]) -> None:
    answers = []
    for side in sides:
        side.vendor.received.clear()
        answer = ask(side.client, side.app.url)
        if ask is REQUESTS["unreadable body"]:
            # The application's call broke off: the vendor notices after the answer is here.
            wait_until(partial(bool, side.vendor.received))
        calls = [(verb, path, _plain(body)) for verb, path, body in side.vendor.received]
        answers.append((answer.status_code, answer.reason, _headers(answer), answer.content, calls))
    assert answers[0] == answers[1]


def test_what_was_too_large_is_said_once_and_nothing_else(sides: tuple[Side, Side]) -> None:
    _, tracked = sides
    assert [line.partition("sst_otel: ")[2] for line in tracked.app.ours()] == [
        "of a form or document with more than 2000 fields only the first 2000 are looked at as "
        "input",
        "of a document nested more than 40 levels deep the inner levels are not looked at as input",
    ]
    assert len(tracked.app.rows()) > 10


def _headers(answer: requests.Response) -> list[tuple[str, str]]:
    headers = []
    for name, value in answer.raw.headers.items():
        if name == "Date":
            continue
        if name == "Set-Cookie":  # the signature and the time differ
            value = re.sub(r"session=[^;]*", "session=…", value)
            value = re.sub(r"Expires=[^;]*", "Expires=…", value)
        headers.append((name, value))
    return headers


def _plain(body: bytes) -> bytes:
    """Return a body without the random boundary of multipart."""
    return re.sub(rb"--[0-9a-f]{32}", b"--boundary", body)


def test_the_comparison_sees_a_difference(sides: tuple[Side, Side]) -> None:
    plain, _ = sides
    body = io.BytesIO(json.dumps(FORM).encode())
    asked = post("/data", data=body)(plain.client, plain.app.url)
    again = post("/data", data=b"x")(plain.client, plain.app.url)
    assert _headers(asked) != _headers(again)
    assert ("X-Statements", "0") in _headers(asked)
