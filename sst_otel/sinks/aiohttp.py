"""aiohttp's client: the object trees at ``ClientSession._request``, the bytes at ``ClientRequest``.

``ClientRequest.send`` runs inside the client span, which the OpenTelemetry instrumentation attaches
by a trace configuration of the session. A body that is not in memory is written by a task of its
own (``write_bytes``) and looked at when it has passed. Each message of a websocket is a call.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

from sst_otel import semconv
from sst_otel.guard import guard
from sst_otel.patching import Patches, Wrapper
from sst_otel.registry.identity import marked
from sst_otel.shares import Call, Part
from sst_otel.sinks.claims import Claim, is_claimed
from sst_otel.sinks.layers import Layer
from sst_otel.sinks.outgoing import Outgoing
from sst_otel.sinks.share import Share
from sst_otel.sinks.wrapping import Args, Kwargs, async_door, async_layer
from sst_otel.tracebacks import drop_own_entry, unseen

_PLACE = "sink.aiohttp"
_guarded = guard(_PLACE)
_TREES = ("params", "json", "cookies", "auth")
_STREAM = "_sst_stream"
"""With a request: the end of a call whose body is a stream."""
_ANSWER = "_sst_answer"
"""With a response: the end of the call it answers."""


def install(emit: Outgoing) -> Patches:
    """Watch what leaves through aiohttp's client."""
    patches = Patches(_PLACE)
    in_memory = async_door(_PLACE, emit, _call, None, _sent)
    message = async_door(_PLACE, emit, _message, in_order=True)
    for module, path, wrapper in (
        ("aiohttp.client", "ClientSession._request", async_layer(_PLACE, emit, _objects)),
        ("aiohttp.client_reqrep", "ClientRequest.send", _streams(emit)),
        ("aiohttp.client_reqrep", "ClientRequest.send", in_memory),
        ("aiohttp.client_reqrep", "ClientResponse.start", _answers),
        ("aiohttp.client_reqrep", "ClientRequest.write_bytes", _writes(emit)),
        ("aiohttp.client_ws", "ClientWebSocketResponse.send_str", message),
        ("aiohttp.client_ws", "ClientWebSocketResponse.send_bytes", message),
        (
            "aiohttp.client_ws",
            "ClientWebSocketResponse.send_json",
            async_layer(_PLACE, emit, _document),
        ),
    ):
        patches.wrap(module, path, wrapper)
    return patches


def _objects(_session: Any, args: Args, kwargs: Kwargs) -> Layer:
    parts = [
        Part(name, kwargs[name])
        for name in _TREES
        if isinstance(kwargs.get(name), (dict, list, tuple, str, bytes))
    ]
    data, headers, url = kwargs.get("data"), kwargs.get("headers"), args[1:2]
    if isinstance(data, (dict, list, tuple, str, bytes)):
        parts.append(Part("data", data))
    elif data is not None and type(data) is sys.modules["aiohttp"].FormData:
        fields = ((options.get("name", ""), value) for options, _, value in data._fields)
        kinds = (str, bytes, int)
        parts.append(Part("data", [{k: v} for k, v in fields if isinstance(v, kinds)]))
    if type(headers) is dict:
        parts.append(Part("headers", list(headers.items())))
    if url and type(url[0]) is str and marked(url[0]) is not None:
        parts.append(Part("url", url[0]))
    return Layer(parts=tuple(parts))


def _call(request: Any, _args: Args, _kwargs: Kwargs) -> Call | None:
    """Describe a request whose body is in memory; None for a stream."""
    body = _in_memory(request.body)
    return None if body is None or request.method == "CONNECT" else _described(request, body)


def _described(request: Any, body: bytes) -> Call:
    url = request.url
    parts = [Part("url", str(url)), Part("headers", list(request.headers.items()))]
    if body:
        parts.append(Part("body", body))
    return Call(
        kind=semconv.EXTERNAL_API,
        host=url.raw_host or "",
        port=url.port,
        method=request.method,
        path=url.raw_path,
        parts=tuple(parts),
    )


def _in_memory(body: Any) -> bytes | None:
    """Return a body that is bytes already; None for one that is still to be read."""
    if not body and isinstance(body, (bytes, tuple, type(None))):
        return b""
    if isinstance(body, sys.modules["aiohttp.payload"].BytesPayload):
        body = body._value
    return bytes(body) if isinstance(body, (bytes, bytearray, memoryview)) else None


