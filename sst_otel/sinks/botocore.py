"""botocore, which boto3 is made of: the operation and its parameters, and the request they become.

``BaseClient._make_api_call`` knows what is called with what; ``Endpoint._send`` has the request, in
every thread that a transfer uses, inside the client span of the OpenTelemetry instrumentation.
Queues and streams are ``message_publish``. DynamoDB is a service of another company like the
others, not the application's own database. aiobotocore has both functions anew; of a request whose
body is an asynchronous stream, its transport (aiohttp, httpx) shows what goes out.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from sst_otel import semconv
from sst_otel.matching.parts import MAX_BODY
from sst_otel.patching import Patches, named_arguments
from sst_otel.shares import Call, Part
from sst_otel.sinks.http_message import port_of
from sst_otel.sinks.layers import Layer, current_layer
from sst_otel.sinks.mime import mail_parts
from sst_otel.sinks.outgoing import Outgoing
from sst_otel.sinks.share import Share
from sst_otel.sinks.streams import WatchedFile
from sst_otel.sinks.wrapping import (
    Args,
    Kwargs,
    async_door,
    async_layer,
    door,
    layer,
)

_PLACE = "sink.botocore"
_AWS = ".amazonaws.com"
_QUEUES = frozenset({"SQS", "SNS", "Kinesis", "Firehose", "EventBridge"})
_MODEL_OPERATIONS = {
    "Converse": "chat",
    "ConverseStream": "chat",
    "InvokeModel": "generate_content",
    "InvokeModelWithResponseStream": "generate_content",
}


@dataclass(slots=True)
class _Operation(Layer):
    """One API call; its parameters are all in the request that it makes."""

    service: str = ""
    """``S3``, ``Bedrock Runtime``, as AWS names it."""
    name: str = ""
    """``PutObject``."""
    params: Mapping[str, Any] = field(default_factory=dict)

    __repr__ = Layer.__repr__


def install(emit: Outgoing) -> Patches:
    """Watch what leaves through botocore."""
    patches = Patches(_PLACE)
    patches.wrap("botocore.client", "BaseClient._make_api_call", layer(_PLACE, emit, _operation))
    patches.wrap("botocore.endpoint", "Endpoint._send", door(_PLACE, emit, _call, _tee))
    patches.wrap(
        "aiobotocore.client",
        "AioBaseClient._make_api_call",
        async_layer(_PLACE, emit, _operation),
        optional=True,
    )
    patches.wrap(
        "aiobotocore.endpoint",
        "AioEndpoint._send",
        async_door(_PLACE, emit, _call_of_bytes_or_file, _tee),
        optional=True,
    )
    return patches


def _operation(client: Any, args: Args, kwargs: Kwargs) -> Layer:
    given = named_arguments(("operation_name", "api_params"), args, kwargs)
    name, params = given["operation_name"], given["api_params"]
    service = str(client.meta.service_model.service_id)
    attributes = {
        semconv.RPC_SYSTEM: "aws-api",
        semconv.RPC_SERVICE: service,
        semconv.RPC_METHOD: name,
    }
    if service == "Bedrock Runtime" and name in _MODEL_OPERATIONS:
        attributes[semconv.GEN_AI_PROVIDER] = "aws.bedrock"
        attributes[semconv.GEN_AI_OPERATION] = _MODEL_OPERATIONS[name]
        if isinstance(params.get("modelId"), str):
            attributes[semconv.GEN_AI_MODEL] = params["modelId"]
    return _Operation(
        attributes=attributes,
        service=service,
        name=name,
        params=params if isinstance(params, dict) else {},
    )


def _call(_endpoint: Any, args: Args, kwargs: Kwargs) -> Call | None:
    request = args[0] if args else kwargs["request"]
    url = urlsplit(request.url)
    host = url.hostname or ""
    body = _in_memory(request.body)
    headers = [(str(name), value) for name, value in request.headers.items()]
    parts = [Part("url", request.url), Part("headers", headers)]
    if body is not None:
        parts.append(Part("body", body))
    operation = current_layer()
    kind, destination = semconv.EXTERNAL_API, ""
    if isinstance(operation, _Operation):
        if operation.service in _QUEUES:
            kind = semconv.MESSAGE_PUBLISH
        place = "" if host.endswith((_AWS, f"{_AWS}.cn")) else f"/{host}"
        destination = f"AWS {operation.service}{place}:{operation.name}"
        # The bytes of a whole body are read as the document they are, not as one value.
        params = {name: value for name, value in operation.params.items() if value is not body}
        parts.insert(0, Part("params", params))
        parts += _mail(params)
    return Call(
        kind=kind,
        destination=destination,
        host=host,
        port=port_of(url),
        method=request.method or "",
        path=url.path,
        parts=tuple(parts),
    )


def _call_of_bytes_or_file(endpoint: Any, args: Args, kwargs: Kwargs) -> Call | None:
    body = (args[0] if args else kwargs["request"]).body
    is_file = issubclass(type(_raw(body)), io.IOBase)
    return _call(endpoint, args, kwargs) if not body or is_file or _is_in_memory(body) else None


def _mail(params: Mapping[str, Any]) -> list[Part]:
    """Return the parts of a whole mail that is sent with SES."""
    for way in (("RawMessage", "Data"), ("Content", "Raw", "Data")):
        found: Any = params
        for name in way:
            found = found.get(name) if isinstance(found, dict) else None
        if isinstance(found, (bytes, str)):
            return mail_parts(found)[0]
    return []


def _is_in_memory(body: Any) -> bool:
    """Whether the bytes of a body are there already: it is no stream."""
    return isinstance(body, (str, bytes, bytearray)) or type(_raw(body)) is io.BytesIO


def _raw(body: Any) -> Any:
    """Return what stands in the wrapper that makes ``aws-chunked`` of a body."""
    return getattr(body, "_raw", body)


def _in_memory(body: Any) -> bytes | None:
    """Return a body whose bytes are there already, cut at the budget; None for a stream."""
    if not _is_in_memory(body):
        return None
    if isinstance(body, str):
        return body.encode()
    if isinstance(body, (bytes, bytearray)):
        return body if type(body) is bytes else bytes(body)
    raw = _raw(body)
    begin = raw.tell()
    with raw.getbuffer() as view:
        return bytes(view[begin : begin + MAX_BODY + 1])


def _tee(_endpoint: Any, args: Args, kwargs: Kwargs, share: Share) -> Callable[[], None] | None:
    request = args[0] if args else kwargs["request"]
    body = request.body
    if body is None or _is_in_memory(body):
        return None
    holder, name = (body, "_raw") if hasattr(body, "_raw") else (request, "body")
    stream = getattr(holder, name)
    if not hasattr(stream, "read"):
        return None
    watched = WatchedFile(stream, share)
    setattr(holder, name, watched)

    def restore() -> None:
        if getattr(holder, name) is watched:
            setattr(holder, name, stream)

    return restore
