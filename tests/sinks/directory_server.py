"""A server that speaks enough of LDAP (RFC 4511) for a client to log in and write entries."""

from __future__ import annotations

import socketserver
from collections.abc import Iterator
from contextlib import contextmanager
from queue import SimpleQueue
from typing import Any

from tests.serving import StandIn, serving

_SUCCESS = b"\x0a\x01\0\x04\0\x04\0"
_ANSWERS = {0x60: 0x61, 0x63: 0x65, 0x66: 0x67, 0x68: 0x69, 0x77: 0x78}
"""Bind, search, modify, add, extended: tags of request and response."""


class _Handler(socketserver.StreamRequestHandler):
    server: Any

    def handle(self) -> None:
        while head := self.rfile.read(2):
            size = head[1]
            if size & 0x80:
                size = int.from_bytes(self.rfile.read(size & 0x7F), "big")
            message = self.rfile.read(size)
            number = message[: 2 + message[1]]
            answer = _ANSWERS.get(message[len(number)])
            self.server.messages.put(message)
            if answer is not None:
                done = number + bytes([answer, len(_SUCCESS)]) + _SUCCESS
                self.wfile.write(bytes([0x30, len(done)]) + done)


@contextmanager
def directory_server() -> Iterator[tuple[int, SimpleQueue[bytes]]]:
    """Serve on loopback: gives the port, and the messages that came."""
    server: Any = StandIn(_Handler)
    server.messages = SimpleQueue()
    with serving(server) as port:
        yield port, server.messages
