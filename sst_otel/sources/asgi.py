"""An ASGI request as sources see it (https://asgi.readthedocs.io/en/latest/specs/www.html)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, MutableMapping
from typing import Any

from sst_otel.sources.session import session_owner
from sst_otel.sources.session_keys import AccountNames
from sst_otel.sources.web_request import WebRequest, cookies_in, environ_of_headers, user_named


class AsgiRequest(WebRequest):
    """One request or websocket connection, by its connection scope."""

    __slots__ = ("_environ", "scope")

    def __init__(self, scope: MutableMapping[str, Any]) -> None:
        super().__init__("", "")
        self.scope = scope
        self._environ: dict[str, str] | None = None

    def environ(self) -> Mapping[str, Any]:
        """Return the headers and the client's address as WSGI names them."""
        if self._environ is None:
            self._environ = environ_of(self.scope)
        return self._environ

    def carried(self) -> tuple[str, str]:
        """Return the headers ``baggage`` and ``traceparent``, without reading the others."""
        for name, _ in self.scope.get("headers", ()):
            if name == b"baggage":
                return super().carried()
        return "", ""

    def query(self) -> Iterable[tuple[str, Any]]:
        """Return nothing: the framework makes objects of its own of the query, when it is asked."""
        return ()

    def path_arguments(self) -> Iterable[tuple[str, Any]]:
        """Return what the route takes out of the path."""
        arguments = self.scope.get("path_params")
        return arguments.items() if arguments else ()

    def cookies(self) -> Iterable[tuple[str, str]]:
        """Return the names and values of the cookies."""
        return cookies_in(self.environ().get("HTTP_COOKIE", ""))

    def session(self) -> dict[str, Any]:
        """Return Starlette's session as it is."""
        session = self.scope.get("session")
        return session if isinstance(session, dict) else {}

    def log_in(self) -> tuple[Any, ...] | None:
        """Return Starlette's session and user."""
        session = self.scope.get("session")
        if session is not None and getattr(session, "modified", True) is not False:
            return None
        return session, self.scope.get("user")

    def session_owner(self, rules: tuple[str, ...], accounts: AccountNames | None) -> str | None:
        """Return whose session it is; ``starlette_auth`` asks ``request.user``."""
        return session_owner(rules, self.session(), self._signed_in, accounts, typed=True)

    def _signed_in(self, rule: str) -> str | None:
        user = self.scope.get("user") if rule == "starlette_auth" else None
        return user_named(user)


def environ_of(scope: Mapping[str, Any]) -> dict[str, str]:
    """Return the headers and the client's address of an ASGI ``scope`` as WSGI names them."""
    headers = scope.get("headers", ())
    environ = environ_of_headers(
        (name.decode("latin-1"), each.decode("latin-1")) for name, each in headers
    )
    client = scope.get("client")
    if client:
        environ["REMOTE_ADDR"] = str(client[0])
    return environ
