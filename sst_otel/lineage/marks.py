"""What a result inherits from its operands: the rules of the lineage layer, free of call forms.

Only objects of exact builtin types are looked at here (a mark is the proof of it, see
:data:`sst_otel.registry.identity.MARKABLE`), so no code of the application ever runs.
"""

from __future__ import annotations

import collections
import datetime
import decimal
import fractions
from collections.abc import Iterable
from types import GeneratorType
from typing import Any

from sst_otel.registry.datum import Datum, derive
from sst_otel.registry.identity import IDS, MARKABLE, Mark, mark
from sst_otel.scope import current_scope

TEXTS = frozenset({str, bytes, bytearray})
NUMBERS = frozenset({int, float, complex, decimal.Decimal, fractions.Fraction})
TIMES = frozenset({datetime.date, datetime.datetime, datetime.time})
CONTAINERS = frozenset({list, tuple, dict, set, frozenset})
VIEWS = frozenset({type({}.keys()), type({}.values()), collections.deque})
ITERATORS = frozenset({GeneratorType, map, filter, zip, reversed})
"""One-shot iterators that a known function consumes; looked at while it does."""
SCAN_LIMIT = 2_000
"""Most nodes of a container looked at for one site."""

_IDS_KEYS = IDS.keys()


def found(operands: Iterable[Any]) -> list[Mark]:
    """Return the marks of ``operands``, in order, each object once."""
    marks: dict[int, Mark] = {}
    for operand in operands:
        entry = IDS.get(id(operand))
        if entry is not None:
            marks[id(operand)] = entry
    return list(marks.values())


def any_marked(items: Iterable[Any]) -> bool:
    """Tell at C speed whether one of ``items`` (a container, never an iterator) has a mark."""
    return not _IDS_KEYS.isdisjoint(map(id, items))


def scan(value: Any) -> list[Mark]:
    """Return the marks of ``value`` and of the leaves of exact builtin containers in it."""
    entry = IDS.get(id(value))
    if entry is not None:
        return [entry]
    if type(value) not in CONTAINERS and type(value) not in VIEWS:
        return []
    marks: dict[int, Mark] = {}
    stack = [value]
    seen: set[int] = set()
    while stack and len(seen) < SCAN_LIMIT:
        node = stack.pop()
        key = id(node)
        if key in seen:
            continue
        seen.add(key)
        entry = IDS.get(key)
        if entry is not None:
            marks[key] = entry
        elif type(node) is dict:
            stack.extend(reversed(list(dict.values(node))))
            stack.extend(dict.keys(node))
        elif type(node) in CONTAINERS or type(node) in VIEWS:
            stack.extend(reversed(list(node)))
    return list(marks.values())


def data_of(marks: Iterable[Mark]) -> tuple[Datum, ...]:
    """Return the data of ``marks``, each once, in order."""
    data: dict[Datum, None] = {}
    for entry in marks:
        for datum in entry.data:
            data[datum] = None
    return tuple(data)


def keep(result: Any, data: tuple[Datum, ...], composed: bool = False) -> None:
    """Mark ``result``, unless it has a mark already or says nothing (0, empty)."""
    if type(result) not in MARKABLE or id(result) in IDS or not result:
        return
    mark(result, data, current_scope(), composed)


def carry(result: Any, source: Mark, operation: str) -> None:
    """Mark the result of a conversion that keeps what ``source`` says.

    A number got from a longer text is computed, not copied.
    """
    if source.composed and type(result) not in TEXTS:
        compute(result, (source,), (operation,))
        return
    keep(result, source.data, source.composed)


def same_number(result: Any, source: Mark) -> bool:
    """Whether ``result`` and the object of ``source`` are numbers of equal value."""
    return type(result) in NUMBERS and type(source.obj) in NUMBERS and bool(result == source.obj)


