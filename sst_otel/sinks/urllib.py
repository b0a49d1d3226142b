"""urllib.request as a layer: redirects and retries of one ``open`` are one call.

The bytes leave by :mod:`sst_otel.sinks.http_client`, inside the span of OpenTelemetry's
instrumentation; what is not HTTP (``ftp:``) by a socket.
"""

from __future__ import annotations

from typing import Any

from sst_otel.patching import Patches, named_arguments
from sst_otel.registry.identity import marked
from sst_otel.shares import Part
from sst_otel.sinks.layers import Layer
from sst_otel.sinks.outgoing import Outgoing
from sst_otel.sinks.wrapping import Args, Kwargs, layer

_PLACE = "sink.urllib"


def install(emit: Outgoing) -> Patches:
    """Hold together what one call of urllib.request sends."""
    patches = Patches(_PLACE)
    patches.wrap("urllib.request", "OpenerDirector.open", layer(_PLACE, emit, _objects))
    return patches


def _objects(_opener: Any, args: Args, kwargs: Kwargs) -> Layer:
    given = named_arguments(("fullurl", "data"), args, kwargs)
    request, data = given.get("fullurl"), given.get("data")
    parts = []
    if type(request) is str and marked(request) is not None:
        parts.append(Part("url", request))
    if data is None:
        data = getattr(request, "data", None)
    if type(data) is bytes:
        parts.append(Part("data", data))
    return Layer(parts=tuple(parts))
