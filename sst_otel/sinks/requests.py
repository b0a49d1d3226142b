"""requests: the object trees where a request is prepared, the bytes at ``HTTPAdapter.send``.

Every request is a ``PreparedRequest`` in the end, made by ``Session.request`` or by the application
from a ``Request``, as a whole or step by step; what a session adds to all of its own is in there.

``HTTPAdapter.send`` runs inside ``Session.send``, which the OpenTelemetry instrumentation wraps, so
its client span is current there in whichever order the two were installed.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from sst_otel import semconv
from sst_otel.beside import watching
from sst_otel.matching.decode import text_of
from sst_otel.patching import Patches
from sst_otel.registry.identity import marked
from sst_otel.shares import Call, Part
from sst_otel.sinks.given import Given, not_open, trees
from sst_otel.sinks.http_message import in_memory, port_of
from sst_otel.sinks.layers import Layer
from sst_otel.sinks.outgoing import Outgoing
from sst_otel.sinks.share import Share
from sst_otel.sinks.streams import watched_stream
from sst_otel.sinks.wrapping import Args, Kwargs, door, layer

_PLACE = "sink.requests"
_BODY = ("data", "files", "json")

_given = Given()
"""Prepared request → what it was prepared from."""
_bodies = Given()
"""Prepared request → the body that was made of it."""


def install(emit: Outgoing) -> Patches:
    """Watch what leaves through requests."""
    patches = Patches(_PLACE)
    for step, keep in (
        ("prepare_url", _addressed),
        ("prepare_cookies", _with_cookies),
        ("prepare_body", _filled),
        ("prepare_auth", _signed),
    ):
        path = f"PreparedRequest.{step}"
        patches.wrap("requests.models", path, watching(_PLACE, keep, emit.idle))
    patches.wrap("requests.models", "PreparedRequest.copy", watching(_PLACE, _copied, emit.idle))
    patches.wrap("requests.sessions", "Session.send", layer(_PLACE, emit, layer_of))
    patches.wrap("requests.adapters", "HTTPAdapter.send", door(_PLACE, emit, _call, _tee))
    return patches


def _arguments(names: tuple[str, ...], args: Args, kwargs: Kwargs) -> list[tuple[str, Any]]:
    return [
        (name, args[place] if place < len(args) else kwargs.get(name))
        for place, name in enumerate(names)
    ]


def _addressed(request: Any, _result: None, args: Args, kwargs: Kwargs) -> None:
    (_, url), params = _arguments(("url", "params"), args, kwargs)
    parts = [*trees([params])]
    if type(url) is str and marked(url) is not None:  # what is sent is another object
        parts.append(Part("url", url))
    _given.keep(request, parts, ("url", "params"))


def _with_cookies(request: Any, _result: None, args: Args, kwargs: Kwargs) -> None:
    ((_, cookies),) = _arguments(("cookies",), args, kwargs)
    if type(cookies).__module__ == "requests.cookies":
        # One that an answer has set goes to its own host; the application's go with everything.
        cookies = {cookie.name: cookie.value for cookie in cookies if not cookie.domain}
    _given.keep(request, trees([("cookies", cookies)] if cookies else ()), ("cookies",))


def _filled(request: Any, _result: None, args: Args, kwargs: Kwargs) -> None:
    parts = tuple(trees(_arguments(_BODY, args, kwargs)))
    _given.keep(request, parts, _BODY)
    _bodies.keep(request, [Part("body", request.body)] if parts else (), ("body",))


def _signed(request: Any, _result: None, args: Args, kwargs: Kwargs) -> None:
    ((_, auth),) = _arguments(("auth",), args, kwargs)
    if type(auth).__module__ == "requests.auth":  # HTTPBasicAuth and its kind
        auth = [vars(auth).get("username"), vars(auth).get("password")]
    _given.keep(request, trees([("auth", auth)]), ("auth",))


def _copied(request: Any, copy: Any, _args: Args, _kwargs: Kwargs) -> None:
    _given.keep(copy, _given.to(request))
    _bodies.keep(copy, _bodies.to(request))


def layer_of(_session: Any, args: Args, kwargs: Kwargs) -> Layer:
    """Return the layer of ``Session.send(request)``: what the request was prepared from."""
    request = args[0] if args else kwargs.get("request")
    parts = not_open(_given.to(request))
    if _body_has_changed(request):
        parts = tuple(part for part in parts if part.where not in _BODY)
    return Layer(parts=parts)


def _body_has_changed(request: Any) -> bool:
    """Whether the application has put another body in; a signature may write it anew."""
    for made in _bodies.to(request):
        was, now = made.value, request.body
        if now is was:
            return False
        plain = type(was) in (str, bytes) and type(now) in (str, bytes)
        return not plain or text_of(was) != text_of(now)
    return False


def _call(_adapter: Any, args: Args, kwargs: Kwargs) -> Call | None:
    request = args[0] if args else kwargs["request"]
    url = urlsplit(request.url)
    parts = [Part("url", request.url), Part("headers", list(request.headers.items()))]
    body = _in_memory(request.body)
    if body is not None:
        parts.append(Part("body", body))
    return Call(
        kind=semconv.EXTERNAL_API,
        host=url.hostname or "",
        port=port_of(url),
        method=request.method or "",
        path=url.path,
        parts=tuple(parts),
    )


def _in_memory(body: Any) -> bytes | str | None:
    """Return a body that is no stream; arrays and their like go out as the bytes they hold."""
    return body if isinstance(body, str) else in_memory(body)


def _tee(_adapter: Any, args: Args, kwargs: Kwargs, share: Share) -> Callable[[], None] | None:
    request = args[0] if args else kwargs["request"]
    body = request.body
    if _in_memory(body) is not None or not (hasattr(body, "read") or hasattr(body, "__iter__")):
        return None
    watched = watched_stream(body, share)
    request.body = watched

    def restore() -> None:
        if request.body is watched:
            request.body = body

    return restore
