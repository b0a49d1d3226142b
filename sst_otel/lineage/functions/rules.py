"""Kinds of rules that functions share: each marks a result, given what it was made from."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from itertools import islice
from typing import Any

from sst_otel.lineage import carriers, cutting, marks, refine
from sst_otel.lineage.scanning import items_of, scan_all
from sst_otel.lineage.showing import Needles, Shown
from sst_otel.registry.datum import Datum, derive
from sst_otel.registry.identity import IDS, MARKABLE, Mark
from sst_otel.scope import current_scope

Follow = Callable[[Any, tuple[Any, ...], Mapping[str, Any]], None]
"""Marks a result, given it, the positional and the named arguments it was made from.

The receiver of a method stands first in the positional ones.
"""


class Watched(list[Any]):
    """What an iterator that was consumed handed out: items with a mark or with something inside."""

    __slots__ = ("text",)

    def __init__(self, text: Any) -> None:
        super().__init__(() if text is None else (text,))
        self.text = text
        """The marked text whose characters it handed out; None for other iterators."""


_COMPOSING = frozenset({"add", "mul", "reduce"})
"""Operations that put texts together."""
_OF_ALL = frozenset({"mean", "sum", "median", "std", "var", "average", "agg", "prod", "quantile"})
"""Operations whose result depends on every value, even where it equals one of them."""
_LATEST = 100
"""Texts made last that a template may have been handed by the program's filters."""
_SHORTEST_MADE = 4
_SEVERAL = 400
"""Most values of an array that are compared with the data in it."""


