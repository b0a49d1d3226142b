"""Loopback servers that keep the bytes they are sent: plain, encrypted, datagrams."""

from __future__ import annotations

import socket
import socketserver
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from queue import SimpleQueue

from tests.serving import StandIn, serving


class Listener:
    """A server; ``received`` gives what one connection (or one datagram) brought, when it ended."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.received: SimpleQueue[bytes] = SimpleQueue()

    def next(self) -> bytes:
        """Return what the next connection brought."""
        return self.received.get(timeout=20)


@contextmanager
def listening(context: ssl.SSLContext | None = None) -> Iterator[Listener]:
    """Accept connections until the block ends, encrypted ones if there is a ``context``."""

    class Handler(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            with suppress(OSError):
                listener.received.put(self.rfile.read())

    server = StandIn(Handler)
    if context is not None:
        server.socket = context.wrap_socket(server.socket, server_side=True)
    with serving(server) as port:
        listener = Listener(port)
        yield listener


@contextmanager
def datagrams() -> Iterator[Listener]:
    """Receive datagrams until the block ends."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
        server.bind(("127.0.0.1", 0))
        server.settimeout(20)
        listener = Listener(server.getsockname()[1])

        def serve() -> None:
            while (data := server.recv(65_536)) != b"end":
                listener.received.put(data)

        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield listener
        finally:
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as last:
                last.sendto(b"end", ("127.0.0.1", listener.port))
            thread.join()
