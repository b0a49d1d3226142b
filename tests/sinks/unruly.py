"""A loopback server that does as it is told: answers, resets, says nothing, talks nonsense.

Also what a program came to, in a form that two runs of it can be compared by.
"""

from __future__ import annotations

import re
import socket
import socketserver
import struct
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Any

import sst_otel
from tests.serving import StandIn, serving

MAIL = "ann.keller@example.com"
OURS = str(Path(sst_otel.__file__).parent)

ANSWER = (
    b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n"
    b"Connection: close\r\n\r\n{}"
)
WAYS = ("answers", "resets", "is silent", "talks nonsense", "hangs up")


class Unruly:
    """A server; each connection is read until the e-mail address has come, then treated."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.way = "answers"
        self.answer = ANSWER
        self.greets = False
        """Whether it treats a connection at once, before anything has come."""
        self.received: SimpleQueue[bytes] = SimpleQueue()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def serve(self, peer: socket.socket) -> None:
        """Treat one connection."""
        got = b""
        with peer:
            while not self.greets and not _is_whole(got) and (data := peer.recv(65_536)):
                got += data
            self.received.put(got)
            if self.way == "resets":
                peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                return
            if self.way == "answers":
                peer.sendall(self.answer)
            elif self.way == "talks nonsense":
                peer.sendall(b"\x00\xff nonsense \x01\r\n\r\n")
            if self.way != "is silent":
                peer.shutdown(socket.SHUT_WR)
            while peer.recv(65_536):
                pass

    def taken(self) -> list[str]:
        """Return what the connections since the last time brought, without what changes."""
        taken = []
        with suppress(Empty):
            while True:
                taken.append(self.received.get_nowait())
        return [_without_changes(data.decode("latin-1")) for data in taken]


def _is_whole(got: bytes) -> bool:
    """Whether a request is there up to its end; another message ends with the e-mail address."""
    head, blank, body = got.partition(b"\r\n\r\n")
    length = re.search(rb"content-length: (\d+)", head, re.IGNORECASE)
    if blank and b" HTTP/1." in head:
        chunked = b"chunked" in head
        whole = body.endswith(b"0\r\n\r\n") or not chunked
        return len(body) >= int(length[1]) if length else whole
    return MAIL.encode() in got


@contextmanager
def unruly_server() -> Iterator[Unruly]:
    """Serve until the block ends."""

    class Handler(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            with suppress(OSError):
                unruly.serve(self.request)

    with serving(StandIn(Handler)) as port:
        unruly = Unruly(port)
        yield unruly


def closed_port() -> int:
    """Return a port where nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port: int = server.getsockname()[1]
    return port


@dataclass(frozen=True)
class Came:
    """What a program came to."""

    result: str
    """Type and value of what it returned."""
    error: tuple[str, ...] = ()
    """Type and text of the exception, then of each it came from."""
    frames: tuple[tuple[str, str], ...] = ()
    """File and function of each entry of its traceback and of those it came from, ours left out."""


_CHANGING = re.compile(r"\b(?:0x)?[0-9a-f-]{8,}\b|\d+ milliseconds|\d+\.\d+ ?m?s\b|\d{4,}|\bfd=\d+")
"""Addresses, ids, times, ports."""


def _without_changes(text: str) -> str:
    return _CHANGING.sub("#", text)


def come_of(program: Callable[[], Any]) -> Came:
    """Run ``program`` and return what came of it, without addresses, ports and times."""
    try:
        result = program()
    except BaseException as error:
        frames = [frame for one in _chain(error) for frame in _frames(one)]
        return Came("", tuple(map(_text, _chain(error))), tuple(frames))
    return Came(f"{type(result).__qualname__}: {_without_changes(repr(result))}")


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    """Yield an exception, and those it came from, whether they are shown or not."""
    waiting, seen = [error], set[int]()
    while waiting:
        error = waiting.pop()
        if error is not None and id(error) not in seen:
            seen.add(id(error))
            yield error
            waiting += [error.__cause__, error.__context__]


def _text(error: BaseException) -> str:
    kind = f"{type(error).__module__}.{type(error).__qualname__}"
    hidden = "hides its context" if error.__suppress_context__ else ""
    notes = getattr(error, "__notes__", [])
    return f"{kind}: {_without_changes(repr(error.args))} {hidden} {notes}"


def _frames(error: BaseException) -> Iterator[tuple[str, str]]:
    """Yield what a traceback shows but for our frames: it never ends in one, nor do they tell."""
    trace = error.__traceback__
    while trace is not None:
        code = trace.tb_frame.f_code
        if not code.co_filename.startswith(OURS):
            yield code.co_filename, code.co_name
        else:
            where = f"{code.co_filename}:{code.co_name}"
            assert trace.tb_next is not None, f"ends in {where}"
            assert MAIL not in repr(trace.tb_frame.f_locals), f"is told in {where}"
        trace = trace.tb_next
