"""A wire that is listened to: stands before a server on loopback and keeps what clients write."""

from __future__ import annotations

import socket
import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from tests.serving import StandIn, serving

_SECONDS = 20


class Wire:
    """Its port, and what was written to it."""

    def __init__(self) -> None:
        self.port = 0
        self._written = b""
        self._more = threading.Condition()

    def heard(self, data: bytes) -> None:
        with self._more:
            self._written += data
            self._more.notify_all()

    def until(self, end: bytes) -> bytes:
        """Return what was written up to ``end``, once it has come; what follows is kept."""
        with self._more:
            assert self._more.wait_for(lambda: end in self._written, _SECONDS), "it has not come"
            found, _, self._written = self._written.partition(end)
            return found + end


@contextmanager
def listening_to(port: int) -> Iterator[Wire]:
    """Give a wire that leads to the server at ``port``."""
    wire = Wire()

    class Handler(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            with socket.create_connection(("127.0.0.1", port)) as server:
                back = threading.Thread(target=_copy, args=(server, self.request, None))
                back.start()
                _copy(self.request, server, wire)
                back.join()

    with serving(StandIn(Handler)) as wire.port:
        yield wire


def _copy(source: socket.socket, sink: socket.socket, wire: Wire | None) -> None:
    """Hand on what comes until one side has had enough."""
    with suppress(OSError):
        while data := source.recv(65_536):
            if wire is not None:
                wire.heard(data)
            sink.sendall(data)
    for end in (source, sink):
        with suppress(OSError):
            end.shutdown(socket.SHUT_RDWR)
