"""Undoing compression: by the ``Content-Encoding`` that is said, and by what a body begins with.

The two are tried in this order, since bodies lie about either. A codec that is not in the standard
library is used only where the application has loaded it: whoever sends zstd has one.
"""

from __future__ import annotations

import sys
import zlib
from collections.abc import Callable

MAX_INFLATED = 8_000_000
"""Bytes all compressed bodies of a call may grow to before we stop looking (a bomb is not the
user's data)."""
_MOST_LAYERS = 3
_PIECE = 16_384
_BROTLI_PIECE = 64
"""Bytes that are handed to a Brotli that cannot be told where to stop."""
_ZSTD = b"\x28\xb5\x2f\xfd"
"""RFC 8878, 3.1.1: how a frame begins."""

Opened = tuple[bytes, bool]
"""What was decompressed, and whether there is more of it."""


class Budget:
    """Bytes that may still be decompressed, how often that was not enough, and what was."""

    __slots__ = ("cut", "left", "opened")

    def __init__(self, left: int = MAX_INFLATED) -> None:
        self.left = left
        self.cut = 0
        self.opened: dict[tuple[int, object], tuple[bytes, bytes, int]] = {}
        """``id`` of a body and what is said of it → the body, its content, and how often that was
        cut: a call is looked at once as a text, and mostly again field by field."""


def inflate(body: bytes, budget: Budget | None = None) -> bytes:
    """Return the content of a gzip, zlib or zstd body, one in another too; else the body itself.

    Of a body that is cut off or damaged, what can be read.
    """
    for _ in range(_MOST_LAYERS):
        opener = _by_magic(body)
        content = None if opener is None else _opened(opener, body, budget)
        if content is None:
            return body
        body = content
    return body


def decoded(body: bytes, codings: str, budget: Budget | None = None) -> bytes:
    """Return the content of a body with this ``Content-Encoding`` (RFC 9110, 8.4).

    A coding that is not true is passed over: the body is then what its first bytes say.
    """
    for coding in reversed(codings.lower().split(",")[-_MOST_LAYERS:]):
        openers = _BY_NAME.get(coding.strip(), ())
        if openers is _GZIPS and _by_magic(body) is not _gunzip:
            continue
        for opener in openers:
            content = _opened(opener, body, budget)
            if content:
                body = content
                break
    return inflate(body, budget)


def is_compressed(codings: str) -> bool:
    """Whether ``Content-Encoding`` names a compression that is known here."""
    return any(coding.strip() in _BY_NAME for coding in codings.lower().split(","))


def _opened(
    opener: Callable[[bytes, int], Opened | None], body: bytes, budget: Budget | None
) -> bytes | None:
    budget = budget or Budget()
    if budget.left <= 0:
        budget.cut += 1
        return b""
    try:
        found = opener(body, budget.left)
    except (ValueError, EOFError, zlib.error):
        return None
    if found is None:
        return None
    content, cut = found
    budget.left -= len(content)
    budget.cut += cut
    return content


def _by_magic(body: bytes) -> Callable[[bytes, int], Opened | None] | None:
    if body[:2] == b"\x1f\x8b":
        return _gunzip
    if body[:1] == b"\x78" and len(body) > 2 and (body[0] * 256 + body[1]) % 31 == 0:
        return _unzlib
    return _unzstd if body[:4] == _ZSTD else None


def _gunzip(body: bytes, most: int) -> Opened | None:
    """Open a gzip file; it may have several members (RFC 1952, 2.2)."""
    return _fed(31, body, most, members=True)


def _unzlib(body: bytes, most: int) -> Opened | None:
    return _fed(15, body, most)


def _undeflate(body: bytes, most: int) -> Opened | None:
    """Open what is deflated without zlib's two bytes around it."""
    return _fed(-15, body, most)


def _fed(window: int, body: bytes, most: int, members: bool = False) -> Opened | None:
    """Decompress piece by piece: what stands before the damage is kept."""
    content = bytearray()
    inflater = zlib.decompressobj(window)
    try:
        for start in range(0, len(body), _PIECE):
            piece = body[start : start + _PIECE]
            while piece:
                content += inflater.decompress(piece, most - len(content))
                if len(content) >= most:
                    return bytes(content), not inflater.eof
                piece = inflater.unused_data
                if inflater.eof:
                    if not members:
                        return bytes(content), False
                    inflater = zlib.decompressobj(window)
    except zlib.error:
        pass
    return (bytes(content), False) if content else None


def _unzstd(body: bytes, most: int) -> Opened | None:
    found = sys.modules.get("zstandard")
    if found is not None:
        reader = found.ZstdDecompressor().stream_reader(body, read_across_frames=True)
        return _read(reader.read, most, found.ZstdError)
    for name in ("compression.zstd", "backports.zstd", "pyzstd"):
        found = sys.modules.get(name)
        if found is not None:
            try:
                content = found.ZstdDecompressor().decompress(body, most)
            except found.ZstdError:
                return None
            return content, len(content) >= most
    return None


def _read(read: Callable[[int], bytes], most: int, damaged: type[Exception]) -> Opened | None:
    pieces, size = [], 0
    try:
        while size < most and (piece := read(min(_PIECE, most - size))):
            pieces.append(piece)
            size += len(piece)
    except damaged:
        if not pieces:
            return None
    return b"".join(pieces), size >= most


def _unbrotli(body: bytes, most: int) -> Opened | None:
    found = sys.modules.get("brotli") or sys.modules.get("brotlicffi")
    if found is None:
        return None
    inflater = found.Decompressor()
    act = getattr(inflater, "process", None) or inflater.decompress
    pieces = bytearray()
    try:
        if hasattr(inflater, "can_accept_more_data"):  # from 1.2 on it can be told where to stop
            content = act(body, output_buffer_limit=most)
            return content[:most], len(content) >= most
        for start in range(0, len(body), _BROTLI_PIECE):
            pieces += act(body[start : start + _BROTLI_PIECE])
            if len(pieces) >= most:
                return bytes(pieces[:most]), True
    except found.error:
        pass
    return (bytes(pieces), False) if pieces else None


_GZIPS = (_gunzip,)
_BY_NAME: dict[str, tuple[Callable[[bytes, int], Opened | None], ...]] = {
    "gzip": _GZIPS,
    "x-gzip": _GZIPS,
    "deflate": (_unzlib, _undeflate),
    "zstd": (_unzstd,),
    "br": (_unbrotli,),
}
