"""A server that speaks enough of MySQL's protocol for its drivers to log in and send statements."""

from __future__ import annotations

import socketserver
import struct
from collections.abc import Iterator
from contextlib import contextmanager

from tests.serving import StandIn, serving

Rows = list[tuple[str | int, ...]]
_QUERY, _QUIT = 3, 1
_SCRAMBLE = b"a" * 8 + b"b" * 12


class MysqlServer:
    """Its address, what statements it was sent, and what it answers to some."""

    def __init__(self) -> None:
        self.statements: list[str] = []
        self.answers: dict[str, tuple[tuple[str, ...], Rows]] = {"SELECT @@": (("v",), [("",)])}
        """How a statement begins → names of columns, and rows."""
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
                said = command[1:].decode("latin-1")
                found = [state.answers[how] for how in state.answers if said.startswith(how)]
                for packet in _result(*found[0]) if found else ():
                    self.send(packet)
                if not found:
                    self.send(_ERROR if b"nope" in command else _OK)

    with serving(StandIn(Handler)) as state.port:
        yield state


_OK = b"\0\x01\0\x02\0\0\0"
_ERROR = b"\xff" + struct.pack("<H", 1054) + b"#42S22Unknown column"
_END = b"\xfe\0\0\x02\0"
_TEXT, _NUMBER = 253, 8


def _result(names: tuple[str, ...], rows: Rows) -> Iterator[bytes]:
    """Yield the packets of a result; numbers are told from texts by the first row."""
    yield bytes([len(names)])
    for name, value in zip(names, rows[0], strict=True):
        kind = _TEXT if isinstance(value, str) else _NUMBER
        about = struct.pack("<HIBHBxx", 45, 255, kind, 0, 0)
        yield b"\x03def\0\0\0" + bytes([len(name)]) + name.encode() + b"\0\x0c" + about
    yield _END
    for row in rows:
        yield b"".join(bytes([len(str(value))]) + str(value).encode() for value in row)
    yield _END
