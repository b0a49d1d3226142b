"""Payloads given as objects of classes with fields, as the trees they are sent as.

SDKs take messages as dictionaries or as instances of pydantic models, dataclasses, attrs or msgspec
classes. The matcher reads dictionaries and lists; what an instance holds is read without running
any code of its class.
"""

from __future__ import annotations

from typing import Any

from sst_otel.lineage.scanning import bases, fields_of, namespace_of
from sst_otel.matching.trees import MAX_DEPTH, MAX_NODES

_FIELDS = frozenset(
    {"__pydantic_fields__", "__fields__", "__dataclass_fields__", "__attrs_attrs__"}
    | {"__struct_fields__"}
)
"""What the body of a class with declared fields defines: pydantic 2 and 1, dataclasses, attrs,
msgspec."""
_EXTRA = "__pydantic_extra__"
_SEQUENCES = (list, tuple, set, frozenset)
_SCALARS = frozenset({str, bytes, bytearray, int, float, bool, type(None)})


def plain(value: Any) -> Any:
    """Return ``value`` with each instance in it as a dictionary; itself where it holds none.

    Leaves are the same objects: what is known of them is known by their identity. One-shot
    iterators are left alone, and beyond the matcher's own budget so is everything.
    """
    return _plain(value, 0, [MAX_NODES])


def _plain(value: Any, depth: int, left: list[int]) -> Any:
    kind = type(value)
    if kind in _SCALARS:
        return value
    left[0] -= 1
    if depth >= MAX_DEPTH or left[0] <= 0:
        return value
    if issubclass(kind, dict):
        pairs = [(key, item, _plain(item, depth + 1, left)) for key, item in dict.items(value)]
        if all([item is opened for _, item, opened in pairs]):
            return value
        return {key: opened for key, _, opened in pairs if type(key) in _SCALARS}
    if issubclass(kind, _SEQUENCES):
        base = next(base for base in _SEQUENCES if issubclass(kind, base))
        found = list(base.__iter__(value))
        opened = [_plain(item, depth + 1, left) for item in found]
        same = kind is base and all([a is b for a, b in zip(found, opened, strict=True)])
        return value if same else opened
    if not _has_fields(kind):
        return value
    fields = fields_of(value)
    extra = fields.get(_EXTRA)
    fields = {name: item for name, item in fields.items() if not name.startswith("__")}
    if type(extra) is dict:
        fields.update(extra)
    return {name: _plain(item, depth + 1, left) for name, item in fields.items()}


def _has_fields(kind: type) -> bool:
    return any([not _FIELDS.isdisjoint(namespace_of(base)) for base in bases(kind)])
