"""Methods in rewritten code.

A site asks for a callable and calls it in its own frame, so that a method of the application that
happens to be called ``strip`` runs as without us.
"""

from __future__ import annotations

import calendar
import re
from functools import partial
from types import MethodDescriptorType, MethodType
from typing import Any

from sst_otel.guard import guard
from sst_otel.lineage import calls, marks
from sst_otel.lineage.functions import METHODS_OF_C, of_instance, values
from sst_otel.lineage.small import position
from sst_otel.registry.identity import IDS, marked
from sst_otel.scope import PROCESS, current_scope

_guarded = guard("lineage")

SELF_METHODS = (
    values.CUTTING | values.EDITING | values.CONVERTING | values.COPYING | values.COMPUTING
) | frozenset(
    {
        "strftime",
        "hex",
        "copy",
        "timetuple",
        "normalize",
        "to_bytes",
        "to_eng_string",
        "tobytes",
        "squeeze",
    }
)
"""Method names whose result depends on marks of the receiver alone."""
ATTRIBUTES = values.ATTRIBUTES
_NAMES = frozenset({id(type(calendar.month_name)), id(type(calendar.day_name))})
_METHOD_IDS = frozenset(map(id, METHODS_OF_C))


def method(bound: Any) -> Any:
    """Return what to call for ``receiver.name`` where only the receiver can carry a mark."""
    if IDS:
        if id(type(bound)) in _METHOD_IDS:
            receiver = bound.__self__
            if id(receiver) in IDS or type(receiver) is re.Pattern:
                return partial(calls.call, bound)
        elif type(bound) is MethodDescriptorType or type(bound) is MethodType:
            return calls.callee(bound)
    return bound


def method_of_arguments(bound: Any) -> Any:
    """Return what to call for ``receiver.name`` where arguments can carry marks too."""
    return calls.callee(bound)


mapped = calls.given


def after_method0(result: Any, name: str, receiver: Any) -> Any:
    """Return ``result`` of ``receiver.name()``, evaluated in place."""
    if id(receiver) in IDS:
        _settle_method(result, name, receiver, ())
    return result


def after_method(result: Any, name: str, receiver: Any, *arguments: Any) -> Any:
    """Return ``result`` of ``receiver.name(*arguments)``, evaluated in place."""
    if id(receiver) in IDS or (type(receiver) is re.Pattern and IDS):
        _settle_method(result, name, receiver, arguments)
    return result


def joined_characters(result: Any, text: Any) -> Any:
    """Return ``result`` of ``"".join([c for c in text if …])``, evaluated in place."""
    if id(text) in IDS:
        with _guarded:
            values.characters_joined(result, text)
    return result


def attribute(result: Any, name: str, receiver: Any) -> Any:
    """Return ``result`` of ``receiver.name``, evaluated in place."""
    if id(receiver) in IDS:
        with _guarded:
            values.attribute(result, receiver, name)
    return result


def metadata(result: Any) -> Any:
    """Return ``result`` of ``request.headers``, tagged now that the program looks at it."""
    scope = current_scope()
    if scope.on_look is not None and scope is not PROCESS:
        with _guarded:
            act, scope.on_look = scope.on_look, None
            act()
    return result


def item(result: Any, key: Any, receiver: Any) -> Any:
    """Return ``result`` of ``receiver[key]``, evaluated in place: a piece, a group, a column."""
    if id(receiver) in IDS or (type(receiver) is re.Match and id(receiver.string) in IDS):
        _settle_method(result, "__getitem__", receiver, (key,))
    elif id(key) in IDS and type(key) is int:
        _settle_position(result, key, receiver)
    return result


def _settle_position(result: Any, key: int, receiver: Any) -> None:
    """Mark a digit of an alphabet, a name of a month: what stands for a number, in other letters.

    An item of the application's own list is chosen by a number, not made of it.
    """
    known = type(receiver) is str or id(type(receiver)) in _NAMES
    if known and current_scope().spend():
        with _guarded:
            source = position(key)
            marks.compute(result, (source,) if source is not None else (), ("index",))


def _settle_method(result: Any, name: str, receiver: Any, arguments: tuple[Any, ...]) -> None:
    if not current_scope().spend():
        return
    with _guarded:
        source = marked(receiver)
        if result is receiver:
            return
        if source is not None and source.obj is not None and source.obj is not receiver:
            return
        rule = of_instance(type(receiver), name)
        if rule is not None:
            rule(result, (receiver, *arguments), {})
