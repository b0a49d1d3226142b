"""Where the data of a composed text stand in it, and which data a text shows.

Texts are compared by their folded words, because libraries write a value in their own way
(``ada-lovelace``, ``50,000.00``, ``23.04.1990``); by place where one text was cut out of another.
"""

from __future__ import annotations

import datetime
import decimal
import fractions
import html
import re
from bisect import bisect_left
from collections.abc import Iterable
from typing import Any, NamedTuple

from sst_otel.datatypes import digit_run, renderings
from sst_otel.datatypes.dates import date_renderings
from sst_otel.registry.datum import Datum
from sst_otel.registry.identity import MARKABLE, Mark
from sst_otel.registry.text import fold, has_no_word_boundaries

TEXTS = frozenset({str, bytes, bytearray})
NUMBERS = frozenset({int, float, complex, decimal.Decimal, fractions.Fraction})
_REAL = frozenset({int, float, decimal.Decimal})
_DATES = frozenset({datetime.date, datetime.datetime})
_NOT_WORDS = re.compile(r"[\W_]+")
_LONGEST = 400_000
"""Characters of a text that are searched for data."""
_MOST_PLACES = 50
_MOST_SPANS = 5_000
_RUN = 7
"""Shortest separator-free form that is recognised among other separators."""


class Span(NamedTuple):
    """One place of one datum in a text."""

    start: int
    end: int
    datum: Datum


def as_text(value: Any) -> str:
    """Return a text as it is, bytes as UTF-8, other values of builtin types as ``str`` does."""
    if type(value) is str:
        return value
    if type(value) is bytes or type(value) is bytearray:
        return value[:_LONGEST].decode("utf-8", "replace")
    if type(value) is int and value.bit_length() > 1_024:
        return hex(value)
    if issubclass(type(value), str):  # Markup
        return str.__str__(value)
    return str(value) if type(value) in MARKABLE else ""


def folded(text: Any) -> str:
    """Return ``text`` without case, mostly of the same length."""
    return as_text(text).lower()


def words(text: Any) -> str:
    """Return the folded letters and digits of ``text``, runs of all else as one blank."""
    return _NOT_WORDS.sub(" ", fold(as_text(text)[:_LONGEST])).strip()


def says_something(text: Any) -> bool:
    """Whether a text has a letter or digit at all."""
    return any(map(str.isalnum, as_text(text)))


def forms(value: Any, data_type: str = "") -> tuple[str, ...]:
    """Return the texts, in lower case, that programs write for ``value``, the usual one first."""
    kind = type(value)
    if kind not in MARKABLE:
        return ()
    found = [as_text(value)]
    if kind in _REAL:
        found += _number_forms(value)
    elif kind in _DATES:
        found += [value.isoformat(), *date_renderings(value)]
    if data_type:
        found += renderings(data_type, value)
    stripped = (form.strip().lower() for form in found)
    return tuple(dict.fromkeys(form for form in stripped if form))


def _number_forms(value: Any) -> list[str]:
    if type(value) is int:
        if value.bit_length() > 1_024:
            return []
        return [f"{value:,}", f"{value:,}".replace(",", "."), f"{value}.0", f"{value:,.2f}"]
    specs = (",", ",.0f", ",.1f", ",.2f", ".0f", ".1f", ".2f", ".3f", ".4f", "f")
    return [format(value, spec) for spec in specs]


class Placed:
    """A composed text and where its data stand in it."""

    __slots__ = ("_longest", "spans", "whole")

    def __init__(self, entry: Mark) -> None:
        self.whole = folded(entry.obj)
        self.spans = sorted(_spans(self.whole[:_LONGEST], entry.data), key=_start)
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


