"""How long a scope's values stay known after its end: while something it started is under way.

An ended scope without leases is kept a little, for workers that were handed something before its
end; one with leases until they end. Both are bounded, and what is given up is counted.
"""

from __future__ import annotations

import sys
import time
from collections import deque
from itertools import islice

from sst_otel.locks import new_lock
from sst_otel.registry.identity import IDS, Mark
from sst_otel.scope import PROCESS, Scope, count_exhausted

KEPT_SCOPES = 8
KEPT_SECONDS = 30.0
"""Ended scopes without leases whose marks stay."""
HELD_SCOPES = 64
HELD_BYTES = 32_000_000
HELD_SECONDS = 3600.0
"""Ended scopes with leases, and what they may hold together; beyond it the oldest go."""
_LEFT = "left"
"""Note about an ended scope: the key of a mark whose object is held elsewhere."""
_NOTHING = -1
_MOST_ASKED = 200

_ended: deque[tuple[float, int, Scope]] = deque()
"""When each ended that has something to keep, as which one of all, and the scope; oldest first."""
_ends = 0
"""How many scopes have ended; two that end at once may count as one."""
_held: deque[Scope] = deque()
"""Ended scopes that had leases at their end, oldest first."""
_lock = new_lock()


class Lease:
    """Keeps what a scope knows, after its end too, while something that it started is under way.

    It ends by :meth:`end` or when nobody holds it any more: a thread that never ran, a work item
    that was dropped. Takes no lock, because the garbage collector may end it anywhere.
    """

    __slots__ = ("_leases", "scope")

    def __init__(self, scope: Scope) -> None:
        self.scope = scope
        self._leases: list[None] | None = scope.leases
        scope.leases.append(None)

    def end(self) -> None:
        """Give the scope up; again and again without harm."""
        leases, self._leases = self._leases, None
        if leases:
            leases.pop()

    __del__ = end


def end_scope(scope: Scope) -> None:
    """End ``scope``. Its marks stay while it is leased, and else up to 30 s and 8 more ends."""
    global _ends
    scope.ended_at = time.monotonic()
    if scope.on_end is not None:
        act, scope.on_end = scope.on_end, None
        act()
    if scope.leases:
        with _lock:
            _held.append(scope)
    else:
        _ends += 1
        scope.detach()
        if not scope.is_empty:
            with _lock:
                _ended.append((scope.ended_at, _ends, scope))
    if _ended or _held:
        sweep(scope.ended_at)


def awaken(scope: Scope) -> None:
    """Have a new ``scope`` followed from its first line where an earlier one has left something.

    A basket that an application keeps in memory is read before this scope has anything of its own.
    """
    if not _ended and not _held:
        return
    for former in reversed(_kept()):
        if _has_left_something(former):
            scope.live = not scope.exhausted
            return


def _kept() -> list[Scope]:
    """Return the ended scopes whose marks stay."""
    with _lock:
        return [*[scope for _, _, scope in _ended], *_held]


def _has_left_something(scope: Scope) -> bool:
    """Whether somebody besides us still has a value that was marked in an ended scope."""
    known = scope.state.get(_LEFT)
    if known == _NOTHING:
        return False
    keys = list(islice(scope.latest(), _MOST_ASKED))
    for key in keys if known is None else (known, *keys):
        entry = IDS.get(key)
        if entry is not None and is_held(entry):
            scope.state[_LEFT] = key
            return True
    scope.state[_LEFT] = _NOTHING
    return False


def is_held(entry: Mark) -> bool:
    """Whether somebody besides us has the object of a mark."""
    return _holders(entry) > _NOBODY


def _holders(entry: Mark) -> int:
    obj = entry.obj
    if obj is None:
        return _NOBODY + 1  # what is not kept alive by its mark
    own = [2 - bool(datum.parents) for datum in entry.data if datum.value is obj]
    return sys.getrefcount(obj) - sum(own)  # a source's datum and its place in the registry


_NOBODY = 0
_NOBODY = _holders(Mark(str(4_000_000), (), False, PROCESS))


def release_all() -> None:
    """Release every ended scope and the process's own marks."""
    with _lock:
        ended = [*[scope for _, _, scope in _ended], *_held, PROCESS]
        _ended.clear()
        _held.clear()
    for scope in ended:
        scope.release()


def sweep(now: float) -> None:
    """Release ended scopes that are too old (``now`` by the monotonic clock) or too many."""
    if _held:
        _sweep_held(now)
    while True:
        with _lock:
            if not _ended:
                return
            ended_at, number, scope = _ended[0]
            if _ends - number < KEPT_SCOPES and now - ended_at < KEPT_SECONDS:
                return
            _ended.popleft()
        scope.release()


def _sweep_held(now: float) -> None:
    """Move scopes whose leases have ended to the others; give up the oldest beyond the budget."""
    global _ends
    given_up: list[Scope] = []
    with _lock:
        size = sum(scope.size for scope in _held)
        for _ in range(len(_held)):
            scope = _held.popleft()
            left = len(_held) + 1
            if not scope.leases:  # asked once: a lease may end at any moment
                scope.detach()
                _ends += 1
                _ended.append((scope.ended_at, _ends, scope))
            elif left > HELD_SCOPES or size > HELD_BYTES or now - scope.ended_at >= HELD_SECONDS:
                given_up.append(scope)
            else:
                _held.append(scope)
                continue
            size -= scope.size
    for scope in given_up:
        scope.release()
    if given_up:
        count_exhausted("scopes", len(given_up))
