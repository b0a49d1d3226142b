"""What a result inherits from its operands: the rules of the lineage layer, free of call forms.

Only objects of exact builtin types are looked at here (a mark is the proof of it, see
:data:`sst_otel.registry.identity.MARKABLE`), so no code of the application ever runs.
"""

from __future__ import annotations

import datetime
import itertools
from collections.abc import Iterable
from types import GeneratorType
from typing import Any

from sst_otel.datatypes.dates import parse_date
from sst_otel.lineage import carriers
from sst_otel.lineage.locate import located
from sst_otel.lineage.scanning import CONTAINERS, VIEWS, scan
from sst_otel.lineage.small import entry_of, is_small, remember, remember_here
from sst_otel.lineage.words import whole_again
from sst_otel.lineage.written_forms import NUMBERS, TEXTS, as_text, folded
from sst_otel.registry.datum import Datum, derive
from sst_otel.registry.identity import IDS, MARKABLE, Mark, mark
from sst_otel.scope import current_scope

TIMES = frozenset({datetime.date, datetime.datetime, datetime.time})
ITERATORS = frozenset({GeneratorType, map, filter, zip, reversed, enumerate}) | frozenset(
    {
        *(itertools.chain, itertools.islice, itertools.starmap, itertools.compress),
        *(itertools.takewhile, itertools.dropwhile, itertools.filterfalse),
        *map(type, (iter([]), iter(()), iter({}), iter({}.values()), iter(""), iter("\u00e9"))),
        *map(type, (reversed([]), reversed({}), reversed({}.values()), iter(set()))),
    }
)
"""One-shot iterators that a known function consumes; looked at while it does."""
ENCODED = "encoded"
HASHED = "hashed"

_IDS_KEYS = IDS.keys()


def found(operands: Iterable[Any]) -> list[Mark]:
    """Return the marks of ``operands``, in order, each object once."""
    marks: dict[int, Mark] = {}
    for operand in operands:
        entry = entry_of(operand)
        if entry is not None:
            marks[id(operand)] = entry
    return list(marks.values())


def any_marked(items: Iterable[Any]) -> bool:
    """Tell at C speed whether one of ``items`` (a container, never an iterator) has a mark."""
    return not _IDS_KEYS.isdisjoint(map(id, items))


def data_of(marks: Iterable[Mark]) -> tuple[Datum, ...]:
    """Return the data of ``marks``, each once, in order."""
    data: dict[Datum, None] = {}
    for entry in marks:
        for datum in entry.data:
            data[datum] = None
    return tuple(data)


def keep(result: Any, data: tuple[Datum, ...], composed: bool = False, form: str = "") -> None:
    """Mark ``result``, unless it has a mark already or says nothing (0, empty)."""
    kind = type(result)
    if kind not in MARKABLE:
        if data and carriers.is_carrier(kind):
            carriers.hold(result, data, composed, form)
        return
    if is_small(result):
        remember(result, data)
        return
    if id(result) in IDS or not result:
        return
    mark(result, data, current_scope(), composed, form)


def carry(result: Any, source: Mark, operation: str) -> None:
    """Mark the result of a conversion that keeps what ``source`` says.

    A number got from a longer text or from a digest is computed, not copied.
    """
    if (source.composed or source.form) and type(result) not in TEXTS:
        compute(result, (source,), (operation,))
        return
    keep(result, source.data, source.composed, source.form)


def encode(result: Any, sources: list[Mark], form: str = ENCODED) -> None:
    """Mark a text that all of ``sources`` are in, where nobody can read them."""
    if type(result) in TEXTS and sources:
        composed = len(sources) > 1 or sources[0].composed
        keep(result, data_of(sources), composed, form)


def same_number(result: Any, source: Mark) -> bool:
    """Whether ``result`` and the object of ``source`` are numbers of equal value."""
    return type(result) in NUMBERS and type(source.obj) in NUMBERS and bool(result == source.obj)


def compute(result: Any, sources: Iterable[Mark], operations: tuple[str, ...]) -> None:
    """Mark a computed value: one derived datum per owner.

    A number equal to the only marked operand (``x + 0``, ``round(x, 2)``) is a copy of it.
    """
    sources = tuple(sources)
    kind = type(result)
    if not sources or (id(result) in IDS and not is_small(result)):
        return
    if (not result) if kind in MARKABLE else not carriers.is_carrier(kind):
        return
    if kind not in MARKABLE and issubclass(kind, str):  # Markup("<p>") + x
        keep(result, data_of(sources), composed=True)
        return
    if len(sources) == 1 and same_number(result, sources[0]):
        keep(result, sources[0].data)
        return
    if len(sources) == 1 and kind in NUMBERS and result == 1 and type(sources[0].obj) not in TIMES:
        return  # x / x: true of everybody; but January is not
    roots = {root for datum in data_of(sources) for root in datum.parents}
    if kind in TIMES and len(roots) == 1:  # a date taken apart and put together
        root = roots.pop()
        if parse_date(result) == parse_date(root.value):
            keep(result, (root,))
            return
    value = result if kind in MARKABLE else carriers.number_in(result)
    derived = derive(data_of(sources), value, operations[-1])
    for datum in derived:
        chain = datum.operations[:-1]
        new = [name for name in operations if name not in chain]
        datum.operations = (*chain, *new)[-12:]
    if kind is int and result == 1 and len(sources) == 1:
        remember_here(result, derived)
        return
    keep(result, derived)


def compose(result: Any, sources: list[Mark], alone: bool = False) -> None:
    """Mark a text made of ``sources`` and of literals.

    ``alone``: the text is one formatted value without anything around it.
    """
    if type(result) not in TEXTS or not sources:
        return
    if len(sources) == 1:
        source = sources[0]
        if alone and is_text(source.obj) and not shares_characters(result, source.obj):
            return  # a specification cut it off: f"{name:*>8.0}"
        if not source.composed and (alone or _is_whole(result, source.obj)):
            keep(result, source.data, form=source.form)
            return
    data = data_of(sources)
    whole = whole_again(result, data)
    keep(result, (whole,) if whole else data, composed=whole is None)


def is_text(value: Any) -> bool:
    """Whether ``value`` is text; of a library's own kind (Markup) too."""
    return type(value) in TEXTS or issubclass(type(value), str)


def _is_whole(result: Any, value: Any) -> bool:
    if type(value) in TEXTS:
        return type(value) is type(result) and len(result) == len(value)
    return folded(result).strip() == as_text(value).casefold()


def shares_characters(result: Any, source: Any) -> bool:
    """Whether a letter or digit of ``source`` is in ``result``."""
    left = set(filter(str.isalnum, folded(source)))
    return not left.isdisjoint(folded(result))


__all__ = ["CONTAINERS", "NUMBERS", "TEXTS", "VIEWS", "located", "scan"]
