"""One outgoing connection of the last door: whom it leads to, and what went out last.

A value may be split across writes, so each write is looked at together with the end of what went
before it. What was reported of a connection is not reported again by the next writes of the same
message: those of one request or job, without a pause between them.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from types import FrameType
from typing import Any

from sst_otel import semconv
from sst_otel.missed import BARE, SEALED, missed
from sst_otel.scope import current_scope
from sst_otel.shares import Call
from sst_otel.sinks.elsewhere import DRIVERS, OWN_SINKS, below_sqlalchemy, is_in, writer_of
from sst_otel.sinks.outgoing import Outgoing
from sst_otel.sinks.ownership import Server
from sst_otel.sinks.share import Share
from sst_otel.sinks.websocket_frames import Frames, is_frame
from sst_otel.sinks.wire import described, is_encrypted

WINDOW = 4_096
"""Bytes of the writes before that the next one is looked at with."""
MAX_WRITE = 4_000_000
"""Bytes of one write that are looked at."""
PAUSE = 1.0
"""Seconds without a write that end a message."""
LONGEST = 10.0
"""Seconds after which a message that goes on and on counts as another."""
_HEAD = 32
_SSH = b"SSH-"
"""How a connection begins that encrypts by itself (RFC 4253, 4.2)."""
_LONGEST_HEAD = 16_384
_UPGRADE = re.compile(rb"\r\nupgrade:[ \t]*websocket", re.IGNORECASE)
_MARK = "connections"
"""Note in a scope: what stands for it here."""


class Connection:
    """One connection that this process opened."""

    __slots__ = (
        "_begun",
        "_clock",
        "_frames",
        "_last",
        "_looked",
        "_rest",
        "_said",
        "_scope",
        "_window",
        "elsewhere",
        "host",
        "pending",
        "port",
        "reference",
        "system",
        "writer",
    )

    def __init__(self, host: str, port: int | None, clock: Callable[[], float]) -> None:
        self.host = host
        """The name the application asked for; an address where it gave none."""
        self.port = port
        self.elsewhere: bool | None = None
        """Whether another sink looks at all of it, or it is encrypted; None = not known yet."""
        self.writer = ""
        """The module that wrote here first, above the standard library's own layers."""
        self.system = ""
        """OpenTelemetry's name of the database, where a driver of one writes to it."""
        self.pending: list[Share] = []
        """Shares whose bytes the socket has not taken yet."""
        self.reference: Any = None
        self._clock = clock
        self._frames: Frames | None = None  # where it is a WebSocket
        self._window = b""
        self._said: dict[str, set[str]] = {}  # owner_ref → tag ids
        self._scope: Any = None
        self._looked = 0  # bytes ahead of what was taken
        self._rest = (0, b"")  # length and beginning of what was not taken
        self._begun = self._last = 0.0

    def __repr__(self) -> str:
        return f"<Connection to {self.host}>"

    def skip(self, data: memoryview, caller: FrameType | None) -> bool:
        """Whether this write needs no look; learns from the first who writes here."""
        if self.elsewhere is None:
            self.writer = writer = writer_of(caller)
            self.elsewhere = is_in(writer, OWN_SINKS)
            self.system = next((DRIVERS[name] for name in DRIVERS if is_in(writer, (name,))), "")
            if not self.elsewhere and bytes(data[:4]) == _SSH:
                self.elsewhere = True
                missed(SEALED, writer)
        if not self.elsewhere and is_encrypted(data):
            self.elsewhere = True
        return self.elsewhere

    def look(self, emit: Outgoing, data: memoryview) -> Share | None:
        """Look at a write with what went before it; None if nothing new is in it."""
        if self._is_rest(data):
            return None
        now = self._clock()
        scope = current_scope().state.setdefault(_MARK, object())  # not itself: it holds values
        if now - self._last > PAUSE or now - self._begun > LONGEST or scope is not self._scope:
            self._window, self._said, self._begun, self._scope = b"", {}, now, scope
        self._last = now
        self._looked = min(len(data), MAX_WRITE)
        whole = type(data.obj) is bytes and len(data.obj) == len(data) <= MAX_WRITE
        held: Any = data.obj if whole else bytes(data[:MAX_WRITE])
        said = self._said_in_frames(held)
        call = described(self._window, held if said is None else said, self.host, self.port)
        if call.method == "CONNECT":  # to a proxy: what follows is for whom it names
            self.host, self.port = call.host, call.port
            self._scope = None  # another message
            return None
        if call.method:
            self.host = call.host
            if _UPGRADE.search(held, 0, _LONGEST_HEAD) is not None:
                self._frames = Frames()
        if said is not None:
            self._window = (self._window + said)[-WINDOW:]
        if self.system:
            call = self._to_driver(emit, call)
        return self._new(emit(call))

    def _said_in_frames(self, data: bytes) -> bytes | None:
        """Return what WebSocket frames say; None for other bytes."""
        if self._frames is None:
            if not is_frame(data):
                return None
            self._frames = Frames()
        try:
            return self._frames.read(data, MAX_WRITE)
        except ValueError:
            self._frames = None
            return None

    def _to_driver(self, emit: Outgoing, call: Call) -> Call:
        """Describe what a database's driver writes: to the application's own, or to another."""
        server = Server(self.system, self.host.lower(), self.port)
        emit.ownership.connected(server)
        return replace(
            call,
            destination=f"{self.system} {self.host}",
            own=emit.ownership.is_own(server),
            attributes={semconv.DB_SYSTEM: self.system},
        )

    def taken(self, data: memoryview, count: int | None) -> None:
        """Note how many bytes of ``data`` the socket took, None = all."""
        count = len(data) if count is None else count
        if self._frames is None:
            self._window = (self._window + bytes(data[max(0, count - WINDOW) : count]))[-WINDOW:]
        self._looked -= count
        self.left(data[count:])
        shares, self.pending = self.pending, []
        for share in shares:
            share.done()

    def left(self, data: memoryview) -> None:
        """Note what the socket has not taken: it will be offered again."""
        self._rest = (len(data), bytes(data[:_HEAD]))

    def _is_rest(self, data: memoryview) -> bool:
        """Whether a write goes on with one that was looked at and only taken in part."""
        return self._looked > 0 and self._rest == (len(data), bytes(data[:_HEAD]))

    def failed(self, error: BaseException) -> None:
        """Note that a write failed."""
        shares, self.pending = self.pending, []
        for share in shares:
            share.failed(error)

    def forget(self) -> None:
        """Drop what went before: it was looked at elsewhere."""
        self._window = b""

    def sweep(self) -> None:
        """Drop what went before if its message is over."""
        if self._clock() - self._last > PAUSE:
            self.forget()

    def _new(self, share: Share) -> Share | None:
        kept = []
        for event in share.events:
            said = self._said.setdefault(event.owner_ref, set())
            tags = {finding.tag.tag_id for finding in event.findings}
            if not tags <= said:
                said |= tags
                kept.append(event)
        if not kept or (self.system and below_sqlalchemy()):
            return None
        missed(BARE, self.writer, len(kept))
        share.events = tuple(kept)
        self.pending.append(share)
        return share
