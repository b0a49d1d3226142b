"""A server that speaks enough of MongoDB's wire protocol (OP_MSG) for pymongo to write to it."""

from __future__ import annotations

import socketserver
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import bson

from tests.serving import StandIn, serving

_OP_MSG, _OP_QUERY = 2013, 2004
_HELLO = {
    "ok": 1,
    "isWritablePrimary": True,
    "ismaster": True,
    "maxBsonObjectSize": 16_777_216,
    "maxMessageSizeBytes": 48_000_000,
    "maxWriteBatchSize": 100_000,
    "minWireVersion": 0,
    "maxWireVersion": 25,
    "logicalSessionTimeoutMinutes": 30,
    "readOnly": False,
}


class MongoServer:
    """Its address, and the commands it was sent, with their documents."""

    def __init__(self) -> None:
        self.commands: list[dict[str, Any]] = []
        self.port = 0


@contextmanager
def mongo_server() -> Iterator[MongoServer]:
    """Serve on loopback: everything succeeds, except what goes to the collection ``nope``."""
    state = MongoServer()

    class Handler(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            while len(head := self.rfile.read(16)) == 16:
                length, number, _, code = struct.unpack("<iiii", head)
                body = self.rfile.read(length - 16)
                command = _legacy(body) if code == _OP_QUERY else _command(body)
                reply = bson.encode(self.answer(command))
                if code == _OP_QUERY:
                    message, kind = struct.pack("<iqii", 8, 0, 0, 1) + reply, 1
                else:
                    message, kind = b"\0\0\0\0\0" + reply, _OP_MSG
                self.wfile.write(struct.pack("<iiii", 16 + len(message), 1, number, kind) + message)

        def answer(self, command: dict[str, Any]) -> dict[str, Any]:
            name = next(iter(command))
            if name.lower() in ("hello", "ismaster"):
                return _HELLO
            state.commands.append(command)
            if command[name] == "nope":
                return {"ok": 0, "code": 13, "errmsg": "not authorized"}
            if name in ("find", "aggregate"):
                return {"ok": 1, "cursor": {"id": 0, "ns": "app.leads", "firstBatch": []}}
            return {"ok": 1, "n": 1, "nModified": 1, "value": None}

    with serving(StandIn(Handler)) as state.port:
        yield state


def _legacy(body: bytes) -> dict[str, Any]:
    begins = body.index(b"\0", 4) + 9
    return dict(bson.decode(body[begins:]))


def _command(body: bytes) -> dict[str, Any]:
    command: dict[str, Any] = {}
    at = 4
    while at < len(body):
        kind, at = body[at], at + 1
        size = int.from_bytes(body[at : at + 4], "little")
        section, at = body[at : at + size], at + size
        if kind == 0:
            command.update(bson.decode(section))
        else:
            name, _, documents = section[4:].partition(b"\0")
            command[name.decode()] = bson.decode_all(documents)
    return command
