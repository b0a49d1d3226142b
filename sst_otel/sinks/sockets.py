"""The last door: what is written to a connection of this process that no other sink looked at.

Plain text is seen at ``socket.socket``, what will be encrypted at ``ssl`` and asyncio's transports,
before it is. Connections that came in (an answer to a browser), Unix sockets and pairs are no door.
What passes below it: :data:`sst_otel.cli.packages.BELOW`, ``os.write`` and ``os.sendfile``.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from types import FrameType, ModuleType
from typing import Any

from sst_otel.patching import Patches
from sst_otel.sinks import other_sockets
from sst_otel.sinks.addresses import binds, connects, datagrams, names
from sst_otel.sinks.connection import Connection
from sst_otel.sinks.connections import Connections
from sst_otel.sinks.outgoing import Outgoing
from sst_otel.sinks.taps import PLACE, Find, given, joined, tap

_WRITES = ("write", "_write")


def install(emit: Outgoing, clock: Callable[[], float] = time.monotonic) -> Patches:
    """Watch what leaves by sockets; ``clock`` in seconds, to tell messages apart."""
    patches = Patches(PLACE)
    known = Connections(clock)
    patches.on_undo(known.clear)
    plain, encrypted = _plain(known), _encrypted(known)
    for name, data in (("send", given), ("sendall", given), ("sendmsg", joined)):
        wrapper = tap(emit, plain, data, known.opened)
        patches.wrap("socket", f"socket.{name}", wrapper, optional=name == "sendmsg")
    patches.wrap("socket", "socket.sendto", datagrams(emit, known))
    patches.wrap("socket", "getaddrinfo", names(known))
    for name in ("connect", "connect_ex"):
        patches.wrap("socket", f"socket.{name}", connects(known))
    # eventlet's, where it stands in the standard library's place, has it of each socket below.
    patches.wrap("socket", "socket.bind", binds(known), optional=True)
    for path in ("SSLSocket.send", "SSLSocket.write", "SSLObject.write"):
        patches.wrap("ssl", path, tap(emit, encrypted))

    def transports(module: ModuleType) -> None:
        kinds = (
            ("_SelectorSocketTransport", _transport(known)),
            ("_SSLProtocolTransport", _encrypted_transport(known)),
        )
        for kind, find in kinds:
            methods = vars(getattr(module, kind, None) or type)
            for name, data in (("write", given), ("writelines", joined)):
                if name in methods:  # inherited, it calls write
                    patches.wrap(module.__name__, f"{kind}.{name}", tap(emit, find, data))

    patches.when_imported("asyncio.selector_events", transports)
    patches.when_imported("asyncio.sslproto", transports)
    other_sockets.install(patches, emit, known, plain, encrypted)
    return patches


def _plain(known: Connections) -> Find:
    def find(channel: Any, caller: FrameType | None) -> Connection | None:
        connection = known.get(channel)
        if connection is None or connection.elsewhere:
            return None
        # What a transport writes was looked at when the transport was given it.
        by_loop = _is_from("asyncio.selector_events", caller)
        if caller is not None and by_loop and caller.f_code.co_name.startswith(_WRITES):
            return None
        return connection

    return find


def _encrypted(known: Connections) -> Find:
    def find(channel: Any, caller: FrameType | None) -> Connection | None:
        if channel.server_side or _is_from("asyncio.sslproto", caller):
            return None
        if channel._sslobj is None:
            return None  # not encrypted yet: it goes to socket.socket
        connection = known.get(channel)
        if connection is None:
            connection = known.add(channel, *_peer(channel, channel.server_hostname))
        return None if connection.elsewhere else connection

    return find


def _is_from(module: str, caller: FrameType | None) -> bool:
    return caller is not None and caller.f_globals.get("__name__") == module


def _peer(channel: Any, name: str | None) -> tuple[str, int | None]:
    """Return the name that was asked for, or the address of the peer, and its port."""
    address: Any = ()
    getpeername = getattr(channel, "getpeername", None)
    if getpeername is not None:
        address = getpeername()
    host, port = (address[0], address[1]) if len(address) >= 2 else ("", None)
    return name or host, port


def _transport(known: Connections) -> Find:
    def find(transport: Any, _caller: FrameType | None) -> Connection | None:
        connection = known.get(transport._sock)
        if connection is None or connection.elsewhere:
            return None
        if type(transport._protocol).__name__ == "SSLProtocol":
            connection.elsewhere = True  # its own transport has shown it
            return None
        return connection

    return find


def _encrypted_transport(known: Connections) -> Find:
    def find(transport: Any, _caller: FrameType | None) -> Connection | None:
        connection = known.get(transport)
        if connection is None:
            protocol = transport._ssl_protocol
            if protocol._server_side:
                return None
            address = transport.get_extra_info("peername") or ("", None)
            name = protocol._server_hostname or address[0]
            connection = known.add(transport, name, address[1])
        return None if connection.elsewhere else connection

    return find