class Shown:
    """A text to be asked which data it shows."""

    def __init__(self, text: Any) -> None:
        plain = as_text(text)
        if "&" in plain:
            plain = html.unescape(plain)
        self.words = f" {words(plain)} "
        self._run = ""

    @property
    def run(self) -> str:
        """All letters and digits of the text, without anything between them."""
        self._run = self._run or self.words.replace(" ", "")
        return self._run

    def holds(self, sought: str) -> bool:
        """Whether ``sought``, folded words, stands in the text as words of its own."""
        if not sought:
            return False
        return (sought if has_no_word_boundaries(sought) else f" {sought} ") in self.words

    def without(self, parts: Iterable[str]) -> Shown:
        """Return the rest of the text once ``parts``, folded words, are taken out."""
        rest = Shown("")
        rest.words = self.words
        for part in parts:
            if has_no_word_boundaries(part):
                rest.words = rest.words.replace(part, " \0 ")
            else:
                rest.words = rest.words.replace(f" {part} ", " \0 ")
        return rest

    def shows(self, datum: Datum) -> bool:
        """Whether a rendering of ``datum`` stands in the text."""
        if any(self.holds(words(form)) for form in forms(datum.value, datum.data_type)):
            return True
        return any(len(run) >= _RUN and run in self.run for run in _runs(datum))

    def data_of(self, entry: Mark) -> tuple[Datum, ...]:
        """Return which data of ``entry`` the text shows, as they are or rewritten."""
        return tuple(Needles([entry]).found_in(self)[0])


class Needles:
    """The data of several marks, to be looked for in many texts."""

    def __init__(self, entries: list[Mark]) -> None:
        self._by_word: dict[str, list[_Needle]] = {}
        self._unbound: list[_Needle] = []
        self._runs: list[tuple[str, Datum]] = []
        for entry in entries:
            if entry.composed:
                self._add((as_text(entry.obj),), entry.data, False)
            else:
                self._add(forms(entry.obj), entry.data, len(entry.data) == 1)
            for datum in entry.data:
                self._add(forms(datum.value, datum.data_type), (datum,), True)
                self._runs += [(run, datum) for run in _runs(datum)]

    def _add(self, texts: tuple[str, ...], data: tuple[Datum, ...], is_value: bool) -> None:
        for sought in dict.fromkeys(map(words, texts)):
            needle = _Needle(sought, data, is_value)
            if sought and has_no_word_boundaries(sought):
                self._unbound.append(needle)
            elif sought:
                self._by_word.setdefault(sought.partition(" ")[0], []).append(needle)

    def found_in(self, text: Shown) -> tuple[dict[Datum, None], bool]:
        """Return the data that ``text`` shows, and whether it is one of the values as a whole."""
        found: dict[Datum, None] = {}
        whole = False
        candidates = list(self._unbound)
        present = set(text.words.split())
        for word, needles in self._by_word.items():
            if word in present:
                candidates += needles
        held = [needle for needle in candidates if text.holds(needle.words)]
        for sought, data, is_value in _outermost(held, text) if len(held) > 1 else held:
            found.update(dict.fromkeys(data))
            whole = whole or (is_value and len(sought) + 2 == len(text.words))
        for run, datum in self._runs:
            if run in text.run:
                found[datum] = None
        return found, whole


class _Needle(NamedTuple):
    words: str
    data: tuple[Datum, ...]
    is_value: bool


def _outermost(held: list[_Needle], text: Shown) -> list[_Needle]:
    """Return the needles that stand somewhere else than inside longer ones: a name in an address.

    All of one length count; two people may have a value in common.
    """
    kept: set[int] = set()
    left = text
    longer: dict[str, None] = {}
    length = 0
    for needle in sorted(held, key=lambda needle: len(needle.words), reverse=True):
        if len(needle.words) < length and longer:
            left = left.without(longer)
            longer = {}
        length = len(needle.words)
        if left.holds(needle.words):
            kept.add(id(needle))
            longer[needle.words] = None
    return [needle for needle in held if id(needle) in kept]


def _runs(datum: Datum) -> list[str]:
    return [run for run in digit_run(datum.data_type, datum.value) if len(run) >= _RUN]


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
