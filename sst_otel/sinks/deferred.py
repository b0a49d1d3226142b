"""Layers of calls that may be sent later: by awaiting, iterating or entering what they return.

A streaming method may be a generator, which sends when its first item is asked for, or return a
context manager that sends when it is entered; a search may return a page that sends when it is
awaited. The layer is open whenever that happens, and never while the application's own code runs in
between.
"""

from __future__ import annotations

import weakref
from collections.abc import AsyncGenerator, Callable, Coroutine, Generator
from types import AsyncGeneratorType, CoroutineType, GeneratorType
from typing import Any

from sst_otel.beside import watching
from sst_otel.guard import guard
from sst_otel.patching import Wrapper
from sst_otel.sinks.layers import Entered, Layer, current_layer, enter_layer, leave_layer
from sst_otel.sinks.wrapping import Args, Kwargs
from sst_otel.tracebacks import drop_own_entry

Open = Callable[[Callable[..., Any], Any, Args, Kwargs], "Layer | None"]
"""``open(wrapped, instance, args, kwargs)`` → the layer of a call, None where there is none."""

_managers: weakref.WeakKeyDictionary[Any, tuple[Layer, ...]] = weakref.WeakKeyDictionary()
"""What sends when it is entered, awaited or read → the named layers of the call that made it, the
outermost first."""


def deferred_layer(place: str, open_layer: Open) -> Wrapper:
    """Return a wrapper that makes a call, of any kind, a named layer of what leaves inside it."""
    guarded = guard(place)

    def wrapper(wrapped: Callable[..., Any], instance: Any, args: Args, kwargs: Kwargs) -> Any:
        opened = None
        with guarded:
            opened = open_layer(wrapped, instance, args, kwargs)
        if opened is None:
            return wrapped(*args, **kwargs)
        token = _enter(guarded, opened)
        try:
            result = wrapped(*args, **kwargs)
        except BaseException as error:
            del wrapped, instance, args, kwargs
            drop_own_entry(error)
            raise
        finally:
            _leave(guarded, token)
        return _followed(guarded, result, opened)

    return wrapper


def manager_made(place: str) -> Wrapper:
    """Return a wrapper of ``__init__`` of a manager: it belongs to the call that makes it.

    Whoever made it; an instrumentation may hand out another one around it.
    """

    def keep(instance: Any, _result: None, _args: Args, _kwargs: Kwargs) -> None:
        layer = current_layer()
        named = [one for one in layer.chain() if one.operation] if layer is not None else []
        if named:
            _managers[instance] = tuple(named)

    return watching(place, keep)


def manager_layer(place: str) -> Wrapper:
    """Return a wrapper of ``__enter__``, ``__aenter__`` or the like of a manager that sends.

    The outermost call that has returned names what leaves; the others are still open. One that
    sends again whenever it is asked to (a page awaited twice) makes a call each time.
    """

    def open_layer(_wrapped: Any, instance: Any, _args: Args, _kwargs: Kwargs) -> Layer | None:
        closed = [one for one in _managers.get(instance, ()) if not one.entered]
        if not closed:
            return None
        made = closed[0]
        _managers[instance] = (Layer(made.sdk, made.operation, made.parts, made.attributes),)
        return made

    return deferred_layer(place, open_layer)


def _enter(guarded: guard, layer: Layer) -> Entered | None:
    with guarded:
        return enter_layer(layer)
    return None


def _leave(guarded: guard, token: Entered | None) -> None:
    if token is not None:
        with guarded:
            leave_layer(token)


def _followed(guarded: guard, result: Any, layer: Layer) -> Any:
    """Return ``result``, or where it is still to run the like of it that runs in ``layer``."""
    kind = type(result)
    if kind is CoroutineType:
        return _named(_awaited(guarded, result, layer), result)
    if kind is GeneratorType:
        return _named(_iterated(guarded, result, layer), result)
    if kind is AsyncGeneratorType:
        return _named(_iterated_async(guarded, result, layer), result)
    return result


def _named(ours: Any, theirs: Any) -> Any:
    ours.__name__, ours.__qualname__ = theirs.__name__, theirs.__qualname__
    return ours


async def _awaited(guarded: guard, coroutine: Coroutine[Any, Any, Any], layer: Layer) -> Any:
    token = _enter(guarded, layer)
    try:
        result = await coroutine
    except BaseException as error:
        del coroutine
        drop_own_entry(error)
        raise
    finally:
        _leave(guarded, token)
    return _followed(guarded, result, layer)


def _iterated(
    guarded: guard, generator: Generator[Any, Any, Any], layer: Layer
) -> Generator[Any, Any, Any]:
    """Run ``generator`` (PEP 380), up to its first item in ``layer``."""
    token = _enter(guarded, layer)
    try:
        item = next(generator)
    except StopIteration as stop:
        return stop.value
    finally:
        _leave(guarded, token)
        del layer, token
    step: Callable[[Any], Any]
    while True:
        try:
            sent = yield item
        except GeneratorExit:
            generator.close()
            raise
        except BaseException as error:
            step, given = generator.throw, error
        else:
            step, given = generator.send, sent
        item = None  # answers are the application's: none in our frame when something raises
        try:
            item = step(given)
        except StopIteration as stop:
            return stop.value


async def _iterated_async(
    guarded: guard, generator: AsyncGenerator[Any, Any], layer: Layer
) -> AsyncGenerator[Any, Any]:
    """Run ``generator`` (PEP 525), up to its first item in ``layer``."""
    token = _enter(guarded, layer)
    try:
        item = await generator.__anext__()
    except StopAsyncIteration:
        return
    finally:
        _leave(guarded, token)
        del layer, token
    step: Callable[[Any], Any]
    while True:
        try:
            sent = yield item
        except GeneratorExit:
            await generator.aclose()
            raise
        except BaseException as error:
            step, given = generator.athrow, error
        else:
            step, given = generator.asend, sent
        item = None
        try:
            item = await step(given)
        except StopAsyncIteration:
            return
