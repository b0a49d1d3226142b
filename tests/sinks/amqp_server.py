"""A server that speaks enough of AMQP 0-9-1 for pika to open a channel and publish."""

from __future__ import annotations

import socketserver
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from queue import SimpleQueue

_METHOD, _HEADER, _BODY, _END = 1, 2, 3, b"\xce"
_REPLIES = {
    (10, 11): struct.pack(">HHHIH", 10, 30, 0, 131_072, 0),  # start-ok: tune
    (10, 40): struct.pack(">HHB", 10, 41, 0),  # open: open-ok
    (10, 50): struct.pack(">HH", 10, 51),  # close: close-ok
    (20, 10): struct.pack(">HHI", 20, 11, 0),  # channel
    (20, 40): struct.pack(">HH", 20, 41),
    (85, 10): struct.pack(">HH", 85, 11),  # confirm.select
}


class AmqpServer:
    """Its port, and the bodies that were published."""

    def __init__(self) -> None:
        self.bodies: SimpleQueue[bytes] = SimpleQueue()
        self.port = 0


@contextmanager
def amqp_server() -> Iterator[AmqpServer]:
    """Serve on loopback; bodies of at most one frame."""
    state = AmqpServer()

    class Handler(socketserver.StreamRequestHandler):
        def send(self, channel: int, payload: bytes) -> None:
            self.wfile.write(struct.pack(">BHI", _METHOD, channel, len(payload)) + payload + _END)

        def handle(self) -> None:
            self.rfile.read(8)
            text = struct.pack(">I", 5) + b"PLAIN" + struct.pack(">I", 5) + b"en_US"
            self.send(0, struct.pack(">HHBBI", 10, 10, 0, 9, 0) + text)
            while len(head := self.rfile.read(7)) == 7:
                kind, channel, size = struct.unpack(">BHI", head)
                payload = self.rfile.read(size + 1)[:-1]
                if kind == _BODY:
                    state.bodies.put(payload)
                elif kind == _METHOD:
                    reply = _REPLIES.get(struct.unpack(">HH", payload[:4]))
                    if reply is not None:
                        self.send(channel, reply)

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
