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


def spans(entry: Mark) -> list[Span]:
    """Return where the data of ``entry`` stand in its text."""
    whole = folded(entry.obj)[:_LONGEST]
    found: list[Span] = []
    for datum in entry.data:
        taken: list[tuple[int, int]] = []
        for form in sorted(forms(datum.value, datum.data_type), key=len, reverse=True):
            start = whole.find(form)
            while start >= 0:
                end = start + len(form)
                if _stands_alone(whole, start, end) and not any(
                    start < other_end and other < end for other, other_end in taken
                ):
                    taken.append((start, end))
                start = whole.find(form, end)
        found += [Span(start, end, datum) for start, end in taken]
    return found


def _stands_alone(whole: str, start: int, end: int) -> bool:
    """Whether a form in ``whole`` is no piece of a longer word or number."""
    if end - start > 3 and not whole[start:end].isdigit():
        return True
    before, after = whole[start - 1 : start], whole[end : end + 1]
    return not (before.isalnum() or after.isalnum())


def places(piece: str, entry: Mark) -> list[int]:
    """Return where ``piece`` stands in the text of ``entry``."""
    whole, sought = folded(entry.obj), piece.lower()
    found: list[int] = []
    start = whole.find(sought) if sought else -1
    while start >= 0 and len(found) < 50:
        found.append(start)
        start = whole.find(sought, start + 1)
    return found


class Shown:
    """A text to be asked which data it shows."""

    def __init__(self, text: Any) -> None:
        plain = as_text(text)
        if "&" in plain:
            plain = html.unescape(plain)
        self.words = f" {words(plain)} "
        self.run = ""

    def holds(self, form: str) -> bool:
        """Whether ``form`` stands in the text, as words of its own."""
        sought = words(form)
        if not sought:
            return False
        if has_no_word_boundaries(sought):
            return sought in self.words
        return f" {sought} " in self.words

    def is_all(self, form: str) -> bool:
        """Whether the text is ``form`` and nothing else."""
        return self.words.strip() == words(form) != ""

    def data_of(self, entry: Mark) -> tuple[Datum, ...]:
        """Return which data of ``entry`` the text shows, as they are or rewritten."""
        if not entry.composed and any(map(self.holds, forms(entry.obj))):
            return entry.data
        if entry.composed and self.holds(as_text(entry.obj)):
            return entry.data
        return tuple(datum for datum in entry.data if self.shows(datum))

    def shows(self, datum: Datum) -> bool:
        """Whether a rendering of ``datum`` stands in the text."""
        if any(map(self.holds, forms(datum.value, datum.data_type))):
            return True
        runs = digit_run(datum.data_type, datum.value)
        if not runs:
            return False
        if not self.run:
            self.run = self.words.replace(" ", "")
        return any(len(run) >= _RUN and run in self.run for run in runs)
