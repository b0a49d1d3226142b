"""Protocol buffer messages as object trees: names of fields and what they hold.

Names tell more than the bytes, in which fields are numbers. Reflection is asked, never the
application: messages of ``protobuf`` (any implementation) and of ``proto-plus``.
"""

from __future__ import annotations

from typing import Any

MAX_FIELDS = 20_000
MAX_DEPTH = 40


def is_message(obj: Any) -> bool:
    """Whether ``obj`` is a message that can be read."""
    return _fields_of(obj) is not None


def message_tree(obj: Any) -> dict[str, Any]:
    """Return the fields that are set, by name; empty for what is no message.

    ``Struct``, ``Value``, ``ListValue`` and the wrappers are what they stand for.
    """
    tree = _Reader().read(obj, 0)
    return tree if isinstance(tree, dict) else {"value": tree}


class _Reader:
    def __init__(self) -> None:
        self._left = MAX_FIELDS

    def read(self, obj: Any, depth: int) -> Any:
        message = _fields_of(obj)
        if message is None or depth > MAX_DEPTH:
            return {}
        name = message.DESCRIPTOR.full_name
        tree = {}
        for field, value in message.ListFields():
            self._left -= 1
            if self._left < 0:
                break
            tree[field.name] = self._value(field, value, depth)
        if name in _STAND_FOR:
            return next(iter(tree.values()), None if name in _SCALARS else {})
        return tree

    def _value(self, field: Any, value: Any, depth: int) -> Any:
        if _fields_of(value) is not None:
            return self.read(value, depth + 1)
        if isinstance(value, (str, bytes, int, float)):
            return value
        if field.message_type is not None and field.message_type.GetOptions().map_entry:
            keys = list(value)[: max(self._left, 0)]
            self._left -= len(keys)
            return {str(key): self._item(value[key], depth) for key in keys}
        return [self._item(item, depth) for item in value if self._left > 0]

    def _item(self, value: Any, depth: int) -> Any:
        return value if _fields_of(value) is None else self.read(value, depth + 1)


_SCALARS = frozenset(
    f"google.protobuf.{name}"
    for name in (
        *("Value", "StringValue", "BytesValue", "BoolValue", "DoubleValue", "FloatValue"),
        *("Int32Value", "Int64Value", "UInt32Value", "UInt64Value"),
    )
)
_STAND_FOR = _SCALARS | {"google.protobuf.Struct", "google.protobuf.ListValue"}


def _fields_of(obj: Any) -> Any:
    """Return the message that ``obj`` is or, in proto-plus, has; None for anything else."""
    kind = type(obj)
    if hasattr(kind, "DESCRIPTOR") and hasattr(kind, "ListFields"):
        return obj
    inside = obj.__dict__.get("_pb") if type(getattr(obj, "__dict__", None)) is dict else None
    kind = type(inside)
    return inside if hasattr(kind, "DESCRIPTOR") and hasattr(kind, "ListFields") else None