def nothing(result: Any, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> None:
    """Nothing is inherited, or by identity alone."""


def same_value(result: Any, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> None:
    """``int("50000")``, ``Decimal(x)``: the value in another type."""
    if args and type(args[0]) is Watched:  # bytes(b ^ key for b in data)
        marks.encode(result, scan_all(args[0]))
        return
    sources = marks.found(args[:1])
    if not sources or result is args[0]:
        return
    source = sources[0]
    if type(source.obj) in marks.NUMBERS and not marks.same_number(result, source):
        marks.compute(result, sources, (type(result).__name__,))
    else:
        marks.carry(result, source, type(result).__name__)


def rendered(result: Any, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> None:
    """``str(x)``, ``repr(x)``, ``format(x, ",")``: the value as text, or a container's text."""
    if not args or result is args[0]:
        return
    sources = marks.found(args[:1])
    if sources:
        marks.carry(result, sources[0], "str")
    elif type(args[0]) in marks.CONTAINERS:
        marks.compose(result, marks.scan(args[0]))
    elif type(args[0]) not in MARKABLE:
        refine.show(result, scan_all(args[:1], into_objects=True))


def carries(operation: str, position: int = 0) -> Follow:
    """Return a rule: the result says what the argument at ``position`` says."""

    def follow(result: Any, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> None:
        given = args[position : position + 1 or None] or tuple(kwargs.values())
        sources = marks.found(given)
        if sources and result is not sources[0].obj:
            marks.carry(result, sources[0], operation)

    return follow


def encodes(form: str = marks.ENCODED) -> Follow:
    """Return a rule: all that goes in is in the result, where nobody can read it."""

    def follow(result: Any, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> None:
        sources = scan_all((*args, *kwargs.values()), into_objects=True)
        if type(result) in MARKABLE and type(result) not in marks.TEXTS:  # a checksum, a UUID
            marks.keep(result, marks.data_of(sources), len(sources) > 1, form)
        else:
            marks.encode(result, sources, form)

    return follow


def decodes(result: Any, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> None:
    """``b64decode(x)``: what was encoded is there to be read."""
    for source in marks.found(args[:1]):
        marks.keep(result, source.data, source.composed)


def computes(operation: str) -> Follow:
    """Return a rule: a value computed from marked arguments."""

    def follow(result: Any, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> None:
        sources = marks.found((*args, *kwargs.values()))
        if sources and not _is_one_of(result, sources):
            _compute(result, sources, operation)

    return follow


def aggregates(operation: str) -> Follow:
    """Return a rule: a value computed from what containers among the arguments hold."""

    def follow(result: Any, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> None:
        sources = scan_all((*args, *kwargs.values()))
        if sources and not _is_one_of(result, sources):
            _compute(result, sources, operation)

    return follow


def _compute(result: Any, sources: list[Mark], operation: str) -> None:
    if issubclass(type(result), tuple) or type(result) is list:
        for item in items_of(result) or ():  # divmod(x, y), quantiles, isocalendar
            marks.compute(item, sources, (operation,))
    elif type(result) in marks.TEXTS and operation in _COMPOSING:
        marks.compose(result, sources)
    else:
        marks.compute(result, sources, (operation,))


def _is_one_of(result: Any, sources: list[Mark]) -> bool:
    return any(result is source.obj for source in sources)


def serialises(result: Any, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> None:
    """``json.dumps(tree)``: a text of all leaves; of objects in it, what the text shows."""
    operands = (*args, *kwargs.values())
    direct = scan_all(operands)
    if _is_one_of(result, direct):
        return
    inside = [entry for entry in scan_all(operands, into_objects=True) if entry not in direct]
    if not inside:
        marks.compose(result, direct)
        return
    shown, _ = Needles(inside).found_in(Shown(result))
    data = {**dict.fromkeys(marks.data_of(direct)), **shown}
    marks.keep(result, tuple(data), composed=True)


def templated(result: Any, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> None:
    """``Template.substitute(…)``, ``render_template(…)``: what of the arguments the text shows."""
    sources = scan_all((*args, *kwargs.values()), into_objects=True)
    if not _is_one_of(result, sources):
        refine.show(result, sources)


def from_template(result: Any, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> None:
    """``render_template(…)``: :func:`templated`, and what the program's own filters made."""
    sources = scan_all((*args, *kwargs.values()), into_objects=True)
    if type(result) is not str or _is_one_of(result, sources):
        return
    known = {id(source) for source in sources}
    given = set(marks.data_of(sources))
    text = result.casefold()
    for made in _latest_made():
        computed = made.form or made.composed or any(datum.parents for datum in made.data)
        if id(made) not in known and (computed or not given.isdisjoint(made.data)):
            sources += [made] if made.obj.casefold() in text else []
    refine.show(result, sources)


def _latest_made() -> list[Mark]:
    """Return the marks of the texts that were made of others last in this scope."""
    found = []
    for key in islice(current_scope().latest(), _LATEST):
        entry = IDS.get(key)
        if entry is not None and type(entry.obj) is str and len(entry.obj) >= _SHORTEST_MADE:
            found.append(entry)
    return found


def cuts(operation: str, position: int = 0) -> Follow:
    """Return a rule: pieces of the text at ``position``, in a container that may be nested."""

    def follow(result: Any, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> None:
        for source in marks.found(args[position : position + 1]):
            characters(result, source)
            cutter = cutting.Cutter(source, operation)
            for piece in result if type(result) in marks.CONTAINERS else (result,):
                if not current_scope().spend():
                    return
                for inner in piece if type(piece) is tuple else (piece,):
                    cutter.next(inner)

    return follow


def characters(result: Any, source: Mark) -> None:
    """Hold a list of single characters of a text: they are shared, and never marked."""
    if type(result) is not list or not result or source.obj is None:
        return
    if all(type(one) in marks.TEXTS and len(one) < 2 for one in result):
        carriers.hold(result, source.data, source.composed, source.form)


def listed_characters(result: Any, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> None:
    """``list(text)``, ``sorted(text)``."""
    for source in marks.found(args[:1]):
        if marks.is_text(source.obj):
            characters(result, source)


def edits(operation: str, position: int = 0) -> Follow:
    """Return a rule: the text at ``position``, with some of it removed or replaced."""

    def follow(result: Any, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> None:
        for source in marks.found(args[position : position + 1]):
            if result is not source.obj:
                cutting.edited(result, source, operation)

    return follow


def pieces(operation: str) -> Follow:
    """Return a rule: the leaves of the result are the data whose values they show."""

    def follow(result: Any, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> None:
        sources = scan_all((*args, *kwargs.values()), into_objects=True)
        if sources and not _is_one_of(result, sources):
            taken_apart = marks.found((*args, *kwargs.values()))
            refine.Leaves(sources, operation, taken_apart).visit(result)

    return follow


def by_result(operation: str, computed: bool = False) -> Follow:
    """Return a rule for a function of which no more is known than that it is pure.

    ``computed``: numbers in the result that are none of those given are computed from them.
    """

    def follow(result: Any, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> None:
        sources = scan_all((*args, *kwargs.values()), into_objects=True)
        if not sources or id(result) in IDS:
            return
        kind = type(result)
        if kind in marks.TEXTS and not (args and id(args[0]) in IDS):
            refine.show(result, sources)
        elif kind in MARKABLE:
            refine.convert(result, sources, operation)
        elif carriers.is_carrier(kind):
            _hold(result, sources, operation)
        else:
            refine.Leaves(sources, operation, marks.found(args), computed).visit(result)

    return follow


def _hold(result: Any, sources: list[Mark], operation: str) -> None:
    """Mark an array, a table, a number of a library, by the values in it where it can tell."""
    data = marks.data_of(sources)
    values = listed(result)
    if values:
        leaves = refine.Leaves(sources, operation)
        seen: dict[Datum, None] = {}
        for value in values:
            seen.update(dict.fromkeys(leaves.data_at(value)))
        # Of several groups nobody knows whose numbers are in which.
        of_all = operation in _OF_ALL or all([datum.parents for datum in data])
        only = values[0] if len(values) == 1 and of_all else None
        if only is not None and len(data) > 1 and operation in _OF_ALL:
            seen = {}
        data = tuple(seen) or derive(data, only, operation)
    elif issubclass(type(result), str):
        found, whole = Needles(sources).found_in(Shown(result))
        carriers.hold(result, tuple(found), composed=not (whole and len(found) == 1))
        return
    elif (number := carriers.number_in(result)) is not None:
        same = tuple(datum for datum in data if number in refine.numbers_of(datum.value))
        if len(data) > 1 and operation in _OF_ALL:
            same = ()
        carriers.hold(result, same or derive(data, number, operation), composed=False)
        return
    if data:
        carriers.hold(result, data)


def listed(result: Any) -> list[Any]:
    """Return the values of a small array or table of numpy or pandas; nothing for other objects."""
    name = type(result).__name__
    if name == "DataFrame":
        result = result.to_numpy()
    if name not in ("ndarray", "Series", "DataFrame", "Index") or not 0 < result.size <= _SEVERAL:
        return []
    values: list[Any] = result.ravel().tolist() if name != "Series" else result.tolist()
    return values
