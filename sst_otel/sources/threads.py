"""Threads, timers, executors and queue workers: the scope that gave them their work is a hint.

Whose a value is, the value itself says; but a city or an age is only known within its scope, so the
scope of whoever started a thread, submitted a call or put an item into a queue is current while
that work is done, and lives as long. A thread with a scope of its own keeps it. What the
application sees stays as it is: callables, items, futures and their exceptions are not touched.

Left alone: process pools (the work happens elsewhere), ``queue.SimpleQueue`` and
``_thread.start_new_thread`` (written in C), ``queue.LifoQueue`` (pools of connections), and threads
that serve everybody (:data:`SERVICES`).
"""

from __future__ import annotations

import functools
import threading
from collections import deque
from collections.abc import Callable, Mapping
from types import BuiltinFunctionType, FunctionType, MethodType
from typing import Any

from sst_otel.guard import guard
from sst_otel.lifetime import Lease
from sst_otel.patching import Patches
from sst_otel.scope import PROCESS, current_scope, leave_scope, open_scope
from sst_otel.sources.waiting import waits_briefly
from sst_otel.tracebacks import drop_own_entry

_PLACE = "source.threads"
_guarded = guard(_PLACE)
_LEASE = "_sst_lease"
_ITEMS = "_sst_leases"
_MOST_ITEMS = 10_000
"""Items of one queue that are remembered; more are served without a hint."""

_IN_CONTEXTS = frozenset({"anyio"})
"""Those of them that run each piece of work in the context of whoever asked for it (FastAPI's plain
functions): a hint tells them nothing, and an idle one would keep its last scope from ending."""
SERVICES = _IN_CONTEXTS | frozenset(
    {"concurrent", "sst_otel", "opentelemetry", "sentry_sdk", "logging", "socketserver", "werkzeug"}
    | {"kombu", "celery", "apscheduler", "watchdog"}
)
"""Top-level packages whose threads work for whoever comes, not for whoever happened to start them.
Executors' threads are among them: each of their calls brings its own scope."""
_PLAIN = (str, bytes, int, float, tuple, list, dict, FunctionType, MethodType, functools.partial)
"""Types of items that are work. Others may be the same objects again and again: pooled
connections travel through queues too."""


class _Hint(threading.local):
    """What the running thread works for at the moment, as far as we have told it."""

    lease: Lease | None = None
    queue: int | None = None
    """The queue that its last item came from, by its ``id``; None once it is done with."""
    was_empty = False
    """Whether nothing came when it asked that one again."""


_hint = _Hint()


def install() -> Patches:
    """Carry scopes into threads, timers, executors' calls and queues' items."""
    patches = Patches(_PLACE)
    patches.wrap("threading", "Thread.start", _start)
    patches.wrap("threading", "Thread._bootstrap_inner", _bootstrap)
    patches.wrap("concurrent.futures.thread", "_WorkItem.__init__", _submit)
    patches.wrap("concurrent.futures.thread", "_WorkItem.run", _run)
    patches.when_imported("queue", lambda module: _queues(module, patches))
    return patches


def _queues(module: Any, patches: Patches) -> None:
    """Watch queues, but not those that gevent puts in their place: they are made in C."""
    if "put" in vars(module.Queue):
        _leave_pools_alone(module, patches)
        patches.wrap("queue", "Queue.put", _put)
        patches.wrap("queue", "Queue.get", _get)


def _leave_pools_alone(module: Any, patches: Patches) -> None:
    """Let stacks keep the methods that they inherit: of connections, not of work.

    A client that is made for one request fills and empties one ten times.
    """
    stack, base = module.LifoQueue, module.Queue
    for name in ("put", "get"):
        if name not in vars(stack):
            setattr(stack, name, vars(base)[name])
            patches.on_undo(functools.partial(delattr, stack, name))


def _start(
    wrapped: Callable[..., Any], thread: Any, args: tuple[Any, ...], kwargs: Mapping[str, Any]
) -> Any:
    """Note the scope in which a thread is started."""
    with _guarded:
        scope = current_scope()
        if scope is not PROCESS and _package(thread) not in SERVICES:
            vars(thread)[_LEASE] = Lease(scope)
    try:
        return wrapped(*args, **kwargs)
    except BaseException as error:
        vars(thread).pop(_LEASE, None)
        drop_own_entry(error)
        raise


def _bootstrap(
    wrapped: Callable[..., Any], thread: Any, args: tuple[Any, ...], kwargs: Mapping[str, Any]
) -> Any:
    """Run a thread from its first line to its last; its exceptions end inside."""
    with _guarded:
        lease = vars(thread).pop(_LEASE, None)
        if lease is not None and current_scope() is PROCESS:
            _work_for(lease)
    return wrapped(*args, **kwargs)


def _submit(
    wrapped: Callable[..., Any], item: Any, args: tuple[Any, ...], kwargs: Mapping[str, Any]
) -> Any:
    """Note the scope in which a call is submitted to an executor."""
    with _guarded:
        scope = current_scope()
        if scope is not PROCESS:
            vars(item)[_LEASE] = Lease(scope)
    return wrapped(*args, **kwargs)


