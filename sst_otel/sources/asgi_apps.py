"""ASGI applications of other frameworks, and those mounted into one: a scope, query and bodies.

Nothing of these frameworks is known but that they take ``(scope, receive, send)``. Messages pass
unchanged; of a body that the application has received whole, forms and JSON are tagged, of a
websocket each message that is JSON, Socket.IO's events among them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, MutableMapping
from typing import Any
from urllib.parse import parse_qsl

import wrapt

from sst_otel.beside import async_watching
from sst_otel.guard import guard
from sst_otel.patching import Patches
from sst_otel.scope import current_scope
from sst_otel.sources.asgi import AsgiRequest
from sst_otel.sources.session_keys import AccountNames
from sst_otel.sources.web import REQUEST, WebSource
from sst_otel.sources.web_calls import ScopedCalls
from sst_otel.tagging import Tagger

_PLACE = "source.asgi"
_guarded = guard(_PLACE)
APPLICATIONS = (
    ("quart.app", "Quart.__call__"),
    ("litestar.app", "Litestar.__call__"),
    ("falcon.asgi.app", "App.__call__"),
    ("blacksheep.server.application", "Application.__call__"),
    ("sanic.app", "Sanic.__call__"),
    ("ariadne.asgi.graphql", "GraphQL.__call__"),
    ("engineio.async_drivers.asgi", "ASGIApp.__call__"),
)
"""Module and path of what servers, or the applications they are mounted in, call."""
_MOST_BYTES = 1_000_000
_MOST_PACKETS = 100
_PACKET = re.compile(r"4\d(?:\d*-)?(?:/[^,\[{]{0,200},)?\d{0,12}(?=[\[{])")
"""What stands before the JSON of an event (https://github.com/socketio/socket.io-protocol)."""


def install(
    tagger: Tagger, rules: tuple[str, ...], accounts: AccountNames | None = None
) -> Patches:
    """Open a scope around every request and tag what the application receives of it."""
    patches = Patches(_PLACE)
    web = WebSource(tagger, rules, accounts)
    calls = ScopedCalls(_PLACE, web, _new_request, routed=True)

    scoped = calls.wrapper_async()

    def wrapper(
        wrapped: Callable[..., Any], instance: Any, args: tuple[Any, ...], kwargs: Mapping[str, Any]
    ) -> Any:
        with _guarded:
            args = _listened(web, args)
        return scoped(wrapped, instance, args, kwargs)

    for module, path in APPLICATIONS:
        # One wrapper: of two in a row servers do not see that an ``async`` method is below.
        patches.wrap(module, path, wrapper, optional=True)
    return patches


def _listened(web: WebSource, args: tuple[Any, ...]) -> tuple[Any, ...]:
    """Return the arguments of a call with a ``receive`` whose messages are seen."""
    if len(args) < 2 or args[0].get("type") not in ("http", "websocket"):
        return args
    asked, receive, *rest = args
    seen = async_watching(_PLACE, _Messages(web, asked).received)
    return asked, wrapt.FunctionWrapper(receive, seen), *rest


class _ForeignRequest(AsgiRequest):
    """A request whose framework is not asked for its query."""

    __slots__ = ()

    def __init__(self, scope: MutableMapping[str, Any]) -> None:
        super().__init__(scope)
        self.context = str(scope.get("path", ""))

    def query(self) -> Iterable[tuple[str, Any]]:
        """Return the names and values of the query."""
        text = self.scope.get("query_string") or b""
        return parse_qsl(text.decode("latin-1"), max_num_fields=500) if b"=" in text else ()


class _Messages:
    """What one request's ``receive`` gives."""

    def __init__(self, web: WebSource, asked: Mapping[str, Any]) -> None:
        self._web = web
        self._kind = next(
            (value.lower() for name, value in asked.get("headers", ()) if name == b"content-type"),
            b"",
        )
        self._pieces: list[bytes] | None = []
        self._size = 0

    def received(self, _receive: Any, message: Any, *_: Any) -> None:
        """Tag a message of a websocket, or a body of which the last piece has come."""
        request = current_scope().state.get(REQUEST)
        if not isinstance(request, AsgiRequest):
            return
        if message["type"] == "websocket.receive":
            self._said(request, message.get("text") or message.get("bytes") or "")
        elif message["type"] == "http.request" and self._pieces is not None:
            piece = message.get("body", b"")
            self._size += len(piece)
            self._pieces.append(piece)
            if self._size > _MOST_BYTES:
                self._pieces = None
            elif not message.get("more_body"):
                body, self._pieces = b"".join(self._pieces), None
                self._whole(request, body)

    def _whole(self, request: AsgiRequest, body: bytes) -> None:
        if b"json" in self._kind:
            self._web.body(request, request.context, body, is_json=True)
        elif b"x-www-form-urlencoded" in self._kind:
            pairs = parse_qsl(body.decode("utf-8", "replace"), max_num_fields=2_000)
            self._web.form(request, request.context, pairs)
        elif self._kind.startswith(b"text/plain"):
            self._said(request, body)

    def _said(self, request: AsgiRequest, data: Any) -> None:
        text = data.decode("utf-8", "replace") if type(data) is bytes else data
        if type(text) is not str or len(text) > _MOST_BYTES:
            return
        for packet in text.split("\x1e", _MOST_PACKETS)[:_MOST_PACKETS]:
            start = _PACKET.match(packet)
            plain = packet[start.end() :] if start is not None else packet
            self._web.body(object(), request.context, plain, is_json=False)


def _new_request(_app: Any, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> AsgiRequest | None:
    """Return the request of a call; one mounted into another application has that one's scope."""
    asked = args[0] if args else kwargs["scope"]
    new = asked["type"] in ("http", "websocket") and REQUEST not in current_scope().state
    return _ForeignRequest(asked) if new else None
