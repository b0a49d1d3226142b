"""A server that speaks enough of AMQP 0-9-1 for clients to open a channel and publish."""

from __future__ import annotations

import socketserver
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from queue import SimpleQueue

from tests.serving import StandIn, serving

_METHOD, _HEADER, _BODY, _END = 1, 2, 3, b"\xce"
_CONFIRM, _ACK = (85, 10), (60, 80)
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
    """Serve on loopback; bodies of at most one frame, acknowledged to who asks for that."""
    state = AmqpServer()

    class Handler(socketserver.StreamRequestHandler):
        def send(self, channel: int, payload: bytes) -> None:
            self.wfile.write(struct.pack(">BHI", _METHOD, channel, len(payload)) + payload + _END)

        def handle(self) -> None:
            self.rfile.read(8)
            can = b"\x12publisher_confirmst\x01"
            about = b"\x0ccapabilitiesF" + struct.pack(">I", len(can)) + can
            texts = (about, b"PLAIN", b"en_US")
            said = b"".join(struct.pack(">I", len(one)) + one for one in texts)
            self.send(0, struct.pack(">HHBB", 10, 10, 0, 9) + said)
            published: dict[int, int] = {}  # by channel, of those that confirm
            while len(head := self.rfile.read(7)) == 7:
                kind, channel, size = struct.unpack(">BHI", head)
                payload = self.rfile.read(size + 1)[:-1]
                if kind == _BODY:
                    state.bodies.put(payload)
                    if channel in published:
                        published[channel] += 1
                        acknowledged = struct.pack(">HHQB", *_ACK, published[channel], 0)
                        self.send(channel, acknowledged)
                elif kind == _METHOD:
                    method = struct.unpack(">HH", payload[:4])
                    if method == _CONFIRM:
                        published[channel] = 0
                    reply = _REPLIES.get(method)
                    if reply is not None:
                        self.send(channel, reply)

    with serving(StandIn(Handler)) as state.port:
        yield state