def _streams(emit: Outgoing) -> Wrapper:
    """Return the wrapper of ``send`` for a body that is a stream."""

    @unseen
    def wrapper(wrapped: Callable[..., Any], instance: Any, args: Args, kwargs: Kwargs) -> Any:
        ending = None
        with _guarded:
            if not emit.idle() and instance.method != "CONNECT":
                host = (instance.url.raw_host or "").lower()
                if not is_claimed(host) and _in_memory(instance.body) is None:
                    ending = _Ending(emit.later(_described(instance, b"")))
                    vars(instance)[_STREAM] = ending
        if ending is not None:
            return _until(wrapped, args, kwargs, ending, lambda response: _keep(response, ending))
        return wrapped(*args, **kwargs)

    return wrapper


class _Ending:
    """The end of a call: when all it sends has passed, and the answer has come."""

    __slots__ = ("_failed", "_left", "share")

    def __init__(self, share: Share, left: int = 2) -> None:
        self.share = share
        self._failed = False
        self._left = left

    def one(self, error: BaseException | None) -> None:
        """Note that one of these came to its end."""
        self._left -= 1
        self._failed = self._failed or error is not None
        if self._left == 0:
            self.share.failed() if self._failed else self.share.done()


async def _until(
    wrapped: Callable[..., Any],
    args: Args,
    kwargs: Kwargs,
    ending: _Ending,
    then: Callable[[Any], object],
) -> Any:
    """Await a call that ``ending`` waits for; ``then(result)`` where it returns."""
    try:
        result = await wrapped(*args, **kwargs)
    except BaseException as error:
        del wrapped, args, kwargs
        with _guarded:
            ending.one(error)
        drop_own_entry(error)
        raise
    with _guarded:
        then(result)
    return result


def _keep(response: Any, ending: _Ending) -> None:
    vars(response)[_ANSWER] = ending


def _sent(_request: Any, response: Any, share: Share) -> bool:
    """Leave the end of a call whose body was in memory to its answer."""
    if share.events:
        _keep(response, _Ending(share, 1))
    return bool(share.events)


@unseen
def _answers(wrapped: Callable[..., Any], instance: Any, args: Args, kwargs: Kwargs) -> Any:
    """Wrap ``start``, which waits for the answer's head."""
    ending = vars(instance).pop(_ANSWER, None)
    if ending is not None:
        return _until(wrapped, args, kwargs, ending, lambda _: ending.one(None))
    return wrapped(*args, **kwargs)


def _writes(emit: Outgoing) -> Wrapper:
    """Return the wrapper of ``write_bytes``: it runs on after ``send``, and is the same call."""

    async def call(
        wrapped: Callable[..., Any], writer: Any, args: Args, kwargs: Kwargs, host: str, ending: Any
    ) -> Any:
        claim, untap = Claim(host), None
        with _guarded:
            untap = _tap(writer, ending.share) if ending is not None else None
        try:
            result = await wrapped(*args, **kwargs)
        except BaseException as error:
            del wrapped, args, kwargs
            _over(claim, untap, ending, error)
            drop_own_entry(error)
            raise
        _over(claim, untap, ending, None)
        return result

    @unseen
    def wrapper(wrapped: Callable[..., Any], instance: Any, args: Args, kwargs: Kwargs) -> Any:
        host = ending = None
        with _guarded:
            ending = vars(instance).pop(_STREAM, None)
            if not emit.idle():
                host = (instance.url.raw_host or "").lower()
        if host is not None:
            writer = args[0] if args else kwargs.get("writer")
            return call(wrapped, writer, args, kwargs, host, ending)
        return wrapped(*args, **kwargs)

    return wrapper


def _tap(writer: Any, share: Share) -> Callable[[], None]:
    """Look at each piece before ``writer`` frames and compresses it; return what ends that."""
    write = writer.write

    def tapped(chunk: Any, *args: Any, **kwargs: Any) -> Any:
        with _guarded:
            share.part(chunk)
        return write(chunk, *args, **kwargs)

    writer.write = tapped
    return lambda: vars(writer).pop("write", None)


def _over(claim: Claim, untap: Any, ending: _Ending | None, error: BaseException | None) -> None:
    with _guarded:
        claim.close()
        if untap is not None:
            untap()
        if ending is not None:
            ending.share.complete()
            ending.one(error)


def _message(socket: Any, args: Args, kwargs: Kwargs) -> Call | None:
    """Describe one message of a websocket."""
    url = socket._response.url
    data = args[0] if args else kwargs["data"]
    return Call(
        kind=semconv.EXTERNAL_API,
        host=url.raw_host or "",
        port=url.port,
        path=url.raw_path,
        parts=(Part("body", data if isinstance(data, (str, bytes)) else bytes(data)),),
    )


def _document(_socket: Any, args: Args, kwargs: Kwargs) -> Layer | None:
    data = args[0] if args else kwargs.get("data")
    return Layer(parts=(Part("json", data),)) if isinstance(data, (dict, list, str)) else None
