"""Whose signed session a Flask request belongs to, read without leaving a trace.

Looking at ``flask.session`` marks it as accessed, and Flask then adds ``Vary: Cookie``. Until 3.1.2
the session object marks itself in its own ``get`` and ``[]``; since 3.1.3 the request context does
when it hands the session out. Hence the context's own attribute and ``dict.get``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache
from importlib import import_module
from typing import Any

from sst_otel.sources.session_keys import AccountNames

_ID_KEYS = ("id", "user_id", "uid", "sub")
_MAX_LENGTH = 255
_NOT_STORED = ("id", "token", "nonce", "csrf")


def signed_session_owner(
    rules: Iterable[str], accounts: AccountNames | None = None, typed: bool = False
) -> str | None:
    """Return the application's own id of the person of the current request's session, or None.

    ``rules``: those of ``SST_OWNER`` in order; the first that gives an id wins. ``flask_login``
    reads flask-login's session key, ``session:KEY`` a key of the session, with dots into mappings
    (``session:account.id``). An entry that is a mapping gives its ``id``, ``user_id``, ``uid`` or
    ``sub``; a bare ``session`` is what the words of the keys tell, with ``accounts`` alone.
    ``header:`` and ``jwt:`` rules are passed over: anybody can send those. ``typed``: whether a
    name or an e-mail in the session counts for its account; it may be what a visitor typed.

    No user is loaded, and the session is not marked as accessed or modified. Outside a request
    the answer is None.
    """
    context = _request_context()
    if context is None:
        return None
    state = vars(context)
    session = state.get("_session", state.get("session"))
    if not session:
        return None
    for rule in rules:
        kind, _, key = rule.partition(":")
        if kind == "flask_login":
            found = _flask_login_id(context, session)
        elif rule == "session":
            words = dict(dict.items(session)) if isinstance(session, dict) else {}
            if accounts is not None and (told := accounts.by_words(words, typed)) is not None:
                return told
            continue
        elif kind == "session":
            found = _identifier(_look_up(session, key))
        else:
            continue
        if found is not None:
            beside = dict(dict.items(session)) if isinstance(session, dict) else None
            owner = found if accounts is None else accounts.by_rule(key, found, beside)
            if owner is not None:
                return owner
    return None


def stored_values() -> dict[str, Any]:
    """Return what the application keeps in the current request's session, by its keys.

    Without what tells whose it is or guards it: ids, tokens, keys of libraries (``_fresh``). The
    session is not marked as accessed; one that is no mapping of plain values gives nothing.
    """
    return {
        name: value
        for name, value in dict.items(whole_session())
        if type(name) is str and name[:1] != "_" and not name.lower().endswith(_NOT_STORED)
    }


def whole_session() -> dict[str, Any]:
    """Return the current request's session as it is, flashed messages included; not marked."""
    context = _request_context()
    state = vars(context) if context is not None else {}
    session = state.get("_session", state.get("session"))
    return session if isinstance(session, dict) else {}


def untouched_session() -> Any:
    """Return the current request's session while nothing has been put into it, else None.

    As long as that is one and the same object, whose it is does not change.
    """
    context = _request_context()
    state = vars(context) if context is not None else {}
    session = state.get("_session", state.get("session"))
    return session if getattr(session, "modified", True) is False else None


def _request_context() -> Any:
    flask_globals = _flask_globals()
    if hasattr(flask_globals, "_cv_request"):
        return flask_globals._cv_request.get(None)
    if hasattr(flask_globals, "_cv_app"):  # one context for application and request
        context = flask_globals._cv_app.get(None)
        return context if getattr(context, "has_request", False) else None
    return flask_globals._request_ctx_stack.top  # Flask 2.1


@cache
def _flask_globals() -> Any:
    return import_module("flask.globals")


def _get(session: Any, key: str) -> Any:
    if isinstance(session, dict):
        return dict.get(session, key)
    accessed = getattr(session, "accessed", None)
    try:
        return session.get(key)
    finally:
        if accessed is not None:
            session.accessed = accessed


def _look_up(session: Any, key: str) -> Any:
    found = _get(session, key)
    if found is not None or "." not in key:
        return found
    first, *rest = key.split(".")
    found = _get(session, first)
    for name in rest:
        found = found.get(name) if isinstance(found, Mapping) else None
    return found


def _identifier(value: Any) -> str | None:
    if isinstance(value, Mapping):
        value = next((value[key] for key in _ID_KEYS if value.get(key) is not None), None)
    if isinstance(value, bool) or not isinstance(value, (str, int)):
        return None
    text = str(value).strip()
    return text if 0 < len(text) <= _MAX_LENGTH else None


def _flask_login_id(context: Any, session: Any) -> str | None:
    """Return flask-login's id; none where its strong session protection would drop the session."""
    manager = getattr(context.app, "login_manager", None)
    if manager is None:
        return None
    mode = context.app.config.get("SESSION_PROTECTION", manager.session_protection)
    identify = getattr(manager, "_session_identifier_generator", None)
    if (
        mode == "strong"
        and identify is not None
        and not getattr(session, "permanent", False)
        and _get(session, "_id") != identify()
    ):
        return None
    return _identifier(_get(session, "_user_id"))
