"""What pools and executors hand to their processes: a call, or a batch of calls.

``Pool.map`` and ``starmap`` send several items in one piece, an executor's ``map`` with a chunk
size too, joblib several calls. The items stay what they are; while the pool's own code walks
through them, it is told which of them is next. loky's executors are those of the standard library
over again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from types import FunctionType
from typing import Any

from sst_otel.guard import guard

Begin = Callable[[Any, tuple[Any, ...], Mapping[str, Any]], None]
"""``begin(function, args, kwargs)``: this call is the next."""
_POOL = "multiprocessing.pool"
_EXECUTOR = "concurrent.futures.process"
_LOKY = "loky.process_executor"
_EXECUTORS = (_EXECUTOR, _LOKY, f"joblib.externals.{_LOKY}")


def begun(item: Any, begin: Begin, end: Callable[[], None], place: str) -> Any:
    """Return what a process is to be given in the place of ``item``, which it took from a queue.

    ``begin`` has been asked by then for a call, and is asked before each call of a batch, ``end``
    after the last. What is neither a pool's nor an executor's is returned as it is.
    """
    call = _call_in(item)
    if call is None:
        return item
    function, args, kwargs = call
    if _is(function, _POOL, "mapstar") or _is(function, _POOL, "starmapstar"):
        each, given = args[0]
        alone = function.__name__ == "mapstar"
        calls = _Calls(given, lambda one: begin(each, (one,) if alone else one, {}), end, place)
        return _with(item, ((each, calls),))
    if type(function) is partial and any(
        [_is(function.func, module, "_process_chunk") for module in _EXECUTORS]
    ):
        each = function.args[0]
        return _with(item, (_Calls(args[0], lambda one: begin(each, one, {}), end, place),))
    begin(function, args, kwargs)
    return item


def begun_by_joblib(batch: Any, begin: Begin, end: Callable[[], None], place: str) -> None:
    """Have ``begin`` asked before each call of a ``joblib.parallel.BatchedCalls``, then ``end``."""
    calls = batch.items
    if type(calls) is list:
        batch.items = _Calls(calls, lambda call: begin(*call), end, place)


class _Calls:
    """The items of a batch, in their order."""

    def __init__(
        self,
        items: Iterable[Any],
        begin: Callable[[Any], None],
        end: Callable[[], None],
        place: str,
    ) -> None:
        self._items = items
        self._begin = begin
        self._end = end
        self._guarded = guard(place)

    def __iter__(self) -> Iterator[Any]:
        for item in self._items:
            with self._guarded:
                self._begin(item)
            yield item
        with self._guarded:
            self._end()


def _call_in(item: Any) -> tuple[Any, tuple[Any, ...], Mapping[str, Any]] | None:
    kind = type(item)
    if kind.__name__ == "_CallItem" and kind.__module__ in _EXECUTORS:
        return item.fn, item.args, item.kwargs
    if kind is tuple and len(item) == 5 and type(item[3]) is tuple and type(item[4]) is dict:
        return item[2], item[3], item[4]
    return None


def _with(item: Any, args: tuple[Any, ...]) -> Any:
    if type(item) is tuple:
        return (*item[:3], args, item[4])
    item.args = args
    return item


def _is(function: Any, module: str, name: str) -> bool:
    return (
        type(function) is FunctionType
        and function.__module__ == module
        and function.__name__ == name
    )
