"""The session of the current Flask request, read without leaving a trace.

Looking at ``flask.session`` marks it as accessed, and Flask then adds ``Vary: Cookie``. Until 3.1.2
the session object marks itself in its own ``get`` and ``[]``; since 3.1.3 the request context does
when it hands the session out. Hence the context's own attribute and ``dict.get``.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sst_otel.flask_contexts import request_context
from sst_otel.sources.session import identifier, read_key, session_owner
from sst_otel.sources.session_keys import AccountNames


def signed_session_owner(
    rules: Iterable[str], accounts: AccountNames | None = None, typed: bool = False
) -> str | None:
    """Return the application's own id of the person of the current request's session, or None.

    As :func:`sst_otel.sources.session.session_owner`; ``flask_login`` reads flask-login's session
    key. No user is loaded, and the session is not marked as accessed or modified. Outside a request
    the answer is None.
    """
    context = request_context()
    if context is None:
        return None
    state = vars(context)
    session = state.get("_session", state.get("session"))
    if not session:
        return None

    def signed_in(rule: str) -> str | None:
        return _flask_login_id(context, session) if rule == "flask_login" else None

    return session_owner(rules, session, signed_in, accounts, typed)


def whole_session() -> dict[str, Any]:
    """Return the current request's session as it is, flashed messages included; not marked."""
    context = request_context()
    state = vars(context) if context is not None else {}
    session = state.get("_session", state.get("session"))
    return session if isinstance(session, dict) else {}


def untouched_session() -> Any:
    """Return the current request's session while nothing has been put into it, else None.

    As long as that is one and the same object, whose it is does not change.
    """
    context = request_context()
    state = vars(context) if context is not None else {}
    session = state.get("_session", state.get("session"))
    return session if getattr(session, "modified", True) is False else None


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
        and read_key(session, "_id") != identify()
    ):
        return None
    return identifier(read_key(session, "_user_id"))
