"""What is known of functions: by the function itself, by its name, by its package.

:func:`resolve` finds out what a callable is without running any of it. Rules of a subject stand in
a module each; what they share is in :mod:`.rules`.
"""

from __future__ import annotations

import builtins
import functools
import operator
import re
import struct
from collections.abc import Callable, Mapping
from types import (
    BuiltinFunctionType,
    FunctionType,
    MethodDescriptorType,
    MethodType,
    ModuleType,
)
from typing import Any

from sst_otel.lineage import carriers
from sst_otel.lineage.functions import (
    cached,
    dates,
    encodings,
    models,
    numbers,
    protobuf,
    regex,
    serialisation,
    texts,
    third_party,
    values,
)
from sst_otel.lineage.functions.rules import Follow, by_result, computes
from sst_otel.lineage.scanning import bases, module_of, name_of
from sst_otel.lineage.written_forms import TEXTS
from sst_otel.registry.identity import MARKABLE

Resolved = tuple[Follow, tuple[Any, ...]]
"""A rule, and what stands before the arguments in it: the receiver of a bound method."""

_SUBJECTS = (numbers, texts, regex, dates, encodings, serialisation, protobuf)
RULES: dict[str, dict[str, Follow]] = {}
"""Module → function or class → rule."""
for _subject in _SUBJECTS:
    for _module, _table in _subject.RULES.items():
        RULES.setdefault(_module, {}).update(_table)
METHODS: dict[str, dict[str, Follow]] = {}
"""``module.Class`` → method → rule."""
for _methods in (
    *(numbers.METHODS, texts.METHODS, serialisation.METHODS, encodings.METHODS, protobuf.METHODS),
):
    METHODS.update(_methods)
CLASS_METHODS = {**dates.CLASS_METHODS, **encodings.CLASS_METHODS}
_ONLY_BY_NAME = frozenset(
    {
        *("builtins", "operator", "functools", "itertools", "random", "os", "flask", "io", "time"),
        *(
            "logging",
            "backports",
            "collections",
            "copy",
            "dataclasses",
            "csv",
            "configparser",
            "uuid",
            "bisect",
            "email",
            "google",
        ),
    }
)
"""Modules where only the named functions make values from values."""
_GENERAL = frozenset(name.partition(".")[0] for name in RULES) - _ONLY_BY_NAME
DATA_MODULES = frozenset(RULES) | third_party.THIRD_PARTY
"""Modules whose functions are followed."""
_DIGESTS = frozenset(name for name in carriers.PACKAGES if name in RULES or name == "hmac")
_MANY = 4_000

FUNCTIONS: dict[int, Follow] = {}
"""``id`` of a function met or known before → its rule; the functions are held for good."""
_kept: list[Any] = []
_by_name: dict[tuple[str, str], Follow | None] = {}


def _remember(function: Any, rule: Follow) -> None:
    if len(_kept) < _MANY:
        _kept.append(function)
        FUNCTIONS[id(function)] = rule


for _name, _rule in RULES["builtins"].items():
    _remember(vars(builtins)[_name], _rule)


def resolve(function: Any) -> Resolved | None:
    """Return the rule for ``function``, any callable; None for what is not known."""
    rule = FUNCTIONS.get(id(function))
    if rule is not None:
        return rule, ()
    finder = _FINDERS.get(type(function))
    if finder is not None:
        return finder(function)
    if issubclass(type(function), type):
        return _of_class(function)
    return _of_other(function)


def _of_builtin(function: Any) -> Resolved | None:
    owner = function.__self__
    name = function.__name__
    if owner is None or type(owner) is ModuleType:
        rule = by_name(function.__module__ or "", name)
        if rule is not None:
            _remember(function, rule)
            return rule, ()
        return None
    if issubclass(type(owner), type):
        known = CLASS_METHODS.get(owner, {}).get(name) if type(owner) is type else None
        known = known or by_name(module_of(owner), f"{name_of(owner)}.{name}", exact=False)
        return (known, ()) if known is not None else None
    rule = of_instance(type(owner), name)
    return (rule, (owner,)) if rule is not None else None


def _of_descriptor(function: Any) -> Resolved | None:
    rule = of_instance(function.__objclass__, function.__name__)
    return (rule, ()) if rule is not None else None


def _of_function(function: Any) -> Resolved | None:
    name = function.__qualname__
    rule = by_name(function.__module__, name)
    if rule is None:
        return None
    if "<" not in name:
        _remember(function, rule)
    return rule, ()


def _of_cached(function: Any) -> Resolved | None:
    return _of_function(function) or (cached.remembering(function), ())


def _of_method(function: Any) -> Resolved | None:
    inner = function.__func__
    if type(inner) is not FunctionType:
        return None
    rule = by_name(inner.__module__, inner.__qualname__)
    return (rule, (function.__self__,)) if rule is not None else None


