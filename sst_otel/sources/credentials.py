"""Whose request it is by an opaque credential: by the row that the request's own token led to.

A session id, an API key or a token without claims says nothing by itself. The application asks its
database for the very text that came in a header or a cookie, or for its SHA-256; the one row it
gets says whose it is. Attribution only, as everything of :mod:`sst_otel.sources.owner`.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from typing import Any

from sst_otel.scope import PROCESS, Scope
from sst_otel.sources.web import REQUEST
from sst_otel.tagging import Tagger
from sst_otel.tags import Owner

_SHORTEST = 16
_LONGEST = 4_096
_MOST = 100
_SENT = "credentials sent"
_WORDS = (
    r"token|session|sess_?id|_sid\b|\bsid\b|api_?key|access_?key|auth_?key|key_?hash|credential"
)
_NAMED = re.compile(_WORDS, re.IGNORECASE)
_NOT_THEIRS = re.compile(
    r"passw|pwd|refer|invit|affil|coupon|promo|gift|campaign|csrf|xsrf|track", re.IGNORECASE
)
"""A friend's code in a cookie leads to the friend."""
_HEADER = re.compile(r"^HTTP_\w*(KEY|TOKEN|AUTH|SESSION|SECRET)\w*$")
_sha256 = hashlib.sha256  # taken before it is hooked


def may_look_up(statement: str) -> bool:
    """Whether a statement speaks of tokens, sessions or keys at all."""
    return _NAMED.search(statement) is not None


def is_credential(table: str, column: str) -> bool:
    """Whether a column holds what tells requests of people apart: ``sessions.id``."""
    place = f"{table}.{column}"
    return _NAMED.search(place) is not None and _NOT_THEIRS.search(place) is None


def is_sent(value: Any, scope: Scope) -> bool:
    """Whether ``value``, which a statement was given, is a credential of the scope's request."""
    if scope is PROCESS or type(value) not in (str, bytes) or len(value) < _SHORTEST:
        return False
    sent = scope.state.get(_SENT)
    if sent is None:
        request = scope.state.get(REQUEST)
        if request is None:
            return False
        pairs = [(name, text) for name, text in request.cookies() if type(text) is str]
        sent = scope.state[_SENT] = _forms(request.environ(), pairs[:_MOST])
    return value in sent


def name(tagger: Tagger, scope: Scope, owner: Owner) -> None:
    """Take ``owner`` for the person of the scope's request, where nobody is known yet."""
    if owner.known and scope.known_owner() is None:
        scope.owner = owner
        tagger.settle(scope)


def _forms(environ: Mapping[str, Any], cookies: list[tuple[str, str]]) -> frozenset[str | bytes]:
    texts = [text for name, text in cookies if not _NOT_THEIRS.search(name)]
    for key, value in environ.items():
        if type(value) is str and _HEADER.match(key) and not _NOT_THEIRS.search(key):
            texts.append(value.rpartition(" ")[2])
    found: set[str | bytes] = set()
    for text in texts:
        if _SHORTEST <= len(text) <= _LONGEST:
            digest = _sha256(text.encode("utf-8", "surrogateescape"))
            found |= {text, digest.hexdigest(), digest.digest()}
    return frozenset(found)
