"""Streamed responses: what makes their pieces still belongs to the request."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from sst_otel.lifetime import Lease
from sst_otel.scope import leave_scope, open_scope
from sst_otel.tracebacks import drop_own_entry


class InScope:
    """An iterator over ``pieces`` that makes each with the scope of ``lease`` current.

    The scope is current only while a piece is made: between two, the server's thread does other
    things. Its lease ends when the pieces do, or when they are closed.
    """

    def __init__(self, pieces: Iterable[Any], lease: Lease) -> None:
        self._pieces = pieces
        self._iterator: Iterator[Any] | None = None
        self._lease = lease

    def __iter__(self) -> InScope:
        return self

    def __next__(self) -> Any:
        token = open_scope(self._lease.scope)
        try:
            if self._iterator is None:
                self._iterator = iter(self._pieces)
            return next(self._iterator)
        except StopIteration:
            self._lease.end()
            raise
        except BaseException as error:
            drop_own_entry(error)
            raise
        finally:
            leave_scope(token)

    def close(self) -> None:
        """Close the pieces, if they can be, as their scope's last act."""
        close = getattr(self._pieces, "close", None)
        token = open_scope(self._lease.scope)
        try:
            if close is not None:
                close()
        finally:
            leave_scope(token)
            self._lease.end()


class AsyncInScope:
    """The :class:`InScope` of an asynchronous iterable."""

    def __init__(self, pieces: Any, lease: Lease) -> None:
        self._pieces = pieces
        self._iterator: Any = None
        self._lease = lease

    def __aiter__(self) -> AsyncInScope:
        return self

    async def __anext__(self) -> Any:
        token = open_scope(self._lease.scope)
        try:
            if self._iterator is None:
                self._iterator = aiter(self._pieces)
            return await anext(self._iterator)
        except StopAsyncIteration:
            self._lease.end()
            raise
        except BaseException as error:
            drop_own_entry(error)
            raise
        finally:
            leave_scope(token)
