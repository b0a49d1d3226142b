"""botocore, which boto3 is made of: the operation and its parameters, and the request they become.

``BaseClient._make_api_call`` knows what is called with what; ``Endpoint._send`` has the request, in
every thread that a transfer uses, inside the client span of the OpenTelemetry instrumentation.
Queues and streams are ``message_publish``. DynamoDB is a service of another company like the
others, not the application's own database. aiobotocore has both functions anew; of a request whose
body is a stream, its transport (aiohttp, httpx) shows what goes out.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from sst_otel import semconv
from sst_otel.matching.parts import MAX_BODY
from sst_otel.patching import Patches
from sst_otel.shares import Call, Part
from sst_otel.sinks.layers import Layer, current_layer
from sst_otel.sinks.mime import mail_parts
from sst_otel.sinks.outgoing import Outgoing
from sst_otel.sinks.share import Share
from sst_otel.sinks.streams import WatchedFile
from sst_otel.sinks.wrapping import Args, Kwargs, async_door, async_layer, door, layer

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
        async_door(_PLACE, emit, _call_in_memory),
        optional=True,
    )
    return patches


def _operation(client: Any, args: Args, kwargs: Kwargs) -> Layer:
    given = {**dict(zip(("operation_name", "api_params"), args, strict=False)), **kwargs}
    name, params = given["operation_name"], given["api_params"]
    service = str(client.meta.service_model.service_id)
    attributes = {"rpc.system": "aws-api", "rpc.service": service, "rpc.method": name}
    if service == "Bedrock Runtime" and name in _MODEL_OPERATIONS:
        attributes["gen_ai.provider.name"] = "aws.bedrock"
        attributes["gen_ai.operation.name"] = _MODEL_OPERATIONS[name]
        if isinstance(params.get("modelId"), str):
            attributes["gen_ai.request.model"] = params["modelId"]
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
        port=url.port or (443 if url.scheme == "https" else 80),
        method=request.method or "",
        path=url.path,
        parts=tuple(parts),
    )


def _call_in_memory(endpoint: Any, args: Args, kwargs: Kwargs) -> Call | None:
    body = (args[0] if args else kwargs["request"]).body
    return None if body and _in_memory(body) is None else _call(endpoint, args, kwargs)


def _mail(params: Mapping[str, Any]) -> list[Part]:
    """Return the parts of a whole mail that is sent with SES."""
    for way in (("RawMessage", "Data"), ("Content", "Raw", "Data")):
        found: Any = params
        for name in way:
            found = found.get(name) if isinstance(found, dict) else None
        if isinstance(found, (bytes, str)):
            return mail_parts(found)[0]
    return []


def _in_memory(body: Any) -> bytes | None:
    """Return a body whose bytes are there already; None for a stream."""
    if isinstance(body, str):
        return body.encode()
    if isinstance(body, (bytes, bytearray)):
        return body if type(body) is bytes else bytes(body)
    raw = getattr(body, "_raw", body)  # of the wrapper that makes aws-chunked of it
    if type(raw) is not io.BytesIO:
        return None
    begin = raw.tell()
    with raw.getbuffer() as view:
        return bytes(view[begin : begin + MAX_BODY + 1])


def _tee(_endpoint: Any, args: Args, kwargs: Kwargs, share: Share) -> Callable[[], None] | None:
    request = args[0] if args else kwargs["request"]
    body = request.body
    if body is None or _in_memory(body) is not None:
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
