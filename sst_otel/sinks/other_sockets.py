"""Sockets and encryption that are not Python's own: gevent's, eventlet's, and pyOpenSSL's.

gevent and eventlet have a socket class beside that of the standard library (and put it in its
place, where the application is patched). pyOpenSSL encrypts, on a socket or in memory (Twisted),
what nothing below it can read.
"""

from __future__ import annotations

import socket
from collections.abc import Callable
from types import FrameType, ModuleType
from typing import Any

from sst_otel.beside import noting
from sst_otel.patching import Patches, Wrapper
from sst_otel.sinks.addresses import binds, connects, datagrams, names
from sst_otel.sinks.connection import Connection
from sst_otel.sinks.connections import Connections
from sst_otel.sinks.outgoing import Outgoing
from sst_otel.sinks.taps import PLACE, Find, given, joined, tap
from sst_otel.sinks.wrapping import Args, Kwargs


def install(
    patches: Patches, emit: Outgoing, known: Connections, plain: Find, encrypted: Find
) -> None:
    """Watch them; ``plain`` and ``encrypted`` find what a socket leads to."""

    def green(kind: str) -> Callable[[ModuleType], None]:
        def watch(module: ModuleType) -> None:
            if vars(module).get(kind) is socket.socket:
                return  # it stands in the standard library's place, and is watched there
            for name, wrapper in (
                ("send", tap(emit, plain, given, known.opened)),
                ("sendmsg", tap(emit, plain, joined, known.opened)),
                ("sendto", datagrams(emit, known)),
                ("connect", connects(known)),
                ("connect_ex", connects(known)),
                ("bind", binds(known)),
            ):
                patches.wrap(module.__name__, f"{kind}.{name}", wrapper, optional=True)

        return watch

    patches.when_imported("gevent._socket3", green("socket"))
    patches.when_imported("eventlet.greenio.base", green("GreenSocket"))
    patches.wrap("gevent.socket", "getaddrinfo", names(known), optional=True)
    for name in ("send", "write"):
        patches.wrap("gevent.ssl", f"SSLSocket.{name}", tap(emit, encrypted), optional=True)

    mine = _openssl(known)
    for name in ("send", "write", "sendall"):
        wrapper = tap(emit, mine, _buffer, known.opened)
        patches.wrap("OpenSSL.SSL", f"Connection.{name}", wrapper)
    for name in ("set_connect_state", "connect"):
        patches.wrap("OpenSSL.SSL", f"Connection.{name}", _begins(known))


def _begins(known: Connections) -> Wrapper:
    def note(channel: Any, _args: Args, _kwargs: Kwargs) -> None:
        if known.get(channel) is None:
            known.add(channel, "", None)

    return noting(PLACE, note)


def _buffer(args: Args, kwargs: Kwargs) -> Any:
    data = args[0] if args else kwargs.get("buf")
    return data.encode() if type(data) is str else data  # as pyOpenSSL does


def _openssl(known: Connections) -> Find:
    def find(channel: Any, _caller: FrameType | None) -> Connection | None:
        connection = known.get(channel)
        if connection is not None and not connection.host:
            below = channel._socket
            address = below.getpeername() if below is not None else ("", None)
            asked = channel.get_servername()
            connection.host = asked.decode("ascii") if asked else known.name_of(address[0])
            connection.port = address[1]
        return None if connection is None or connection.elsewhere else connection

    return find
