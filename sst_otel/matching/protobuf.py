"""Protocol Buffers without their schema: fields by number, texts and nested messages told apart.

https://protobuf.dev/programming-guides/encoding/. What a field is called stands in no message, so
``user.mail`` is ``field1.field2`` here. Entries of maps carry their key (and so do OpenTelemetry's
attributes): they become ``{"key": …, "value": …}``.
"""

from __future__ import annotations

import re
from typing import Any

MAX_DEPTH = 40
MAX_FIELDS = 50_000
MAX_MESSAGES = 5_000
_VARINT, _FIXED_64, _BYTES, _FIXED_32 = 0, 1, 2, 5
_LONGEST_VARINT = 10
_MAX_FIELD = 536_870_911
_CONTROLS = re.compile(r"[\x00-\x08\x0e-\x1f\x7f]")
_NAME = re.compile(r"[A-Za-z_][\w.:\-]{0,80}\Z", re.ASCII)
_SHORTEST_TEXT = 5
_FRAME = 5
"""Bytes before a message in a stream of gRPC: whether it is compressed, and its size."""


class _NotThis(Exception):
    """Not a message."""


def protobuf_tree(body: bytes) -> dict[str, Any] | None:
    """Return the fields of a message by their numbers, values or lists; None for other bodies."""
    try:
        found = _Reader(body).message(0, len(body), 0)
    except (_NotThis, IndexError):
        return None
    return found or None


def grpc_messages(body: bytes) -> list[bytes] | None:
    """Return the messages of a gRPC stream, as they were sent; None for any other body."""
    found: list[bytes] = []
    at = 0
    for _ in range(MAX_MESSAGES):
        if at == len(body):
            return found or None
        if body[at] > 1 or at + _FRAME > len(body):
            return None
        end = at + _FRAME + int.from_bytes(body[at + 1 : at + _FRAME], "big")
        if end > len(body):
            return None
        if end > at + _FRAME:
            found.append(body[at + _FRAME : end])
        at = end
    return None


class _Reader:
    def __init__(self, body: bytes) -> None:
        self._body = body
        self._left = MAX_FIELDS

    def message(self, at: int, end: int, depth: int) -> dict[str, Any]:
        if depth > MAX_DEPTH:
            raise _NotThis
        fields: dict[str, list[Any]] = {}
        while at < end:
            tag, at = self._varint(at, end)
            number, wire = tag >> 3, tag & 7
            self._left -= 1
            if not 0 < number <= _MAX_FIELD or self._left < 0:
                raise _NotThis
            values = fields.setdefault(f"field{number}", [])
            if wire == _VARINT:
                value, at = self._varint(at, end)
                values.append(value)
            elif wire == _BYTES:
                size, at = self._varint(at, end)
                if at + size > end:
                    raise _NotThis
                if size:
                    values += self._content(at, at + size, depth)
                at += size
            elif wire in (_FIXED_64, _FIXED_32):
                at += 8 if wire == _FIXED_64 else 4
            else:
                raise _NotThis
        if at != end:
            raise _NotThis
        found = {name: values[0] if len(values) == 1 else values for name, values in fields.items()}
        return _entry(found) or found

    def _content(self, start: int, end: int, depth: int) -> list[Any]:
        """Return what a field of bytes may be: a text, a message, or both where one cannot tell."""
        raw = self._body[start:end]
        try:
            text = raw.decode("utf-8")
        except UnicodeDecodeError:
            text = ""
        is_text = text != "" and not _CONTROLS.search(text)
        try:
            inner = self.message(start, end, depth + 1)
        except (_NotThis, IndexError):
            return [text] if is_text else [raw]
        if is_text:
            return [text, inner] if _holds_text(inner) else [text]
        return [inner]

    def _varint(self, at: int, end: int) -> tuple[int, int]:
        value = shift = 0
        for _ in range(_LONGEST_VARINT):
            if at >= end:
                raise _NotThis
            byte = self._body[at]
            at += 1
            value |= (byte & 0x7F) << shift
            if byte < 0x80:
                return value, at
            shift += 7
        raise _NotThis


def _holds_text(fields: dict[str, Any]) -> bool:
    """Whether a message has a text itself: a word may happen to read as a message of numbers."""
    return any(type(value) is str and len(value) >= _SHORTEST_TEXT for value in fields.values())


def _entry(fields: dict[str, Any]) -> dict[str, Any] | None:
    """Return the entry of a map that a message is: field 1 its key, field 2 its value."""
    key = fields.get("field1")
    if len(fields) != 2 or "field2" not in fields or type(key) is not str or not _NAME.match(key):
        return None
    value = fields["field2"]
    if type(value) is dict and len(value) == 1:  # a value that says of which kind it is
        value = next(iter(value.values()))
    return {"key": key, "value": value}
