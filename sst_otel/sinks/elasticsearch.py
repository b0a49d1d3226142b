"""elasticsearch as a sink: its transport's nodes, which have host, index, operation and body.

A node is a door over urllib3, requests, aiohttp or httpx; it runs inside the client span that the
library makes itself. What is searched for counts where the server is somebody else's.
"""

from __future__ import annotations

from typing import Any

from sst_otel import semconv
from sst_otel.matching.shown import shown_key
from sst_otel.patching import Patches
from sst_otel.shares import Call, Part
from sst_otel.sinks.layers import Layer
from sst_otel.sinks.outgoing import Outgoing
from sst_otel.sinks.ownership import Server
from sst_otel.sinks.servers import words
from sst_otel.sinks.wrapping import Args, Describe, Kwargs, async_door, async_layer, door, layer

_PLACE = "sink.elasticsearch"
_SYSTEM = "elasticsearch"
_READS = words(
    "_search _msearch _count _mget _explain _validate _analyze _sql _esql _query _pit _scroll "
    "_async_search _field_caps _termvectors _mtermvectors _rank_eval _terms_enum _cat _cluster "
    "_delete_by_query _source _knn_search"
)
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
    body = kwargs.get("body")
    parts = (Part("body", body),) if isinstance(body, (dict, list, tuple)) else ()
    return Layer(parts=parts, attributes={"db.system.name": _SYSTEM})


def _described(emit: Outgoing) -> Describe:
    def describe(node: Any, args: Args, kwargs: Kwargs) -> Call | None:
        given = {**dict(zip(("method", "target", "body"), args, strict=False)), **kwargs}
        method, target, body = given["method"], given["target"], given.get("body")
        host = node.config.host
        own = emit.ownership.is_own(Server(_SYSTEM, host.lower(), node.config.port))
        path = target.partition("?")[0]
        index, operation = _named(path)
        writes = method not in ("GET", "HEAD", "DELETE") and operation not in _READS
        attributes = {
            "db.system.name": _SYSTEM,
            "db.operation.name": operation.removeprefix("_") or method.lower(),
        }
        if index:
            attributes["db.collection.name"] = index
        parts: list[Part] = []
        if writes or not own:  # or it is claimed all the same: the client below would look
            parts.append(Part("url", f"{node.config.scheme}://{host}{target}"))
        if parts and isinstance(body, (bytes, str)):
            parts.append(Part("body", body))
        return Call(
            kind=semconv.DATABASE_WRITE if writes else semconv.DATABASE_READ,
            destination=f"{_SYSTEM} {index or attributes['db.operation.name']}",
            host=host,
            port=node.config.port,
            method=method,
            path=path,
            parts=tuple(parts),
            attributes=attributes,
            own=own,
        )

    return describe


def _named(path: str) -> tuple[str, str]:
    """Return index and operation of ``/index/_operation/id``; ids are never returned."""
    pieces = [piece for piece in path.split("/") if piece]
    operation = next((piece for piece in pieces if piece.startswith("_")), "")
    index = pieces[0] if pieces and not pieces[0].startswith("_") else ""
    return shown_key(index) if index else "", operation if operation in _KNOWN else ""


_KNOWN = _READS | {"_doc", "_create", "_bulk", "_update", "_update_by_query", "_reindex"}
