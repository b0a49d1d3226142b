"""A body before it is read: what its headers say, and the bytes without what is around them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from sst_otel.matching.chunks import unchunked
from sst_otel.matching.compression import Budget, decoded, inflate, is_compressed
from sst_otel.matching.decode import is_binary
from sst_otel.matching.mime import is_mail
from sst_otel.matching.msgpack import FIRST
from sst_otel.matching.pdf import BEGINS
from sst_otel.shares import Part

_HEX_DIGITS = frozenset(b"0123456789abcdefABCDEF")
_LONGEST_CHUNK_HEAD = 200
_JSON = frozenset(b'{["')


@dataclass(frozen=True, slots=True)
class Head:
    """What headers say of a body."""

    codings: str = ""
    """``Content-Encoding``, lower case."""
    content_type: str = ""


PLAIN = Head()
"""Nothing is said."""


def head_of(parts: Iterable[Part]) -> Head:
    """Return what the headers among ``parts`` say of the body."""
    codings = content_type = ""
    for part in parts:
        if part.where != "headers":
            continue
        for name, value in part.value:
            if len(name) == 16 and name.lower() == "content-encoding":
                codings = _header(value).lower()
            elif len(name) == 12 and name.lower() == "content-type":
                content_type = _header(value)
    return Head(codings, content_type) if codings or content_type else PLAIN


def _header(value: Any) -> str:
    if type(value) is bytes:
        return value.decode("latin-1")
    return value if type(value) is str else ""


def content_of(body: bytes, head: Head, budget: Budget | None = None) -> bytes:
    """Return a body without its chunks and its compression, as headers or first bytes tell."""
    if not body or budget is None:
        return _content_of(body, head, budget) if body else body
    known = budget.opened.get((id(body), head))
    if known is not None:
        budget.cut += known[2]
        return known[1]
    cut = budget.cut
    content = _content_of(body, head, budget)
    if content is not body:
        budget.opened[id(body), head] = body, content, budget.cut - cut
    return content


def _content_of(body: bytes, head: Head, budget: Budget | None) -> bytes:
    if body[0] in _HEX_DIGITS and b"\r\n" in body[:_LONGEST_CHUNK_HEAD]:
        body = unchunked(body)
    if head.codings and not is_json(body):
        content = decoded(body, head.codings, budget)
        if content is body and budget is not None and is_binary(body):
            # The codec is not loaded, or the body is damaged: nobody has read it.
            budget.cut += is_compressed(head.codings)
        return content
    return inflate(body, budget)


def is_json(body: bytes) -> bool:
    """Whether bytes begin like JSON and hold nothing but ASCII: nothing is around them."""
    return body[:1] in (b"{", b"[") and body.isascii()


def is_sealed(content: bytes) -> bool:
    """Whether what stands in a body is not all in its text: it has to be taken apart."""
    if not content:
        return False
    first = content[0]
    if first in FIRST or is_binary(content):  # an archive is
        return True
    if first in _JSON:
        return False
    if content[:5] == BEGINS:
        return True
    if content[:2] == b"--":
        return b"ncoding:" in content
    return is_mail(content)
