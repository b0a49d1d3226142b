"""Looking at writes to connections: what the last door's hooks have in common."""

from __future__ import annotations

import ssl
import sys
from collections.abc import Callable, Container
from types import FrameType
from typing import Any

from sst_otel.guard import guard
from sst_otel.patching import Wrapper
from sst_otel.sinks.claims import is_claimed
from sst_otel.sinks.connection import Connection
from sst_otel.sinks.outgoing import Outgoing
from sst_otel.sinks.wire import as_bytes, view_of
from sst_otel.sinks.wrapping import Args, Kwargs
from sst_otel.tracebacks import drop_own_entry

PLACE = "sink.sockets"
_guarded = guard(PLACE)
_UNDECIDED = (BlockingIOError, InterruptedError, ssl.SSLWantReadError, ssl.SSLWantWriteError)
"""Errors after which the same bytes are written again."""
_UNDECIDED_NAMES = ("WantReadError", "WantWriteError")
"""The same of pyOpenSSL."""

Find = Callable[[Any, "FrameType | None"], "Connection | None"]
"""``find(channel, caller)`` → where ``channel`` leads to; None for what is not looked at."""


def given(args: Args, kwargs: Kwargs) -> Any:
    """Return the bytes of a call that takes them in one piece."""
    return args[0] if args else kwargs.get("data")


def joined(args: Args, kwargs: Kwargs) -> Any:
    """Return several pieces as one; None where they are an iterator, which is not ours to ask."""
    pieces = args[0] if args else kwargs.get("list_of_data")
    if not isinstance(pieces, (list, tuple)):
        return None
    return b"".join(as_bytes(piece) or b"" for piece in pieces)


def tap(
    emit: Outgoing,
    find: Find,
    data_of: Callable[[Args, Kwargs], Any] = given,
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
    if isinstance(error, _UNDECIDED) or type(error).__name__ in _UNDECIDED_NAMES:
        if data is not None:
            connection.left(data)
    else:
        connection.failed(error)


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
