"""Operators of rewritten code: the original operation first, then what its result inherits.

Every helper runs the operation exactly once. When it raises, the helper takes its own entry off
the traceback, so that whoever looks (the application's handler, an error tracker) sees the
application's line as the place, and no frame of ours keeps the operands.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sst_otel.guard import guard
from sst_otel.lineage import cutting, marks, methods
from sst_otel.lineage.carriers import is_carrier
from sst_otel.lineage.fstrings import compose
from sst_otel.lineage.functions.formatting import percent
from sst_otel.lineage.small import entry_of
from sst_otel.registry.identity import IDS, MARKABLE, Mark
from sst_otel.scope import current_scope
from sst_otel.tracebacks import drop_own_entry

_guarded = guard("lineage")

_PLAIN = frozenset(map(id, (*MARKABLE, bool, type(None))))
"""By id: a metaclass of the application may make its classes unhashable."""
_FORMATTING = " or (type(a) is str and id(type(b)) not in PLAIN)"
"""When ``%`` is looked at besides: a tuple, a form, an object that says of itself what it is."""
_BUILTIN = MARKABLE | marks.CONTAINERS | {bool, type(None)}


def settle(result: Any, operands: tuple[Any, ...], operations: tuple[str, ...]) -> None:
    """Mark the result of an operator; at least one operand has a mark or is a container."""
    if not current_scope().spend():
        return
    with _guarded:
        if type(result) is str and operations == ("add",):
            _concatenated(result, operands)
            return
        for operand in operands:
            if result is operand:
                return
        formats = operations == ("mod",) and type(operands[0]) is str
        if not all(
            kind in _BUILTIN or is_carrier(kind) or (formats and not issubclass(kind, str))
            for kind in map(type, operands)
        ):
            return  # what an application's own operator makes is not known
        sources = marks.found(operands)
        if type(result) in marks.TEXTS:
            if "mod" in operations:
                _formatted(result, operands)
            elif sources:
                compose(result, sources)
        elif sources:
            marks.compute(result, sources, operations)


def _concatenated(result: str, operands: tuple[Any, ...]) -> None:
    """Mark the sum of texts."""
    sources: list[Mark] = []
    for operand in operands:
        if result is operand or type(operand) is not str:
            return
        entry = entry_of(operand)
        if entry is not None:
            sources.append(entry)
    if sources:
        compose(result, sources)


def _formatted(result: Any, operands: tuple[Any, ...]) -> None:
    """Mark the result of ``template % arguments``."""
    template = operands[0]
    if type(template) is type(result) and result == template:
        return
    marks.compose(result, percent(result, *operands), alone=_lone_directive(template))


def _lone_directive(template: Any) -> bool:
    if type(template) is not str or len(template) > 12:
        return False
    return (
        len(template) > 1
        and template[0] == "%"
        and template[-1].isalpha()
        and all(character in "-+ #0123456789." for character in template[1:-1])
    )


def binary(operation: str) -> Callable[[Any, Any], Any]:
    """Return the helper of a two-operand operator; compiled so that the operator is inline."""
    symbol = SYMBOLS[operation]
    containers = _FORMATTING if operation == "mod" else ""
    return _compile(
        f"def helper(a, b):\n"
        f"    try:\n"
        f"        r = a {symbol} b\n"
        f"    except BaseException as error:\n"
        f"        drop_own_entry(error)\n"
        f"        raise\n"
        f"    if IDS and (id(a) in IDS or id(b) in IDS{containers}):\n"
        f"        settle(r, (a, b), {(operation,)!r})\n"
        f"    return r\n"
    )


def inplace(operation: str) -> Callable[[Any, Any], Any]:
    """Return the helper of an augmented assignment; the caller stores what it returns."""
    symbol = SYMBOLS[operation]
    containers = _FORMATTING if operation == "mod" else ""
    return _compile(
        f"def helper(a, b):\n"
        f"    r = a\n"
        f"    try:\n"
        f"        r {symbol}= b\n"
        f"    except BaseException as error:\n"
        f"        drop_own_entry(error)\n"
        f"        raise\n"
        f"    if IDS and (id(a) in IDS or id(b) in IDS{containers}):\n"
        f"        settle(r, (a, b), {(operation,)!r})\n"
        f"    return r\n"
    )


def unary(symbol: str, operation: str) -> Callable[[Any], Any]:
    """Return the helper of a one-operand operator."""
    return _compile(
        f"def helper(a):\n"
        f"    try:\n"
        f"        r = {symbol}a\n"
        f"    except BaseException as error:\n"
        f"        drop_own_entry(error)\n"
        f"        raise\n"
        f"    if id(a) in IDS:\n"
        f"        settle(r, (a,), {(operation,)!r})\n"
        f"    return r\n"
    )


def _compile(source: str) -> Callable[..., Any]:
    namespace: dict[str, Any] = {
        "IDS": IDS,
        "PLAIN": _PLAIN,
        "settle": settle,
        "drop_own_entry": drop_own_entry,
    }
    exec(compile(source, __file__, "exec"), namespace)  # noqa: S102 - our own constant text
    helper: Callable[..., Any] = namespace["helper"]
    return helper


SYMBOLS = {
    "add": "+",
    "sub": "-",
    "mul": "*",
    "truediv": "/",
    "floordiv": "//",
    "mod": "%",
    "pow": "**",
}


# Expressions of names and constants only: evaluated in place, looked at afterwards.


def leaf1(result: Any, operations: tuple[str, ...], a: Any) -> Any:
    """Return ``result``, computed in place from the variable ``a``."""
    if id(a) in IDS:
        settle(result, (a,), operations)
    return result


def leaf2(result: Any, operations: tuple[str, ...], a: Any, b: Any) -> Any:
    """Return ``result``, computed in place from two variables or constants."""
    if IDS and (id(a) in IDS or id(b) in IDS):
        settle(result, (a, b), operations)
    return result


def leaves(result: Any, operations: tuple[str, ...], *operands: Any) -> Any:
    """Return ``result``, computed in place from several variables or constants."""
    if IDS and marks.any_marked(operands):
        settle(result, operands, operations)
    return result


def leaf_mod(result: Any, template: Any, argument: Any) -> Any:
    """Return ``result``, computed in place as ``template % argument``."""
    if IDS:
        kind = type(argument)
        if (
            id(template) in IDS
            or id(argument) in IDS
            or (type(template) is str and id(kind) not in _PLAIN)
        ):
            settle(result, (template, argument), ("mod",))
    return result


def slice2(value: Any, start: Any, stop: Any) -> Any:
    """Return ``value[start:stop]``."""
    try:
        result = value[start:stop]
    except BaseException as error:
        drop_own_entry(error)
        raise
    if result is not value and id(value) in IDS:
        _cut(result, IDS.get(id(value)), value)
    return result


def slice3(value: Any, start: Any, stop: Any, step: Any) -> Any:
    """Return ``value[start:stop:step]``."""
    try:
        result = value[start:stop:step]
    except BaseException as error:
        drop_own_entry(error)
        raise
    if result is not value and id(value) in IDS:
        _cut(result, IDS.get(id(value)), value)
    return result


def leaf_slice(result: Any, value: Any) -> Any:
    """Return ``result``, computed in place as a slice of ``value``."""
    if result is not value and id(value) in IDS:
        _cut(result, IDS.get(id(value)), value)
    return result


def _cut(result: Any, source: Mark | None, value: Any) -> None:
    with _guarded:
        if source is not None and result is not value:
            cutting.part(result, source, "slice")


def item(value: Any, key: Any) -> Any:
    """Return ``value[key]``."""
    try:
        result = value[key]
    except BaseException as error:
        drop_own_entry(error)
        raise
    return methods.item(result, key, value)


def attribute(value: Any, name: str) -> Any:
    """Return the attribute ``name`` of ``value``."""
    try:
        result = getattr(value, name)
    except BaseException as error:
        drop_own_entry(error)
        raise
    return methods.attribute(result, name, value)
