"""Whom a socket leads to: names asked for, addresses connected to, datagrams sent off."""

from __future__ import annotations

import socket
import sys
from types import FrameType
from typing import Any

from sst_otel.beside import noting, watching
from sst_otel.patching import Wrapper
from sst_otel.sinks.claims import is_claimed
from sst_otel.sinks.connections import Connections
from sst_otel.sinks.ending import ended
from sst_otel.sinks.outgoing import Outgoing
from sst_otel.sinks.share import Share
from sst_otel.sinks.taps import PLACE
from sst_otel.sinks.wire import view_of
from sst_otel.sinks.wrapping import Args, Kwargs

_INTERNET = (socket.AF_INET, socket.AF_INET6)


def connects(known: Connections) -> Wrapper:
    """Return the wrapper of ``connect``: whom a socket leads to."""

    def note(channel: Any, args: Args, _kwargs: Kwargs) -> None:
        address = args[0] if args else None
        if channel.family in _INTERNET and type(address) is tuple and len(address) >= 2:
            known.add(channel, _text(address[0]), address[1])
        else:
            known.drop(channel)

    return noting(PLACE, note)


def binds(known: Connections) -> Wrapper:
    """Return the wrapper of ``bind``: datagrams from a port that was chosen are answers."""

    def note(channel: Any, args: Args, _kwargs: Kwargs) -> None:
        address = args[0] if args else None
        if channel.family in _INTERNET and type(address) is tuple and address[1]:
            known.serves(channel)

    return noting(PLACE, note)


def names(known: Connections) -> Wrapper:
    """Return the wrapper of ``getaddrinfo``: which name an address was asked for by."""

    def after(_module: Any, found: Any, args: Args, kwargs: Kwargs) -> None:
        name = _text(args[0] if args else kwargs.get("host"))
        if name:
            known.resolved(name, [entry[4][0] for entry in found])

    return watching(PLACE, after)


def _text(host: Any) -> str:
    if isinstance(host, (bytes, bytearray)):
        return host.decode("ascii", "replace")
    return host if isinstance(host, str) else ""


def datagrams(emit: Outgoing, known: Connections) -> Wrapper:
    """Return the wrapper of ``sendto``: each datagram is a message of its own."""

    def begin(channel: Any, args: Args, kwargs: Kwargs) -> tuple[Share | None, Args, Kwargs]:
        caller = sys._getframe(2)  # of the wrapper
        return _datagram(emit, known, channel, args, caller), args, kwargs

    return ended(PLACE, begin)


def _datagram(
    emit: Outgoing, known: Connections, channel: Any, args: Args, caller: FrameType | None
) -> Share | None:
    address = args[-1] if len(args) > 1 else None
    if emit.idle() or is_claimed() or channel.family not in _INTERNET:
        return None
    if type(address) is not tuple or known.is_served(channel):
        return None
    connection = known.made(_text(address[0]), address[1])
    data = view_of(args[0])
    if data is None or connection.skip(data, caller):
        return None
    share = connection.look(emit, data)
    return share.write() if share is not None else None
