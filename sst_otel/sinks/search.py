"""Calls to search services that speak Elasticsearch's API: index, operation, document."""

from __future__ import annotations

from typing import Any

from sst_otel import semconv
from sst_otel.matching.shown import shown_key
from sst_otel.shares import Call, Part
from sst_otel.sinks.layers import Layer
from sst_otel.sinks.outgoing import Outgoing
from sst_otel.sinks.ownership import Server
from sst_otel.sinks.servers import words

_READS = words(
    "_search _msearch _count _mget _explain _validate _analyze _sql _esql _query _pit _scroll "
    "_async_search _field_caps _termvectors _mtermvectors _rank_eval _terms_enum _cat _cluster "
    "_delete_by_query _source _knn_search"
)
_KNOWN = _READS | {"_doc", "_create", "_bulk", "_update", "_update_by_query", "_reindex"}


def search_call(
    emit: Outgoing, server: Server, scheme: str, method: str, target: str, body: Any
) -> Call:
    """Return a call; what is searched for counts where the server is somebody else's.

    ``target``: path and query of the request; ``body``: as it is sent.
    """
    own = emit.ownership.is_own(server)
    path = target.partition("?")[0]
    index, operation = _named(path)
    writes = method not in ("GET", "HEAD", "DELETE") and operation not in _READS
    attributes = {
        semconv.DB_SYSTEM: server.system,
        semconv.DB_OPERATION: operation.removeprefix("_") or method.lower(),
    }
    if index:
        attributes[semconv.DB_COLLECTION] = index
    parts: list[Part] = []
    if writes or not own:  # or it is claimed all the same: the client below would look
        parts.append(Part("url", f"{scheme}://{server.host}{target}"))
    if parts and isinstance(body, (bytes, str)):
        parts.append(Part("body", body))
    return Call(
        kind=semconv.DATABASE_WRITE if writes else semconv.DATABASE_READ,
        destination=f"{server.system} {index or attributes[semconv.DB_OPERATION]}",
        host=server.host,
        port=server.port,
        method=method,
        path=path,
        parts=tuple(parts),
        attributes=attributes,
        own=own,
    )


def search_layer(system: str, body: Any) -> Layer:
    """Return the layer that hands over the objects a body is made of."""
    parts = (Part("body", body),) if isinstance(body, (dict, list, tuple)) else ()
    return Layer(parts=parts, attributes={semconv.DB_SYSTEM: system})


def _named(path: str) -> tuple[str, str]:
    """Return index and operation of ``/index/_operation/id``; ids are never returned."""
    pieces = [piece for piece in path.split("/") if piece]
    operation = next((piece for piece in pieces if piece.startswith("_")), "")
    index = pieces[0] if pieces and not pieces[0].startswith("_") else ""
    return shown_key(index) if index else "", operation if operation in _KNOWN else ""
