"""Standing in for a library's function so that nobody notices.

Outside of a scope a stand-in costs one look at a context variable. Functions written in C do not
become methods as attributes of a class (``digest = hashlib.sha256``, as Django and PyJWT have it),
so a plain function may not stand in for them: a bound method does, which is not bound again.
"""

from __future__ import annotations

import functools
import importlib
import inspect
import pkgutil
from collections.abc import Callable
from dataclasses import dataclass
from types import BuiltinFunctionType, MethodType
from typing import Any

from sst_otel.lineage.hooks.inputs import LONGEST
from sst_otel.lineage.hooks.outputs import Note, settle
from sst_otel.scope import PROCESS, current_scope
from sst_otel.tracebacks import drop_own_entry

_NOTHING: Any = object()
_originals: dict[int, Any] = {}
_stand_ins: dict[int, Any] = {}
"""``id`` of an original → its stand-in. Both are held for good: modules that imported one by name
keep it, and an id must stay exact."""
_kept: list[Any] = []


@dataclass(frozen=True, slots=True)
class Looked:
    """What a stand-in looks at."""

    at: int
    """Position of the argument that can hold personal data."""
    name: str
    """Its name."""
    note: Note
    """Notes the result where it does."""
    longest: int = LONGEST
    """Bytes or letters of it; longer ones are not looked at."""

    def settle(self, args: tuple[Any, ...], kwargs: dict[str, Any], result: Any) -> None:
        """Look at the argument of one call."""
        value = args[self.at] if len(args) > self.at else kwargs.get(self.name)
        settle(value, result, self.note, self.longest)


def original_of(function: Any) -> Any:
    """Return the original that ``function`` stands in for, or ``function`` itself."""
    return _originals.get(id(function), function)


def stand_in(original: Any, looked: Looked) -> Any:
    """Return what to put in the place of ``original``, always the same."""
    made = _stand_ins.get(id(original))
    if made is None:
        if type(original) is BuiltinFunctionType:
            quick = looked.at == 0 and looked.name == "data"
            made = bound(original, (_digesting if quick else _calling_c)(original, looked))
        elif issubclass(type(original), type):
            made = _Class(original, looked)
        else:
            made = functools.wraps(original)(_calling(original, looked))
        _kept.extend((original, made))
        _originals[id(made)] = original
        _stand_ins[id(original)] = made
    return made


def _calling(original: Any, looked: Looked) -> Callable[..., Any]:
    """Return a function for one written in Python.

    Digest functions among the arguments are handed over as the originals: ``hmac`` asks whether
    they are written in C, and is slow if not.
    """

    def function(*args: Any, **kwargs: Any) -> Any:
        try:
            args = tuple([original_of(arg) for arg in args])
            if "digestmod" in kwargs:
                kwargs["digestmod"] = original_of(kwargs["digestmod"])
            result = original(*args, **kwargs)
        except BaseException as error:
            drop_own_entry(error)
            raise
        scope = current_scope()
        if scope is not PROCESS and scope.live:
            looked.settle(args, kwargs, result)
        return result

    return function


def _calling_c(original: Any, looked: Looked) -> Callable[..., Any]:
    def function(_module: Any, /, *args: Any, **kwargs: Any) -> Any:
        try:
            result = original(*args, **kwargs)
        except BaseException as error:
            drop_own_entry(error)
            raise
        scope = current_scope()
        if scope is not PROCESS and scope.live:
            looked.settle(args, kwargs, result)
        return result

    return function


def _digesting(original: Any, looked: Looked) -> Callable[..., Any]:
    """Return the quicker function for ``hashlib.sha256`` and its kin."""
    # Names of the function, not of the module: this runs wherever anything is hashed.
    current, process, nothing = current_scope, PROCESS, _NOTHING
    note, longest = looked.note, looked.longest

    def function(_module: Any, data: Any = _NOTHING, /, **options: Any) -> Any:
        try:
            if data is nothing:
                result = original(**options)
            elif options:
                result = original(data, **options)
            else:
                result = original(data)
        except BaseException as error:
            drop_own_entry(error)
            raise
        scope = current()
        if scope is not process and scope.live:
            if data is nothing:
                data = options.get("data", options.get("string"))
            settle(data, result, note, longest)
        return result

    return function


def bound(original: Any, function: Any) -> MethodType:
    """Return ``function`` as a bound method that looks like ``original``, one written in C."""
    for name in ("__name__", "__qualname__", "__module__", "__doc__"):
        setattr(function, name, getattr(original, name))
    try:
        signature = inspect.signature(original)
    except ValueError:  # C does not always say
        signature = inspect.Signature([_ANY, _ANY_NAMED])
    function.__signature__ = signature.replace(parameters=[_MODULE, *signature.parameters.values()])
    return MethodType(function, _Module(original.__module__))


_MODULE = inspect.Parameter("_module", inspect.Parameter.POSITIONAL_ONLY)
_ANY = inspect.Parameter("args", inspect.Parameter.VAR_POSITIONAL)
_ANY_NAMED = inspect.Parameter("kwargs", inspect.Parameter.VAR_KEYWORD)


class _Module:
    """What a stand-in is bound to; pickled and read back, it is the module of the original."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __repr__(self) -> str:
        return f"<module {self._name!r}>"

    def __reduce__(self) -> tuple[Callable[..., Any], tuple[str]]:
        return importlib.import_module, (self._name,)


class _Class:
    """Stands in for a class that makes digests (``hashlib.blake2b``), and passes for it."""

    def __init__(self, original: type, looked: Looked) -> None:
        functools.update_wrapper(self, original, updated=())
        self._original = original
        self._looked = looked

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        try:
            result = self._original(*args, **kwargs)
        except BaseException as error:
            drop_own_entry(error)
            raise
        scope = current_scope()
        if scope is not PROCESS and scope.live:
            self._looked.settle(args, kwargs, result)
        return result

    def __getattr__(self, name: str) -> Any:
        return getattr(self._original, name)

    def __instancecheck__(self, instance: Any) -> bool:
        return isinstance(instance, self._original)

    def __subclasscheck__(self, kind: type) -> bool:
        return issubclass(kind, self._original)

    def __eq__(self, other: object) -> bool:
        return other is self or other is self._original

    def __hash__(self) -> int:
        return hash(self._original)

    def __repr__(self) -> str:
        return repr(self._original)

    def __reduce__(self) -> tuple[Callable[..., Any], tuple[str]]:
        original = self._original
        return pkgutil.resolve_name, (f"{original.__module__}:{original.__qualname__}",)
