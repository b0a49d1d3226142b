"""The body of an OTLP/HTTP request: its encoding undone, protobuf or JSON read.

JSON as the OTLP specification has it: protobuf's own mapping, but trace and span ids in hex.
"""

from __future__ import annotations

import base64
import json
import zlib
from typing import Any, TypeVar

from google.protobuf.json_format import MessageToDict, ParseDict
from google.protobuf.message import Message

PROTOBUF = "application/x-protobuf"
JSON = "application/json"
_WBITS = {"gzip": 31, "deflate": 15}
_IDS = frozenset({"traceId", "spanId", "parentSpanId"})
_DEEPEST = 60
"""protobuf gives up at 100 messages, two to a level of JSON here."""

M = TypeVar("M", bound=Message)


class BodyError(ValueError):
    """A request that no repetition makes better; ``status`` is what to answer."""

    def __init__(self, status: int, text: str) -> None:
        super().__init__(text)
        self.status = status


def plain(body: bytes, encoding: str, limit: int) -> bytes:
    """Undo ``Content-Encoding``; raises :class:`BodyError` 400, 413 beyond ``limit``, or 415."""
    name = encoding.strip().lower()
    if name in ("", "identity"):
        return body
    wbits = _WBITS.get(name)
    if wbits is None:
        raise BodyError(415, "Content-Encoding must be gzip, deflate or identity")
    found = bytearray()
    rest = body
    while rest:  # gzip may have several members
        reader = zlib.decompressobj(wbits)
        try:
            found += reader.decompress(rest, limit + 1 - len(found))
        except zlib.error:
            raise BodyError(400, "the body is not what Content-Encoding says") from None
        if len(found) > limit:
            raise BodyError(413, f"more than {limit} bytes when decompressed")
        if not reader.eof:
            raise BodyError(400, "the compressed body is cut off")
        rest = reader.unused_data if wbits == _WBITS["gzip"] else b""
    return bytes(found)


def media_type(header: str) -> str:
    """Return :data:`PROTOBUF` or :data:`JSON`; raises :class:`BodyError` 415."""
    found = header.partition(";")[0].strip().lower()
    if found not in (PROTOBUF, JSON):
        raise BodyError(415, f"Content-Type must be {PROTOBUF} or {JSON}")
    return found


def message(kind: type[M], body: bytes, media: str) -> M:
    """Read a message; raises :class:`BodyError` 400."""
    try:
        if media == PROTOBUF:
            return kind.FromString(body)
        found = json.loads(body)
        if not isinstance(found, dict):
            raise ValueError
        return ParseDict(_ids_in_base64(found, 0), kind(), ignore_unknown_fields=True)
    except MemoryError:
        raise
    except Exception:  # protobuf's reader of JSON raises what it likes, SystemError included
        raise BodyError(400, "the body is no OTLP request") from None


def written(answer: Message, media: str) -> bytes:
    """Return an answer in the media type of its request."""
    if media == PROTOBUF:
        return answer.SerializeToString()
    return json.dumps(MessageToDict(answer)).encode()


def _ids_in_base64(value: Any, depth: int) -> Any:
    if depth > _DEEPEST:
        raise ValueError
    if isinstance(value, list):
        return [_ids_in_base64(item, depth + 1) for item in value]
    if isinstance(value, dict):
        return {
            key: base64.b64encode(bytes.fromhex(item)).decode()
            if key in _IDS and isinstance(item, str)
            else _ids_in_base64(item, depth + 1)
            for key, item in value.items()
        }
    return value
