"""Child processes of ``multiprocessing`` as a source: what they are given comes as new objects.

One scope for the application's own function that a process runs with somebody's data, one for each
dictionary or list that such a function takes from a queue until it waits for the next, and one for
each call that a pool or an executor hands to its process, in pieces too. Arguments and the entries
of dictionaries are tagged by their names, like those of a task.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Mapping
from functools import partial
from types import FunctionType, MethodType
from typing import Any

from sst_otel.guard import guard
from sst_otel.lineage.firstparty import by_file
from sst_otel.patching import Patches
from sst_otel.scope import PROCESS, current_scope
from sst_otel.sources import jobs
from sst_otel.sources.batches import begun, begun_by_joblib
from sst_otel.sources.waiting import waits_briefly
from sst_otel.tagging import Tagger
from sst_otel.tracebacks import drop_own_entry

_PLACE = "source.processes"
_ITEM = object()
"""Key of the scope that an item of a queue has, until the next is taken."""
_ITEMS = (dict, list, tuple)
_guarded = guard(_PLACE)
_OWN = "sst_own_process"
"""Note in the scope of a process's function."""


def install(tagger: Tagger) -> Patches:
    """Open scopes in child processes; nothing happens in a process that has no such parent."""
    patches = Patches(_PLACE)
    source = _ProcessSource(tagger)
    patches.wrap("multiprocessing.process", "BaseProcess.run", source.run)
    for kind in ("Queue", "SimpleQueue"):
        patches.wrap("multiprocessing.queues", f"{kind}.get", source.get)
    patches.wrap("joblib.parallel", "BatchedCalls.__call__", source.batch, optional=True)
    return patches


class _Last(threading.local):
    """What a thread has taken last."""

    queue: int | None = None
    """Where from, by its ``id``; None once it is done with."""
    was_empty = False
    """Whether nothing came when it asked again."""


class _ProcessSource:
    def __init__(self, tagger: Tagger) -> None:
        self._tagger = tagger
        self._own = False
        """Whether this process runs a function of the application."""
        self._last = _Last()

    def run(
        self,
        wrapped: Callable[..., Any],
        process: Any,
        args: tuple[Any, ...],
        kwargs: Mapping[str, Any],
    ) -> Any:
        """Run a process's function; a server's or a pool's has no scope, its requests have."""
        key = object()
        with guard(_PLACE):
            self._run(key, process)
        try:
            return wrapped(*args, **kwargs)
        except BaseException as error:
            del wrapped, process, args, kwargs
            drop_own_entry(error)
            raise
        finally:
            with guard(_PLACE):
                jobs.end(key)

    def _run(self, key: object, process: Any) -> None:
        """Open a scope where somebody's data may be given; else it may serve or work for many."""
        held = vars(process)
        target, args = held.get("_target"), held.get("_args") or ()
        kwargs = held.get("_kwargs") or {}
        self._own = _is_own(target)
        given = any(type(value) in (str, dict, list) for value in (*args, *kwargs.values()))
        if self._own and given and current_scope() is PROCESS:
            self._begin(key, target, args, kwargs)
            current_scope().state[_OWN] = True

    def get(
        self,
        wrapped: Callable[..., Any],
        queue: Any,
        args: tuple[Any, ...],
        kwargs: Mapping[str, Any],
    ) -> Any:
        """Work from now on for whom the item names that a queue gives out."""
        last = self._last
        is_child = not _is_parent()
        with _guarded:
            if last.queue == id(queue) and (last.was_empty or not waits_briefly(args, kwargs)):
                self._end()  # it has asked for the next
        try:
            item = wrapped(*args, **kwargs)
        except BaseException as error:
            last.was_empty = True
            del wrapped, queue, args, kwargs
            drop_own_entry(error)
            raise
        with _guarded:
            if is_child:
                self._end()
                last.queue = id(queue)
                item = begun(item, self._call, self._end, _PLACE)
                self._take(item)
        return item

    def batch(
        self,
        wrapped: Callable[..., Any],
        calls: Any,
        args: tuple[Any, ...],
        kwargs: Mapping[str, Any],
    ) -> Any:
        """Work through a batch of joblib's, whichever queue it has come by."""
        is_child = not _is_parent()
        try:
            with _guarded:
                if is_child:
                    begun_by_joblib(calls, self._call, self._end, _PLACE)
            return wrapped(*args, **kwargs)
        except BaseException as error:
            del wrapped, calls, args, kwargs
            drop_own_entry(error)
            raise
        finally:
            with _guarded:
                if is_child:
                    self._end()

    def _end(self) -> None:
        self._last.queue, self._last.was_empty = None, False
        jobs.end(_ITEM)

    def _call(self, function: Any, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> None:
        """Work from now on for whom a call of a pool or an executor is."""
        jobs.end(_ITEM)
        if type(function) is partial:
            args, kwargs = (*function.args, *args), {**function.keywords, **kwargs}
            function = function.func
        if _is_own(function) and current_scope() is PROCESS:
            self._begin(_ITEM, function, args, kwargs)

    def _take(self, item: Any) -> None:
        """Work from now on for whom an item names that the application itself has taken."""
        if type(item) in _ITEMS and self._own and _is_free():
            scope = jobs.begin(_ITEM, current_scope().route)
            inner = [item] if type(item) is dict else [one for one in item if type(one) is dict]
            pairs = inner[0].items() if len(inner) == 1 else (("", item),)
            jobs.tag_arguments(self._tagger, scope, pairs, "queue_item", "")

    def _begin(
        self, key: object, function: Any, args: tuple[Any, ...], kwargs: Mapping[str, Any]
    ) -> None:
        name = function.__qualname__
        scope = jobs.begin(key, f"process {name}")
        named = jobs.named_arguments(jobs.signature_of(function), tuple(args), dict(kwargs))
        jobs.tag_arguments(self._tagger, scope, named.items(), "process_argument", name)


def _is_own(function: Any) -> bool:
    """Whether a function stands in a module of the application."""
    if type(function) not in (FunctionType, MethodType):
        return False
    module = function.__module__
    if module == "__main__":  # loky's processes have a main module of their own
        file = function.__code__.co_filename
    else:
        file = getattr(sys.modules.get(module or ""), "__file__", None)
    return bool(file) and by_file(str(module), str(file), frozenset())


def _is_free() -> bool:
    """Whether nothing is under way that has a scope of its own, such as a request."""
    scope = current_scope()
    return scope is PROCESS or bool(scope.state.get(_OWN))


def _is_parent() -> bool:
    from multiprocessing import parent_process

    return parent_process() is None
