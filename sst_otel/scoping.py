"""``sst_otel.scope``: a job of the application's own making, as one unit with one person."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from types import TracebackType
from typing import Any, TypeVar

from sst_otel.guard import guard
from sst_otel.sources import jobs

Function = TypeVar("Function", bound=Callable[..., Any])

_PLACE = "scope"


class scope:
    """Everything in the block, or in the decorated function, belongs together.

    For jobs that no framework announces: scripts, scheduler loops, consumers of message queues. ::

        for order in open_orders():
            with sst_otel.scope(order.user_id, name="remind"):
                remind(order)

        @sst_otel.scope(name="nightly export")
        async def export(): ...

        for record in consumer:
            with sst_otel.scope(name="orders", headers=record.headers):
                handle(json.loads(record.value))

    ``owner``: the application's id of the person whose data it is about, if it is one person's;
    values that are known to be somebody else's stay theirs. ``name``: what stands as the route of
    the shares. ``headers``: what a message came with, as its library gives it (a mapping or pairs):
    a service that we trust may have said there whose it is, and what. Values too common to be
    recognised anywhere (a city, an age) are known as long as their scope. Blocks may be nested and
    one object used again; ``async with`` is the same. Without tracking nothing happens, and a
    failure of ours never reaches the block.
    """

    def __init__(self, owner: Any = None, name: str = "", headers: Any = None) -> None:
        self._owner = owner
        self._name = name
        self._headers = headers

    def __enter__(self) -> scope:
        with guard(_PLACE):
            _begin(self, self._owner, self._name, self._headers)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        with guard(_PLACE):
            jobs.end(self)

    async def __aenter__(self) -> scope:
        return self.__enter__()

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.__exit__(kind, error, traceback)

    def __call__(self, function: Function) -> Function:
        """Return ``function`` with a scope of its own for each call.

        Raises ``TypeError`` for a generator function, whose block would end before it starts.
        """
        if inspect.isgeneratorfunction(function) or inspect.isasyncgenfunction(function):
            raise TypeError("use 'with sst_otel.scope()' inside a generator function")
        owner, headers = self._owner, self._headers
        name = self._name or function.__qualname__

        if inspect.iscoroutinefunction(function):

            @functools.wraps(function)
            async def scoped_async(*args: Any, **kwargs: Any) -> Any:
                with scope(owner, name, headers):
                    return await function(*args, **kwargs)

            return scoped_async  # type: ignore[return-value]

        @functools.wraps(function)
        def scoped(*args: Any, **kwargs: Any) -> Any:
            with scope(owner, name, headers):
                return function(*args, **kwargs)

        return scoped  # type: ignore[return-value]


def _begin(block: scope, owner: Any, name: str, headers: Any) -> None:
    from sst_otel import tracker
    from sst_otel.sources.received import receive_in_message  # `import sst_otel` stays light

    running = tracker.running()
    if running is not None:
        opened = jobs.begin(block, name, None if owner is None else running.tagger.owner(owner))
        if headers is not None:
            receive_in_message(opened, headers)