def _run(
    wrapped: Callable[..., Any], item: Any, args: tuple[Any, ...], kwargs: Mapping[str, Any]
) -> Any:
    """Run an executor's call; its exceptions end inside, in the future."""
    token = previous = None
    with _guarded:
        lease = vars(item).pop(_LEASE, None)
        if _is_free():
            previous, _hint.lease = _hint.lease, lease
            token = open_scope(PROCESS if lease is None else lease.scope)
    try:
        return wrapped(*args, **kwargs)
    finally:
        if token is not None:
            leave_scope(token)
            _hint.lease = previous


def _put(
    wrapped: Callable[..., Any], instance: Any, args: tuple[Any, ...], kwargs: Mapping[str, Any]
) -> Any:
    """Note the scope in which an item is put into a queue."""
    nothing = bool(args) and args[0] is None  # places of a connection pool that are still empty
    leases: list[Lease | None] | None = None
    if _ITEMS in vars(instance) or not (nothing or current_scope() is PROCESS):
        with _guarded:
            leases = _expect(instance, args[0] if args else kwargs.get("item"))
    try:
        return wrapped(*args, **kwargs)
    except BaseException as error:
        if leases:
            leases.pop()  # the queue was full
        del wrapped, instance, args, kwargs
        drop_own_entry(error)
        raise


def _get(
    wrapped: Callable[..., Any], instance: Any, args: tuple[Any, ...], kwargs: Mapping[str, Any]
) -> Any:
    """Work from now on for whoever put the item that a queue has given out."""
    if _hint.queue == id(instance):
        with _guarded:
            _asked_again(instance, args, kwargs)
    try:
        item = wrapped(*args, **kwargs)
    except BaseException as error:  # it is empty
        _hint.was_empty = True
        del wrapped, instance, args, kwargs
        drop_own_entry(error)
        raise
    leases = vars(instance).get(_ITEMS)
    if leases or _hint.lease is not None:
        with _guarded:
            _got(instance, item, leases)
    return item


def _asked_again(instance: Any, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> None:
    """Be done with the last item where a worker waits for the next: an idle one keeps no scope."""
    waits = not waits_briefly(args, kwargs) and not _has_items(instance)
    if (waits or _hint.was_empty) and _is_free():
        _work_for(None)


def _has_items(instance: Any) -> bool:
    held = vars(instance).get("queue")
    return type(held) in (deque, list) and bool(held)


def _got(instance: Any, item: Any, leases: dict[int, list[Lease | None]] | None) -> None:
    waiting = leases.get(id(item)) if leases else None
    lease = waiting.pop(0) if waiting else None
    if leases and waiting is not None and not waiting:
        leases.pop(id(item), None)
    if (lease is not None or _hint.lease is not None) and _is_work(item) and _is_worker():
        _work_for(lease)
        _hint.queue = id(instance)


def _expect(instance: Any, item: Any) -> list[Lease | None] | None:
    """Return the leases of an item that is being put, its own last; None where none is due.

    The same object can be in the queue several times, for several scopes.
    """
    scope = current_scope()
    leases = vars(instance).get(_ITEMS)
    if leases is None:
        if scope is PROCESS or not _is_work(item):
            return None
        leases = vars(instance).setdefault(_ITEMS, {})
    elif scope is PROCESS and id(item) not in leases:
        return None
    if not _is_work(item) or len(leases) >= _MOST_ITEMS:
        return None
    waiting: list[Lease | None] = leases.setdefault(id(item), [])
    waiting.append(None if scope is PROCESS else Lease(scope))
    return waiting


def _work_for(lease: Lease | None) -> None:
    _hint.lease = lease
    _hint.queue, _hint.was_empty = None, False
    open_scope(PROCESS if lease is None else lease.scope)


def _is_free() -> bool:
    """Whether this thread has no scope of its own: none, or one that we gave it as a hint."""
    scope = current_scope()
    return scope is PROCESS or (_hint.lease is not None and _hint.lease.scope is scope)


def _is_worker() -> bool:
    """Whether this thread may change whom it works for; the main one waits for its workers."""
    if threading.get_ident() == threading.main_thread().ident or not _is_free():
        return False
    return _package(threading.current_thread()) not in _IN_CONTEXTS


def _is_work(item: Any) -> bool:
    kind = type(item)
    if issubclass(kind, _PLAIN):
        return True
    return any("__dataclass_fields__" in vars(base) for base in kind.__mro__)


def _package(thread: Any) -> str:
    """Return the top-level package that a thread's code is from; asks no object of anybody."""
    target = vars(thread).get("_target")
    if type(target) is MethodType:
        target = target.__func__
    if type(target) is functools.partial:
        target = target.func
    if type(target) in (FunctionType, BuiltinFunctionType):
        module = target.__module__
    else:
        module = type.__getattribute__(type(thread), "__module__")
    return module.partition(".")[0] if type(module) is str else ""
