"""Locks that a forked child finds open, whoever held them in its parent.

Only the thread that forks lives on in the child: what another one held, nobody would ever let go.
All are reentrant, since a handler of signals may come in between and need the same.
"""

from __future__ import annotations

import os
import threading
import weakref
from typing import Any

_made: weakref.WeakSet[Any] = weakref.WeakSet()


def new_lock() -> Any:
    """Return a ``threading.RLock``; what it guards is never left half-done by a single step."""
    lock = threading.RLock()
    _made.add(lock)
    return lock


def _after_fork() -> None:
    for lock in list(_made):
        reinit = getattr(lock, "_at_fork_reinit", None)  # as the standard library does with its own
        if reinit is not None:
            reinit()


os.register_at_fork(after_in_child=_after_fork)
