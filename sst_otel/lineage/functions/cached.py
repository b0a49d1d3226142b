"""Functions that remember their results (``functools.lru_cache``).

The value handed out the second time was made in another request, whose marks are gone.
"""

from __future__ import annotations

import weakref
from collections.abc import Mapping
from typing import Any

from sst_otel.lineage import marks, refine
from sst_otel.lineage.functions.rules import Follow
from sst_otel.lineage.small import entry_of
from sst_otel.registry.identity import MARKABLE

_computing: weakref.WeakSet[Any] = weakref.WeakSet()
"""Functions of which a result was seen to be made from what they were given."""


def remembering(function: Any) -> Follow:
    """Return the rule for one function with a memory.

    Its results are followed once one of them was seen being made from its arguments: a function
    that only decides by them never is.
    """

    def follow(result: Any, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> None:
        sources = marks.found((*args, *kwargs.values()))
        if not sources or type(result) not in MARKABLE:
            return
        entry = entry_of(result)
        if entry is None:
            if function in _computing:
                refine.convert(result, sources, "lru_cache")
            return
        given = {root for datum in marks.data_of(sources) for root in datum.parents or (datum,)}
        made = {root for datum in entry.data for root in datum.parents or (datum,)}
        if not given.isdisjoint(made):
            _computing.add(function)

    return follow