def compute(result: Any, sources: Iterable[Mark], operations: tuple[str, ...]) -> None:
    """Mark a computed value: one derived datum per owner.

    A number equal to the only marked operand (``x + 0``, ``round(x, 2)``) is a copy of it.
    """
    sources = tuple(sources)
    if type(result) not in MARKABLE or id(result) in IDS or not result or not sources:
        return
    if len(sources) == 1 and same_number(result, sources[0]):
        keep(result, sources[0].data)
        return
    derived = derive(data_of(sources), result, operations[-1])
    for datum in derived:
        chain = datum.operations[:-1]
        new = [name for name in operations if name not in chain]
        datum.operations = (*chain, *new)[-12:]
    keep(result, derived)


def compose(result: Any, sources: list[Mark], alone: bool = False) -> None:
    """Mark a text made of ``sources`` and of literals.

    ``alone``: the text is one formatted value without anything around it.
    """
    if type(result) not in TEXTS or not sources:
        return
    if len(sources) == 1:
        source = sources[0]
        if not source.composed and (alone or _is_whole(result, source.obj)):
            keep(result, source.data)
            return
    keep(result, data_of(sources), composed=True)


def part(result: Any, source: Mark, operation: str) -> None:
    """Mark a piece cut out of a text: half of it or more is the value, less is derived."""
    if type(result) in TEXTS and says_something(result):
        _keep_rest(result, source, operation)


def edited(result: Any, source: Mark, operation: str) -> None:
    """Mark a text made from the one of ``source`` by removing or replacing some of it."""
    if type(result) in TEXTS and _shares_characters(result, source.obj):
        _keep_rest(result, source, operation)


def _keep_rest(result: Any, source: Mark, operation: str) -> None:
    if source.composed:
        data = located(result, source)
        if data:
            keep(result, data, composed=True)
    elif len(result) * 2 >= len(source.obj):
        keep(result, source.data)
    else:
        keep(result, derive(source.data, result, operation))


def located(piece: Any, source: Mark) -> tuple[Datum, ...]:
    """Return which data of a composed text are in ``piece`` of it.

    A datum that was rendered in a form not known here counts where half of the text is left.
    """
    whole, part_text = _folded(source.obj), _folded(piece)
    data = []
    for datum in source.data:
        forms = [form for form in _renderings(datum.value) if form in whole]
        inside = (
            any(form in part_text for form in forms) if forms else len(part_text) * 2 >= len(whole)
        )
        if inside or any(_overlaps(form, part_text) for form in forms):
            data.append(datum)
    return tuple(data)


def says_something(text: Any) -> bool:
    """Whether a text has a letter or digit at all."""
    return any(character.isalnum() for character in _folded(text))


def _is_whole(result: Any, value: Any) -> bool:
    if type(value) in TEXTS:
        return type(value) is type(result) and len(result) == len(value)
    return bool(_folded(result).strip() == str(value).casefold())


def _shares_characters(result: Any, source: Any) -> bool:
    left = {character for character in _folded(source) if character.isalnum()}
    return not left.isdisjoint(_folded(result))


def _folded(text: Any) -> str:
    if type(text) is str:
        return text.casefold()
    return bytes(text).decode("utf-8", "replace").casefold()


def _renderings(value: Any) -> list[str]:
    if type(value) in TEXTS:
        return [form for form in (_folded(value), _folded(value).strip()) if form]
    if type(value) in NUMBERS:
        forms = [str(value).casefold()]
        if type(value) is int or type(value) is float or type(value) is decimal.Decimal:
            forms += [
                f"{value:,}",
                f"{value:,.0f}",
                f"{value:,.2f}",
                f"{value:.0f}",
                f"{value:.2f}",
            ]
        return forms
    if type(value) in MARKABLE:
        return [str(value).casefold()]
    return []


def _overlaps(form: str, piece: str) -> bool:
    """Whether ``piece`` cut the value: it starts or ends with at least half of it."""
    half = (len(form) + 1) // 2
    return half > 1 and (piece.endswith(form[:half]) or piece.startswith(form[-half:]))
