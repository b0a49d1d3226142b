"""The identity table: which living objects are tagged values, composed texts or results of them.

Plain Python objects have no room for a tag, so the table is keyed by ``id``. It holds the object
itself, which makes an id in it exact: the address cannot be reused while the entry stands. Entries
belong to the scope that made them and go with it (:mod:`sst_otel.scope`).
"""

from __future__ import annotations

import datetime
import decimal
import fractions
import uuid
from typing import Any, Protocol

from sst_otel.registry.datum import Datum

IDS: dict[int, Mark] = {}
"""``id(object)`` → its mark, process-wide. Rewritten code tests membership; see :func:`mark`."""

MARKABLE = frozenset(
    {
        str,
        bytes,
        bytearray,
        int,
        float,
        complex,
        decimal.Decimal,
        fractions.Fraction,
        datetime.date,
        datetime.datetime,
        datetime.time,
        datetime.timedelta,
        uuid.UUID,
    }
)
"""Exact types an entry may have: others are containers, singletons, or the application's own."""
MARKABLE_IDS = frozenset(map(id, MARKABLE))
"""Their ids, for tests outside a guard: a metaclass may make its classes unhashable."""


class Holder(Protocol):
    """What keeps marks alive: a scope."""

    composed: dict[int, None]
    shared: dict[int, Any]

    def hold(self, key: int, obj: Any) -> bool:
        """Reserve room for one mark; False when the budget is used up."""

    def let_go(self, key: int) -> None:
        """Give back the room of one mark."""


class Mark:
    """What one object carries."""

    __slots__ = ("composed", "data", "form", "obj", "scope", "spans")

    def __init__(
        self, obj: Any, data: tuple[Datum, ...], composed: bool, scope: Holder, form: str = ""
    ) -> None:
        self.obj = obj
        self.data = data
        """The data in it; several for a composed text or a result of several owners."""
        self.composed = composed
        """True for a longer text in which the data stand beside literals of the program."""
        self.scope = scope
        self.form = form
        """``encoded`` or ``hashed`` where the data cannot be read in the object as they are."""

    spans: Any
    """Where the data stand in a composed text; unset until somebody asked."""

    def __repr__(self) -> str:
        return f"<Mark of {len(self.data)} data>"

    def ends_with(self, scope: Holder) -> bool:
        """Whether the mark goes now that ``scope`` is released."""
        return self.scope is scope


def mark(
    obj: Any,
    data: tuple[Datum, ...],
    scope: Holder,
    composed: bool = False,
    form: str = "",
) -> None:
    """Record that ``obj`` holds ``data``, for as long as ``scope`` lasts.

    An object that two people's values turn out to be (a driver or an enumeration hands the same one
    out for every row) is nobody's: its mark goes, and does not come back in this scope.
    Other shared objects never enter: small integers, one-character and empty texts, other types
    than :data:`MARKABLE`. Beyond the scope's budget nothing is recorded and the drop is counted.
    """
    kind = type(obj)
    if kind not in MARKABLE or not data:
        return
    if kind is int:
        if -5 <= obj <= 256:
            return
    elif (kind is str or kind is bytes) and len(obj) < 2:
        return
    key = id(obj)
    if key in scope.shared:
        return
    former = IDS.get(key)
    if former is not None and not composed and _are_different_people(former.data, data):
        scope.shared[key] = obj
        IDS.pop(key, None)
        return
    if not scope.hold(key, obj):
        return
    IDS[key] = Mark(obj, data, composed, scope, form)
    if composed:
        scope.composed[key] = None


def _are_different_people(former: tuple[Datum, ...], data: tuple[Datum, ...]) -> bool:
    """Whether two source values of one object have no owner in common."""
    if former[0].parents or data[0].parents:
        return False
    return {datum.owner for datum in former}.isdisjoint(datum.owner for datum in data)


def marked(obj: Any) -> Mark | None:
    """Return the mark of ``obj``, or None.

    An entry without data is a sign for lineage to look closer, at a number the interpreter shares.
    """
    entry = IDS.get(id(obj))
    return entry if entry is None or entry.data else None


def unmark(entry: Mark) -> None:
    """Drop one mark before its scope ends."""
    key = id(entry.obj)
    if IDS.get(key) is entry:
        IDS.pop(key, None)
        entry.scope.let_go(key)


def forget(keys: list[int], scope: Holder) -> None:
    """Drop the entries of a scope that ended; entries another scope took over stay."""
    for key in keys:
        entry = IDS.get(key)
        if entry is None:
            continue
        if entry.scope is scope if type(entry) is Mark else entry.ends_with(scope):
            IDS.pop(key, None)
