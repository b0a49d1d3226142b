"""Members of a ZIP archive: exports, and the documents of office programs.

Read from its first byte on, by the local headers (PKWARE's APPNOTE.TXT, 4.3.7), so that of a body
that was cut at the budget the first members are still read. Nothing is written anywhere.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from typing import Any

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
    What is not read is counted as cut in ``budget``.
    """
    start, budget = 0, budget or Budget(MAX_BYTES)
    number = 0
    while body[start : start + 4] == MEMBER and len(body) >= start + _HEADER.size:
        left, number = budget.left, number + 1
        if left <= 0 or number > MAX_MEMBERS:
            budget.cut += 1
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
            budget.cut += _has_more(inflater)
            yield _name(name, flags), content
        elif untold:
            budget.cut += 1
            return  # where it ends, only the directory at the archive's end tells
        elif method == _STORED and not flags & _ENCRYPTED:
            content = body[data : data + min(size, left)]
            budget.left -= len(content)
            budget.cut += size > left
            yield _name(name, flags), content
        else:
            budget.cut += 1
        start = data + size
        if flags & _UNTOLD:
            signed = body[start : start + 4] == _DESCRIPTOR
            start += 16 if signed else 12


def _has_more(inflater: Any) -> bool:
    try:
        return not inflater.eof and bool(inflater.decompress(inflater.unconsumed_tail, 1))
    except zlib.error:
        return True


def _name(name: bytes, flags: int) -> str:
    return name.decode("utf-8" if flags & _UTF_8 else "cp437", "replace")
