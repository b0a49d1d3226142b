"""The outgoing connections of this process, by the object that is written to, and their names."""

from __future__ import annotations

import weakref
from collections import OrderedDict
from collections.abc import Callable
from typing import Any

from sst_otel.sinks.connection import Connection

_MAX_NAMES = 4_096

_all: weakref.WeakSet[Connections] = weakref.WeakSet()


class Connections:
    """All that this process opened, by the object that is written to."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._known: dict[int, Connection] = {}
        self.opened = self._known.keys()
        """The ids of what is known, for a first test that costs next to nothing."""
        self._served: dict[int, Any] = {}
        self._names: OrderedDict[str, str] = OrderedDict()  # address → name asked for

        _all.add(self)

    def clear(self) -> None:
        """Forget all of them."""
        self._known.clear()
        self._served.clear()
        self._names.clear()

    def resolved(self, name: str, addresses: list[str]) -> None:
        """Note that the application asked for ``name``; an address in its place says nothing."""
        for address in addresses:
            if address == name:
                continue
            self._names[address] = name
            self._names.move_to_end(address)
        while len(self._names) > _MAX_NAMES:
            self._names.popitem(last=False)

    def name_of(self, host: str) -> str:
        """Return the name that was asked for where ``host`` is an address."""
        return self._names.get(host, host)

    def get(self, channel: Any) -> Connection | None:
        """Return what ``channel`` (a socket, a transport) leads to; None = not opened by us."""
        return self._known.get(id(channel))

    def add(self, channel: Any, host: str, port: int | None) -> Connection:
        """Note that ``channel`` leads to ``host``."""
        key, known = id(channel), self._known
        connection = self.made(host, port)

        def gone(_reference: Any) -> None:
            if known.get(key) is connection:
                del known[key]

        connection.reference = weakref.ref(channel, gone)
        known[key] = connection
        return connection

    def sweep(self) -> None:
        """Keep nothing of what went out by connections that have fallen silent."""
        for connection in list(self._known.values()):
            connection.sweep()

    def made(self, host: str, port: int | None) -> Connection:
        """Return what leads to ``host`` without being kept: one datagram does."""
        return Connection(self.name_of(host), port, self._clock)

    def serves(self, channel: Any) -> None:
        """Note that others find ``channel`` at a port: what it sends are answers."""
        key, served = id(channel), self._served
        served[key] = weakref.ref(channel, lambda _: served.pop(key, None))

    def is_served(self, channel: Any) -> bool:
        """Whether ``channel`` is one that others find."""
        return id(channel) in self._served

    def drop(self, channel: Any) -> None:
        """Forget ``channel``: it leads elsewhere now."""
        self._known.pop(id(channel), None)


def sweep() -> None:
    """Forget what went out by connections that have fallen silent; called now and then."""
    for connections in list(_all):
        connections.sweep()
