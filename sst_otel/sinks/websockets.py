"""websockets: what clients send, message by message, and the address they open.

Synchronous, asyncio and legacy clients; servers answer whom they serve and are left alone. A
message in fragments is looked at as the library takes them, once it is whole. There is no
OpenTelemetry instrumentation: the client span of a message is ours.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from functools import partial
from typing import Any

from sst_otel import semconv
from sst_otel.beside import noting
from sst_otel.patching import Patches
from sst_otel.shares import Call, Part
from sst_otel.sinks.outgoing import Outgoing
from sst_otel.sinks.share import Share
from sst_otel.sinks.wrapping import Args, Kwargs, async_door, door

_PLACE = "sink.websockets"
_URI = "_sst_uri"
_WHOLE = (str, bytes, bytearray, memoryview)
_HEADERS = ("additional_headers", "user_agent_header")


def install(emit: Outgoing) -> Patches:
    """Watch what leaves through clients of websockets."""
    patches = Patches(_PLACE)
    ordered = partial(async_door, in_order=True)
    for module, kind, make in (
        ("websockets.sync.client", "ClientConnection", door),
        ("websockets.asyncio.client", "ClientConnection", ordered),
        ("websockets.legacy.client", "WebSocketClientProtocol", ordered),
    ):
        patches.wrap(module, f"{kind}.send", make(_PLACE, emit, _message, _tee))
        patches.wrap(module, f"{kind}.send", noting(_PLACE, _in_fragments, emit.idle))
        patches.wrap(module, f"{kind}.handshake", make(_PLACE, emit, _opening))
    legacy = "WebSocketClientProtocol.handshake"
    patches.wrap("websockets.legacy.client", legacy, noting(_PLACE, _remember))
    return patches


def _remember(connection: Any, args: Args, kwargs: Kwargs) -> None:
    """Keep the address of a legacy connection, which only its handshake is told."""
    vars(connection)[_URI] = args[0] if args else kwargs["wsuri"]


def _opening(connection: Any, args: Args, kwargs: Kwargs) -> Call | None:
    given = {**dict(zip(_HEADERS, args, strict=False)), **kwargs}
    headers = given.get("additional_headers", given.get("extra_headers"))
    if isinstance(headers, Mapping):
        headers = list(headers.items())
    pairs = [pair for pair in headers if len(pair) == 2] if type(headers) is list else []
    uri = _uri_of(connection)
    query = f"?{uri.query}" if getattr(uri, "query", "") else ""
    url = f"{_scheme(uri)}://{uri.host}{uri.path}{query}" if uri is not None else ""
    return _call(connection, "GET", (Part("url", url), Part("headers", pairs)))


def _message(connection: Any, args: Args, kwargs: Kwargs) -> Call | None:
    message = args[0] if args else kwargs.get("message")
    if isinstance(message, memoryview):
        message = bytes(message)
    return _call(connection, "", (Part("body", message),) if isinstance(message, _WHOLE) else ())


def _call(connection: Any, method: str, parts: tuple[Part, ...]) -> Call | None:
    uri = _uri_of(connection)
    if uri is None:
        return None
    return Call(
        kind=semconv.EXTERNAL_API,
        destination="",
        host=uri.host,
        port=uri.port,
        method=method,
        path=uri.path,
        parts=parts,
        attributes={"network.protocol.name": "websocket"},
    )


def _uri_of(connection: Any) -> Any:
    """Return what the application asked for; ``wsuri`` is its name before version 15."""
    known = vars(connection).get(_URI)
    protocol = getattr(connection, "protocol", None)
    return known or getattr(protocol, "uri", None) or getattr(protocol, "wsuri", None)


def _scheme(uri: Any) -> str:
    return "wss" if uri.secure else "ws"


class _Fragments:
    """The pieces of a message; whoever looks at them is only known further in."""

    def __init__(self, pieces: Any) -> None:
        self.pieces = pieces
        self.share: Share | None = None

    def __repr__(self) -> str:
        return "<fragments>"

    def _seen(self, piece: Any) -> Any:
        if self.share is not None:
            whole = isinstance(piece, (bytearray, memoryview))
            self.share.part(bytes(piece) if whole else piece)
        return piece


class _SyncFragments(_Fragments):
    def __iter__(self) -> Iterator[Any]:
        for piece in self.pieces:
            yield self._seen(piece)


class _AsyncFragments(_Fragments):
    async def __aiter__(self) -> AsyncIterator[Any]:
        async for piece in self.pieces:
            yield self._seen(piece)


def _in_fragments(_connection: Any, args: Args, kwargs: Kwargs) -> tuple[Args, Kwargs] | None:
    if args and not isinstance(args[0], (*_WHOLE, Mapping)):
        if hasattr(type(args[0]), "__aiter__"):
            return (_AsyncFragments(args[0]), *args[1:]), kwargs
        if hasattr(type(args[0]), "__iter__"):
            return (_SyncFragments(args[0]), *args[1:]), kwargs
    return None


def _tee(_connection: Any, args: Args, _kwargs: Kwargs, share: Share) -> Callable[[], None] | None:
    if not args or not isinstance(args[0], _Fragments):
        return None
    args[0].share = share
    return lambda: None
