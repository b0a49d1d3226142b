"""The two ways a sink stands around a call: a layer that names it, and the door it leaves by.

The wrapped call happens exactly once and outside everything of ours that could fail. Where it
raises, our frame is emptied first: error trackers send the locals of every frame.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from sst_otel.guard import guard
from sst_otel.patching import Wrapper
from sst_otel.shares import Call
from sst_otel.sinks.layers import Layer, enter_layer, leave_layer
from sst_otel.sinks.outgoing import Outgoing
from sst_otel.sinks.share import Share

Args = tuple[Any, ...]
Kwargs = Mapping[str, Any]
Describe = Callable[[Any, Args, Kwargs], "Call | None"]
"""``describe(instance, args, kwargs)`` → the call, None for one that is not ours to look at."""
Name = Callable[[Any, Args, Kwargs], Layer]
Tee = Callable[[Any, Args, Kwargs, Share], "Callable[[], None] | None"]
"""Puts a watcher around a one-shot body stream; returns what takes it away again."""


def door(place: str, emit: Outgoing, describe: Describe, tee: Tee | None = None) -> Wrapper:
    """Return a wrapper that reports what a call carries before letting it go."""
    guarded = guard(place)

    def wrapper(wrapped: Callable[..., Any], instance: Any, args: Args, kwargs: Kwargs) -> Any:
        share, restore = _look(guarded, emit, describe, tee, instance, args, kwargs)
        if share is None:
            return wrapped(*args, **kwargs)
        with guarded:
            share.write()
        try:
            result = wrapped(*args, **kwargs)
        except BaseException as error:
            del wrapped, instance, args, kwargs
            _after(guarded, restore, share.failed, error)
            raise
        _after(guarded, restore, share.done, None)
        return result

    return wrapper


def async_door(place: str, emit: Outgoing, describe: Describe, tee: Tee | None = None) -> Wrapper:
    """Return the :func:`door` of an ``async`` method; the write happens off the event loop."""
    guarded = guard(place)

    async def call(
        wrapped: Callable[..., Any],
        args: Args,
        kwargs: Kwargs,
        share: Share,
        restore: Callable[[], None] | None,
    ) -> Any:
        with guarded:
            await share.write_async()
        try:
            result = await wrapped(*args, **kwargs)
        except BaseException as error:
            del wrapped, args, kwargs
            _after(guarded, restore, share.failed, error)
            raise
        _after(guarded, restore, share.done, None)
        return result

    def wrapper(wrapped: Callable[..., Any], instance: Any, args: Args, kwargs: Kwargs) -> Any:
        share, restore = _look(guarded, emit, describe, tee, instance, args, kwargs)
        if share is None:
            return wrapped(*args, **kwargs)
        return call(wrapped, args, kwargs, share, restore)

    return wrapper


def layer(place: str, emit: Outgoing, name: Name) -> Wrapper:
    """Return a wrapper that makes a call a named layer of whatever leaves inside it."""
    guarded = guard(place)

    def wrapper(wrapped: Callable[..., Any], instance: Any, args: Args, kwargs: Kwargs) -> Any:
        token = None
        with guarded:
            if not emit.idle():
                token = enter_layer(name(instance, args, kwargs))
        if token is None:
            return wrapped(*args, **kwargs)
        try:
            return wrapped(*args, **kwargs)
        except BaseException:
            del wrapped, instance, args, kwargs
            raise
        finally:
            with guarded:
                leave_layer(token)

    return wrapper


def async_layer(place: str, emit: Outgoing, name: Name) -> Wrapper:
    """Return the :func:`layer` of an ``async`` method."""
    guarded = guard(place)

    async def call(wrapped: Callable[..., Any], args: Args, kwargs: Kwargs, opened: Layer) -> Any:
        token = enter_layer(opened)
        try:
            return await wrapped(*args, **kwargs)
        except BaseException:
            del wrapped, args, kwargs, opened
            raise
        finally:
            with guarded:
                leave_layer(token)

    def wrapper(wrapped: Callable[..., Any], instance: Any, args: Args, kwargs: Kwargs) -> Any:
        opened = None
        with guarded:
            if not emit.idle():
                opened = name(instance, args, kwargs)
        if opened is None:
            return wrapped(*args, **kwargs)
        return call(wrapped, args, kwargs, opened)

    return wrapper


def _look(
    guarded: guard,
    emit: Outgoing,
    describe: Describe,
    tee: Tee | None,
    instance: Any,
    args: Args,
    kwargs: Kwargs,
) -> tuple[Share | None, Callable[[], None] | None]:
    """Return the share of a call, None when there is nothing to watch."""
    with guarded:
        if emit.idle():
            return None, None
        call = describe(instance, args, kwargs)
        if call is None:
            return None, None
        if tee is not None:
            share = emit.later(call)
            restore = tee(instance, args, kwargs, share)
            if restore is not None:
                return share, restore
        share = emit(call)
        if share.events:
            return share, None
    return None, None


def _after(
    guarded: guard,
    restore: Callable[[], None] | None,
    note: Callable[[Any], None],
    result: Any,
) -> None:
    with guarded:
        if restore is not None:
            restore()
        note(result)
