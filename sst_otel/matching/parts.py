"""One part of a call before it is taken apart: its text, and whether it is worth the work."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sst_otel.datatypes.forms import as_text
from sst_otel.matching.bodies import PLAIN, Head, content_of, head_of, is_json, is_sealed
from sst_otel.matching.claims import told_by_credentials
from sst_otel.matching.compression import Budget
from sst_otel.matching.decode import JSON_BEGINS, plain_text, text_of
from sst_otel.matching.escapes import unescaped
from sst_otel.matching.flat import texts_in
from sst_otel.registry.identity import IDS
from sst_otel.shares import Part

MAX_LEAVES = 20_000
"""Scalars of one call that are looked at."""
MAX_BODY = 4_000_000
"""Bytes of one body that are read; the rest is said to be unread."""
TEXTS = frozenset({"body", "data", "content"})
"""Where a text is a whole body."""
TABLE = "table:"
"""What the place of a row that is written begins with; the table's name follows."""
LONGEST_CELL = 4_000
"""Characters of a column's value that may be a weak value, or a document that holds one."""

_APART = '\n"\n'
"""Between two texts: nothing that a number goes on behind."""
_PROTOCOL_HEADERS = frozenset(
    {
        "accept",
        "accept-encoding",
        "connection",
        "content-encoding",
        "content-length",
        "content-type",
        "host",
        "traceparent",
        "tracestate",
        "transfer-encoding",
    }
)
"""Headers that the client library writes about the message."""


def raw_text(part: Part, parts: tuple[Part, ...], budget: Budget) -> tuple[str, bool] | None:
    """Return the text that holds all of a part, and whether a budget cut it; None for objects.

    ``parts``: with those beside it, of which headers may say what a body is.

    What is not in here is not in the part's leaves either; reading it costs a tenth.
    """
    where, value = part.where, part.value
    if value is None:
        return "", False
    if where == "url":
        return _spaced(value), False
    if where == "headers":
        told = [told_by(name, text) for name, text in told_headers(value)]
        return "\n".join(told), False
    if where.startswith(TABLE):
        row = _row_text(value, budget)
        return None if row is None else (row, False)
    size = size_of_bytes(value)
    if size is not None:
        body = _body_text(first_bytes(value), head_of(parts), budget)
        return None if body is None else (body, size > MAX_BODY)
    if type(value) is str and where in TEXTS:
        text = value[:MAX_BODY]
        return _spaced(text) if is_form(text) else text, len(value) > MAX_BODY
    texts = texts_in([value], lambda inner: _inner_text(inner, budget))
    if texts is None or max(map(len, texts), default=0) > MAX_BODY:
        return None
    return _APART.join(texts), False


def _body_text(body: bytes, head: Head, budget: Budget) -> str | None:
    """Return the text that holds all of a body; None where it has to be taken apart."""
    if is_json(body):
        return body.decode("ascii")
    content = content_of(body, head, budget)
    if is_sealed(content):
        return None
    text = plain_text(content)
    return _spaced(text) if is_form(text) else text


def _inner_text(body: bytes, budget: Budget) -> str | None:
    """Return the :func:`_body_text` of bytes inside of something."""
    return _body_text(body, PLAIN, budget) if len(body) <= MAX_BODY else None


def _row_text(row: Any, budget: Budget) -> str | None:
    """Return the values of a row one after the other; None where one is no plain value."""
    told = []
    for value in dict.values(row):
        kind = type(value)
        if kind is str:
            if len(value) > MAX_BODY:
                return None
            told.append(value)
        elif kind is int or kind is float:
            told.append(as_text(value))
        elif kind is bytes:
            text = _inner_text(value, budget)
            if text is None:
                return None
            told.append(text)
        elif value is not None and kind is not bool:
            return None
    return "\n".join(told)


def carries_mark(part: Part) -> bool:
    """Whether a value of ``part`` is itself an object that the identity table knows."""
    if part.where == "headers":
        return any([id(value) in IDS for _, value in part.value])
    if part.where.startswith(TABLE):
        return any([id(value) in IDS for value in dict.values(part.value)])
    return id(part.value) in IDS


def told_headers(headers: list[tuple[str, Any]]) -> Iterator[tuple[str, str]]:
    """Yield what an application said in headers, not the client library about the message."""
    for name, value in headers:
        lowered = name.lower()
        if lowered in _PROTOCOL_HEADERS or lowered.startswith("x-stainless-"):
            continue
        if type(value) is bytes:
            yield name, text_of(value)
        elif type(value) is str:
            yield name, value


def told_by(name: str, text: str) -> str:
    """Return what a header says, credentials decoded."""
    return told_by_credentials(text) if name.lower() == "authorization" else text


def _spaced(text: str) -> str:
    return unescaped(text, plus=True) if "%" in text or "+" in text else text


def is_form(text: str) -> bool:
    """Whether a body looks like ``a=1&b=2``."""
    head = text[:200]
    return "=" in head and "\n" not in head and " " not in head[:60] and text[:1] not in JSON_BEGINS


def size_of_bytes(value: object) -> int | None:
    """Return the size of bytes of any kind, None for other objects; a subclass is not asked."""
    kind = type(value)
    if issubclass(kind, bytes):
        return bytes.__len__(value)  # type: ignore[arg-type]
    if issubclass(kind, bytearray):
        return bytearray.__len__(value)  # type: ignore[arg-type]
    return value.nbytes if kind is memoryview else None  # type: ignore[attr-defined]


def first_bytes(value: Any, most: int = MAX_BODY) -> bytes:
    """Return what is read of a body; a subclass is not asked."""
    kind = type(value)
    if issubclass(kind, bytes):
        return bytes.__getitem__(value, slice(0, most))
    if issubclass(kind, bytearray):
        return bytes(bytearray.__getitem__(value, slice(0, most)))
    return bytes(value[:most])
