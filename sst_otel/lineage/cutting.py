"""Pieces and editions of marked texts: which data are left in them, whole or cut through."""

from __future__ import annotations

from typing import Any

from sst_otel.lineage.locate import Placed, Span, is_placed, located, placed, places
from sst_otel.lineage.marks import HASHED, is_text, keep, shares_characters
from sst_otel.lineage.words import is_of_name
from sst_otel.lineage.written_forms import TEXTS, folded, says_something
from sst_otel.registry.datum import Datum, derive
from sst_otel.registry.identity import Mark
from sst_otel.scope import current_scope

_CHARACTERS_AN_OPERATION = 1_000
"""Characters that are searched at about the price of one operation of a scope's budget."""
_SHORTEST_DIGEST = 8
"""Characters of a digest that are still a digest; fewer are a computed value."""


def part(result: Any, source: Mark, operation: str, start: int = -1) -> None:
    """Mark a piece cut out of a text: half of it or more is the value, less is derived.

    ``start``: where in the text of ``source`` the piece stood; -1 where that is not known.
    """
    Cutter(source, operation).part(result, start)


def edited(result: Any, source: Mark, operation: str) -> None:
    """Mark a text made from the one of ``source`` by removing or replacing some of it."""
    if type(result) not in TEXTS or not is_text(source.obj):
        return
    if not shares_characters(result, source.obj):
        return
    if not source.composed or source.form:
        _keep_rest(result, source, operation)
    elif folded(result) in _placed(source).whole:
        Cutter(source, operation).part(result)
    else:
        keep(result, located(result, source) or _begun(result, source, operation), composed=True)


def _keep_rest(result: Any, source: Mark, operation: str) -> None:
    enough = len(result) * 2 >= len(source.obj) or is_of_name(result, source.data)
    if enough or (source.form == HASHED and len(result) >= _SHORTEST_DIGEST):
        keep(result, source.data, source.composed, source.form)
    else:
        keep(result, derive(source.data, result, operation))


def _placed(source: Mark) -> Placed:
    """Return where the data of ``source`` stand; looking for them has its price."""
    if not is_placed(source):
        current_scope().spend(len(source.obj) // _CHARACTERS_AN_OPERATION)
    return placed(source)


class Cutter:
    """Takes the text of one mark apart, for any number of pieces."""

    def __init__(self, source: Mark, operation: str) -> None:
        self.source = source
        self.operation = operation
        self._at = 0
        self._where: Placed | None = None
        if source.composed and not source.form and is_text(source.obj):
            self._where = _placed(source)

    @property
    def whole(self) -> str:
        """The text, folded."""
        return self._where.whole if self._where is not None else folded(self.source.obj)

    def next(self, piece: Any) -> None:
        """Mark ``piece``; each stands after the one before."""
        start = -1
        if self._where is not None and type(piece) in TEXTS:
            start = self._where.whole.find(folded(piece), self._at)
            self._at = start + len(piece) if start >= 0 else self._at
        self.part(piece, start)

    def part(self, piece: Any, start: int = -1) -> None:
        """Mark a piece; ``start``: where it stood in the text, -1 where that is not known."""
        source = self.source
        if type(piece) not in TEXTS or not is_text(source.obj) or piece is source.obj:
            return
        if not says_something(piece):
            return
        if self._where is not None:
            self._cut(piece, start, self._where)
        else:
            _keep_rest(piece, source, self.operation)

    def _cut(self, result: Any, start: int, where: Placed) -> None:
        """Mark a piece of a composed text with the data it was cut through or holds.

        A piece that the literals of the text hold as well says nothing.
        """
        piece, whole = folded(result), where.whole
        data: list[Datum] = []
        if len(piece) * 2 >= len(whole):
            known = {span.datum for span in where.spans}
            data += [datum for datum in self.source.data if datum not in known]
        found_at = [start] if start >= 0 else places(piece, whole)
        overlaps = [where.overlapping(at, at + len(piece)) for at in found_at]
        if overlaps and all(overlaps):
            at = found_at[0]
            if len(overlaps[0]) == 1 and not data:
                span = overlaps[0][0]
                before = len(piece) - len(piece.lstrip())
                if span.start <= at + before and at + len(piece.rstrip()) <= span.end:
                    keep(result, self._of(span, result, len(result)))
                    return
            for span in overlaps[0]:
                length = min(span.end, at + len(piece)) - max(span.start, at)
                data += self._of(span, result, length)
        keep(result, tuple(dict.fromkeys(data)), composed=True)

    def _of(self, span: Span, piece: Any, length: int) -> tuple[Datum, ...]:
        """Return the datum of ``span``, or what is derived of it where less than half is left."""
        if length * 2 >= span.end - span.start or (
            length == len(piece) and is_of_name(piece, (span.datum,))
        ):
            return (span.datum,)
        return derive((span.datum,), piece, self.operation)


def _begun(result: Any, source: Mark, operation: str) -> tuple[Datum, ...]:
    """Return what is derived from data that ``result``, like ``source``, begins to tell."""
    where, left = placed(source), folded(result)
    whole = where.whole
    pairs = enumerate(zip(whole, left, strict=False))
    same = next((at for at, (one, other) in pairs if one != other), min(len(whole), len(left)))
    cut = where.overlapping(0, same) if same > 1 else []
    return derive(tuple(span.datum for span in cut), result, operation)
