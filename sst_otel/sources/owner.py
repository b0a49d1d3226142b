"""Whose request this is, by the ordered rules of ``SST_OWNER`` (design 4.2).

Attribution only: a header or an unverified token may say whose data comes in, it never opens a
page (:mod:`sst_otel.pages`). Nothing here loads a user or marks a session as accessed.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from sst_otel.settings import LOG_INS
from sst_otel.sources.session_keys import AccountNames
from sst_otel.sources.web_request import WebRequest
from sst_otel.sources.web_tokens import claims_of


def request_owner_id(
    rules: tuple[str, ...], request: WebRequest, accounts: AccountNames | None = None
) -> str | None:
    """Return the application's own id of the person behind ``request``, or None.

    ``rules`` are tried in order; ``accounts`` tells whom a session's key or a token's claim means.
    """
    for kind, argument, together in _steps(rules):
        if kind == "session":
            found = request.session_owner(together, accounts)
        elif kind == "header":
            header = "HTTP_" + argument.upper().replace("-", "_")
            found = request.environ().get(header) or None
        else:
            found = _claimed(request.environ(), argument, accounts)
        if found is not None:
            return found
    return None


@lru_cache(maxsize=16)
def _steps(rules: tuple[str, ...]) -> tuple[tuple[str, str, tuple[str, ...]], ...]:
    """Return ``(kind, argument, rules)`` with the session's rules in a row taken together."""
    steps: list[tuple[str, str, tuple[str, ...]]] = []
    for rule in rules:
        kind, _, argument = rule.partition(":")
        if kind != "session" and kind not in LOG_INS:
            steps.append((kind, argument, ()))
        elif steps and steps[-1][0] == "session":
            steps[-1] = ("session", "", (*steps[-1][2], rule))
        else:
            steps.append(("session", "", (rule,)))
    return tuple(steps)


def _claimed(
    environ: Mapping[str, Any], argument: str, accounts: AccountNames | None
) -> str | None:
    """Return whose the request's tokens are; None where they have none or two people."""
    told: dict[str, None] = {}
    for claims in claims_of(environ):
        claimed = claims.get(argument)
        owner: str | None = None
        if type(claimed) in (str, int) and str(claimed):
            owner = str(claimed)
            if accounts is not None:
                owner = accounts.by_rule("", owner, claims)
        elif argument == "sub" and accounts is not None:
            owner = accounts.by_claims(claims)
        if owner is not None:
            told[owner] = None
    return next(iter(told)) if len(told) == 1 else None
