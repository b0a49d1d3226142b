"""Objects of libraries that hold personal data inside: arrays, tables, digests, buffers.

They enter the identity table like values, so that a call on them is looked at. What can be referred
to weakly is not kept alive by it; what cannot (a digest, a number of numpy) is small.
"""

from __future__ import annotations

import weakref
from typing import Any

from sst_otel.lineage.scanning import bases, module_of
from sst_otel.registry.datum import Datum
from sst_otel.registry.identity import IDS, Mark
from sst_otel.scope import current_scope

PACKAGES = frozenset(
    {
        *("numpy", "pandas", "polars", "dateutil", "phonenumbers", "babel", "markupsafe"),
        *("_hashlib", "_md5", "_sha1", "_sha2", "_sha3", "_sha256", "_sha512", "_blake2", "hmac"),
        *("_io", "io", "string", "ipaddress", "pendulum", "arrow", "yarl", "furl", "money"),
        *("moneyed", "pyarrow", "scipy", "jinja2", "email", "time", "configparser", "urllib"),
    }
)
"""Packages whose objects are held: their classes run no code of the application."""
_KINDS: dict[type, bool] = {}
_MOST_KINDS = 500


def is_carrier(kind: type) -> bool:
    """Whether objects of exactly this class may be held."""
    known = _KINDS.get(kind)
    if known is None:
        known = issubclass(kind, object) and module_of(kind).partition(".")[0] in PACKAGES
        if len(_KINDS) < _MOST_KINDS:
            _KINDS[kind] = known
    return known


def number_in(obj: Any) -> float | None:
    """Return the number that a scalar of a library (numpy's) is; None for other objects."""
    if not any(
        module_of(base) == "numpy" and base.__name__ == "number" for base in bases(type(obj))
    ):
        return None
    value = obj.item()
    return float(value) if type(value) is int or type(value) is float else None


def hold(obj: Any, data: tuple[Datum, ...], composed: bool = True, form: str = "") -> None:
    """Record that ``obj`` holds ``data``, beside what it holds already."""
    key = id(obj)
    former = IDS.get(key)
    if former is not None:
        data = tuple(dict.fromkeys((*former.data, *data)))
        form = form or former.form
    scope = current_scope()
    if not data or not scope.hold(key, obj):
        return
    kept: Any = obj
    try:
        kept = weakref.ref(obj, lambda _: IDS.pop(key, None))
    except TypeError:
        IDS[key] = Mark(obj, data, composed, scope, form)
        return
    entry = _Weak(None, data, composed, scope, form)
    entry.reference = kept
    IDS[key] = entry


def let_go(obj: Any) -> None:
    """Forget what ``obj`` holds: it was emptied."""
    key = id(obj)
    former = IDS.pop(key, None)
    if former is not None:
        former.scope.let_go(key)


class _Weak(Mark):
    """The mark of an object that it does not keep alive."""

    __slots__ = ("reference",)
    reference: weakref.ref[Any]
