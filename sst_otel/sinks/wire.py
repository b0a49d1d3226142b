"""What bytes on a socket are: encrypted already, an HTTP request made by hand, or just bytes."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import urlsplit

from sst_otel import semconv
from sst_otel.registry.identity import marked
from sst_otel.shares import Call, Part

_REQUEST = re.compile(rb"([A-Z]{3,10}) ([!-~]{1,8192}) HTTP/1\.[01]\r\n")
_HOST = re.compile(rb"\r\nhost:[ \t]*([!-~]{1,255})\r\n", re.IGNORECASE)


def as_bytes(data: Any) -> bytes | None:
    """Return what a socket would send of ``data``; None for what it will refuse."""
    if type(data) is bytes:
        return data
    try:
        return bytes(memoryview(data))
    except TypeError:
        return None


def view_of(data: Any) -> memoryview | None:
    """Return the bytes a socket would send of ``data``, uncopied; None for what it will refuse."""
    try:
        return memoryview(data).cast("B")
    except TypeError:
        return None


def is_encrypted(data: memoryview) -> bool:
    """Whether ``data`` begins as a TLS record does (RFC 8446, section 5.1)."""
    head = bytes(data[:3])
    return len(head) == 3 and 0x14 <= head[0] <= 0x17 and head[1] == 3 and head[2] <= 4


def described(before: bytes, data: bytes, host: str, port: int | None) -> Call:
    """Describe a write of ``data`` to ``host``; ``before`` is the end of what went before it."""
    text = before + data
    request = _REQUEST.match(text)
    method = path = ""
    parts = [Part("body", text)]
    if request is not None:
        method = request[1].decode("ascii")
        target = request[2].decode("ascii")
        head, _, body = text.partition(b"\r\n\r\n")
        named = _HOST.search(head + b"\r\n")
        if method == "CONNECT":
            host, port = _split(target, port)
        else:
            if named is not None:
                host, port = _split(named[1].decode("ascii"), port)
            path = urlsplit(target).path
            lines = (line.partition(b":") for line in head.split(b"\r\n")[1:])
            headers = [(name.decode("latin-1"), value.strip()) for name, _, value in lines]
            parts = [Part("url", target), Part("headers", headers), Part("body", body)]
    if marked(data) is not None:
        parts.append(Part("body", [data]))
    return Call(
        kind=semconv.SOCKET,
        host=host,
        port=port,
        method=method,
        path=path,
        parts=tuple(parts),
    )


def _split(authority: str, port: int | None) -> tuple[str, int | None]:
    """Split ``host:port``; the port that was connected to where it names none."""
    asked = urlsplit(f"//{authority}")
    try:
        return asked.hostname or authority, asked.port or port
    except ValueError:
        return asked.hostname or authority, port
