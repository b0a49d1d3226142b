"""Functions that parse text into objects, watched inside of a request, job or command.

JSON, YAML, MessagePack, pickle, Python literals and rows of CSV with names: read from files,
caches, queues and columns, by the application or by a library for it. Whose the fields are is
:mod:`sst_otel.sources.documents`' business, but where it is the request's own body
(:mod:`sst_otel.sources.web_bodies`). Parsers that a module had imported by name before
tracking started are not seen.
"""

from __future__ import annotations

import ast
import csv
import functools
import json
import pickle
import plistlib
import sys
import threading
from collections.abc import Callable
from types import BuiltinFunctionType, ModuleType
from typing import Any
from urllib import parse

from sst_otel.guard import guard
from sst_otel.lineage import put_away
from sst_otel.lineage.functions import FUNCTIONS, resolve
from sst_otel.lineage.hooks.wrapping import bound
from sst_otel.patching import Patches
from sst_otel.scope import PROCESS, current_scope
from sst_otel.sources.documents import Documents
from sst_otel.sources.web import PARSING
from sst_otel.sources.web_bodies import BODY
from sst_otel.suppress import is_suppressed
from sst_otel.tagging import Tagger
from sst_otel.tracebacks import drop_own_entry

_PLACE = "source.parsing"
_OURS = tuple(f"sst_otel.{room}" for room in ("matching", "sinks", "sources", "audit", "pages"))
"""Rooms that parse for themselves; lineage calls for the program."""
_HERE: tuple[tuple[ModuleType, str], ...] = (
    (json, "loads"),
    (pickle, "loads"),
    (plistlib, "loads"),
    (ast, "literal_eval"),
)
_LATER = (
    ("orjson", ("loads",)),
    ("simplejson", ("loads",)),
    ("ujson", ("loads",)),
    ("msgpack", ("unpackb", "loads")),
    ("yaml", ("load", "safe_load")),
)
_Look = Callable[[Any, Any], None]
"""``look(parsed, text)``"""
_stand_ins: dict[int, tuple[Any, Any]] = {}
"""``id`` of an original → it and its stand-in, both held for good: modules that imported a
stand-in by name keep it."""


class _Busy(threading.local):
    on = False


_busy = _Busy()
_documents: Documents | None = None


def install(tagger: Tagger) -> Patches:
    """Put the stand-ins in their places."""
    global _documents
    patches = Patches(_PLACE)
    _documents = Documents(tagger)
    put_away.registry = tagger.registry
    patches.on_undo(_stop)
    for module, name in _HERE:
        _replace(patches, module, name)
    _replace(patches, csv.DictReader, "__next__")
    _replace(patches, parse, "parse_qsl", _look_at_pairs)
    for library, names in _LATER:
        patches.when_imported(library, functools.partial(_replace_all, patches, names))
    return patches


def _stop() -> None:
    global _documents
    _documents = put_away.registry = None


def _replace_all(patches: Patches, names: tuple[str, ...], module: ModuleType) -> None:
    for name in names:
        _replace(patches, module, name)


def _replace(patches: Patches, holder: Any, name: str, look: _Look | None = None) -> None:
    original = vars(holder).get(name)
    if original is None:
        return
    known = _stand_ins.get(id(original))
    ours = known[1] if known is not None else _stand_in(original, look or _look)
    _stand_ins[id(original)] = (original, ours)
    rule = resolve(original)
    if rule is not None:
        FUNCTIONS[id(ours)] = rule[0]  # rewritten modules follow the stand-in as the original
    setattr(holder, name, ours)
    inside = f"{holder.__module__}:{holder.__name__}." if isinstance(holder, type) else ""
    patches.installed.append(f"{inside or f'{holder.__name__}:'}{name}")

    def restore() -> None:
        if vars(holder).get(name) is ours:
            setattr(holder, name, original)

    patches.on_undo(restore)


def _stand_in(original: Any, look: _Look) -> Any:
    if type(original) is not BuiltinFunctionType:
        return functools.wraps(original)(_calling(original, look))
    # A function written in C does not become a method as an attribute of a class.
    return bound(original, _calling_c(original))


def _calling(original: Callable[..., Any], look: _Look) -> Callable[..., Any]:
    # Names of the function, not of the module: this runs wherever anything is parsed.
    current, process = current_scope, PROCESS

    def function(*args: Any, **kwargs: Any) -> Any:
        try:
            result = original(*args, **kwargs)
        except BaseException as error:
            drop_own_entry(error)
            raise
        scope = current()
        if scope is not process and not scope.exhausted:
            look(result, args[0] if args else None)
        return result

    return function


def _calling_c(original: Callable[..., Any]) -> Callable[..., Any]:
    def function(_module: Any, /, *args: Any, **kwargs: Any) -> Any:
        try:
            result = original(*args, **kwargs)
        except BaseException as error:
            drop_own_entry(error)
            raise
        scope = current_scope()
        if scope is not PROCESS and not scope.exhausted:
            _look(result, args[0] if args else None)
        return result

    return function


def _look(tree: Any, text: Any) -> None:
    """Look at what was parsed; what fails is ours alone."""
    documents, scope = _documents, current_scope()
    # What a request's own body says is its sender's, and tagged as such.
    if documents is None or _busy.on or PARSING in scope.state or is_suppressed():
        return
    if sys._getframe(2).f_globals.get("__name__", "").startswith(_OURS):
        return  # our own reading: of a payload, of a token
    _busy.on = True
    try:
        with guard(_PLACE):
            body = scope.state.get(BODY)
            if body is None or not body.document(tree, text):
                documents.parsed(tree, text, scope)
    finally:
        _busy.on = False


def _look_at_pairs(pairs: Any, text: Any) -> None:
    """Look at what an application has had parsed of a form or a query."""
    body = current_scope().state.get(BODY)
    if body is None or _documents is None or is_suppressed():
        return
    if sys._getframe(2).f_globals.get("__name__", "").startswith(_OURS):
        return
    with guard(_PLACE):
        body.pairs(pairs, text)
