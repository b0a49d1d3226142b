"""http.client, used directly, by urllib.request, xmlrpc.client or whatever else stands on it.

Everything it sends passes ``endheaders`` and ``send``, inside the client span of whoever called
(the OpenTelemetry instrumentation of urllib wraps ``OpenerDirector.open``); the head of the request
is in the connection's buffer there. A body that is a stream, or is sent piece by piece, is looked
at whole before its last piece leaves.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from io import TextIOBase
from typing import Any

from sst_otel.guard import guard
from sst_otel.patching import Patches, Wrapper
from sst_otel.registry.identity import marked
from sst_otel.shares import Call, Part
from sst_otel.sinks.claims import Claim, is_claimed
from sst_otel.sinks.http_message import Message, body_follows, head_of, in_memory
from sst_otel.sinks.layers import Layer
from sst_otel.sinks.outgoing import Outgoing
from sst_otel.sinks.streams import WatchedFile, WatchedIterable
from sst_otel.sinks.wrapping import Args, Kwargs, door, layer

_PLACE = "sink.http_client"
_guarded = guard(_PLACE)
_OPEN = "_sst_message"


def install(emit: Outgoing) -> Patches:
    """Watch what leaves through http.client."""
    patches = Patches(_PLACE)
    for method, wrapper in (
        ("request", layer(_PLACE, emit, _objects)),
        ("endheaders", _streams(emit)),
        ("endheaders", door(_PLACE, emit, _whole)),
        ("send", _send),
        ("getresponse", _over),
        ("close", _over),
    ):
        patches.wrap("http.client", f"HTTPConnection.{method}", wrapper)
    return patches


def _objects(_connection: Any, args: Args, kwargs: Kwargs) -> Layer | None:
    """Hand over what ``request`` was given: on the wire they are other objects."""
    if is_claimed():
        return None
    given = {**dict(zip(("method", "url", "body", "headers"), args, strict=False)), **kwargs}
    url, body, headers = given.get("url"), given.get("body"), given.get("headers")
    parts = []
    if type(url) is str and marked(url) is not None:
        parts.append(Part("url", url))
    if type(body) in (str, bytes):
        parts.append(Part("body", body))
    if type(headers) is dict:
        parts.append(Part("headers", list(headers.items())))
    return Layer(parts=tuple(parts))


def _whole(connection: Any, args: Args, kwargs: Kwargs) -> Call | None:
    """Describe a request that is in memory; None for one whose body is still to come."""
    body = args[0] if args else kwargs.get("message_body")
    call = head_of(connection)
    if call is None or body is None:
        return None if call is None or body_follows(call) else call
    data = in_memory(body)
    return None if data is None else replace(call, parts=(*call.parts, Part("body", data)))


def _streams(emit: Outgoing) -> Wrapper:
    """Return the wrapper of ``endheaders`` for a body that is a stream, or follows by ``send``."""

    def wrapper(wrapped: Callable[..., Any], instance: Any, args: Args, kwargs: Kwargs) -> Any:
        message = None
        with _guarded:
            message = _begin(emit, instance)
        try:
            result = wrapped(*args, **kwargs)
        except BaseException as error:
            if message is not None:
                _failed(instance, error)
            del wrapped, instance, args, kwargs
            raise
        if message is not None and (args[0] if args else kwargs.get("message_body")) is not None:
            _end(instance)
        return result

    return wrapper


def _begin(emit: Outgoing, connection: Any) -> Message | None:
    if emit.idle():
        return None
    call = head_of(connection)
    if call is None or is_claimed(call.host.lower()):  # also by our door, if it has the body
        return None
    message = Message(call, emit.later(call))
    vars(connection)[_OPEN] = message
    return message


def _send(wrapped: Callable[..., Any], instance: Any, args: Args, kwargs: Kwargs) -> Any:
    """Wrap ``send``: the head of a message, then the pieces of its body."""
    claim = None
    message = vars(instance).get(_OPEN)
    if message is not None and not message.sending:  # or a proxy's CONNECT below the head
        with _guarded:
            claim = Claim(message.host.lower())
            message.sending = True
            if message.begun:
                args, kwargs = (_watched(message, *args, **kwargs),), {}
            message.begun = True
    try:
        return wrapped(*args, **kwargs)
    except BaseException as error:
        if claim is not None:
            _failed(instance, error)
        del wrapped, instance, args, kwargs
        raise
    finally:
        if claim is not None:
            message.sending = False
            claim.close()


class _WatchedText(WatchedFile, TextIOBase):
    """A file of text: http.client must see that it is one, to encode it."""


def _watched(message: Message, data: Any) -> Any:
    """Look at what is to be sent; a stream comes back with a watcher around it."""
    held = in_memory(data)
    if held is not None:
        message.part(held)
    elif isinstance(data, TextIOBase):
        return _WatchedText(data, message)
    elif hasattr(data, "read"):
        return WatchedFile(data, message)
    elif hasattr(data, "__iter__") and not isinstance(data, str):
        return WatchedIterable(data, message)
    return data


def _over(wrapped: Callable[..., Any], instance: Any, args: Args, kwargs: Kwargs) -> Any:
    """Wrap what ends a message: asking for the answer, or giving up."""
    if _OPEN in vars(instance):
        _end(instance)
    return wrapped(*args, **kwargs)


def _end(connection: Any) -> None:
    with _guarded:
        message = vars(connection).pop(_OPEN, None)
        if message is not None:
            message.share.done()


def _failed(connection: Any, error: BaseException) -> None:
    with _guarded:
        message = vars(connection).pop(_OPEN, None)
        if message is not None:
            message.share.failed(error)
