"""Calls in rewritten code: any callable, called once; then what its result inherits.

A site that knows what it calls hands over function and arguments; one that does not asks with
:func:`callee` what to call, and an application's own function is called as without us.
"""

from __future__ import annotations

import gc
import itertools
import operator
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from types import FrameType, ModuleType
from typing import Any

from sst_otel.guard import guard
from sst_otel.lineage import marks
from sst_otel.lineage.functions import (
    DATA_MODULES,
    FUNCTIONS,
    METHODS,
    METHODS_OF_C,
    RULES,
    regex,
    resolve,
    serialisation,
)
from sst_otel.lineage.functions.rules import Follow, Watched, listed_characters, nothing
from sst_otel.registry.identity import IDS, MARKABLE, MARKABLE_IDS
from sst_otel.scope import current_scope
from sst_otel.tracebacks import drop_own_entry

_guarded = guard("lineage")

KNOWN_NAMES: dict[str, frozenset[str]] = {
    **{module: frozenset() for module in DATA_MODULES},
    **{module: frozenset(table) for module, table in RULES.items() if module.isidentifier()},
    **{module: frozenset(table) for module, table in RULES.items() if "." in module},
}
"""Module → names of functions in it that have a rule; other functions of it are followed too."""
ARGUMENT_METHODS = frozenset(
    {
        *("quote", "quote_plus", "unquote", "unquote_plus", "urlencode", "escape", "b64encode"),
        *("join", "format", "format_map", "replace", "fromisoformat", "strptime"),
        *("fromtimestamp", "fromordinal", "combine", "fromhex", "from_bytes", "pow"),
        *("sub", "subn", "findall", "group", "groups", "groupdict", "expand"),
        *("dumps", "loads", "load", "dump", "dump_json", "encode", "decode"),
        *("model_dump", "model_dump_json", "model_validate", "model_validate_json"),
        *("model_copy", "parse_obj", "parse_raw", "validate_python", "dump_python", "render"),
        *("writerow", "writerows", "write", "writelines", "update", "hexdigest", "digest"),
        *(
            "getvalue",
            "read",
            "readline",
            "readlines",
            "truncate",
            "mean",
            "median",
            "std",
            "var",
            "item",
        ),
        *("cumsum", "tolist", "to_dict", "to_list", "to_json", "to_csv", "to_html"),
        *("to_numpy", "agg"),
        *("round", "sum", "min", "max", "astype", "fillna", "sign", "sign_object"),
        *("as_string", "as_bytes", "choice", "structure", "unstructure"),
        *(name for methods in METHODS.values() for name in methods),
    }
)
"""Attribute names of calls whose arguments, or whose receiver by its kind, carry marks."""
_MOST_LOST = 200
_NEUTRAL = frozenset(
    {
        *("len", "isinstance", "issubclass", "print", "id", "hash", "type", "bool", "callable"),
        *("list", "tuple", "dict", "set", "frozenset", "sorted", "min", "max", "any", "all"),
        *("enumerate", "zip", "range", "iter", "next", "getattr", "setattr", "hasattr", "ord"),
        *("append", "add", "extend", "insert", "remove", "pop", "get", "setdefault", "update"),
        *("index", "count", "find", "rfind", "startswith", "endswith", "put", "clear", "copy"),
        *("keys", "values", "items", "compare_digest", "open", "chr", "filter", "map", "reversed"),
    }
)
_NOT_CONSUMING = (serialisation.rows_read, listed_characters, nothing)
"""Rules of functions that hand on what an iterator gives, or are to see the iterator itself."""
_LOOKED_INTO = marks.CONTAINERS | marks.VIEWS
_ITERATOR_IDS = frozenset(map(id, marks.ITERATORS))
_lost: Counter[str] = Counter()


def lost() -> dict[str, int]:
    """Return which functions were given marked values and gave results nothing is known of.

    Function name (``module.name``) → calls; at most 200 names of functions, nothing else.
    """
    return dict(_lost)


def forget_lost() -> None:
    """Start counting anew."""
    _lost.clear()


def call1(function: Any, argument: Any) -> Any:
    """Return ``function(argument)``."""
    try:
        if IDS and id(type(argument)) in _ITERATOR_IDS:
            return call(function, argument)
        result = function(argument)
    except BaseException as error:
        drop_own_entry(error)
        raise
    if IDS and (id(argument) in IDS or id(type(argument)) not in MARKABLE_IDS):
        settle_call(result, function, (argument,))
    return result


def call(function: Any, /, *args: Any, **kwargs: Any) -> Any:
    """Return ``function(*args, **kwargs)``, whatever ``function`` is."""
    if not IDS:
        rule, before, inspected = None, (), args
    else:
        rule, before, args, inspected = _prepared(function, args, kwargs)
    try:
        result = function(*args, **kwargs)
    except BaseException as error:
        drop_own_entry(error)
        raise
    if rule is not None:
        follow(rule, result, (*before, *inspected), kwargs)
    return result


