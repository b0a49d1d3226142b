"""What the JSON web tokens of a request claim (RFC 7519), wherever the application has put them.

The signature is the application's to check: what stands here says whose data comes in, no more.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

_MAX_TOKEN = 8_192
_MOST_TOKENS = 4
_HEADERS = ("HTTP_X_ACCESS_TOKEN", "HTTP_X_AUTH_TOKEN", "HTTP_X_TOKEN", "HTTP_X_JWT")
_IN_COOKIES = re.compile(r"=\"?(eyJ[\w-]{8,}\.eyJ[\w-]{8,}\.[\w-]*)")
"""Header and claims are JSON objects; Flask's own cookies are one object and a time."""


def claims_of(environ: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield the claims of each token of a request, given its WSGI ``environ``.

    Looked at: ``Authorization``, whatever the scheme is called, the headers that tutorials use
    instead, and cookies.
    """
    authorization = environ.get("HTTP_AUTHORIZATION")
    if authorization:
        yield from _claims(authorization.rpartition(" ")[2])
    for name in _HEADERS:
        token = environ.get(name)
        if token:
            yield from _claims(token.strip())
    cookies = environ.get("HTTP_COOKIE", "")
    if ".eyJ" in cookies:
        for match in list(_IN_COOKIES.finditer(cookies))[:_MOST_TOKENS]:
            yield from _claims(match[1])


def _claims(token: str) -> Iterator[dict[str, Any]]:
    parts = token.split(".")
    if len(parts) != 3 or len(token) > _MAX_TOKEN:
        return
    try:
        raw = base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4))
        claims = json.loads(raw)
    except (ValueError, RecursionError):
        return
    if isinstance(claims, dict):
        yield claims
