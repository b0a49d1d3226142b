"""elasticsearch as a sink: its transport's nodes, which have host, index, operation and body.

A node is a door over urllib3, requests, aiohttp or httpx; it runs inside the client span that the
library makes itself.
"""

from __future__ import annotations

from typing import Any

from sst_otel.patching import Patches, named_arguments
from sst_otel.shares import Call
from sst_otel.sinks.layers import Layer
from sst_otel.sinks.outgoing import Outgoing
from sst_otel.sinks.ownership import Server
from sst_otel.sinks.search import search_call, search_layer
from sst_otel.sinks.wrapping import Args, Describe, Kwargs, async_door, async_layer, door, layer

_PLACE = "sink.elasticsearch"
_SYSTEM = "elasticsearch"
_NODES = (
    ("elastic_transport._node._http_urllib3", "Urllib3HttpNode", door),
    ("elastic_transport._node._http_requests", "RequestsHttpNode", door),
    ("elastic_transport._node._http_aiohttp", "AiohttpHttpNode", async_door),
    ("elastic_transport._node._http_httpx", "HttpxAsyncHttpNode", async_door),
)


def install(emit: Outgoing) -> Patches:
    """Watch what leaves through elastic_transport."""
    patches = Patches(_PLACE)
    describe = _described(emit)
    for module, node, watch in _NODES:
        patches.wrap(
            module, f"{node}.perform_request", watch(_PLACE, emit, describe), optional=True
        )
    for module, transport, around in (
        ("elastic_transport._transport", "Transport", layer),
        ("elastic_transport._async_transport", "AsyncTransport", async_layer),
    ):
        patches.wrap(module, f"{transport}.perform_request", around(_PLACE, emit, _objects))
    return patches


def _objects(_transport: Any, _args: Args, kwargs: Kwargs) -> Layer:
    return search_layer(_SYSTEM, kwargs.get("body"))


def _described(emit: Outgoing) -> Describe:
    def describe(node: Any, args: Args, kwargs: Kwargs) -> Call | None:
        given = named_arguments(("method", "target", "body"), args, kwargs)
        config = node.config
        server = Server(_SYSTEM, config.host.lower(), config.port)
        method, target, body = given["method"], given["target"], given.get("body")
        return search_call(emit, server, config.scheme, method, target, body)

    return describe
