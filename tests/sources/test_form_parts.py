"""Forms in parts that a WSGI callable has had parsed: by the standard library, or by Werkzeug."""

from __future__ import annotations

import io
import warnings
from collections.abc import Callable
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer

import pytest
import requests
from werkzeug.formparser import parse_form_data

from tests.support import Tracking, Vendor

with warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)
    import cgi

MAIL = "ottoline.brackwater@posteo.example"
FIELDS = {"email": MAIL, "city": "Leipzig"}
LETTER = b"name,mail\nJoost Verwey,joost.verwey@posteo.example\n"
Given = dict[str, str]
Parse = Callable[[dict[str, Any]], "tuple[Given, bytes]"]


def by_the_standard_library(environ: dict[str, Any]) -> tuple[Given, bytes]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        form = cgi.FieldStorage(environ["wsgi.input"], environ=environ, keep_blank_values=True)
    letter = form["letter"].file.read() if "letter" in form else b""
    return {name: form[name].value for name in FIELDS}, letter


def by_werkzeug(environ: dict[str, Any]) -> tuple[Given, bytes]:
    _, form, files = parse_form_data(environ)
    if "letter" not in files:
        return form.to_dict(), b""
    with files["letter"].stream as letter:
        return form.to_dict(), letter.read()


@pytest.fixture(params=[by_the_standard_library, by_werkzeug])
def parse(request: pytest.FixtureRequest) -> Parse:
    chosen: Parse = request.param
    return chosen


def ask(
    parse: Parse, vendor: Vendor, prepared: requests.PreparedRequest, kind: str = ""
) -> tuple[Given, bytes]:
    """Have a request answered by a callable that tells a vendor of the town."""
    found: list[tuple[Given, bytes]] = []

    def application(environ: dict[str, Any], start_response: Any) -> list[bytes]:
        found.append(parse(environ))
        requests.post(f"{vendor.url}/crm", json={"town": found[0][0]["city"]}, timeout=20)
        start_response("200 OK", [])
        return [b"told"]

    body = prepared.body
    assert isinstance(body, bytes)
    with WSGIServer(("127.0.0.1", 0), WSGIRequestHandler) as server:
        server.set_app(application)
        served: Any = server.get_app()
        environ = {
            "REQUEST_METHOD": "POST",
            "PATH_INFO": "/",
            "QUERY_STRING": "",
            "CONTENT_LENGTH": str(len(body)),
            "CONTENT_TYPE": kind or prepared.headers["Content-Type"],
            "wsgi.input": io.BytesIO(body),
        }
        assert list(served(environ, lambda *_: None)) == [b"told"]
    return found[0]


def form(**files: tuple[str, bytes, str]) -> requests.PreparedRequest:
    parts: dict[str, Any] = {name: (None, value) for name, value in FIELDS.items()}
    return requests.Request("POST", "http://site.example/", files={**parts, **files}).prepare()


def test_fields(parse: Parse, vendor: Vendor, tracking: Tracking) -> None:
    assert ask(parse, vendor, form()) == (FIELDS, b"")
    assert [share[2] for share in tracking.shares()] == [("city",)]
    assert {"form_field:city", "form_field:email"} <= set(tracking.sources())


def test_a_file_is_left_as_it_is(parse: Parse, vendor: Vendor, tracking: Tracking) -> None:
    prepared = form(letter=("people.csv", LETTER, "text/csv"))
    assert ask(parse, vendor, prepared) == (FIELDS, LETTER)
    assert [share[2] for share in tracking.shares()] == [("city",)]


def test_a_long_field_is_left_as_it_is(
    parse: Parse, vendor: Vendor, tracking: Tracking, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(FIELDS, "note", "Lorem ipsum. " * 20_000)
    given, _ = ask(parse, vendor, form())
    assert given["note"] == FIELDS["note"]
    assert [share[2] for share in tracking.shares()] == [("city",)]


def test_what_is_no_body_is_not_the_requests(vendor: Vendor, tracking: Tracking) -> None:
    kept = form()

    def parse(_: dict[str, Any]) -> tuple[Given, bytes]:
        body = kept.body
        assert isinstance(body, bytes)
        return by_werkzeug(
            {
                "REQUEST_METHOD": "POST",
                "CONTENT_TYPE": kept.headers["Content-Type"],
                "CONTENT_LENGTH": str(len(body)),
                "wsgi.input": io.BytesIO(body),
            }
        )

    ask(parse, vendor, kept, "text/plain")
    assert tracking.shares() == []
