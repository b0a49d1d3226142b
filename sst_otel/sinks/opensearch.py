"""opensearch-py as a sink, and elasticsearch up to 7, which it came from: their connections.

A connection is a door over urllib3, requests or aiohttp. Elasticsearch from 8 on has a transport of
its own (:mod:`sst_otel.sinks.elasticsearch`).
"""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from sst_otel.patching import Patches, named_arguments
from sst_otel.shares import Call
from sst_otel.sinks.layers import Layer
from sst_otel.sinks.outgoing import Outgoing
from sst_otel.sinks.ownership import Server
from sst_otel.sinks.search import search_call, search_layer
from sst_otel.sinks.wrapping import Args, Describe, Kwargs, async_door, async_layer, door, layer

_PLACE = "sink.opensearch"
_SYSTEMS = {"opensearchpy": "opensearch", "elasticsearch": "elasticsearch"}
_CONNECTIONS = (
    ("connection.http_urllib3", "Urllib3HttpConnection", door),
    ("connection.http_requests", "RequestsHttpConnection", door),
    ("connection.http_async", "AsyncHttpConnection", async_door),
    ("_async.http_aiohttp", "AIOHttpConnection", async_door),
)
_TRANSPORTS = (
    ("transport", "Transport", layer),
    ("_async.transport", "AsyncTransport", async_layer),
)
_ARGUMENTS = ("method", "url", "params", "body")
_GIVEN = {
    "opensearchpy": _ARGUMENTS,
    "elasticsearch": ("method", "url", "headers", "params", "body"),
}
"""The arguments of a transport, in order."""


def install(emit: Outgoing) -> Patches:
    """Watch what leaves through the connections of either package."""
    patches = Patches(_PLACE)
    for package, system in _SYSTEMS.items():
        for module, connection, watch in _CONNECTIONS:
            wrapper = watch(_PLACE, emit, _described(emit, system))
            path = f"{connection}.perform_request"
            patches.wrap(f"{package}.{module}", path, wrapper, optional=True)
        for module, transport, around in _TRANSPORTS:
            wrapper = around(_PLACE, emit, _objects(system, _GIVEN[package]))
            path = f"{transport}.perform_request"
            patches.wrap(f"{package}.{module}", path, wrapper, optional=True)
    return patches


def _objects(system: str, names: tuple[str, ...]) -> Any:
    def name(_transport: Any, args: Args, kwargs: Kwargs) -> Layer:
        given = named_arguments(names, args, kwargs)
        return search_layer(system, given.get("body"))

    return name


def _described(emit: Outgoing, system: str) -> Describe:
    def describe(connection: Any, args: Args, kwargs: Kwargs) -> Call | None:
        given = named_arguments(_ARGUMENTS, args, kwargs)
        target, asked = given["url"], given.get("params")
        if asked:
            target = f"{target}?{urlencode(asked)}"
        server = Server(system, str(connection.hostname).lower(), connection.port)
        scheme = connection.host.partition("://")[0]
        return search_call(emit, server, scheme, given["method"], target, given.get("body"))

    return describe
