"""The two ways a sink stands around a call: a layer that names it, and the door it leaves by.

Doors lie one in another (requests, urllib3, http.client): the outermost claims the call.

The wrapped call happens exactly once and outside everything of ours that could fail. Where it
raises, our frame is emptied first: error trackers send the locals of every frame.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from sst_otel.guard import guard
from sst_otel.patching import Wrapper
from sst_otel.shares import Call
from sst_otel.sinks.claims import Claim, is_claimed
from sst_otel.sinks.layers import Layer, enter_layer, leave_layer
from sst_otel.sinks.outgoing import Outgoing
from sst_otel.sinks.share import Share
from sst_otel.tracebacks import drop_own_entry, set_traceback, unseen

Args = tuple[Any, ...]
Kwargs = Mapping[str, Any]
Describe = Callable[[Any, Args, Kwargs], "Call | None"]
"""``describe(instance, args, kwargs)`` → the call, None for one that is not ours to look at."""
Name = Callable[[Any, Args, Kwargs], "Layer | None"]
"""``name(instance, args, kwargs)`` → the layer, None where there is nothing to hand over."""
Tee = Callable[[Any, Args, Kwargs, Share], "Callable[[], None] | None"]
"""Puts a watcher around a one-shot body stream; returns what takes it away again."""
Ends = Callable[[Any, Any, Share], bool]
"""``ends(instance, result, share)``: whether it notes the end itself, or will. For calls that have
only begun when they return, or that fail without an exception."""


def door(
    place: str,
    emit: Outgoing,
    describe: Describe,
    tee: Tee | None = None,
    ends: Ends | None = None,
) -> Wrapper:
    """Return a wrapper that reports what a call carries before letting it go."""
    guarded = guard(place)

    def wrapper(wrapped: Callable[..., Any], instance: Any, args: Args, kwargs: Kwargs) -> Any:
        seen = None
        try:  # around what is ours as well: a signal's handler may raise anywhere
            seen = _look(guarded, emit, describe, tee, instance, args, kwargs)
            if seen is not None:
                with guarded:
                    seen.share.write()
            result = wrapped(*args, **kwargs)
        except BaseException as error:
            del wrapped, instance, args, kwargs
            if seen is not None:
                _after(guarded, seen, seen.share.failed, error)
            drop_own_entry(error)
            raise
        if seen is None:
            return result
        _after(guarded, seen, _note_of(guarded, ends, instance, result, seen), None)
        return result

    return wrapper


def async_door(
    place: str,
    emit: Outgoing,
    describe: Describe,
    tee: Tee | None = None,
    ends: Ends | None = None,
    in_order: bool = False,
) -> Wrapper:
    """Return the :func:`door` of an ``async`` method; the write happens off the event loop.

    ``in_order``: it happens in place, since what is sent next must not overtake this.
    """
    guarded = guard(place)

    async def call(
        wrapped: Callable[..., Any],
        instance: Any,
        args: Args,
        kwargs: Kwargs,
        seen: _Seen,
    ) -> Any:
        try:
            with guarded:
                if in_order:
                    seen.share.write()
                else:
                    await seen.share.write_async()
        except BaseException as error:  # cancelled before it began
            del wrapped, instance, args, kwargs
            _after(guarded, seen, seen.share.failed, error)
            set_traceback(error, None)
            raise
        with guarded:
            seen.claim = Claim(seen.host)
        try:
            result = await wrapped(*args, **kwargs)
        except BaseException as error:
            del wrapped, instance, args, kwargs
            _after(guarded, seen, seen.share.failed, error)
            drop_own_entry(error)
            raise
        _after(guarded, seen, _note_of(guarded, ends, instance, result, seen), None)
        return result

    @unseen
    def wrapper(wrapped: Callable[..., Any], instance: Any, args: Args, kwargs: Kwargs) -> Any:
        seen = _look(guarded, emit, describe, tee, instance, args, kwargs, claims=False)
        if seen is not None:
            return call(wrapped, instance, args, kwargs, seen)
        return wrapped(*args, **kwargs)

    return wrapper


def layer(place: str, emit: Outgoing, name: Name) -> Wrapper:
    """Return a wrapper that makes a call a named layer of whatever leaves inside it."""
    guarded = guard(place)

    def wrapper(wrapped: Callable[..., Any], instance: Any, args: Args, kwargs: Kwargs) -> Any:
        token = None
        try:
            with guarded:
                if not emit.idle() and (opened := name(instance, args, kwargs)) is not None:
                    token = enter_layer(opened)
            return wrapped(*args, **kwargs)
        except BaseException as error:
            del wrapped, instance, args, kwargs
            drop_own_entry(error)
            raise
        finally:
            if token is not None:
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
        except BaseException as error:
            del wrapped, args, kwargs, opened
            drop_own_entry(error)
            raise
        finally:
            with guarded:
                leave_layer(token)

    @unseen
    def wrapper(wrapped: Callable[..., Any], instance: Any, args: Args, kwargs: Kwargs) -> Any:
        opened = None
        with guarded:
            if not emit.idle():
                opened = name(instance, args, kwargs)
        if opened is not None:
            return call(wrapped, args, kwargs, opened)
        return wrapped(*args, **kwargs)

    return wrapper


@dataclass(slots=True)
class _Seen:
    """A call that has been looked at, until it ends."""

    share: Share
    host: str
    restore: Callable[[], None] | None = None
    claim: Claim | None = None

    def __repr__(self) -> str:
        return "<seen>"


def _look(
    guarded: guard,
    emit: Outgoing,
    describe: Describe,
    tee: Tee | None,
    instance: Any,
    args: Args,
    kwargs: Kwargs,
    claims: bool = True,
) -> _Seen | None:
    """Look at a call; None when nothing is to be watched, as where one around it has looked."""
    with guarded:
        if emit.idle():
            return None
        call = describe(instance, args, kwargs)
        if call is None:
            return None
        host = call.host.lower().rstrip(".")
        if is_claimed(host):
            return None
        restore = None
        if tee is not None:
            share = emit.later(call)
            restore = tee(instance, args, kwargs, share)
        if restore is None:
            share = emit(call)
        return _Seen(share, host, restore, Claim(host) if claims else None)
    return None


def _note_of(
    guarded: guard, ends: Ends | None, instance: Any, result: Any, seen: _Seen
) -> Callable[[Any], None]:
    """Return what notes the end of a call that returned."""
    taken_over = False
    if ends is not None:
        with guarded:
            taken_over = ends(instance, result, seen.share)
    return _nothing if taken_over else seen.share.done


def _nothing(_error: BaseException | None) -> None:
    return


def _after(
    guarded: guard, seen: _Seen, note: Callable[[Any], None], error: BaseException | None
) -> None:
    with guarded:
        if seen.claim is not None:
            seen.claim.close()
        if seen.restore is not None:
            seen.restore()
        note(error)
