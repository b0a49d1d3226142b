"""What http.client is about to send: the head of a request, and a body that comes in pieces."""

from __future__ import annotations

from typing import Any
from urllib.parse import SplitResult, urlsplit

from sst_otel import semconv
from sst_otel.shares import Call, Part
from sst_otel.sinks.chunked import Dechunker
from sst_otel.sinks.claims import is_claimed
from sst_otel.sinks.share import Share
from sst_otel.sinks.wire import as_bytes


def head_of(connection: Any) -> Call | None:
    """Describe what stands in a connection's buffer: the request line and the headers.

    None where there is nothing: http.client will say so.
    """
    lines = [bytes(line) for line in connection._buffer]
    if not lines:
        return None
    method, _, rest = lines[0].decode("latin-1").partition(" ")
    target = rest.rpartition(" ")[0]
    host, port = connection.host, connection.port
    scheme = "https" if connection.default_port == 443 else "http"
    if connection._tunnel_host:
        host, port = connection._tunnel_host, connection._tunnel_port
    url, host, port = asked_for(target, scheme, host, port)
    pairs = (line.partition(b":") for line in lines[1:])
    headers = [(name.decode("latin-1"), value.strip()) for name, _, value in pairs]
    return Call(
        kind=semconv.EXTERNAL_API,
        host=host,
        port=port,
        method=method,
        path=urlsplit(url).path,
        parts=(Part("url", url), Part("headers", headers)),
    )


def asked_for(target: str, scheme: str, host: str, port: int | None) -> tuple[str, str, int | None]:
    """Return the URL that a request line asks for, with host and port.

    ``scheme``, ``host`` and ``port`` are those of the connection; where it leads to a proxy, the
    ``target`` says all of them.
    """
    if "://" not in target[:9]:
        return f"{scheme}://{host}{target}", host.strip("[]"), port
    url = urlsplit(target)
    return target, url.hostname or "", port_of(url)


def port_of(url: SplitResult) -> int:
    """Return the port that an address of HTTP leads to; raises ``ValueError`` where it is none."""
    return url.port or (443 if url.scheme == "https" else 80)


def is_looked_at(connection: Any) -> bool:
    """Whether a door around has looked at what is sent here: cheaper than to read the head."""
    return is_claimed((connection._tunnel_host or connection.host).strip("[]").lower())


def body_follows(call: Call) -> bool:
    """Whether the head announces a body."""
    return _length(call) > 0 or _is_chunked(call)


def in_memory(data: Any) -> bytes | None:
    """Return data in memory as bytes; None for a stream."""
    return None if hasattr(data, "read") else as_bytes(data)


class Message:
    """A request whose body is on its way."""

    __slots__ = ("_chunks", "_left", "begun", "ended", "host", "sending", "share")

    def __init__(self, call: Call, share: Share) -> None:
        self.share = share
        self.host = call.host
        self.begun = False
        """Whether the head has been sent."""
        self.sending = False
        """Whether a piece is being sent."""
        self.ended = False
        """Whether all of the body has passed."""
        self._chunks = Dechunker() if _is_chunked(call) else None
        self._left = _length(call)

    def part(self, data: bytes) -> None:
        """Look at a piece before it leaves, at the whole of them before the last does."""
        if self._chunks is not None:
            self.share.part(self._chunks.feed(data))
            self.ended = self._chunks.ended
        else:
            self.share.part(data)
            self._left -= len(data)
            self.ended = self._left == 0
        if self.ended:
            self.share.complete()


def _header(call: Call, wanted: str) -> bytes:
    for name, value in call.parts[1].value:
        if name.lower() == wanted:
            return bytes(value).lower()
    return b""


def _length(call: Call) -> int:
    digits = _header(call, "content-length")
    return int(digits) if digits.isdigit() else 0


def _is_chunked(call: Call) -> bool:
    return b"chunked" in _header(call, "transfer-encoding")
