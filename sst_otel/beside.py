"""Wrappers that stand beside a call: ours sees what it is given before, or what came of it after.

The call is made once, outside of what could fail of ours. Where it raises, we leave no entry in the
traceback, and no value in our frame before that: error trackers send the locals of every frame.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from sst_otel.guard import guard
from sst_otel.patching import Wrapper
from sst_otel.tracebacks import drop_own_entry

_Args = tuple[Any, ...]
_Kwargs = Mapping[str, Any]
Note = Callable[[Any, _Args, _Kwargs], "tuple[_Args, _Kwargs] | None"]
"""``note(instance, args, kwargs)`` → what the call is to be given instead, None: the same."""


def noting(place: str, note: Note, idle: Callable[[], bool] | None = None) -> Wrapper:
    """Return a wrapper that shows ``note`` a call before it runs; not while we are ``idle``."""
    guarded = guard(place)

    def wrapper(wrapped: Callable[..., Any], instance: Any, args: _Args, kwargs: _Kwargs) -> Any:
        try:
            with guarded:
                if idle is None or not idle():
                    args, kwargs = note(instance, args, kwargs) or (args, kwargs)
            return wrapped(*args, **kwargs)
        except BaseException as error:
            del wrapped, instance, args, kwargs
            drop_own_entry(error)
            raise

    return wrapper


def watching(
    place: str,
    after: Callable[[Any, Any, _Args, _Kwargs], object],
    idle: Callable[[], bool] | None = None,
) -> Wrapper:
    """Return a wrapper that hands ``(instance, result, args, kwargs)`` to ``after`` a call."""
    guarded = guard(place)

    def wrapper(wrapped: Callable[..., Any], instance: Any, args: _Args, kwargs: _Kwargs) -> Any:
        try:
            result = wrapped(*args, **kwargs)
        except BaseException as error:
            del wrapped, instance, args, kwargs
            drop_own_entry(error)
            raise
        with guarded:
            if idle is None or not idle():
                after(instance, result, args, kwargs)
        return result

    return wrapper


def async_watching(
    place: str,
    after: Callable[[Any, Any, _Args, _Kwargs], object],
    idle: Callable[[], bool] | None = None,
) -> Wrapper:
    """Return the :func:`watching` of an ``async`` method."""
    guarded = guard(place)

    async def call(wrapped: Callable[..., Any], instance: Any, args: _Args, kwargs: _Kwargs) -> Any:
        try:
            result = await wrapped(*args, **kwargs)
        except BaseException as error:
            del wrapped, instance, args, kwargs
            drop_own_entry(error)
            raise
        with guarded:
            if idle is None or not idle():
                after(instance, result, args, kwargs)
        return result

    return call
