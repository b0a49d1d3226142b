"""urllib3 1.26 and 2: the object trees at ``request``, the bytes of one attempt at a connection.

The OpenTelemetry instrumentation wraps ``HTTPConnectionPool.urlopen``, which calls
``_make_request`` for each attempt, in its span. Bodies that are streams are left to
:mod:`sst_otel.sinks.http_client`, which sees them piece by piece. Below requests and botocore the
call has been claimed.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from sst_otel import semconv
from sst_otel.patching import Patches, named_arguments
from sst_otel.registry.identity import marked
from sst_otel.shares import Call, Part
from sst_otel.sinks.claims import is_claimed
from sst_otel.sinks.http_message import asked_for, in_memory, port_of
from sst_otel.sinks.layers import Layer
from sst_otel.sinks.outgoing import Outgoing
from sst_otel.sinks.wrapping import Args, Kwargs, door, layer

_PLACE = "sink.urllib3"
_TREES = ("fields", "json", "body")


def install(emit: Outgoing) -> Patches:
    """Watch what leaves through urllib3."""
    patches = Patches(_PLACE)
    objects = layer(_PLACE, emit, _objects)
    for module in ("urllib3._request_methods", "urllib3.request"):  # version 2, version 1
        patches.wrap(module, "RequestMethods.request", objects, optional=True)
    patches.wrap("urllib3.poolmanager", "PoolManager.urlopen", objects)
    patches.wrap("urllib3.connectionpool", "HTTPConnectionPool.urlopen", objects)
    patches.wrap(
        "urllib3.connectionpool", "HTTPConnectionPool._make_request", door(_PLACE, emit, _call)
    )
    return patches


def _objects(_client: Any, args: Args, kwargs: Kwargs) -> Layer | None:
    """Hand over what a call was given; retries and redirects inside it are the same call."""
    if is_claimed():
        return None
    given = named_arguments(("method", "url", "body"), args, kwargs)
    trees = ((name, given.get(name)) for name in _TREES)
    kinds = (dict, list, tuple, str, bytes)
    parts = [Part(name, tree) for name, tree in trees if isinstance(tree, kinds)]
    if type(given.get("headers")) is dict:
        parts.append(Part("headers", list(given["headers"].items())))
    url = given.get("url")
    if type(url) is str and marked(url) is not None:
        parts.append(Part("url", url))
    return Layer(parts=tuple(parts))


def _call(pool: Any, args: Args, kwargs: Kwargs) -> Call | None:
    if is_claimed(pool.host.strip("[]").lower()):
        return None
    given = named_arguments(("conn", "method", "url"), args, kwargs)
    body = given.get("body")
    url, host, port = asked_for(given["url"], pool.scheme, pool.host, pool.port)
    asked = urlsplit(url)
    parts = [Part("url", url)]
    if given.get("headers"):
        parts.append(Part("headers", list(given["headers"].items())))
    if isinstance(body, str):
        parts.append(Part("body", body))
    elif body is not None:
        data = in_memory(body)
        if data is None:
            return None
        parts.append(Part("body", data))
    return Call(
        kind=semconv.EXTERNAL_API,
        host=host,
        port=port or port_of(asked),
        method=given["method"],
        path=asked.path,
        parts=tuple(parts),
    )
