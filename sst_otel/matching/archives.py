"""Members of a ZIP archive: exports, and the documents of office programs.

Read from its first byte on, by the local headers (PKWARE's APPNOTE.TXT, 4.3.7), so that of a body
that was cut at the budget the first members are still read. Nothing is written anywhere.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator

from sst_otel.matching.compression import MAX_INFLATED, Budget

MEMBER = b"PK\x03\x04"
"""What a member begins with, and so does an archive."""
MAX_MEMBERS = 500
MAX_BYTES = MAX_INFLATED
"""Bytes that the members of one archive may grow to before we stop looking."""
_HEADER = struct.Struct("<4x2xHH4x4xIIHH")
_ENCRYPTED, _UNTOLD, _UTF_8 = 0x1, 0x8, 0x800
_STORED, _DEFLATED = 0, 8
_DESCRIPTOR = b"PK\x07\x08"


def members(body: bytes, budget: Budget | None = None) -> Iterator[tuple[str, bytes]]:
    """Yield name and content of what can be read of an archive; ends at what cannot be.

    Encrypted members and other compressions than deflate are passed over where their size is told.
    """
    start, budget = 0, budget or Budget(MAX_BYTES)
    for _ in range(MAX_MEMBERS):
        left = budget.left
        if left <= 0 or body[start : start + 4] != MEMBER:
            return
        if len(body) < start + _HEADER.size:
            return
        flags, method, size, _, name_size, extra_size = _HEADER.unpack_from(body, start)
        head = start + _HEADER.size
        name = body[head : head + name_size]
        data = head + name_size + extra_size
        untold = bool(flags & _UNTOLD) and not size
        if method == _DEFLATED and not flags & _ENCRYPTED:
            packed = body[data:] if untold else body[data : data + size]
            inflater = zlib.decompressobj(-15)
            try:
                content = inflater.decompress(packed, left)
            except zlib.error:
                return
            if untold:
                size = len(packed) - len(inflater.unused_data)
            budget.left -= len(content)
            yield _name(name, flags), content
        elif untold:
            return  # where it ends, only the directory at the archive's end tells
        elif method == _STORED and not flags & _ENCRYPTED:
            content = body[data : data + min(size, left)]
            budget.left -= len(content)
            yield _name(name, flags), content
        start = data + size
        if flags & _UNTOLD:
            signed = body[start : start + 4] == _DESCRIPTOR
            start += 16 if signed else 12


def _name(name: bytes, flags: int) -> str:
    return name.decode("utf-8" if flags & _UTF_8 else "cp437", "replace")
