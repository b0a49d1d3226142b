"""A server that speaks enough of MySQL's protocol for PyMySQL to log in and send statements."""

from __future__ import annotations

import socketserver
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager

_QUERY, _QUIT = 3, 1
_SCRAMBLE = b"a" * 8 + b"b" * 12


class MysqlServer:
    """Its address, and what statements it was sent."""

    def __init__(self) -> None:
        self.statements: list[str] = []
        self.port = 0


@contextmanager
def mysql_server() -> Iterator[MysqlServer]:
    """Serve on loopback: every statement succeeds, except those that say ``nope``."""
    state = MysqlServer()

    class Handler(socketserver.StreamRequestHandler):
        number = 0

        def send(self, payload: bytes) -> None:
            self.wfile.write(struct.pack("<I", len(payload))[:3] + bytes([self.number]) + payload)
            self.number += 1

        def receive(self) -> bytes:
            head = self.rfile.read(4)
            if len(head) < 4:
                return bytes([_QUIT])
            self.number = head[3] + 1
            return self.rfile.read(int.from_bytes(head[:3], "little"))

        def handle(self) -> None:
            flags = 0x000FF7FF & ~0x800  # without TLS
            greeting = b"\x0a8.0.0\0" + struct.pack("<I", 1) + _SCRAMBLE[:8] + b"\0"
            greeting += struct.pack("<H", flags & 0xFFFF) + b"\x2d" + struct.pack("<H", 2)
            greeting += struct.pack("<H", flags >> 16) + bytes([21]) + bytes(10)
            self.send(greeting + _SCRAMBLE[8:] + b"\0mysql_native_password\0")
            self.receive()
            self.send(_OK)
            while True:
                command = self.receive()
                if command[0] == _QUIT:
                    return
                if command[0] == _QUERY:
                    state.statements.append(command[1:].decode())
                self.send(_ERROR if b"nope" in command else _OK)

    class Server(socketserver.ThreadingTCPServer):
        daemon_threads = True

    with Server(("127.0.0.1", 0), Handler) as server:
        state.port = server.server_address[1]
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield state
        finally:
            server.shutdown()
            thread.join()


_OK = b"\0\x01\0\x02\0\0\0"
_ERROR = b"\xff" + struct.pack("<H", 1054) + b"#42S22Unknown column"
