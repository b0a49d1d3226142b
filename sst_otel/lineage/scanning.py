"""Finding marked values in what a call is given: containers, and the application's own objects.

Nothing of the application runs: containers are read by the methods of their builtin base, objects
by the slots and the dictionary that the interpreter itself keeps for them.
"""

from __future__ import annotations

import collections
import sys
from collections.abc import Callable, Iterable, Mapping
from types import GetSetDescriptorType, MemberDescriptorType
from typing import Any, cast

from sst_otel.lineage.small import entry_of
from sst_otel.registry.identity import MARKABLE, Mark

CONTAINERS = frozenset({list, tuple, dict, set, frozenset})
VIEWS = frozenset({type({}.keys()), type({}.values()), type({}.items()), collections.deque})
_LEAVES = MARKABLE | {bool, type(None), type, type(len), type(lambda: None)}
_OPAQUE = frozenset(
    {"sqlalchemy", "flask", "werkzeug", "threading", "_thread", "weakref", "socket"}
)
"""Packages whose objects are machinery around the application's values."""
SCAN_LIMIT = 5_000
"""Most nodes of a container looked at for one site."""

_DICTIONARY = vars(type)["__dict__"].__get__
_MRO = vars(type)["__mro__"].__get__
_NAME = vars(type)["__name__"].__get__
_MODULE = vars(type)["__module__"].__get__


def bases(kind: type) -> tuple[type, ...]:
    """Return the classes of ``kind``, itself first, without asking its metaclass."""
    found: tuple[type, ...] = _MRO(kind)
    return found


def module_of(kind: type) -> str:
    """Return the module that ``kind`` says it is from; nothing where it says something odd."""
    name = _MODULE(kind)
    return name if type(name) is str else ""


def name_of(kind: type) -> str:
    """Return the name of the class ``kind``, without asking its metaclass."""
    name: str = _NAME(kind)
    return name


def namespace_of(kind: type) -> Mapping[str, Any]:
    """Return what the body of the class ``kind`` defines."""
    found: Mapping[str, Any] = _DICTIONARY(kind)
    return found


def fields_of(obj: Any) -> dict[str, Any]:
    """Return the stored attributes of an instance: its dictionary and its filled slots."""
    found: dict[str, Any] = {}
    for base in bases(type(obj)):
        for name, member in namespace_of(base).items():
            kind = type(member)
            if kind is not MemberDescriptorType and (
                kind is not GetSetDescriptorType or name != "__dict__"
            ):
                continue
            try:
                stored = member.__get__(obj)
            except AttributeError:
                continue  # an empty slot
            if name == "__dict__":
                found.update(stored if type(stored) is dict else {})
            else:
                found.setdefault(name, stored)
    return found


def _element() -> Any:
    """Return the class of XML elements, if the application has asked for it."""
    return getattr(sys.modules.get("xml.etree.ElementTree"), "Element", None)


def _texts_of(element: Any) -> list[Any]:
    texts: list[Any] = []
    for node in element.iter():
        texts += [node.text, *node.attrib.values(), node.tail]
    return texts


_ROW_READERS: dict[type, Callable[[Any], Any]] = {}
_MOST_KINDS = 500


def _nothing(_row: Any) -> None:
    """Return None: what is no row of a database."""


def _row_reader(kind: type) -> Callable[[Any], Any]:
    """Return what reads the values of a row of SQLAlchemy or SQLite, by its class written in C."""
    known = _ROW_READERS.get(kind)
    if known is None:
        known = _make_row_reader(kind)
        if len(_ROW_READERS) < _MOST_KINDS:
            _ROW_READERS[kind] = known
    return known


def _make_row_reader(kind: type) -> Callable[[Any], Any]:
    for base in bases(kind):
        module = module_of(base)
        if name_of(base) == "BaseRow" and module.startswith("sqlalchemy."):
            data: Any = namespace_of(base).get("_data")
            if type(data) in (MemberDescriptorType, GetSetDescriptorType):
                return cast(Callable[[Any], Any], data.__get__)
        if module == "sqlite3" and name_of(base) == "Row":
            return cast(Callable[[Any], Any], namespace_of(base)["__iter__"])
    return _nothing


def row_items(node: Any) -> list[Any] | None:
    """Return the values of a row as a library fetched it; None for other objects."""
    values = _row_reader(type(node))(node)
    return None if values is None else list(values)


def items_of(node: Any) -> list[Any] | None:
    """Return what is in a container (a dictionary's values, then keys); None for other objects."""
    kind = type(node)
    if kind is list or kind is tuple:
        return list(node)
    if kind is dict:
        return [*node.values(), *node.keys()]
    if kind in CONTAINERS or kind in VIEWS:
        return list(node)
    if kind is _element():
        return _texts_of(node)
    if issubclass(kind, dict):
        return [*dict.values(node), *dict.keys(node)]
    if issubclass(kind, list):
        return list(list.__iter__(node))
    if issubclass(kind, tuple):
        return list(tuple.__iter__(node))
    return row_items(node)


def scan(value: Any, into_objects: bool = False) -> list[Mark]:
    """Return the marks of ``value`` and of the leaves of containers in it, each object once.

    ``into_objects``: also of what the application's own objects hold.
    """
    entry = entry_of(value)
    if entry is not None:
        return [entry]
    if type(value) in _LEAVES:
        return []
    marks: dict[int, Mark] = {}
    later = [value]
    seen: set[int] = set()
    left = SCAN_LIMIT
    while later and left > 0:  # what an object refers to may lead far: the near things first
        stack, later = later[::-1], []
        while stack and left > 0:
            left -= 1
            node = stack.pop()
            entry = entry_of(node)
            if entry is not None:
                marks[id(node)] = entry
                continue
            if type(node) in _LEAVES or id(node) in seen:
                continue
            seen.add(id(node))
            inner = items_of(node)
            if inner is not None:
                stack.extend(reversed(inner[:SCAN_LIMIT]))
            elif into_objects and module_of(type(node)).partition(".")[0] not in _OPAQUE:
                later.extend(fields_of(node).values())
    return list(marks.values())


def scan_all(operands: Iterable[Any], into_objects: bool = False) -> list[Mark]:
    """Return the marks of all ``operands``, in order, each object once."""
    marks: dict[int, Mark] = {}
    for operand in operands:
        for entry in scan(operand, into_objects):
            marks[id(entry.obj) if entry.obj is not None else id(entry)] = entry
    return list(marks.values())