def _of_partial(function: Any) -> Resolved | None:
    inner = resolve(function.func)
    if inner is None:
        return None
    rule, before = inner
    named = function.keywords

    def follow(result: Any, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> None:
        rule(result, args, {**named, **kwargs})

    return follow, (*before, *function.args)


def _of_method_caller(function: Any) -> Resolved | None:
    made: tuple[Any, ...] = operator.methodcaller.__reduce__(function)  # type: ignore[assignment]
    given = made[1]
    extra: Mapping[str, Any] = {}
    if type(made[0]) is functools.partial:  # where there are named arguments
        given, extra = (*made[0].args, *given), made[0].keywords
    name, *arguments = given

    def follow(result: Any, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> None:
        rule = of_instance(type(args[0]), name) if type(name) is str else None
        if rule is not None:
            rule(result, (args[0], *arguments), extra)

    return follow, ()


def _of_class(function: Any) -> Resolved | None:
    rule = by_name(module_of(function), name_of(function))
    if rule is not None:
        if type(function) is type:
            _remember(function, rule)
        return rule, ()
    if protobuf.is_message(function):
        return protobuf.built, ()
    return (models.built, ()) if models.is_model(function) else None


def _of_other(function: Any) -> Resolved | None:
    """Look at functions that an extension brings: numpy's, those that Cython makes."""
    kind = type(function)
    package = module_of(kind).partition(".")[0]
    if package in third_party.THIRD_PARTY:
        name = getattr(function, "__name__", "")
        return third_party.rule_for(package, name if type(name) is str else ""), ()
    if name_of(kind) == "cython_function_or_method":
        rule = by_name(function.__module__, function.__qualname__)
        return (rule, ()) if rule is not None else None
    return None


METHODS_OF_C: frozenset[type] = frozenset({BuiltinFunctionType, type(re.compile("").sub)})
"""Types of bound methods written in C; those that are told their class are of a type apart."""
_FINDERS: dict[type, Callable[[Any], Resolved | None]] = {
    **dict.fromkeys(METHODS_OF_C, _of_builtin),
    FunctionType: _of_function,
    MethodType: _of_method,
    MethodDescriptorType: _of_descriptor,
    functools.partial: _of_partial,
    operator.methodcaller: _of_method_caller,
    type: _of_class,
    type(functools.lru_cache(len)): _of_cached,
}


def by_name(module: Any, name: Any, exact: bool = True) -> Follow | None:
    """Return the rule for ``name`` (``dumps``, ``Template.render``) of ``module``."""
    if type(module) is not str or type(name) is not str:
        return None
    key = (module, name)
    if key in _by_name:
        return _by_name[key]
    rule = _look_up(module, name)
    if len(_by_name) < _MANY:
        _by_name[key] = rule
    return rule


def _look_up(module: str, name: str) -> Follow | None:
    for known in (module, module.lstrip("_"), _ALIASES.get(module, "")):
        rule = RULES.get(known, {}).get(name)
        if rule is not None:
            return rule
    package = module.lstrip("_").partition(".")[0]
    class_name, _, last = name.rpartition(".")
    if class_name:
        for known, methods in METHODS.items():
            if known.rpartition(".")[2] == class_name and known.startswith(package):
                return methods.get(last)
    if package in third_party.THIRD_PARTY or module.partition(".")[0] in third_party.THIRD_PARTY:
        return third_party.rule_for(package, name)
    if package in _GENERAL and last[:1] != "_" and "<" not in name:
        return by_result(last or name)
    return None


_ALIASES = {"posixpath": "os.path", "ntpath": "os.path", "decoder": "json", "_operator": "operator"}


def of_instance(kind: type, name: str) -> Follow | None:
    """Return the rule for the method ``name`` of objects of ``kind``."""
    if kind in TEXTS:
        return values.TEXT.get(name)
    if kind in MARKABLE:
        return values.SCALAR.get(name)
    if kind is re.Pattern:
        return regex.PATTERN.get(name)
    if kind is re.Match:
        return regex.MATCH.get(name)
    if module_of(kind) == "_io":
        return serialisation.BUFFER.get(name)
    if kind is struct.Struct:
        return by_name("struct", name)
    module = module_of(kind)
    if module in _DIGESTS:
        return encodings.DIGEST.get(name)
    if module == "_csv":
        return serialisation.ROWS.get(name)
    package = module.partition(".")[0]
    if package in third_party.THIRD_PARTY:
        return third_party.rule_for(package, name)
    if name in protobuf.OF_MESSAGES and protobuf.is_message(kind):
        return protobuf.OF_MESSAGES[name]
    return computes(name) if _is_number(kind) else None


def _is_number(kind: type) -> bool:
    """Whether ``kind`` is a number of a library, like a numpy scalar."""
    return any(module_of(base).startswith("numpy") for base in bases(kind)[:-1])
