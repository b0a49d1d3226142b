"""Servers that speak enough of NATS, STOMP and MQTT for their clients to publish to them."""

from __future__ import annotations

import socketserver
from collections.abc import Iterator
from contextlib import contextmanager
from queue import SimpleQueue
from typing import Any

from tests.serving import StandIn, serving


class Broker:
    """Its port, and what was published: name of subject, queue or topic, and body."""

    def __init__(self) -> None:
        self.published: SimpleQueue[tuple[str, bytes]] = SimpleQueue()
        self.port = 0

    def next(self) -> tuple[str, bytes]:
        """Return the next that came."""
        return self.published.get(timeout=20)


class _Handler(socketserver.StreamRequestHandler):
    server: Any

    def told(self, name: str, body: bytes) -> None:
        self.server.broker.published.put((name, body))


class Nats(_Handler):
    """https://docs.nats.io/reference/reference-protocols/nats-protocol"""

    def handle(self) -> None:
        info = b'{"server_id":"s","version":"2.10.0","headers":true,"max_payload":1048576}'
        self.wfile.write(b"INFO " + info + b"\r\n")
        for line in self.rfile:
            words = line.split()
            if words[0] == b"PING":
                self.wfile.write(b"PONG\r\n")
            elif words[0] in (b"PUB", b"HPUB"):
                body = self.rfile.read(int(words[-1]) + 2)[:-2]
                self.told(words[1].decode(), body)
                inbox = words[2:-2] if words[0] == b"HPUB" else words[2:-1]
                if inbox:  # a request
                    self.wfile.write(b"MSG %s 1 2\r\n{}\r\n" % inbox[0])


class Stomp(_Handler):
    """https://stomp.github.io/stomp-specification-1.2.html"""

    def handle(self) -> None:
        while command := self.rfile.readline():
            headers = {}
            while line := self.rfile.readline().strip():
                name, _, value = line.decode().partition(":")
                headers[name] = value
            body = b""
            while (byte := self.rfile.read(1)) not in (b"\0", b""):
                body += byte
            if command.strip() in (b"CONNECT", b"STOMP"):
                version = headers.get("accept-version", "1.0").split(",")[-1]
                self.wfile.write(b"CONNECTED\nversion:%s\n\n\0" % version.encode())
            elif command.strip() == b"SEND":
                self.told(headers["destination"], body)
            if "receipt" in headers:
                self.wfile.write(b"RECEIPT\nreceipt-id:%s\n\n\0" % headers["receipt"].encode())


class Mqtt(_Handler):
    """https://docs.oasis-open.org/mqtt/mqtt/v3.1.1/mqtt-v3.1.1.html, and version 5."""

    def handle(self) -> None:
        modern = False
        while head := self.rfile.read(1):
            packet = self.rfile.read(self._length())
            kind = head[0] >> 4
            if kind == 1:
                modern = packet[6] == 5
                self.wfile.write(b"\x20\x03\0\0\0" if modern else b"\x20\x02\0\0")
            elif kind == 3:
                end = 2 + int.from_bytes(packet[:2], "big")
                number = packet[end : end + 2] if head[0] & 6 else b""
                body = packet[end + len(number) :]
                self.told(packet[2:end].decode(), body[1 + body[0] :] if modern else body)
                if number:
                    self.wfile.write(b"\x40\x02" + number)

    def _length(self) -> int:
        size, shift = 0, 0
        while True:
            byte = self.rfile.read(1)[0]
            size |= (byte & 127) << shift
            shift += 7
            if byte < 128:
                return size


@contextmanager
def broker(handler: type[_Handler]) -> Iterator[Broker]:
    """Serve one of the protocols on loopback."""
    server: Any = StandIn(handler)
    server.broker = Broker()
    with serving(server) as server.broker.port:
        yield server.broker
