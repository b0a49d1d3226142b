"""http.client, used directly, by urllib.request, xmlrpc.client or whatever else stands on it.

Everything it sends passes ``endheaders`` and ``send``, inside the client span of whoever called
(the OpenTelemetry instrumentation of urllib wraps ``OpenerDirector.open``); the head of the request
is in the connection's buffer there. A body that is a stream, or is sent piece by piece, is looked
at whole before its last piece leaves.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from sst_otel.beside import noting
from sst_otel.guard import guard
from sst_otel.patching import Patches, Wrapper, named_arguments
from sst_otel.registry.identity import marked
from sst_otel.shares import Call, Part
from sst_otel.sinks.claims import Claim, is_claimed
from sst_otel.sinks.ending import ended
from sst_otel.sinks.http_message import (
    Message,
    body_follows,
    head_of,
    in_memory,
    is_looked_at,
)
from sst_otel.sinks.layers import Layer
from sst_otel.sinks.outgoing import Outgoing
from sst_otel.sinks.share import Share
from sst_otel.sinks.streams import watched_stream
from sst_otel.sinks.wrapping import Args, Kwargs, door, layer
from sst_otel.tracebacks import drop_own_entry

_PLACE = "sink.http_client"
_guarded = guard(_PLACE)
_OPEN = "_sst_message"
"""A message whose body is on its way."""
_AWAITS = "_sst_share"
"""The share of a message whose answer is still to come."""


def install(emit: Outgoing) -> Patches:
    """Watch what leaves through http.client."""
    patches = Patches(_PLACE)
    for method, wrapper in (
        ("request", layer(_PLACE, emit, _objects)),
        ("endheaders", _streams(emit)),
        ("endheaders", door(_PLACE, emit, _whole, None, _await_answer)),
        ("send", _send),
        ("getresponse", ended(_PLACE, _answered)),
        ("close", noting(_PLACE, _given_up)),
    ):
        patches.wrap("http.client", f"HTTPConnection.{method}", wrapper)
    return patches


def _objects(_connection: Any, args: Args, kwargs: Kwargs) -> Layer | None:
    """Hand over what ``request`` was given: on the wire they are other objects."""
    if is_claimed():
        return None
    given = named_arguments(("method", "url", "body", "headers"), args, kwargs)
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
    if is_looked_at(connection):
        return None
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
            drop_own_entry(error)
            raise
        if message is not None and (args[0] if args else kwargs.get("message_body")) is not None:
            with _guarded:
                _complete(instance)
        return result

    return wrapper


def _begin(emit: Outgoing, connection: Any) -> Message | None:
    if emit.idle() or is_looked_at(connection):
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
        drop_own_entry(error)
        raise
    finally:
        if claim is not None:
            message.sending = False
            claim.close()


def _watched(message: Message, data: Any) -> Any:
    """Look at what is to be sent; a stream comes back with a watcher around it."""
    held = in_memory(data)
    if held is not None:
        message.part(held)
    elif hasattr(data, "read") or (hasattr(data, "__iter__") and not isinstance(data, str)):
        return watched_stream(data, message)
    return data


def _await_answer(connection: Any, _result: Any, share: Share) -> bool:
    """Keep the share of a message that has left until its answer tells how it went."""
    if not share.events:
        return False
    _end(connection)  # of one whose answer nobody asked for
    vars(connection)[_AWAITS] = share
    return True


def _answered(connection: Any, args: Args, kwargs: Kwargs) -> tuple[Share | None, Args, Kwargs]:
    """Begin ``getresponse``: whatever was to be sent has been."""
    _complete(connection)
    return vars(connection).pop(_AWAITS, None), args, kwargs


def _given_up(connection: Any, _args: Args, _kwargs: Kwargs) -> None:
    """End what is open when a connection is closed: nobody will ask for the answer."""
    message = vars(connection).pop(_OPEN, None)
    if message is not None:
        message.share.done() if message.ended else message.share.failed()
    _end(connection)


def _complete(connection: Any) -> None:
    """Look at the whole of a message that came in pieces."""
    message = vars(connection).pop(_OPEN, None)
    if message is not None:
        message.share.complete()
        _await_answer(connection, None, message.share)


def _end(connection: Any) -> None:
    share = vars(connection).pop(_AWAITS, None)
    if share is not None:
        share.done()


def _failed(connection: Any, error: BaseException) -> None:
    with _guarded:
        message = vars(connection).pop(_OPEN, None)
        if message is not None:
            message.share.failed(error)
