"""Answers and forms of the pages, in terms of WSGI."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl

from sst_otel.pages.access import Environ

_MAX_FORM = 8192

HEADERS = [
    ("Cache-Control", "no-store"),
    ("X-Content-Type-Options", "nosniff"),
    ("Referrer-Policy", "no-referrer"),
    (
        "Content-Security-Policy",
        "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; "
        "base-uri 'none'; frame-ancestors 'none'",
    ),
]
CHALLENGE = ("WWW-Authenticate", 'Bearer realm="sst_otel"')


@dataclass(slots=True)
class Answer:
    """Status, body and headers of one response."""

    status: int
    body: bytes = b""
    kind: str = "text/html; charset=utf-8"
    headers: list[tuple[str, str]] = field(default_factory=list)


def see_other(address: str, *headers: tuple[str, str]) -> Answer:
    """Lead the browser to another page, by GET."""
    return Answer(303, headers=[("Location", address), *headers])


def as_json(status: int, value: Any, headers: list[tuple[str, str]] | None = None) -> Answer:
    """Return ``value`` as a JSON document."""
    body = json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
    return Answer(status, body + b"\n", "application/json", headers or [])


def read_form(environ: Environ) -> dict[str, str]:
    """Return the fields of a small urlencoded form; none of one that is too large or malformed."""
    length = environ.get("CONTENT_LENGTH") or "0"
    if not (length.isascii() and length.isdigit()) or int(length) > _MAX_FORM:
        return {}
    body = environ["wsgi.input"].read(int(length))
    try:
        return dict(parse_qsl(body.decode("utf-8", "replace"), max_num_fields=10))
    except ValueError:
        return {}
