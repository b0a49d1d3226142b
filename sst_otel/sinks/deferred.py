"""Layers of calls that may be sent later: by awaiting, iterating or entering what they return.

A streaming method may be a generator, which sends when its first item is asked for, or return a
context manager that sends when it is entered. The layer is open whenever that happens, and never
while the application's own code runs in between.
"""

from __future__ import annotations

import weakref
from collections.abc import AsyncGenerator, Callable, Coroutine, Generator
from types import AsyncGeneratorType, CoroutineType, GeneratorType
from typing import Any

from sst_otel.guard import guard
from sst_otel.patching import Wrapper
from sst_otel.sinks.layers import Layer, enter_layer, leave_layer
from sst_otel.sinks.wrapping import Args, Kwargs
from sst_otel.tracebacks import drop_own_entry

Open = Callable[[Callable[..., Any], Any, Args, Kwargs], "Layer | None"]
"""``open(wrapped, instance, args, kwargs)`` → the layer of a call, None where there is none."""

_managers: weakref.WeakKeyDictionary[Any, Layer] = weakref.WeakKeyDictionary()
"""Context manager that sends when it is entered → the layer of the call that made it."""


def deferred_layer(place: str, open_layer: Open, managers: frozenset[str] = frozenset()) -> Wrapper:
    """Return a wrapper that makes a call, of any kind, a named layer of what leaves inside it.

    ``managers``: names of classes whose instances, when returned, send by being entered.
    """
    guarded = guard(place)

    def wrapper(wrapped: Callable[..., Any], instance: Any, args: Args, kwargs: Kwargs) -> Any:
        opened = None
        with guarded:
            opened = open_layer(wrapped, instance, args, kwargs)
        if opened is None:
            return wrapped(*args, **kwargs)
        token = enter_layer(opened)
        try:
            result = wrapped(*args, **kwargs)
        except BaseException as error:
            del wrapped, instance, args, kwargs
            drop_own_entry(error)
            raise
        finally:
            with guarded:
                leave_layer(token)
        return _followed(guarded, result, opened, managers)

    return wrapper


def manager_layer(place: str) -> Wrapper:
    """Return a wrapper of ``__enter__`` or ``__aenter__`` of a manager that sends."""

    def open_layer(_wrapped: Any, instance: Any, _args: Args, _kwargs: Kwargs) -> Layer | None:
        return _managers.pop(instance, None)

    return deferred_layer(place, open_layer)


def _followed(guarded: guard, result: Any, layer: Layer, managers: frozenset[str]) -> Any:
    """Return ``result``, or where it is still to run the like of it that runs in ``layer``."""
    kind = type(result)
    if kind is CoroutineType:
        return _named(_awaited(guarded, result, layer, managers), result)
    if kind is GeneratorType:
        return _named(_iterated(guarded, result, layer), result)
    if kind is AsyncGeneratorType:
        return _named(_iterated_async(guarded, result, layer), result)
    if kind.__name__ in managers:
        with guarded:
            _managers[result] = layer
    return result


def _named(ours: Any, theirs: Any) -> Any:
    ours.__name__, ours.__qualname__ = theirs.__name__, theirs.__qualname__
    return ours


async def _awaited(
    guarded: guard, coroutine: Coroutine[Any, Any, Any], layer: Layer, managers: frozenset[str]
) -> Any:
    token = enter_layer(layer)
    try:
        result = await coroutine
    except BaseException as error:
        del coroutine
        drop_own_entry(error)
        raise
    finally:
        with guarded:
            leave_layer(token)
    return _followed(guarded, result, layer, managers)


def _iterated(
    guarded: guard, generator: Generator[Any, Any, Any], layer: Layer
) -> Generator[Any, Any, Any]:
    """Run ``generator`` (PEP 380), up to its first item in ``layer``."""
    token = enter_layer(layer)
    try:
        item = next(generator)
    except StopIteration as stop:
        return stop.value
    finally:
        with guarded:
            leave_layer(token)
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
    token = enter_layer(layer)
    try:
        item = await generator.__anext__()
    except StopAsyncIteration:
        return
    finally:
        with guarded:
            leave_layer(token)
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
