"""Classes that make new values of what they are given: pydantic, attrs, marshmallow, msgspec.

A plain class or dataclass stores the objects it is given; these validate and convert first, outside
of any code that is rewritten. What their instances hold is compared with what they were given.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sst_otel.lineage import refine
from sst_otel.lineage.scanning import bases, module_of, namespace_of, scan_all

_BASES = frozenset({"pydantic", "msgspec", "schematics", "wtforms", "sqlmodel"})
_ATTRS = "__attrs_attrs__"
_known: dict[type, bool] = {}
_MANY = 1_000


def is_model(kind: type) -> bool:
    """Whether instances of ``kind`` may hold other objects than they were given."""
    known = _known.get(kind)
    if known is None:
        known = any(
            module_of(base).partition(".")[0] in _BASES or _ATTRS in namespace_of(base)
            for base in bases(kind)
        )
        if len(_known) < _MANY:
            _known[kind] = known
    return known


def built(result: Any, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> None:
    """Mark the fields of a new instance."""
    sources = scan_all((*args, *kwargs.values()), into_objects=True)
    if sources:
        refine.Leaves(sources, "validate").visit(result)
