"""websockets: what clients send, message by message, and the address they open.

Synchronous, asyncio and legacy clients; servers answer whom they serve and are left alone. A
message in fragments is looked at as the library takes them, once it is whole. There is no
OpenTelemetry instrumentation: the client span of a message is ours.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from sst_otel import semconv
from sst_otel.beside import noting
from sst_otel.patching import Patches, named_arguments
from sst_otel.shares import Call, Part
from sst_otel.sinks.outgoing import Outgoing
from sst_otel.sinks.share import Share
from sst_otel.sinks.streams import (
    LateWatcher,
    WatchedAsyncIterable,
    WatchedIterable,
    late_watcher_of,
)
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
    given = named_arguments(_HEADERS, args, kwargs)
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
        host=uri.host,
        port=uri.port,
        method=method,
        path=uri.path,
        parts=parts,
        attributes={semconv.PROTOCOL: "websocket"},
    )


def _uri_of(connection: Any) -> Any:
    """Return what the application asked for; ``wsuri`` is its name before version 15."""
    known = vars(connection).get(_URI)
    protocol = getattr(connection, "protocol", None)
    return known or getattr(protocol, "uri", None) or getattr(protocol, "wsuri", None)


def _scheme(uri: Any) -> str:
    return "wss" if uri.secure else "ws"


def _in_fragments(_connection: Any, args: Args, kwargs: Kwargs) -> tuple[Args, Kwargs] | None:
    """Put a watcher around a message in pieces; whose share it is, is only known further in."""
    if args and not isinstance(args[0], (*_WHOLE, Mapping)):
        if hasattr(type(args[0]), "__aiter__"):
            return (WatchedAsyncIterable(args[0], LateWatcher()), *args[1:]), kwargs
        if hasattr(type(args[0]), "__iter__"):
            return (WatchedIterable(args[0], LateWatcher()), *args[1:]), kwargs
    return None


def _tee(_connection: Any, args: Args, _kwargs: Kwargs, share: Share) -> Callable[[], None] | None:
    watcher = late_watcher_of(args[0]) if args else None
    if watcher is None:
        return None
    watcher.share = share
    return lambda: None
