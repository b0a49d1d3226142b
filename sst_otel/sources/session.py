"""Whose session it is, by the rules of ``SST_OWNER``, read without leaving a trace."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from sst_otel.settings import LOG_INS
from sst_otel.sources.session_keys import AccountNames

_ID_KEYS = ("id", "user_id", "uid", "sub")
_MAX_LENGTH = 255
_NOT_STORED = ("id", "token", "nonce", "csrf")


def session_owner(
    rules: Iterable[str],
    session: Any,
    signed_in: Callable[[str], str | None],
    accounts: AccountNames | None = None,
    typed: bool = False,
) -> str | None:
    """Return the application's own id of the person of ``session``, or None.

    ``rules``: those of ``SST_OWNER`` in order; the first that gives an id wins. ``flask_login``,
    ``django_auth`` and ``starlette_auth`` ask ``signed_in``, ``session:KEY`` is a key of the
    session, with dots into mappings (``session:account.id``). An entry that is a mapping gives its
    ``id``, ``user_id``, ``uid`` or ``sub``; a bare ``session`` is what the words of the keys tell,
    with ``accounts`` alone. ``header:`` and ``jwt:`` rules are passed over: anybody can send those.
    ``typed``: whether a name or an e-mail in the session counts for its account; it may be what a
    visitor typed.
    """
    for rule in rules:
        kind, _, key = rule.partition(":")
        if kind in LOG_INS:
            found = signed_in(kind)
        elif rule == "session":
            words = dict(dict.items(session)) if isinstance(session, dict) else {}
            if accounts is not None and (told := accounts.by_words(words, typed)) is not None:
                return told
            continue
        elif kind == "session":
            found = identifier(_look_up(session, key))
        else:
            continue
        if found is not None:
            beside = dict(dict.items(session)) if isinstance(session, dict) else None
            owner = found if accounts is None else accounts.by_rule(key, found, beside)
            if owner is not None:
                return owner
    return None


def stored_values(session: dict[str, Any]) -> dict[str, Any]:
    """Return what an application keeps in ``session``, by its keys.

    Without what tells whose it is or guards it: ids, tokens, keys of libraries (``_fresh``).
    """
    if not session:
        return session
    return {
        name: value
        for name, value in dict.items(session)
        if type(name) is str and name[:1] != "_" and not name.lower().endswith(_NOT_STORED)
    }


def read_key(session: Any, key: str) -> Any:
    """Return what a session has under ``key``; it is not marked as accessed."""
    if isinstance(session, dict):
        return dict.get(session, key)
    accessed = getattr(session, "accessed", None)
    try:
        return session.get(key)
    finally:
        if accessed is not None:
            session.accessed = accessed


def _look_up(session: Any, key: str) -> Any:
    found = read_key(session, key)
    if found is not None or "." not in key:
        return found
    first, *rest = key.split(".")
    found = read_key(session, first)
    for name in rest:
        found = found.get(name) if isinstance(found, Mapping) else None
    return found


def identifier(value: Any) -> str | None:
    """Return the id that an entry of a session is or, as a mapping, has; None for what is none."""
    if isinstance(value, Mapping):
        value = next((value[key] for key in _ID_KEYS if value.get(key) is not None), None)
    if isinstance(value, bool) or not isinstance(value, (str, int)):
        return None
    text = str(value).strip()
    return text if 0 < len(text) <= _MAX_LENGTH else None
