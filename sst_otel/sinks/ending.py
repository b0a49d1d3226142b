"""Calls that are looked at before they run, where what was found is told how they ended."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, Protocol

from sst_otel.guard import guard
from sst_otel.patching import Wrapper
from sst_otel.sinks.share import Share
from sst_otel.sinks.wrapping import Args, Kwargs
from sst_otel.tracebacks import drop_own_entry, unseen


class Found(Protocol):
    """What was found: a share, a statement with several, rows that are copied; or a claim."""

    def end(self, error: BaseException | None = None) -> None:
        """Note that the call returned, or what it raised."""


Begin = Callable[[Any, Args, Any], "tuple[Found | None, Args, Any]"]
"""``begin(instance, args, kwargs)`` → what was found if anything, and what to call with."""

AsyncBegin = Callable[[Any, Args, Any], "Awaitable[tuple[Found | None, Args, Any]]"]
"""The same of an ``async`` call."""


def ended(place: str, begin: Begin) -> Wrapper:
    """Return a wrapper that looks at a call by ``begin``."""
    guarded = guard(place)

    def wrapper(wrapped: Callable[..., Any], instance: Any, args: Args, kwargs: Kwargs) -> Any:
        found: Found | None = None
        try:
            with guarded:
                found, args, kwargs = begin(instance, args, kwargs)
            result = wrapped(*args, **kwargs)
        except BaseException as error:
            del wrapped, instance, args, kwargs
            if found is not None:
                with guarded:
                    found.end(error)
            drop_own_entry(error)
            raise
        if found is not None:
            with guarded:
                found.end()
        return result

    return wrapper


def async_ended(place: str, looks: Callable[[Any], bool], begin: AsyncBegin) -> Wrapper:
    """Return the :func:`ended` of an ``async`` method; ``looks(instance)``: whether it is to."""
    guarded = guard(place)

    async def call(wrapped: Callable[..., Any], instance: Any, args: Args, kwargs: Kwargs) -> Any:
        found: Found | None = None
        with guarded:
            found, args, kwargs = await begin(instance, args, kwargs)
        try:
            result = await wrapped(*args, **kwargs)
        except BaseException as error:
            del wrapped, instance, args, kwargs
            if found is not None:
                with guarded:
                    found.end(error)
            drop_own_entry(error)
            raise
        if found is not None:
            with guarded:
                found.end()
        return result

    @unseen
    def wrapper(wrapped: Callable[..., Any], instance: Any, args: Args, kwargs: Kwargs) -> Any:
        ours = False
        with guarded:
            ours = looks(instance)
        if ours:
            return call(wrapped, instance, args, kwargs)
        return wrapped(*args, **kwargs)

    return wrapper


def ended_method(place: str, theirs: Callable[..., Any], begin: Begin) -> Callable[..., Any]:
    """Return a method for a subclass, which looks at a call of ``theirs`` by ``begin``.

    The same as :func:`ended`, line by line: every statement of SQLite comes by here, and one inside
    the other would be a call more and a frame that has to be hidden.
    """
    guarded = guard(place)

    def method(self: Any, *args: Any, **kwargs: Any) -> Any:
        found: Found | None = None
        try:
            with guarded:
                found, args, kwargs = begin(self, args, kwargs)
            result = theirs(self, *args, **kwargs)
        except BaseException as error:
            del self, args, kwargs
            if found is not None:
                with guarded:
                    found.end(error)
            drop_own_entry(error)
            raise
        if found is not None:
            with guarded:
                found.end()
        return result

    method.__name__ = theirs.__name__
    return method


def let_go(share: Share | None, act: Callable[[], Any]) -> Any:
    """Do what lets go of what was looked at, and note how that went."""
    try:
        result = act()
    except BaseException as error:
        if share is not None:
            share.failed(error)
        drop_own_entry(error)
        raise
    if share is not None:
        share.done()
    return result
