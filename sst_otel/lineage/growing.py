"""Texts that grow: ``name += value`` and ``name = name + value``.

The interpreter extends a text in place when its only owner is the variable stored to; a helper that
took the text as argument would make loops that build a text quadratic. So the operation stays in
place, and only where something is marked the right operand is replaced by one whose ``__radd__``
does the same and marks the result.
"""

from __future__ import annotations

import operator
import sys
from collections.abc import Callable
from typing import Any

from sst_otel.guard import guard
from sst_otel.lineage.operators import settle
from sst_otel.registry.identity import IDS, MARKABLE_IDS, unmark
from sst_otel.scope import current_scope
from sst_otel.tracebacks import drop_own_entry

_guarded = guard("lineage")


class _Marking:
    """Right operand of one ``+`` or ``+=`` between exact builtin values."""

    __slots__ = ("function", "value")

    def __init__(self, function: Callable[[Any, Any], Any], value: Any) -> None:
        self.function = function
        self.value = value

    def __radd__(self, left: Any) -> Any:
        try:
            result = self.function(left, self.value)
        except BaseException as error:
            drop_own_entry(error)
            raise
        settle(result, (left, self.value), ("add",))
        entry = IDS.get(id(left))
        if entry is not None and entry.composed:
            with _guarded:
                if sys.getrefcount(left) <= _HELD_BY_A_VARIABLE and id(result) in IDS:
                    unmark(entry)
                current_scope().spend(len(left) // _CHARACTERS_AN_OPERATION)
        return result


_CHARACTERS_AN_OPERATION = 4_000
"""Characters copied at about the price of one operation: a text with a mark is not extended in
place."""


def _references() -> int:
    """Return how many references there are to a marked text that only one variable holds."""
    counts: list[int] = []

    class Counting(_Marking):
        __slots__ = ()

        def __radd__(self, left: Any) -> Any:
            entry = IDS.get(id(left))
            counts.append(sys.getrefcount(left))
            return entry

    def extend(mark: list[Any]) -> None:
        text = str(4_000_000)
        mark.append(text)
        text += Counting(operator.iadd, "")

    extend([])
    return counts[0]


_HELD_BY_A_VARIABLE = _references()


def right_of_add(left: Any, right: Any) -> Any:
    """Return the right operand to use in ``left + right``."""
    if (
        IDS
        and (id(left) in IDS or id(right) in IDS)
        and id(type(left)) in MARKABLE_IDS
        and id(type(right)) in MARKABLE_IDS
    ):
        return _Marking(operator.add, right)
    return right


def right_of_iadd(left: Any, right: Any) -> Any:
    """Return the right operand to use in ``left += right``."""
    if (
        IDS
        and (id(left) in IDS or id(right) in IDS)
        and id(type(left)) in MARKABLE_IDS
        and id(type(right)) in MARKABLE_IDS
    ):
        return _Marking(operator.iadd, right)
    return right
