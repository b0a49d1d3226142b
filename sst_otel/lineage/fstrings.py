"""f-strings in rewritten code."""

from __future__ import annotations

from typing import Any

from sst_otel.guard import guard, swallow
from sst_otel.lineage import marks
from sst_otel.lineage.functions.formatting import shown
from sst_otel.lineage.scanning import scan
from sst_otel.lineage.small import entry_of
from sst_otel.lineage.written_forms import as_text
from sst_otel.registry.identity import IDS, MARKABLE, Mark, mark
from sst_otel.scope import current_scope
from sst_otel.tracebacks import drop_own_entry

_guarded = guard("lineage")

_PLAIN = frozenset(map(id, (*MARKABLE, bool, type(None))))
"""By id: a metaclass of the application may make its classes unhashable."""
"""Types whose objects hold nothing inside, and say of themselves what they are."""


class _Piece(str):
    """A formatted value on its way into one f-string; never leaves :func:`joined`."""

    __slots__ = ("sources",)
    sources: list[Mark]


_PIECE_TYPES = frozenset({_Piece})


def _sources(value: Any, text: Any) -> list[Mark]:
    """Return the marks in ``value``; of an application's object, of what its text shows of it."""
    entry = entry_of(value)
    if entry is not None:
        return [entry]
    if id(type(value)) in _PLAIN:
        return []
    entry = IDS.get(id(text))
    if entry is not None:
        return [entry]
    inside = scan(value)
    return inside or shown(text, scan(value, into_objects=True))


def _piece(text: Any, value: Any) -> Any:
    with _guarded:
        sources = _sources(value, text)
        if sources and type(text) is str and text:
            piece = _Piece(text)
            piece.sources = sources
            return piece
    return text


def formatted(value: Any) -> Any:
    """Return ``f"{value}"``, knowing what it was made from."""
    try:
        text = f"{value}"
    except BaseException as error:
        drop_own_entry(error)
        raise
    if id(type(value)) not in _PLAIN or id(value) in IDS:
        return _piece(text, value)
    return text


def formatted_spec(value: Any, spec: str) -> Any:
    """Return ``f"{value:{spec}}"``, knowing what it was made from."""
    try:
        text = format(value, spec)
    except BaseException as error:
        drop_own_entry(error)
        raise
    if id(type(value)) not in _PLAIN or id(value) in IDS:
        return _piece(text, value)
    return text


def converted(value: Any, conversion: str, spec: str) -> Any:
    """Return ``f"{value!r:{spec}}"`` (or ``!s``, ``!a``), knowing what it was made from."""
    try:
        inner = str(value) if conversion == "s" else (repr if conversion == "r" else ascii)(value)
        text = format(inner, spec) if spec else inner
    except BaseException as error:
        drop_own_entry(error)
        raise
    if id(type(value)) not in _PLAIN or id(value) in IDS:
        if text is not inner and id(inner) in IDS:
            return _piece(text, inner)
        return _piece(text, value)
    return text


def joined(*pieces: str) -> str:
    """Return the f-string made of ``pieces``: literals and what the helpers above returned."""
    text = "".join(pieces)
    if not _PIECE_TYPES.isdisjoint(map(type, pieces)):
        sources: dict[int, Mark] = {}
        for part in pieces:
            if type(part) is _Piece:
                for source in part.sources:
                    sources[id(source)] = source
        _compose(text, list(sources.values()), len(pieces) == 1)
    return text


def piece(before: str, value: Any, after: str) -> str:
    """Return ``f"{before}{value}{after}"``."""
    try:
        inner = f"{value}"
    except BaseException as error:
        drop_own_entry(error)
        raise
    text = f"{before}{inner}{after}" if before or after else inner
    if id(type(value)) not in _PLAIN or id(value) in IDS:
        with _guarded:
            _compose(text, _sources(value, inner), not (before or after))
    return text


def _compose(text: str, sources: list[Mark], alone: bool) -> None:
    if sources and current_scope().spend():
        with _guarded:
            compose(text, sources, alone)


def compose(text: Any, sources: list[Mark], alone: bool = False) -> None:
    """Mark ``text``, made of ``sources`` and of literals.

    The short way of what :func:`sst_otel.lineage.marks.compose` does, for what programs do most.
    """
    source = sources[0]
    obj = source.obj
    if len(sources) > 1 and source.data and source.data[0].parents:
        marks.compose(text, sources)
    elif len(sources) > 1:
        scope = current_scope()
        scope.keep_text(text, scope.together(tuple([source.data for source in sources])), True)
    elif alone or source.form or type(obj) is not str:
        if text is not obj:
            marks.compose(text, sources, alone)
    elif text is not obj:
        composed = source.composed or len(text) != len(obj)
        current_scope().keep_text(text, source.data, composed)


def made(text: Any, edited: bool, *operands: Any) -> Any:
    """Return ``text``, an expression of texts and ``operands`` evaluated in place.

    ``edited``: parts of it were replaced or removed on the way.
    """
    if not current_scope().spend():
        return text
    try:
        sources: list[Mark] = []
        for operand in operands:
            entry = IDS.get(id(operand))
            if entry is not None and entry.data:
                sources.append(entry)
            elif entry is not None or id(type(operand)) not in _PLAIN:
                sources += _sources(operand, text)
        if edited:
            sources = [source for source in sources if _is_left(text, source)]
        if sources:
            compose(text, sources)
    except Exception as error:
        if not swallow("lineage", error, error.__traceback__):
            raise
    return text


def made1(text: Any, edited: bool, operand: Any) -> Any:
    """Return ``text``: :func:`made` for one operand."""
    entry = IDS.get(id(operand))
    if entry is None or entry.form or not entry.data or type(operand) is not str:
        return made(text, edited, operand)
    scope = current_scope()
    if scope.spend() and text is not operand and (not edited or _is_left(text, entry)):
        scope.keep_text(text, entry.data, entry.composed or len(text) != len(operand))
    return text


def made2(text: Any, edited: bool, left: Any, right: Any) -> Any:
    """Return ``text``: :func:`made` for two operands."""
    first, second = IDS.get(id(left)), IDS.get(id(right))
    if first is None or second is None or edited or not (first.data and second.data):
        return made(text, edited, left, right)
    scope = current_scope()
    if scope.spend():
        scope.keep_text(text, scope.both(first.data, second.data), True)
    return text


def kept(text: Any, value: Any) -> Any:
    """Return ``text``, made in place of the text ``value`` by changes of case and of blanks."""
    entry = IDS.get(id(value))
    if entry is None or text is value or type(text) not in marks.TEXTS:
        return text
    scope = current_scope()
    if not scope.spend() or id(text) in IDS:
        return text
    if not entry.data:
        _keep_character(text, value)
        return text
    if type(text) is str and not entry.form:
        scope.keep_text(text, entry.data, entry.composed)
    else:
        mark(text, entry.data, scope, entry.composed, entry.form)
    return text


def _keep_character(text: Any, value: Any) -> None:
    with _guarded:
        entry = entry_of(value)
        if entry is not None:
            marks.keep(text, entry.data)


def _is_left(text: Any, source: Mark) -> bool:
    """Whether a letter or digit of the object of ``source`` is left in ``text``."""
    if type(text) is not str:
        return False
    before = source.obj if type(source.obj) is str else as_text(source.obj)
    return before.lower() in text.lower() or marks.shares_characters(text, source.obj)
