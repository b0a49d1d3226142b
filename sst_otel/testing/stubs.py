"""Calls that a stub answers: looked at above the place where stubs are put.

``responses`` replaces ``HTTPAdapter.send``, ``requests-mock`` the adapter, ``respx``,
``pytest-httpx`` and ``MockTransport`` the transport: the places where tracking looks, since only
there the bytes are known to leave. In a test a stub stands for the recipient. A call that was seen
further down is not reported twice: both are layers of one call.

Test clients of web frameworks are built on the same libraries: what they send goes *into* the
application, so it is left out.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from sst_otel import semconv
from sst_otel.guard import guard
from sst_otel.patching import Patches, Wrapper
from sst_otel.shares import Call, Part
from sst_otel.sinks.layers import Layer, enter_layer, leave_layer
from sst_otel.sinks.outgoing import Outgoing
from sst_otel.sinks.requests import layer_of
from sst_otel.sinks.wrapping import Args, Kwargs, Name

_PLACE = "testing.stubs"
_CLIENTS = frozenset({"starlette", "fastapi", "django", "webtest", "flask", "werkzeug"})
_INWARD = frozenset({"WSGITransport", "ASGITransport"})

Describe = Callable[[Any, Any], "Call | None"]
"""``describe(client, request)`` → the call; None for one that goes into the application."""


def watch_stubs(emit: Outgoing) -> Patches:
    """Look at requests and httpx where their clients hand a request on."""
    patches = Patches(_PLACE)
    patches.wrap("requests.sessions", "Session.send", _door(emit, _of_requests, layer_of))
    for client in ("httpx._client", "httpx2._client"):
        for name, door in (("Client", _door), ("AsyncClient", _async_door)):
            wrapper = door(emit, _of_httpx)
            patches.wrap(client, f"{name}._send_single_request", wrapper, optional=True)
    return patches


def _plain(_client: Any, _args: Args, _kwargs: Kwargs) -> Layer:
    return Layer()


def _door(emit: Outgoing, describe: Describe, name: Name = _plain) -> Wrapper:
    def wrapper(wrapped: Callable[..., Any], instance: Any, args: Args, kwargs: Kwargs) -> Any:
        token = enter_layer(name(instance, args, kwargs) or Layer())
        try:
            result = wrapped(*args, **kwargs)
        except BaseException as error:
            _look(emit, describe, instance, args, kwargs, error)
            raise
        else:
            _look(emit, describe, instance, args, kwargs, None)
        finally:
            leave_layer(token)
        return result

    return wrapper


def _async_door(emit: Outgoing, describe: Describe) -> Wrapper:
    async def wrapper(
        wrapped: Callable[..., Any], instance: Any, args: Args, kwargs: Kwargs
    ) -> Any:
        token = enter_layer(Layer())
        try:
            result = await wrapped(*args, **kwargs)
        except BaseException as error:
            _look(emit, describe, instance, args, kwargs, error)
            raise
        else:
            _look(emit, describe, instance, args, kwargs, None)
        finally:
            leave_layer(token)
        return result

    return wrapper


def _look(
    emit: Outgoing,
    describe: Describe,
    client: Any,
    args: Args,
    kwargs: Kwargs,
    error: BaseException | None,
) -> None:
    """Report what no door further down has reported of this call."""
    with guard(_PLACE):
        call = describe(client, args[0] if args else kwargs["request"])
        if call is not None:
            share = emit(call).write()
            if error is None:
                share.done()
            else:
                share.failed(error)


def _of_requests(session: Any, request: Any) -> Call | None:
    if _is_test_client(type(session.get_adapter(request.url))):
        return None
    body = request.body
    return _call(request.method, request.url, list(request.headers.items()), body)


def _of_httpx(client: Any, request: Any) -> Call | None:
    if _is_test_client(type(client._transport_for_url(request.url))):
        return None
    # A body that is a stream is not there any more; the doors further down have seen it pass.
    body = getattr(request, "_content", None)
    return _call(request.method, str(request.url), request.headers.multi_items(), body)


def _is_test_client(adapter: type) -> bool:
    names = {base.__name__ for base in adapter.__mro__}
    return adapter.__module__.partition(".")[0] in _CLIENTS or bool(names & _INWARD)


def _call(method: Any, address: str, headers: list[tuple[str, Any]], body: Any) -> Call:
    url = urlsplit(address)
    parts = [Part("url", address), Part("headers", headers)]
    if isinstance(body, (bytes, str)):
        parts.append(Part("body", body))
    return Call(
        kind=semconv.EXTERNAL_API,
        host=url.hostname or "",
        port=url.port or (443 if url.scheme == "https" else 80),
        method=method or "",
        path=url.path,
        parts=tuple(parts),
    )
