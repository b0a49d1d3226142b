"""What a result inherits, told by looking at it: for functions without a rule of their own.

A function of a library is taken for pure: what it returns was made from what it was given. A leaf
of its result gets the data whose value it shows, never all that went in.
"""

from __future__ import annotations

import datetime
from decimal import Decimal
from typing import Any

from sst_otel.datatypes.dates import parse_date
from sst_otel.datatypes.numbers import number_text, parse_number
from sst_otel.lineage import cutting, marks
from sst_otel.lineage.scanning import SCAN_LIMIT, fields_of, items_of
from sst_otel.lineage.showing import Needles, Shown
from sst_otel.lineage.written_forms import NUMBERS, TEXTS, folded, forms, says_something, words
from sst_otel.registry.datum import Datum
from sst_otel.registry.identity import IDS, MARKABLE, Mark
from sst_otel.scope import current_scope

_DATES = frozenset({datetime.date, datetime.datetime})
_MOST_LEAVES = 5_000
"""Texts of one result that are searched for values."""


def convert(result: Any, sources: list[Mark], operation: str) -> None:
    """Mark a scalar that a library made from ``sources``: a rendering, a reading, or computed."""
    if not sources or any(result is source.obj for source in sources):
        return
    if type(result) in TEXTS:
        if not show(result, sources) and says_something(result):
            marks.compute(result, sources, (operation,))
    elif type(result) in MARKABLE:
        same = [source for source in sources if reads_as(source, result)]
        if len(same) == 1 and len(sources) == 1:
            marks.keep(result, same[0].data)
        else:
            marks.compute(result, sources, (operation,))


def show(result: Any, sources: list[Mark], needles: Needles | None = None) -> bool:
    """Mark a text with those of ``sources`` that it shows; tell whether it shows any."""
    if type(result) not in TEXTS or not sources:
        return False
    data, whole = (needles or Needles(sources)).found_in(Shown(result))
    if data:
        marks.keep(result, tuple(data), composed=not (whole and len(data) == 1))
    return bool(data)


def reads_as(source: Mark, value: Any) -> bool:
    """Whether ``value`` (a number or date) is what the object of ``source`` says."""
    if source.composed or source.form:
        return False
    obj = source.obj
    if type(obj) in NUMBERS and type(value) in NUMBERS:
        return bool(obj == value)
    if type(value) in _DATES:
        return parse_date(as_day(obj)) == parse_date(value)
    if type(value) in NUMBERS and type(obj) in TEXTS:
        text = words(obj)
        return any(words(form) == text for form in forms(value))
    return type(obj) is type(value) and bool(obj == value)


def numbers_of(value: Any) -> tuple[float, ...]:
    """Return the amount that ``value`` is or says, as a float; nothing where it says none."""
    number = parse_number(value) if type(value) in MARKABLE else None
    return () if number is None else (float(number),)


def as_day(value: Any) -> Any:
    """Return what :func:`parse_date` reads: bytes as text, other values as they are."""
    return value.decode("utf-8", "replace") if type(value) is bytes else value


class Leaves:
    """Marks the leaves of a result by the values of ``sources`` that they show.

    ``operation`` names what a leaf was cut or computed by. ``taken_apart``: the texts that leaves
    may be pieces of. ``computed``: numbers that are none of the values were computed from them.
    """

    def __init__(
        self,
        sources: list[Mark],
        operation: str,
        taken_apart: list[Mark] | None = None,
        computed: bool = False,
    ) -> None:
        self.sources = sources
        self.cutters = [
            cutting.Cutter(entry, operation)
            for entry in taken_apart or ()
            if type(entry.obj) in TEXTS and not entry.form
        ]
        self.operation = operation
        self.computed = computed
        self.budget = _MOST_LEAVES
        self.needles = Needles(sources)
        self.one_owner = len({datum.owner.ref for datum in marks.data_of(sources)}) == 1
        self.exact: dict[str, dict[Datum, None]] = {}
        for source in sources:
            if source.composed or source.form:
                for datum in source.data:
                    self._enter(datum.value, (datum,))
            else:
                self._enter(source.obj, source.data)

    def _enter(self, value: Any, data: tuple[Datum, ...]) -> None:
        for key in _keys(value):
            self.exact.setdefault(key, {}).update(dict.fromkeys(data))

    def visit(self, result: Any) -> None:
        """Mark the leaves of ``result``, a scalar, a container or an instance."""
        stack = [result]
        seen: set[int] = set()
        left = SCAN_LIMIT
        while stack and left and self.budget > 0 and current_scope().live:
            left -= 1
            node = stack.pop()
            kind = type(node)
            if kind in MARKABLE:
                self.leaf(node)
                continue
            if node is None or kind is bool or kind is type or id(node) in seen:
                continue
            seen.add(id(node))
            if issubclass(kind, dict):
                inner = list(dict.values(node))  # keys are names, mostly of the program
            else:
                held = items_of(node)
                inner = _values_in(node) if held is None else held
            stack.extend(reversed(inner[:SCAN_LIMIT]))

    def data_at(self, leaf: Any) -> tuple[Datum, ...]:
        """Return the data whose value ``leaf`` is."""
        for key in _keys(leaf):
            data = self.exact.get(key)
            if data:
                return tuple(data)
        return ()

    def leaf(self, leaf: Any) -> None:
        """Mark one scalar."""
        if id(leaf) in IDS or not leaf:
            return
        data = self.data_at(leaf)
        if data:
            marks.keep(leaf, data)
            return
        if type(leaf) not in TEXTS:
            if self.computed and self.one_owner:
                marks.compute(leaf, self.sources, (self.operation,))
            return
        self.budget -= 1
        if len(leaf) > 1 and not show(leaf, self.sources, self.needles):
            for cutter in self.cutters:
                if _inside(leaf, cutter.whole):
                    cutter.part(leaf)


def _values_in(instance: Any) -> list[Any]:
    return [value for name, value in fields_of(instance).items() if name[:2] != "__"]


def _inside(leaf: Any, whole: str) -> bool:
    """Whether a text was cut out of the folded text ``whole``, at the borders of words."""
    piece = folded(leaf).strip()
    start = whole.find(piece) if piece else -1
    while start >= 0:
        end = start + len(piece)
        before, after = whole[start - 1 : start], whole[end : end + 1]
        if not (before.isalnum() and piece[0].isalnum()) and not (
            after.isalnum() and piece[-1].isalnum()
        ):
            return True
        start = whole.find(piece, start + 1)
    return False


def _keys(value: Any) -> list[str]:
    """Return what a value is compared by: its words, its amount, its day."""
    kind = type(value)
    if kind in TEXTS:
        text = as_day(value)
        keys = [words(text)]
        if kind is str and len(text) <= 40:
            number, day = parse_number(text), parse_date(text)
            if number is not None:
                keys.append(f"#{number_text(number)}")
            if day is not None:
                keys.append(f"@{day.isoformat()}")
        return [key for key in keys if key]
    if kind is int or kind is float or kind is Decimal:
        number = parse_number(value)
        return [] if number is None else [f"#{number_text(number)}"]
    if kind in _DATES:
        return [f"@{value.isoformat()[:10]}"]
    return [words(value)] if kind in MARKABLE else []
