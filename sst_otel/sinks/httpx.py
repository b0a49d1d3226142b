"""httpx and its successor httpx2: the object trees where a request is made, the bytes at httpcore.

The OpenTelemetry instrumentation wraps ``HTTPTransport.handle_request``; the connection pool below
it runs inside its client span whichever was installed first. openai 3 and anthropic 2 use httpx2.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sst_otel import semconv
from sst_otel.beside import watching
from sst_otel.matching.decode import text_of
from sst_otel.patching import Patches
from sst_otel.shares import Call, Part
from sst_otel.sinks.given import Given, not_open, trees
from sst_otel.sinks.layers import Layer
from sst_otel.sinks.outgoing import Outgoing
from sst_otel.sinks.share import Share
from sst_otel.sinks.streams import WatchedAsyncIterable, WatchedIterable, WatchedStream
from sst_otel.sinks.wrapping import Args, Kwargs, async_door, async_layer, door, layer

_PLACE = "sink.httpx"
_TREES = ("params", "data", "json", "content", "cookies", "files", "headers")
_OF_CLIENT = ("params", "cookies", "headers")

_given = Given()
"""Request → what the application handed over to have it built; client → what goes with all."""


def install(emit: Outgoing) -> Patches:
    """Watch what leaves through httpx and httpx2."""
    patches = Patches(_PLACE)
    for client, core in (("httpx", "httpcore"), ("httpx2", "httpcore2")):
        for module, path, keep in (
            ("_models", "Request.__init__", _made),
            ("_client", "BaseClient.__init__", _set_up),
            ("_client", "BaseClient.build_request", _built),
        ):
            patches.wrap(f"{client}.{module}", path, watching(_PLACE, keep, emit.idle))
        patches.wrap(f"{client}._client", "Client.send", layer(_PLACE, emit, _objects))
        patches.wrap(f"{client}._client", "AsyncClient.send", async_layer(_PLACE, emit, _objects))
        patches.wrap(
            f"{core}._sync.connection_pool",
            "ConnectionPool.handle_request",
            door(_PLACE, emit, _call, _tee(WatchedIterable)),
        )
        patches.wrap(
            f"{core}._async.connection_pool",
            "AsyncConnectionPool.handle_async_request",
            async_door(_PLACE, emit, _call, _tee(WatchedAsyncIterable)),
        )
    return patches


def _made(request: Any, _result: None, _args: Args, kwargs: Kwargs) -> None:
    _given.keep(request, trees((name, kwargs.get(name)) for name in _TREES))


def _built(client: Any, request: Any, _args: Args, kwargs: Kwargs) -> None:
    """Keep what the client has turned into objects of its own before the request was made."""
    own = tuple(trees((name, kwargs.get(name)) for name in _OF_CLIENT))
    if own:
        _given.keep(request, own)
    with_all = _given.to(client)
    if with_all:
        _given.keep(request, with_all)


def _set_up(client: Any, _result: None, _args: Args, kwargs: Kwargs) -> None:
    _given.keep(client, trees((name, kwargs.get(name)) for name in _OF_CLIENT))


def _objects(_client: Any, args: Args, kwargs: Kwargs) -> Layer:
    request = args[0] if args else kwargs.get("request")
    parts = not_open(_given.to(request))
    auth = kwargs.get("auth")
    return Layer(parts=(*parts, Part("auth", auth)) if type(auth) is tuple else parts)


def _call(_pool: Any, args: Args, kwargs: Kwargs) -> Call | None:
    request = args[0] if args else kwargs["request"]
    url = request.url
    host = url.host.decode("ascii", "replace")
    scheme = url.scheme.decode("ascii", "replace")
    target = url.target.decode("ascii", "replace")
    parts = [Part("url", f"{scheme}://{host}{target}")]
    parts.append(Part("headers", [(text_of(name), value) for name, value in request.headers]))
    if _is_bytes(request.stream):
        parts.append(Part("body", b"".join(request.stream)))
    return Call(
        kind=semconv.EXTERNAL_API,
        host=host,
        port=url.port or (443 if scheme == "https" else 80),
        method=request.method.decode("ascii", "replace"),
        path=target.partition("?")[0],
        parts=tuple(parts),
    )


def _is_bytes(stream: Any) -> bool:
    """Whether a stream is bytes in memory, which can be iterated any number of times."""
    return type(stream).__name__ == "ByteStream" and hasattr(stream, "__iter__")


def _tee(watched: type[WatchedStream]) -> Any:
    def tee(_pool: Any, args: Args, kwargs: Kwargs, share: Share) -> Callable[[], None] | None:
        request = args[0] if args else kwargs["request"]
        body = request.stream
        if _is_bytes(body):
            return None
        request.stream = watched(body, share)

        def restore() -> None:
            request.stream = body

        return restore

    return tee
