"""Cursors of asynchronous DB-API drivers as a source: the subclasses of their classes."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from sst_otel.guard import guard
from sst_otel.sources.cursors import CursorSource, arguments, look
from sst_otel.tracebacks import drop_own_entry


def async_cursor_class(base: Any, source: CursorSource) -> type:
    """Return a subclass of a driver's or the application's cursor class, as the sync ones are."""

    def executed(name: str, several: bool) -> Callable[..., Any]:
        run = getattr(base, name)

        async def method(self: Any, *args: Any, **kwargs: Any) -> Any:
            try:
                result = await run(self, *args, **kwargs)
            except BaseException as error:
                del self, args, kwargs
                drop_own_entry(error)
                raise
            with guard(source.place):
                given = arguments(args, kwargs)
                source.executed(self, given[:1] if several else given)
            return result

        method.__name__ = name
        return method

    def fetched(name: str, several: bool) -> Callable[..., Any]:
        fetch = getattr(base, name)

        def note(self: Any, result: Any) -> None:
            with guard(source.place):
                if source.active and result is not None:
                    look(self._sst_read, result, several)

        async def awaited(self: Any, made: Any) -> Any:
            try:
                result = await made
            except BaseException as error:
                del self, made
                drop_own_entry(error)
                raise
            note(self, result)
            return result

        def method(self: Any, *args: Any, **kwargs: Any) -> Any:
            try:
                made = fetch(self, *args, **kwargs)
            except BaseException as error:
                del self, args, kwargs
                drop_own_entry(error)
                raise
            if not isinstance(made, asyncio.Future):
                return awaited(self, made)
            if made.done() and not made.cancelled() and made.exception() is None:
                note(self, made.result())  # of rows that were there already
            return made

        method.__name__ = name
        return method

    shown = {"__module__": base.__module__, "__qualname__": base.__qualname__, "__doc__": None}
    runs = {"execute": executed("execute", False), "executemany": executed("executemany", True)}
    quiet: Any = type(base.__name__, (base,), {**shown, **runs})
    fetches = {name: fetched(name, name != "fetchone") for name in _FETCHES}
    quiet._sst_watched = type(base.__name__, (quiet,), {**shown, **fetches, "_sst_quiet": quiet})
    return quiet  # type: ignore[no-any-return]


_FETCHES = ("fetchone", "fetchmany", "fetchall")
"""Iteration asks for one after the other."""
