"""requests: the object tree at ``Session.request``, the bytes at ``HTTPAdapter.send``.

``HTTPAdapter.send`` runs inside ``Session.send``, which the OpenTelemetry instrumentation wraps, so
its client span is current there in whichever order the two were installed.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from sst_otel import semconv
from sst_otel.patching import Patches
from sst_otel.registry.identity import marked
from sst_otel.shares import Call, Part
from sst_otel.sinks.layers import Layer
from sst_otel.sinks.outgoing import Outgoing
from sst_otel.sinks.share import Share
from sst_otel.sinks.streams import WatchedFile, WatchedIterable
from sst_otel.sinks.wrapping import Args, Kwargs, door, layer

_PLACE = "sink.requests"
_REQUEST_ARGUMENTS = ("method", "url", "params", "data", "headers", "cookies", "files", "auth")
_TREES = ("params", "data", "json", "cookies", "files", "auth")


def install(emit: Outgoing) -> Patches:
    """Watch what leaves through requests."""
    patches = Patches(_PLACE)
    patches.wrap("requests.sessions", "Session.request", layer(_PLACE, emit, _objects))
    patches.wrap("requests.sessions", "Session.send", layer(_PLACE, emit, _nothing))
    patches.wrap("requests.adapters", "HTTPAdapter.send", door(_PLACE, emit, _call, _tee))
    return patches


def _objects(_session: Any, args: Args, kwargs: Kwargs) -> Layer:
    given = {**dict(zip(_REQUEST_ARGUMENTS, args, strict=False)), **kwargs}
    trees = ((name, given.get(name)) for name in _TREES)
    kinds = (dict, list, tuple, str, bytes)
    parts = [Part(name, tree) for name, tree in trees if isinstance(tree, kinds)]
    auth = given.get("auth")
    if type(auth).__module__ == "requests.auth":  # HTTPBasicAuth and its kind
        parts.append(Part("auth", [vars(auth).get("username"), vars(auth).get("password")]))
    url = given.get("url")
    if type(url) is str and marked(url) is not None:  # what is sent is another object
        parts.append(Part("url", url))
    return Layer(parts=tuple(parts))


def _nothing(_session: Any, _args: Args, _kwargs: Kwargs) -> Layer:
    return Layer()


def _call(_adapter: Any, args: Args, kwargs: Kwargs) -> Call | None:
    request = args[0] if args else kwargs["request"]
    url = urlsplit(request.url)
    parts = [Part("url", request.url)]
    parts.append(Part("headers", list(request.headers.items())))
    if isinstance(request.body, (bytes, str)):
        parts.append(Part("body", request.body))
    return Call(
        kind=semconv.EXTERNAL_API,
        destination="",
        host=url.hostname or "",
        port=url.port or (443 if url.scheme == "https" else 80),
        method=request.method or "",
        path=url.path,
        parts=tuple(parts),
    )


def _tee(_adapter: Any, args: Args, kwargs: Kwargs, share: Share) -> Callable[[], None] | None:
    request = args[0] if args else kwargs["request"]
    body = request.body
    if body is None or isinstance(body, (bytes, str)):
        return None
    watched = WatchedFile(body, share) if hasattr(body, "read") else WatchedIterable(body, share)
    request.body = watched

    def restore() -> None:
        if request.body is watched:
            request.body = body

    return restore
