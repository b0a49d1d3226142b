"""Servers of ``grpc.aio`` as a source: what stands in front of their methods.

What is called instead of a method is a function of the same kind, since grpc asks for that; methods
that are not asynchronous run in threads of the server's.
"""

from __future__ import annotations

import inspect
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import aclosing
from typing import Any

from sst_otel.guard import guard
from sst_otel.patching import Patches
from sst_otel.scope import Scope, current_scope
from sst_otel.sources.web_calls import Opened, ScopedCalls
from sst_otel.tracebacks import drop_own_entry

_guarded = guard("source.grpc")

Tagging = Callable[[Any, Scope], None]
"""``tag(message, scope)`` tags what is personal of a message."""
CallsOf = Callable[[Any], ScopedCalls]
"""``calls_of(details)`` → what opens the scope of a call, by grpc's details of it."""


def interceptor(calls_of: CallsOf, tag: Tagging, patches: Patches) -> Any:
    """Return what stands in front of the methods of servers of ``grpc.aio``."""
    import grpc.aio  # type: ignore[import-untyped] # the application has

    class Interceptor(grpc.aio.ServerInterceptor):  # type: ignore[misc]
        async def intercept_service(self, continuation: Any, details: Any) -> Any:
            try:
                handler = await continuation(details)
            except BaseException as error:
                del continuation, details
                drop_own_entry(error)
                raise
            with _guarded:
                if patches.active and handler is not None:
                    return _watched(handler, _Scoped(calls_of(details), tag))
            return handler

    return Interceptor()


_KINDS = {
    (False, False): "unary_unary",
    (False, True): "unary_stream",
    (True, False): "stream_unary",
    (True, True): "stream_stream",
}


def _watched(handler: Any, scoped: _Scoped) -> Any:
    """Return a handler like ``handler`` whose method is called in a scope of its own."""
    import grpc

    streams = bool(handler.response_streaming)
    kind = _KINDS[bool(handler.request_streaming), streams]
    make = getattr(grpc, f"{kind}_rpc_method_handler")
    method = scoped.of(getattr(handler, kind), streams)
    return make(method, handler.request_deserializer, handler.response_serializer)


class _Scoped:
    """Makes functions that call a method in a scope, each of the kind that grpc asks for."""

    def __init__(self, calls: ScopedCalls, tag: Tagging) -> None:
        self._calls = calls
        self._tag = tag

    def of(self, method: Callable[..., Any], streams: bool) -> Callable[..., Any]:
        """Return what is called instead of ``method``; ``streams``: it has many replies."""
        if inspect.isasyncgenfunction(method):
            return self._async_replies(method)
        if inspect.iscoroutinefunction(method):
            return self._async_reply(method)
        return self._replies(method) if streams else self._reply(method)

    def _async_replies(self, method: Callable[..., Any]) -> Callable[..., Any]:
        async def replies(given: Any, context: Any) -> AsyncIterator[Any]:
            opened, given = self._open(given)
            try:
                async with aclosing(method(given, context)) as found:
                    async for one in found:
                        yield one
            except BaseException as error:
                del given, context
                drop_own_entry(error)
                raise
            finally:
                self._calls.close(opened, None)

        return replies

    def _async_reply(self, method: Callable[..., Any]) -> Callable[..., Any]:
        async def reply(given: Any, context: Any) -> Any:
            opened, given = self._open(given)
            try:
                return await method(given, context)
            except BaseException as error:
                del given, context
                drop_own_entry(error)
                raise
            finally:
                self._calls.close(opened, None)

        return reply

    def _replies(self, method: Callable[..., Any]) -> Callable[..., Any]:
        def replies(given: Any, context: Any) -> Iterator[Any]:
            opened, given = self._open(given)
            try:
                yield from method(given, context)
            except BaseException as error:
                del given, context
                drop_own_entry(error)
                raise
            finally:
                self._calls.close(opened, None)

        return replies

    def _reply(self, method: Callable[..., Any]) -> Callable[..., Any]:
        def reply(given: Any, context: Any) -> Any:
            opened, given = self._open(given)
            try:
                return method(given, context)
            except BaseException as error:
                del given, context
                drop_own_entry(error)
                raise
            finally:
                self._calls.close(opened, None)

        return reply

    def _open(self, given: Any) -> tuple[Opened | None, Any]:
        """Begin a call; returns what ends it, and the message or messages for the method."""
        opened = self._calls.open(None, (), {})
        with _guarded:
            scope = current_scope()
            if hasattr(type(given), "__aiter__"):
                return opened, _AsyncTaken(given, self._tag, scope)
            if hasattr(type(given), "__next__"):
                return opened, _Taken(given, self._tag, scope)
            self._tag(given, scope)
        return opened, given


class _Taken:
    """The messages of a stream, looked at as the method takes them."""

    def __init__(self, given: Any, tag: Tagging, scope: Scope) -> None:
        self._given = given
        self._tag = tag
        self._scope = scope

    def __repr__(self) -> str:
        return "<messages>"

    def __iter__(self) -> _Taken:
        return self

    def __next__(self) -> Any:
        try:
            message = next(self._given)
        except BaseException as error:
            drop_own_entry(error)
            raise
        with _guarded:
            self._tag(message, self._scope)
        return message


class _AsyncTaken:
    """The messages of a stream in asyncio."""

    def __init__(self, given: Any, tag: Tagging, scope: Scope) -> None:
        self._given = given
        self._iterator: Any = None
        self._tag = tag
        self._scope = scope

    def __repr__(self) -> str:
        return "<messages>"

    def __aiter__(self) -> _AsyncTaken:
        return self

    async def __anext__(self) -> Any:
        try:
            if self._iterator is None:
                self._iterator = aiter(self._given)
            message = await anext(self._iterator)
        except BaseException as error:
            drop_own_entry(error)
            raise
        with _guarded:
            self._tag(message, self._scope)
        return message
