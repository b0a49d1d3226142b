"""Whose request this is, by the ordered rules of ``SST_OWNER`` (design 4.2).

Attribution only: a header or an unverified token may say whose data comes in, it never opens a
page (:mod:`sst_otel.pages`). Nothing here loads a user or marks a session as accessed.
"""

from __future__ import annotations

import base64
import json
from functools import lru_cache
from typing import Any

from sst_otel.sources.session import signed_session_owner
from sst_otel.sources.session_keys import AccountNames

_MAX_TOKEN = 8_192


def request_owner_id(
    rules: tuple[str, ...], environ: dict[str, Any], accounts: AccountNames | None = None
) -> str | None:
    """Return the application's own id of the person behind the current Flask request, or None.

    ``rules`` are tried in order; ``environ`` is the request's WSGI environment, ``accounts``
    tells whom a session's key means.
    """
    for kind, argument, together in _steps(rules):
        if kind == "session":
            found = signed_session_owner(together, accounts, typed=True)
        elif kind == "header":
            found = environ.get("HTTP_" + argument.upper().replace("-", "_")) or None
        else:
            found = _claim(environ.get("HTTP_AUTHORIZATION", ""), argument)
        if found is not None:
            return found
    return None


@lru_cache(maxsize=16)
def _steps(rules: tuple[str, ...]) -> tuple[tuple[str, str, tuple[str, ...]], ...]:
    """Return ``(kind, argument, rules)`` with the session's rules in a row taken together."""
    steps: list[tuple[str, str, tuple[str, ...]]] = []
    for rule in rules:
        kind, _, argument = rule.partition(":")
        if kind not in ("flask_login", "session"):
            steps.append((kind, argument, ()))
        elif steps and steps[-1][0] == "session":
            steps[-1] = ("session", "", (*steps[-1][2], rule))
        else:
            steps.append(("session", "", (rule,)))
    return tuple(steps)


def _claim(authorization: str, claim: str) -> str | None:
    """Return a claim of a bearer JWT. The signature is the application's to check."""
    scheme, _, token = authorization.partition(" ")
    parts = token.split(".")
    if scheme.lower() != "bearer" or len(parts) != 3 or len(token) > _MAX_TOKEN:
        return None
    try:
        raw = base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4))
        claims = json.loads(raw)
    except (ValueError, RecursionError):
        return None
    found = claims.get(claim) if isinstance(claims, dict) else None
    return str(found) if isinstance(found, (str, int)) and not isinstance(found, bool) else None
