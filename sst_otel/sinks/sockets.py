"""The last door: what is written to a connection of this process that no other sink looked at.

Plain text is seen at ``socket.socket``, what will be encrypted at ``ssl`` and asyncio's transports,
before it is. Connections that came in (an answer to a browser), Unix sockets and pairs are no door.
What passes below it stands in :data:`sst_otel.sinks.elsewhere.BELOW`.
"""

from __future__ import annotations

import ssl
import sys
import time
from collections.abc import Callable, Container
from types import FrameType, ModuleType
from typing import Any

from sst_otel.guard import guard
from sst_otel.patching import Patches, Wrapper
from sst_otel.sinks.addresses import binds, connects, datagrams, names
from sst_otel.sinks.claims import is_claimed
from sst_otel.sinks.connections import Connection, Connections
from sst_otel.sinks.outgoing import Outgoing
from sst_otel.sinks.wire import as_bytes, view_of
from sst_otel.sinks.wrapping import Args, Kwargs
from sst_otel.tracebacks import drop_own_entry

_PLACE = "sink.sockets"
_guarded = guard(_PLACE)
_UNDECIDED = (BlockingIOError, InterruptedError, ssl.SSLWantReadError, ssl.SSLWantWriteError)
"""Errors after which the same bytes are written again."""
_WRITES = ("write", "_write")

Find = Callable[[Any, "FrameType | None"], "Connection | None"]


def install(emit: Outgoing, clock: Callable[[], float] = time.monotonic) -> Patches:
    """Watch what leaves by sockets; ``clock`` in seconds, to tell messages apart."""
    patches = Patches(_PLACE)
    known = Connections(clock)
    patches.on_undo(known.clear)
    plain = _plain(known)
    for name, data in (("send", _given), ("sendall", _given), ("sendmsg", _joined)):
        wrapper = _tap(emit, plain, data, known.opened)
        patches.wrap("socket", f"socket.{name}", wrapper, optional=name == "sendmsg")
    patches.wrap("socket", "socket.sendto", datagrams(emit, known))
    patches.wrap("socket", "getaddrinfo", names(known))
    for name in ("connect", "connect_ex"):
        patches.wrap("socket", f"socket.{name}", connects(known))
    patches.wrap("socket", "socket.bind", binds(known))
    for path in ("SSLSocket.send", "SSLSocket.write", "SSLObject.write"):
        patches.wrap("ssl", path, _tap(emit, _encrypted(known)))

    def transports(module: ModuleType) -> None:
        kinds = (
            ("_SelectorSocketTransport", _transport(known)),
            ("_SSLProtocolTransport", _encrypted_transport(known)),
        )
        for kind, find in kinds:
            methods = vars(getattr(module, kind, None) or type)
            for name, data in (("write", _given), ("writelines", _joined)):
                if name in methods:  # inherited, it calls write
                    patches.wrap(module.__name__, f"{kind}.{name}", _tap(emit, find, data))

    patches.when_imported("asyncio.selector_events", transports)
    patches.when_imported("asyncio.sslproto", transports)
    return patches


def _given(args: Args, kwargs: Kwargs) -> Any:
    return args[0] if args else kwargs.get("data")


def _joined(args: Args, kwargs: Kwargs) -> Any:
    """Return several pieces as one; None where they are an iterator, which is not ours to ask."""
    pieces = args[0] if args else kwargs.get("list_of_data")
    if not isinstance(pieces, (list, tuple)):
        return None
    return b"".join(as_bytes(piece) or b"" for piece in pieces)


def _tap(
    emit: Outgoing,
    find: Find,
    data_of: Callable[[Args, Kwargs], Any] = _given,
    opened: Container[int] | None = None,
) -> Wrapper:
    """Return a wrapper that looks at what is written to a connection.

    ``opened``: the ids of those that are known, where only they can be found.
    """

    def wrapper(wrapped: Callable[..., Any], instance: Any, args: Args, kwargs: Kwargs) -> Any:
        connection: Connection | None = None
        data = None
        if opened is None or id(instance) in opened:
            with _guarded:
                if not emit.idle():
                    connection = find(instance, sys._getframe(1))
                if connection is not None:
                    data = _seen(emit, connection, data_of, args, kwargs, sys._getframe(1))
        try:
            result = wrapped(*args, **kwargs)
        except BaseException as error:
            del wrapped, instance, args, kwargs
            if connection is not None:
                with _guarded:
                    _not_taken(connection, data, error)
            del data
            drop_own_entry(error)
            raise
        if connection is not None and data is not None:
            with _guarded:
                connection.taken(data, result if type(result) is int else None)
        return result

    return wrapper


def _not_taken(connection: Connection, data: memoryview | None, error: BaseException) -> None:
    if not isinstance(error, _UNDECIDED):
        connection.failed(error)
    elif data is not None:
        connection.left(data)


def _seen(
    emit: Outgoing,
    connection: Connection,
    data_of: Callable[[Args, Kwargs], Any],
    args: Args,
    kwargs: Kwargs,
    caller: FrameType | None,
) -> memoryview | None:
    """Look at a write, and make durable what was found; None where nothing is to be looked at."""
    if is_claimed():
        connection.forget()
        return None
    data = view_of(data_of(args, kwargs))
    if data is None or connection.skip(data, caller):
        return None
    share = connection.look(emit, data)
    if share is not None:
        share.write()
    return data


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
