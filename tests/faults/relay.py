"""A wire between two programs that can be cut, held up, or answered in the receiver's place."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

from tests.serving import StandIn, serving

_UNAVAILABLE = b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
_PIECE = 65_536
_RESET = b"\x01\x00\x00\x00\x00\x00\x00\x00"
"""SO_LINGER of no time: closing resets the connection."""


class Relay:
    """Forwards connections to ``port`` of this machine; listens on :attr:`port`."""

    def __init__(self, port: int) -> None:
        self._to = port
        self.port = 0
        self.refused = 0
        """Connections that were ended by us, or answered 503."""
        self._broken = False
        self._unavailable = False
        self._flows = threading.Event()
        self._flows.set()
        self._lock = threading.Lock()
        self._open: set[socket.socket] = set()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @contextmanager
    def cut(self) -> Iterator[None]:
        """Reset all connections, and each new one."""
        self._broken = True
        self._reset()
        try:
            yield
        finally:
            self._broken = False

    @contextmanager
    def held_up(self) -> Iterator[None]:
        """Let nothing through; it arrives afterwards, as a network that heals delivers it."""
        self._flows.clear()
        try:
            yield
        finally:
            self._flows.set()

    @contextmanager
    def unavailable(self) -> Iterator[None]:
        """Answer 503 to every request."""
        self._unavailable = True
        self._reset()
        try:
            yield
        finally:
            self._unavailable = False

    def take(self, client: socket.socket) -> None:
        """Serve a connection until either side ends it."""
        if self._broken or self._unavailable:
            self._refuse(client)
            return
        try:
            server = socket.create_connection(("127.0.0.1", self._to), timeout=20)
        except OSError:
            self._refuse(client)
            return
        server.settimeout(None)
        with self._lock:
            self._open |= {client, server}
        back = threading.Thread(target=self._pump, args=(server, client), daemon=True)
        back.start()
        self._pump(client, server)
        back.join()
        with self._lock:
            self._open -= {client, server}
        server.close()

    def _refuse(self, client: socket.socket) -> None:
        with self._lock:
            self.refused += 1
        with suppress(OSError):
            if self._unavailable:
                client.settimeout(1)
                client.recv(_PIECE)
                client.sendall(_UNAVAILABLE)
                client.shutdown(socket.SHUT_WR)
                while client.recv(_PIECE):  # a reset would overtake the answer
                    pass
            else:
                client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)

    def _pump(self, source: socket.socket, target: socket.socket) -> None:
        with suppress(OSError):
            while piece := source.recv(_PIECE):
                self._flows.wait()
                target.sendall(piece)
        with suppress(OSError):
            target.shutdown(socket.SHUT_WR)

    def _reset(self) -> None:
        with self._lock:
            connections = list(self._open)
        for one in connections:
            with suppress(OSError):
                one.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
                one.shutdown(socket.SHUT_RDWR)


@contextmanager
def relaying(port: int) -> Iterator[Relay]:
    """Run a relay to ``port``."""
    relay = Relay(port)

    def handle(request: Any, _address: Any, _server: Any) -> Any:
        relay.take(request)

    with serving(StandIn(handle)) as listening:
        relay.port = listening
        yield relay
