"""Known functions in rewritten code: what the result of ``int(x)`` or ``sum(xs)`` inherits."""

from __future__ import annotations

import builtins
import datetime
import decimal
import fractions
import json
import math
import statistics
import unicodedata
from collections.abc import Callable, Iterator
from typing import Any

from sst_otel.guard import guard
from sst_otel.lineage import marks
from sst_otel.lineage.tracebacks import drop_own_entry
from sst_otel.registry.identity import IDS

Follow = Callable[[Any, tuple[Any, ...]], None]
"""Marks a result, given it and the positional arguments it was made from."""


def _convert(result: Any, args: tuple[Any, ...]) -> None:
    """``int("50000")``, ``Decimal(x)``: the same value in another type."""
    sources = marks.found(args[:1])
    if sources and result is not args[0]:
        if type(sources[0].obj) in marks.NUMBERS and not marks.same_number(result, sources[0]):
            marks.compute(result, sources, (type(result).__name__,))
        else:
            marks.carry(result, sources[0], type(result).__name__)


def _render(result: Any, args: tuple[Any, ...]) -> None:
    """``str(x)``, ``repr(x)``, ``format(x, ",")``: the value as text, or a container's text."""
    if not args or result is args[0]:
        return
    sources = marks.found(args[:1])
    if sources:
        marks.carry(result, sources[0], "str")
    elif type(args[0]) in marks.CONTAINERS:
        marks.compose(result, marks.scan(args[0]))


def _serialise(result: Any, args: tuple[Any, ...]) -> None:
    marks.compose(result, marks.scan(args[0]) if args else [])


def _computed(name: str) -> Follow:
    def follow(result: Any, args: tuple[Any, ...]) -> None:
        sources = marks.found(args)
        if sources and not any(result is source.obj for source in sources):
            marks.compute(result, sources, (name,))

    return follow


def _aggregated(name: str) -> Follow:
    def follow(result: Any, args: tuple[Any, ...]) -> None:
        sources = marks.scan(args)
        if sources and not any(result is source.obj for source in sources):
            marks.compute(result, sources, (name,))

    return follow


def _last_argument(result: Any, args: tuple[Any, ...]) -> None:
    if args and (source := marks.found(args[-1:])) and result is not args[-1]:
        marks.carry(result, source[0], "normalize")


_BUILTINS: dict[str, Follow] = {
    **dict.fromkeys(("int", "float", "complex", "bytes", "bytearray"), _convert),
    **dict.fromkeys(("str", "repr", "ascii", "format"), _render),
    **{name: _computed(name) for name in ("round", "abs", "pow")},
    "sum": _aggregated("sum"),
}
_MATH = (
    *("ceil", "floor", "trunc", "sqrt", "cbrt", "exp", "exp2", "expm1", "log", "log2", "log10"),
    *("log1p", "fabs", "pow", "fmod", "hypot", "sin", "cos", "tan", "radians", "degrees"),
    *("copysign", "ldexp"),
)
_MATH_OF_MANY = ["fsum", "prod", "dist"]
_STATISTICS = (
    *("mean", "fmean", "geometric_mean", "harmonic_mean", "median", "median_grouped"),
    *("stdev", "pstdev", "variance", "pvariance"),
)

_MODULES: dict[str, dict[str, Follow]] = {
    "builtins": _BUILTINS,
    "decimal": {"Decimal": _convert},
    "fractions": {"Fraction": _convert},
    "json": {"dumps": _serialise},
    "unicodedata": {"normalize": _last_argument},
    "math": {
        **{name: _computed(name) for name in _MATH},
        **{name: _aggregated(name) for name in _MATH_OF_MANY},
    },
    "statistics": {name: _aggregated(name) for name in _STATISTICS},
}
_NAMESPACES: dict[str, Any] = {
    "builtins": vars(builtins),
    "decimal": vars(decimal),
    "fractions": vars(fractions),
    "json": vars(json),
    "unicodedata": vars(unicodedata),
    "math": vars(math),
    "statistics": vars(statistics),
}

_LOOKED_INTO = marks.CONTAINERS | marks.VIEWS
_KEPT: list[Any] = []
FUNCTIONS: dict[int, Follow] = {}
"""``id`` of a known function → how its result inherits; the functions are held for good."""
for _module, _table in _MODULES.items():
    for _name, _follow in _table.items():
        _function = _NAMESPACES[_module].get(_name)
        if _function is not None:  # math.cbrt is new in 3.11
            _KEPT.append(_function)
            FUNCTIONS[id(_function)] = _follow

KNOWN_NAMES: dict[str, frozenset[str]] = {
    module: frozenset(table) for module, table in _MODULES.items()
}
"""Module → names of functions in it that :data:`FUNCTIONS` knows."""

_DATE_CLASSES = (datetime.date, datetime.datetime, datetime.time)
_PARSING = frozenset({"fromisoformat", "strptime", "fromtimestamp", "fromordinal"})


def class_method(owner: type, name: str) -> Follow | None:
    """Return how a result of ``datetime.strptime`` and its kin inherits; None for others."""
    if any(owner is known for known in _DATE_CLASSES) and name in _PARSING:
        return _convert
    return None


ARGUMENT_METHODS = (
    frozenset({"join", "format", "format_map", "replace"})
    | _PARSING
    | frozenset(name for module, table in _MODULES.items() for name in table) - frozenset(_BUILTINS)
) | frozenset({"pow"})
"""Attribute names of calls whose arguments can carry marks into the result."""


def call1(function: Any, argument: Any) -> Any:
    """Return ``function(argument)``."""
    try:
        if IDS and type(argument) in marks.ITERATORS:
            return call(function, argument)
        result = function(argument)
    except BaseException as error:
        drop_own_entry(error)
        raise
    if IDS and (id(argument) in IDS or type(argument) in _LOOKED_INTO):
        settle_call(result, function, (argument,))
    return result


def call(function: Any, *args: Any, **kwargs: Any) -> Any:
    """Return ``function(*args, **kwargs)``."""
    inspected = args
    if IDS and args and type(args[0]) in marks.ITERATORS and id(function) in FUNCTIONS:
        watched: list[Any] = []
        args = (_watch(args[0], watched), *args[1:])
        inspected = (watched, *args[1:])
    try:
        result = function(*args, **kwargs)
    except BaseException as error:
        drop_own_entry(error)
        raise
    if IDS and inspected:
        settle_call(result, function, inspected)
    return result


def after_call(result: Any, function: Any, *args: Any) -> Any:
    """Return ``result`` of ``function(*args)``, evaluated in place."""
    if IDS and (id(args[0]) in IDS or type(args[0]) in _LOOKED_INTO):
        settle_call(result, function, args)
    return result


def settle_call(result: Any, function: Any, args: tuple[Any, ...]) -> None:
    """Mark the result of a known function."""
    with guard("lineage"):
        follow = FUNCTIONS.get(id(function))
        if follow is not None:
            follow(result, args)


def _watch(items: Iterator[Any], marked_items: list[Any]) -> Iterator[Any]:
    """Pass ``items`` on as they are asked for, noting those with a mark."""
    try:
        for item in items:
            if id(item) in IDS:
                marked_items.append(item)
            yield item
    except BaseException as error:
        drop_own_entry(error)
        raise
