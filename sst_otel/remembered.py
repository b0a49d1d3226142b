"""Caches whose keys may be what the application was given: paths, statements, names of fields.

No personal value stays in this process longer than the registry keeps it (design rule 2), so these
are emptied from time to time; what they know is soon worked out anew.
"""

from __future__ import annotations

import weakref
from collections.abc import Callable
from functools import _lru_cache_wrapper, lru_cache
from typing import Any, TypeVar

EMPTIED_SECONDS = 1_800.0
"""How long what is remembered may stay."""
_T = TypeVar("_T")
_caches: weakref.WeakSet[_lru_cache_wrapper[Any]] = weakref.WeakSet()
_emptied_at = 0.0


def remembered(most: int) -> Callable[[Callable[..., _T]], _lru_cache_wrapper[_T]]:
    """Return :func:`functools.lru_cache` of ``most`` results, which :func:`sweep` empties."""

    def remember(function: Callable[..., _T]) -> _lru_cache_wrapper[_T]:
        cache = lru_cache(maxsize=most)(function)
        _caches.add(cache)
        return cache

    return remember


def sweep(now: float) -> None:
    """Empty every such cache, if the last time is half an hour ago (``now``: monotonic clock)."""
    global _emptied_at
    if now - _emptied_at >= EMPTIED_SECONDS:
        _emptied_at = now
        for cache in list(_caches):
            cache.cache_clear()
