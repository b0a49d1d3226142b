"""Which data a text shows: renderings of them as words of their own, or runs of their digits."""

from __future__ import annotations

import html
from collections.abc import Iterable
from typing import Any, NamedTuple

from sst_otel.datatypes import digit_run
from sst_otel.lineage.written_forms import as_text, forms, words
from sst_otel.registry.datum import Datum
from sst_otel.registry.identity import Mark
from sst_otel.registry.text import has_no_word_boundaries

_RUN = 7
"""Shortest separator-free form that is recognised among other separators."""


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
