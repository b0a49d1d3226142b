"""A framework's call that serves one request, made within the scope of that request."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from sst_otel.guard import guard
from sst_otel.lifetime import Lease
from sst_otel.patching import Wrapper
from sst_otel.scope import Scope, open_scope
from sst_otel.sources.web import WebSource
from sst_otel.sources.web_request import WebRequest
from sst_otel.tracebacks import drop_own_entry, unseen

_Args = tuple[Any, ...]
_Kwargs = Mapping[str, Any]
RequestOf = Callable[[Any, _Args, _Kwargs], "WebRequest | None"]
"""``request_of(instance, args, kwargs)`` → the request that a call serves, None for none."""
StreamOf = Callable[[Any], "Callable[[Lease], None] | None"]
"""``stream_of(result)`` → what has pieces that are still to be sent made within the scope."""
Opened = tuple[WebRequest, Scope, Any]
"""What is to be closed: the request, its scope, and what was current before."""


class ScopedCalls:
    """Makes wrappers around calls that serve requests; ``place`` is where our failures count.

    ``routed``: whether a request's route is known when its call begins. ``prepared(result)``: what
    is returned in the place of the result, within the scope.
    """

    def __init__(
        self,
        place: str,
        web: WebSource,
        request_of: RequestOf,
        stream_of: StreamOf = lambda _result: None,
        routed: bool = False,
        prepared: Callable[[Any], Any] | None = None,
    ) -> None:
        self._guarded = guard(place)
        self._web = web
        self._request_of = request_of
        self._stream_of = stream_of
        self._routed = routed
        self._prepared = prepared

    def wrapper(self) -> Wrapper:
        """Return the wrapper of a function."""

        def call(wrapped: Callable[..., Any], instance: Any, args: _Args, kwargs: _Kwargs) -> Any:
            opened = self.open(instance, args, kwargs)
            result = None
            try:
                result = wrapped(*args, **kwargs)
                if opened is not None and self._prepared is not None:
                    with self._guarded:
                        result = self._prepared(result)
                return result
            except BaseException as error:
                del wrapped, instance, args, kwargs
                drop_own_entry(error)
                raise
            finally:
                self.close(opened, result)

        return call

    def wrapper_async(self) -> Wrapper:
        """Return the wrapper of an ``async`` function."""

        @unseen
        def call(wrapped: Callable[..., Any], instance: Any, args: _Args, kwargs: _Kwargs) -> Any:
            if not args and not kwargs:
                # uvicorn asks every application in this way whether it is a factory of one: what
                # cannot be called so must refuse at once, and not when it is awaited.
                return wrapped()
            return served(wrapped, instance, args, kwargs)

        async def served(
            wrapped: Callable[..., Any], instance: Any, args: _Args, kwargs: _Kwargs
        ) -> Any:
            opened = self.open(instance, args, kwargs)
            result = None
            try:
                result = await wrapped(*args, **kwargs)
                return result
            except BaseException as error:
                del wrapped, instance, args, kwargs
                drop_own_entry(error)
                raise
            finally:
                self.close(opened, result)

        return call

    def open(self, instance: Any, args: _Args, kwargs: _Kwargs) -> Opened | None:
        """Begin the scope of the request that a call serves; None where it serves none."""
        with self._guarded:
            request = self._request_of(instance, args, kwargs)
            if request is not None:
                scope = self._web.begin(request)
                if self._routed:
                    self._web.routed(request, scope)
                return request, scope, open_scope(scope)
        return None

    def close(self, opened: Opened | None, result: Any) -> None:
        """End what :meth:`open` began."""
        if opened is not None:
            request, scope, token = opened
            with self._guarded:
                self._web.end(scope, token, request, self._stream_of(result))
