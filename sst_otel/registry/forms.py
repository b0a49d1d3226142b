"""Weak values of one person or scope by the phrases they may be written in, made when asked for."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from itertools import islice

from sst_otel.datatypes import renderings
from sst_otel.registry.datum import STRONG_BITS, Datum, strength
from sst_otel.registry.text import phrase

_MAX_VALUES = 2_000
_MOST_NAMES = 4
NAME_PARTS = {"first_name": "last_name", "last_name": "first_name"}


class WeakForms:
    """Grows with ``data``, an ordered set that is only ever added to; reads no more than 2,000."""

    __slots__ = ("_data", "_done", "_firsts", "_forms", "_names")

    def __init__(self, data: Mapping[Datum, None]) -> None:
        self._data = data
        self._done = 0
        self._forms: dict[str, list[Datum]] = {}
        self._firsts: dict[str, list[str]] = {}
        """First word → the phrases that begin with it."""
        self._names: dict[str, list[Datum]] = {}
        """Owner → their first and last names."""

    def is_of(self, data: Mapping[Datum, None]) -> bool:
        """Whether ``data`` is what it grows with."""
        return self._data is data

    def read(self) -> WeakForms:
        """Take in what was added since."""
        done, size = self._done, min(len(self._data), _MAX_VALUES)
        if done < size:
            self._done = size
            for datum in list(islice(self._data, done, size)):
                if strength(datum) < STRONG_BITS:
                    self._add(datum)
                    if datum.data_type in NAME_PARTS and datum.owner.ref:
                        self._add_names(datum)
                elif datum.data_type == "name" and datum.owner.ref:
                    self._add_parts(datum)
        return self

    def get(self, phrase: str) -> Sequence[Datum]:
        """Return the values that may be written as ``phrase``."""
        return self._forms.get(phrase, ())

    def those_of(self, phrases: Sequence[str]) -> set[str]:
        """Return which of ``phrases`` are known."""
        return self._forms.keys() & phrases

    def among(self, words: Collection[str]) -> Iterator[str]:
        """Yield the phrases whose first word is one of ``words``."""
        for first in self._firsts.keys() & words:
            yield from self._firsts[first]

    def _add(self, datum: Datum) -> None:
        for form in folded_forms(datum):
            known = self._forms.get(form)
            if known is None:
                self._forms[form] = [datum]
                self._firsts.setdefault(form.partition(" ")[0], []).append(form)
            else:
                known.append(datum)

    def _add_names(self, part: Datum) -> None:
        """Add the full names that a first or last name is a part of: of them both are parents."""
        others = self._names.setdefault(part.owner.ref, [])
        for other in others:
            if other.data_type == NAME_PARTS[part.data_type]:
                first, last = (part, other) if part.data_type == "first_name" else (other, part)
                name = f"{first.value} {last.value}"
                whole = Datum(part.owner, "name", name, "", (first, last))
                if strength(whole) < STRONG_BITS:
                    self._add(whole)
        others.append(part)

    def _add_parts(self, name: Datum) -> None:
        """Add first and last name of a full name, which is their parent: programs split names."""
        last, comma, first = str(name.value).partition(",")
        words = f"{first} {last}".split() if comma else last.split()
        if 2 <= len(words) <= _MOST_NAMES:
            self._add(Datum(name.owner, "first_name", words[0], "", (name,)))
            self._add(Datum(name.owner, "last_name", words[-1], "", (name,)))


def folded_forms(datum: Datum) -> tuple[str, ...]:
    """Return the phrases that a value may be written as, made once."""
    if datum.folded is None:
        forms = (phrase(form) for form in renderings(datum.data_type, datum.value))
        datum.folded = tuple(dict.fromkeys(form for form in forms if form))
    return datum.folded
