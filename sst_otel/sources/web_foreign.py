"""Requests of frameworks that are known by what they tell on the way."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sst_otel.registry.identity import IDS, mark
from sst_otel.scope import current_scope
from sst_otel.sources.session import session_owner
from sst_otel.sources.session_keys import AccountNames
from sst_otel.sources.web import WebSource
from sst_otel.sources.web_request import WebRequest, cookies_in, user_named


class ForeignRequest(WebRequest):
    """A request of which only its headers are known, and what the framework tells on the way."""

    __slots__ = ("arguments", "login", "signed")

    def __init__(self, context: str) -> None:
        super().__init__("", context)
        self.arguments: Iterable[tuple[str, Any]] = ()
        """Names and values of what the route takes out of the path."""
        self.login: Any = None
        """Whom the framework has said to be logged in: an id, a mapping or an object."""
        self.signed: dict[str, Any] = {}
        """What signed cookies that were read hold."""

    def query(self) -> Iterable[tuple[str, Any]]:
        """Return nothing: it is tagged as the application has it parsed."""
        return ()

    def path_arguments(self) -> Iterable[tuple[str, Any]]:
        """Return what the route takes out of the path."""
        return self.arguments

    def cookies(self) -> Iterable[tuple[str, str]]:
        """Return the names and values of the cookies."""
        return cookies_in(self.environ().get("HTTP_COOKIE", ""))

    def session(self) -> dict[str, Any]:
        """Return the session, and what signed cookies hold, as far as they have been read."""
        stored = self.stored()
        return {**self.signed, **stored} if self.signed else stored

    def stored(self) -> dict[str, Any]:
        """Return what the session that has been loaded holds."""
        return {}

    def log_in(self) -> tuple[Any, ...] | None:
        """Return None: nobody tells whether it is as it was."""
        return None

    def session_owner(self, rules: tuple[str, ...], accounts: AccountNames | None) -> str | None:
        """Return whose session it is; ``web_login`` is whom the framework names."""

        def signed_in(rule: str) -> str | None:
            named = user_named(self.signed_in()) if rule == "web_login" else None
            if named is None or accounts is None or named.isdecimal():
                return named
            return accounts.by_words({"user": named}) or named

        return session_owner(rules, self.session(), signed_in, accounts, typed=True)

    def arrived(self, web: WebSource) -> None:
        """Tag what the application has been given without a call that shows it."""

    def signed_in(self) -> Any:
        """Return whom the framework has said to be logged in."""
        return self.login

    def routed(self, web: WebSource, route: str, arguments: Iterable[tuple[str, Any]]) -> None:
        """Tag what the route, now known, takes out of the path."""
        self.route = self.context = current_scope().route = route
        self.arguments = arguments
        web.routed(self, current_scope())


def vars_of(obj: Any) -> dict[str, Any]:
    """Return what stands in an object itself; nothing of it is asked."""
    held = getattr(obj, "__dict__", None)
    return held if type(held) is dict else {}


def loaded_session(session: Any) -> dict[str, Any]:
    """Return what a session holds: a dictionary, or an object that has one once it is loaded."""
    if issubclass(type(session), dict):
        found: dict[str, Any] = session
        return found
    held = vars_of(session)
    for name in ("_sess", "_data", "_mapping"):
        inner = held.get(name)
        if inner is not None and inner is not session:
            return loaded_session(inner)
    return {}


def mark_again(original: Any, copy: Any) -> None:
    """Mark ``copy``, which a framework has made of ``original`` to hand it out, as that is."""
    known = IDS.get(id(original))
    if known is not None and copy is not original:
        mark(copy, known.data, current_scope())
