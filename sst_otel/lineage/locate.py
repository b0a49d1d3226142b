"""Where the data of a composed text stand in it, and which data a text shows.

Texts are compared by their folded words, because libraries write a value in their own way
(``ada-lovelace``, ``50,000.00``, ``23.04.1990``); by place where one text was cut out of another.
"""

from __future__ import annotations

from bisect import bisect_left
from typing import Any, NamedTuple

from sst_otel.lineage.showing import Shown
from sst_otel.lineage.written_forms import LONGEST, folded, forms, says_something
from sst_otel.registry.datum import Datum
from sst_otel.registry.identity import Mark

_MOST_PLACES = 50
_MOST_SPANS = 5_000


class Span(NamedTuple):
    """One place of one datum in a text."""

    start: int
    end: int
    datum: Datum


class Placed:
    """A composed text and where its data stand in it."""

    __slots__ = ("_longest", "spans", "whole")

    def __init__(self, entry: Mark) -> None:
        self.whole = folded(entry.obj)
        self.spans = sorted(_spans(self.whole[:LONGEST], entry.data), key=_start)
        """In the order of the text."""
        self._longest = max((span.end - span.start for span in self.spans), default=0)

    def overlapping(self, start: int, end: int) -> list[Span]:
        """Return the spans of which a letter or digit is in that part of the text."""
        first = bisect_left(self.spans, start - self._longest, key=_start)
        last = bisect_left(self.spans, end, key=_start)
        return [
            span
            for span in self.spans[first:last]
            if start < span.end
            and says_something(self.whole[max(start, span.start) : min(end, span.end)])
        ]


def is_placed(entry: Mark) -> bool:
    """Whether it is known where the data of ``entry`` stand."""
    return getattr(entry, "spans", None) is not None


def placed(entry: Mark) -> Placed:
    """Return where the data of ``entry`` stand in its text; looked for once."""
    known: Placed | None = getattr(entry, "spans", None)
    if known is None:
        known = entry.spans = Placed(entry)
    return known


def _start(span: Span) -> int:
    return span.start


def _spans(whole: str, data: tuple[Datum, ...]) -> list[Span]:
    found: list[Span] = []
    for datum in data:
        left = whole
        for form in sorted(forms(datum.value, datum.data_type), key=len, reverse=True):
            start = left.find(form)
            if start < 0:
                continue
            while start >= 0 and len(found) < _MOST_SPANS:
                end = start + len(form)
                if _stands_alone(whole, start, end):
                    found.append(Span(start, end, datum))
                start = left.find(form, end)
            left = left.replace(form, "\0" * len(form))  # no shorter form inside this one
    return found


def _stands_alone(whole: str, start: int, end: int) -> bool:
    """Whether a form in ``whole`` is no piece of a longer word or number."""
    if end - start > 3 and not whole[start:end].isdigit():
        return True
    before, after = whole[start - 1 : start], whole[end : end + 1]
    return not (before.isalnum() or after.isalnum())


def places(piece: str, whole: str) -> list[int]:
    """Return where ``piece`` stands in ``whole``; both folded."""
    found: list[int] = []
    start = whole.find(piece) if piece else -1
    while start >= 0 and len(found) < _MOST_PLACES:
        found.append(start)
        start = whole.find(piece, start + 1)
    return found


def located(result: Any, source: Mark) -> tuple[Datum, ...]:
    """Return which data of a composed text are left in ``result``, an edition of it.

    A datum that was rendered in a form not known here counts where half of the text is left.
    """
    where, left = placed(source), folded(result)
    whole = where.whole
    shown = Shown(result)
    known = {span.datum for span in where.spans}
    data = []
    for datum in source.data:
        if datum not in known:
            inside = len(left) * 2 >= len(whole)
        else:
            inside = shown.shows(datum) or any(
                form in left or _cut_at_an_end(form, left)
                for form in forms(datum.value, datum.data_type)
                if form in whole
            )
        if inside:
            data.append(datum)
    return tuple(data)


def _cut_at_an_end(form: str, text: str) -> bool:
    """Whether ``text`` starts or ends with at least half of a value."""
    half = (len(form) + 1) // 2
    return half > 1 and (text.endswith(form[:half]) or text.startswith(form[-half:]))
