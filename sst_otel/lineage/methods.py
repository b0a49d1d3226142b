"""Methods of texts, numbers and dates in rewritten code.

A site asks for a callable and calls it in its own frame, so that a method of the application that
happens to be called ``strip`` runs as without us.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from functools import partial
from types import BuiltinMethodType, MethodDescriptorType
from typing import Any

from sst_otel.guard import guard
from sst_otel.lineage import marks
from sst_otel.lineage.calls import FUNCTIONS, call, class_method
from sst_otel.lineage.tracebacks import drop_own_entry
from sst_otel.registry.datum import Datum
from sst_otel.registry.identity import IDS, MARKABLE, marked


def method(bound: Any) -> Any:
    """Return what to call for ``receiver.name`` where only the receiver can carry a mark."""
    if IDS:
        if type(bound) is BuiltinMethodType:
            if id(bound.__self__) in IDS:
                return partial(_called_on_marked, bound)
        elif type(bound) is MethodDescriptorType and bound.__objclass__ in MARKABLE:
            return partial(_called_unbound, bound)
    return bound


def method_of_arguments(bound: Any) -> Any:
    """Return what to call for ``receiver.name`` where arguments can carry marks too."""
    if not IDS:
        return bound
    if id(bound) in FUNCTIONS:
        return partial(call, bound)
    if type(bound) is MethodDescriptorType:
        return method(bound)
    if type(bound) is BuiltinMethodType:
        receiver = bound.__self__
        if type(receiver) in marks.TEXTS:
            name = bound.__name__
            if name in _TEXT_METHODS:
                return partial(_called_text, bound, _TEXT_METHODS[name])
        elif type(receiver) is type:
            follow = class_method(receiver, bound.__name__)
            if follow is not None:
                return partial(_called, bound, follow)
        if id(receiver) in IDS:
            return partial(_called_on_marked, bound)
    return bound


def mapped(mapping: Any, function: Any) -> Any:
    """Return the first argument to use in ``map(function, …)``; ``mapping`` is what ``map`` is."""
    return method_of_arguments(function) if mapping is map else function


def after_method0(result: Any, name: str, receiver: Any) -> Any:
    """Return ``result`` of ``receiver.name()``, evaluated in place."""
    if id(receiver) in IDS:
        _settle_method(result, name, receiver, ())
    return result


def after_method(result: Any, name: str, receiver: Any, *arguments: Any) -> Any:
    """Return ``result`` of ``receiver.name(*arguments)``, evaluated in place."""
    if id(receiver) in IDS:
        _settle_method(result, name, receiver, arguments)
    return result


def _called(function: Any, follow: Any, *args: Any, **kwargs: Any) -> Any:
    try:
        result = function(*args, **kwargs)
    except BaseException as error:
        drop_own_entry(error)
        raise
    with guard("lineage"):
        follow(result, args)
    return result


def _called_on_marked(bound: Any, *args: Any, **kwargs: Any) -> Any:
    try:
        result = bound(*args, **kwargs)
    except BaseException as error:
        drop_own_entry(error)
        raise
    _settle_method(result, bound.__name__, bound.__self__, args)
    return result


def _called_unbound(descriptor: Any, *args: Any, **kwargs: Any) -> Any:
    try:
        result = descriptor(*args, **kwargs)
    except BaseException as error:
        drop_own_entry(error)
        raise
    if args and id(args[0]) in IDS:
        _settle_method(result, descriptor.__name__, args[0], args[1:])
    return result


def _called_text(bound: Any, follow: Any, *args: Any, **kwargs: Any) -> Any:
    try:
        if args and type(args[0]) in marks.ITERATORS and follow is _join:
            args = (list(args[0]), *args[1:])  # join does the same first
        result = bound(*args, **kwargs)
    except BaseException as error:
        drop_own_entry(error)
        raise
    receiver = bound.__self__
    if id(receiver) in IDS or _may_be_marked(args) or (kwargs and _may_be_marked(kwargs.values())):
        with guard("lineage"):
            follow(result, receiver, args, kwargs)
    return result


def _may_be_marked(arguments: Iterable[Any]) -> bool:
    for argument in arguments:
        if id(argument) in IDS:
            return True
        kind = type(argument)
        if kind is list or kind is tuple or kind is set:
            if marks.any_marked(argument):
                return True
            if not CONTAINERS.isdisjoint(map(type, argument)):
                return True
        elif kind in CONTAINERS or kind in marks.VIEWS:
            return True
    return False


def _settle_method(result: Any, name: str, receiver: Any, arguments: tuple[Any, ...]) -> None:
    with guard("lineage"):
        source = marked(receiver)
        if source is None or source.obj is not receiver or result is receiver:
            return
        kind = type(receiver)
        if kind in marks.TEXTS:
            if name in _CUTTING:
                for piece in result:
                    if piece is not receiver:
                        marks.part(piece, source, name)
            elif name in _EDITING:
                marks.edited(result, source, name)
            elif name in _CONVERTING:
                marks.carry(result, source, name)
        elif name in _COPYING or (name == "strftime" and _whole_date(arguments)):
            marks.carry(result, source, name)
        elif name in _COMPUTING:
            marks.compute(result, (source,), (name,))


def _whole_date(arguments: tuple[Any, ...]) -> bool:
    """Whether a ``strftime`` format has year, month and day."""
    template = arguments[0] if arguments else ""
    directives = (
        set(re.findall(r"%[-_0^#]?([a-zA-Z])", template)) if type(template) is str else set()
    )
    return all(directives & group for group in (_YEAR, _MONTH, _DAY))


CONTAINERS = marks.CONTAINERS
_YEAR = frozenset("YyGcxDFs")
_MONTH = frozenset("mbBcxDFsj")
_DAY = frozenset("dejcxDFs")
_CUTTING = frozenset({"split", "rsplit", "splitlines", "partition", "rpartition"})
_EDITING = frozenset(
    {"strip", "lstrip", "rstrip", "removeprefix", "removesuffix", "translate", "replace"}
)
_CONVERTING = frozenset(
    {
        *("lower", "upper", "title", "capitalize", "casefold", "swapcase", "encode", "decode"),
        *("zfill", "ljust", "rjust", "center", "expandtabs", "hex"),
    }
)
_COPYING = frozenset(
    {"isoformat", "ctime", "date", "astimezone", "timestamp", "toordinal", "normalize", "hex"}
)
_COMPUTING = frozenset(
    {
        *("strftime", "replace", "quantize", "to_integral_value", "to_integral"),
        *("total_seconds", "sqrt", "ln", "log10", "conjugate"),
    }
)
SELF_METHODS = (_CUTTING | _EDITING | _CONVERTING | _COPYING | _COMPUTING) - {"replace"}
"""Method names whose result depends on marks of the receiver alone."""


def _join(result: Any, separator: Any, args: tuple[Any, ...], kwargs: Any) -> None:
    if result is separator or not args:
        return
    pieces = args[0]
    if type(pieces) not in marks.CONTAINERS and type(pieces) not in marks.VIEWS:
        return  # an iterable of the application is asked once, by join itself
    sources = marks.found((separator,)) if len(pieces) > 1 else []
    sources += marks.found(pieces)
    if not any(result is source.obj for source in sources):
        marks.compose(result, sources)


def _format(result: Any, template: Any, args: tuple[Any, ...], kwargs: Any) -> None:
    sources = marks.scan((template, *args, *kwargs.values()))
    if result == template or any(result is source.obj for source in sources):
        return
    marks.compose(result, sources, alone=_lone_field(template))


def _lone_field(template: str) -> bool:
    return template[:1] == "{" and template[-1:] == "}" and template.count("{") == 1


def _replace(result: Any, text: Any, args: tuple[Any, ...], kwargs: Any) -> None:
    if result is text or len(args) < 2:
        return
    source, inserted = marked(text), marked(args[1])
    if inserted is not None and (not args[1] or args[1] not in result or args[0] not in text):
        inserted = None
    if inserted is None:
        if source is not None:
            marks.edited(result, source, "replace")
        return
    kept: tuple[Datum, ...] = ()
    if source is not None:
        kept = marks.located(result, source)
    elif result is inserted.obj or len(result) == len(inserted.obj):
        marks.compose(result, [inserted])
        return
    marks.keep(result, (*kept, *(datum for datum in inserted.data if datum not in kept)), True)


_TEXT_METHODS: dict[str, Callable[..., None]] = {
    "join": _join,
    "format": _format,
    "format_map": _format,
    "replace": _replace,
}