def callee(function: Any) -> Any:
    """Return what to call for ``function``: itself, unless its results are followed.

    Asked before the arguments are evaluated, which may bring the first marked value.
    """
    with _guarded:
        if resolve(function) is not None:
            return partial(call, function)
        if type(function) in METHODS_OF_C and function.__name__ not in _NEUTRAL:
            return partial(_counted, function)
    return function


def given(taker: Any, function: Any) -> Any:
    """Return the first argument to use in ``map(function, …)``; ``taker`` is what ``map`` is."""
    return callee(function) if taker is map else function


def after_call(result: Any, function: Any, /, *args: Any) -> Any:
    """Return ``result`` of ``function(*args)``, evaluated in place."""
    if IDS and (id(args[0]) in IDS or id(type(args[0])) not in MARKABLE_IDS):
        settle_call(result, function, args)
    return result


def settle_call(result: Any, function: Any, args: tuple[Any, ...]) -> None:
    """Mark the result of a call with positional arguments."""
    if not current_scope().spend():
        return
    with _guarded:
        rule = FUNCTIONS.get(id(function))
        if rule is not None:
            rule(result, args, {})
            return
        resolved = resolve(function)
        if resolved is not None:
            resolved[0](result, (*resolved[1], *args), {})


def follow(rule: Follow, result: Any, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> None:
    """Mark ``result`` by ``rule``, if any of what it was made from may be marked."""
    with _guarded:
        marked = may_be_marked(args) or (kwargs and may_be_marked(kwargs.values()))
        if marked and current_scope().spend():
            rule(result, args, kwargs)


def may_be_marked(operands: Iterable[Any]) -> bool:
    """Tell quickly whether an operand has a mark or may hold marked values."""
    for operand in operands:
        if id(operand) in IDS:
            return True
        kind = type(operand)
        if kind in MARKABLE or kind is bool or operand is None:
            continue
        if kind is list or kind is tuple or kind is set:
            if marks.any_marked(operand) or not MARKABLE.issuperset(map(type, operand)):
                return True
            continue
        return True
    return False


Prepared = tuple[Any, tuple[Any, ...], tuple[Any, ...], tuple[Any, ...]]


def _prepared(function: Any, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Prepared:
    """Return the rule, what stands before the arguments, the arguments to use and to look at."""
    with _guarded:
        resolved = resolve(function)
        if resolved is None:
            return None, (), args, args
        rule, before = resolved
        if function is itertools.accumulate and 0 < len(args) < 3 and "func" not in kwargs:
            step = args[1] if len(args) > 1 and args[1] is not None else operator.add
            return rule, before, (args[0], callee(step)), ()
        if args and id(type(args[0])) in _ITERATOR_IDS and rule not in _NOT_CONSUMING:
            watched = Watched(text_behind(args[0]))
            return rule, before, (_watch(args[0], watched), *args[1:]), (watched, *args[1:])
        at = 0 if before else 1
        if len(args) > at and rule is regex.substitution and callable(args[at]):
            inserted: list[Any] = []
            replacing = regex.watched(args[at], inserted)
            used = (*args[:at], replacing, *args[at + 1 :])
            return rule, before, used, (*args[:at], inserted, *args[at + 1 :])
        return rule, before, args, args
    return None, (), args, args


def text_behind(items: Any) -> Any:
    """Return the marked text whose characters an iterator hands out; None for other iterators.

    Single characters are shared by the interpreter and never marked.
    """
    iterators = [items]
    for _ in range(5):  # a map, what it keeps its iterators in, a filter, the text's iterator
        inner = []
        for iterator in iterators:
            for held in gc.get_referents(iterator):
                kind = type(held)
                if kind in marks.TEXTS and type(iterator) in _TEXT_ITERATORS and id(held) in IDS:
                    return held
                if kind in _BETWEEN:
                    inner.append(held)
        iterators = inner
    return None


_TEXT_ITERATORS = frozenset({type(iter("a")), type(iter("\u00e9")), type(iter(b"a")), reversed})
_BETWEEN = _TEXT_ITERATORS | marks.ITERATORS | {tuple, FrameType}
"""What stands between an iterator and a text; up to Python 3.10 a generator's frame too."""


def _watch(items: Iterator[Any], marked_items: Watched) -> Iterator[Any]:
    """Pass ``items`` on as they are asked for, noting those that may matter."""
    try:
        for item in items:
            if id(item) in IDS or type(item) in _LOOKED_INTO:
                marked_items.append(item)
            yield item
    except BaseException as error:
        drop_own_entry(error)
        raise


def _counted(function: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Any:
    """Call a function nothing is known of; count it where it was given something marked."""
    try:
        result = function(*args, **kwargs)
    except BaseException as error:
        drop_own_entry(error)
        raise
    with _guarded:
        if type(result) in MARKABLE and result and id(result) not in IDS and marks.any_marked(args):
            owner = function.__self__  # type: ignore[attr-defined]
            where = function.__module__ if type(owner) is ModuleType else type(owner).__name__
            name = f"{where}.{function.__name__}"
            if name in _lost or len(_lost) < _MOST_LOST:
                _lost[name] += 1
    return result
