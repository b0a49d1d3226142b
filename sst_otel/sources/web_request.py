"""A request as the sources of web frameworks read it, whatever framework it came to."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from typing import Any

from sst_otel.sources.session import identifier
from sst_otel.sources.session_keys import AccountNames

_NO_HEADERS = ("CONTENT_TYPE", "CONTENT_LENGTH")
"""What WSGI has without ``HTTP_``."""
_USER_IDS = ("id", "pk", "user_id", "uid", "identity", "username", "email")


class WebRequest(ABC):
    """One request, read without leaving a trace: no stream consumed, no session marked."""

    __slots__ = ("context", "route")

    def __init__(self, route: str, context: str) -> None:
        self.route = route
        """The pattern of the path, ``/users/<int:id>``; empty where nothing matched."""
        self.context = context
        """What its form is about, for judging ambiguous names: endpoint and path pattern."""

    @abstractmethod
    def environ(self) -> Mapping[str, Any]:
        """Return the headers (``HTTP_…``) and ``REMOTE_ADDR`` as WSGI has them (PEP 3333)."""

    def carried(self) -> tuple[str, str]:
        """Return the headers ``baggage`` and ``traceparent``; empty where there is none."""
        environ = self.environ()
        return environ.get("HTTP_BAGGAGE", ""), environ.get("HTTP_TRACEPARENT", "")

    @abstractmethod
    def query(self) -> Iterable[tuple[str, Any]]:
        """Return the names and values of the query."""

    @abstractmethod
    def path_arguments(self) -> Iterable[tuple[str, Any]]:
        """Return the names and values of what the route takes out of the path."""

    @abstractmethod
    def cookies(self) -> Iterable[tuple[str, str]]:
        """Return the names and values of the cookies."""

    @abstractmethod
    def session(self) -> dict[str, Any]:
        """Return the session as it is; empty where there is none or it has not been loaded."""

    @abstractmethod
    def log_in(self) -> tuple[Any, ...] | None:
        """Return the objects that tell whose session it is: the same ones, the same person.

        None where something was put into the session, or nobody can say.
        """

    @abstractmethod
    def session_owner(self, rules: tuple[str, ...], accounts: AccountNames | None) -> str | None:
        """Return whose session it is by ``rules`` of log-ins and sessions."""


def cookies_in(header: str) -> list[tuple[str, str]]:
    """Return the names and values of a header of cookies.

    As browsers and frameworks do: the standard library's parser gives all up for one of them.
    """
    pairs = (each.partition("=") for each in header.split(";"))
    return [(name.strip(), value.strip(' "')) for name, _, value in pairs if value]


def user_named(user: Any) -> str | None:
    """Return the id of what a framework has as its user: an id, a mapping, or an object.

    Of an object what stands in it counts. No property is asked: it may load a row.
    """
    if type(user) is bytes:
        user = user.decode("utf-8", "replace")
    found = identifier(user)
    held = getattr(user, "__dict__", None)
    if found is not None or type(held) is not dict:
        return found
    told = (identifier(held.get(name)) for name in _USER_IDS)
    return next((each for each in told if each is not None), None)


def environ_of_headers(headers: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Return headers as WSGI names them."""
    environ: dict[str, str] = {}
    for name, text in headers:
        key = name.replace("-", "_").upper()
        if key not in _NO_HEADERS:
            key = "HTTP_" + key
        former = environ.get(key)
        joint = "; " if key == "HTTP_COOKIE" else ","
        environ[key] = text if former is None else f"{former}{joint}{text}"
    return environ
