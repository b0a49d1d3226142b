"""One generation of strong values, looked up by token phrase, digit run, substring or digest.

Insertion never rebuilds anything; a generation is dropped as a whole when it has expired. Tables
hold a datum itself where it is the only one, a list where there are several: most are alone.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Collection, Iterator, Sequence
from contextlib import suppress
from typing import Any

from sst_otel.datatypes import digest_forms, digit_run, renderings
from sst_otel.registry.datum import Datum
from sst_otel.registry.made import Made
from sst_otel.registry.text import fold, has_no_word_boundaries, tokens

MAX_OWNERS = 20
"""A value that more people have than this says nothing about any of them."""
_MOST_DATA = 2 * MAX_OWNERS + 1
"""Of one value that are kept: a first and a last name are two, and one more tells of too many.

Accounts take the places of visitors, of whom there is no end."""
_MAX_PHRASE_TOKENS = 12
"""Longer values (a user agent, a letter) are recognised by their first tokens."""
_FEW_ANCHORS = 8
_SHORTEST_CORE = 5
_LONGEST_RUN = 200
_DIGITS = re.compile(r"[0-9]+")

# Taken before any hook can wrap them: our own digests must never run through our own hooks.
DIGESTS = {32: hashlib.md5, 40: hashlib.sha1, 64: hashlib.sha256, 128: hashlib.sha512}
"""The digests that are recognised, by their lengths in hex digits."""

Entry = Datum | list[Datum]


class Index:
    """Strong values of one generation."""

    def __init__(self) -> None:
        self.phrases: dict[str, Entry] = {}
        self.shapes: dict[str, tuple[tuple[int, int], ...]] = {}
        """Anchor token → the (offset, length) of phrases it stands in."""
        self.digits: dict[str, Entry] = {}
        self.substrings: dict[str, Entry] = {}
        """Folded values of scripts without word boundaries."""
        self.made = Made()
        """What was made of values where nothing of them can be recognised."""
        self._cores: set[str] = set()
        self._core_sizes: tuple[int, ...] = ()
        self._coreless = False
        self.shortest_run = _LONGEST_RUN
        """Digits in a row (separators aside) that a registered run has at least."""
        self._data: list[Datum] = []
        self._digests: dict[int, dict[bytes, Entry]] = {}
        self._digested: dict[int, int] = {}

    def add(self, datum: Datum) -> None:
        """Insert a strong datum under all forms that content can show it in."""
        self._data.append(datum)
        value = datum.value
        for run in digit_run(datum.data_type, value):
            put(self.digits, run, datum)
            self._add_core(run)
        for form in renderings(datum.data_type, value):
            if has_no_word_boundaries(form):
                put(self.substrings, fold(form), datum)
                continue
            words = tokens(form)
            if words:
                self._add_phrase(words, datum)

    def add_name(self, name: str, first: Datum, last: Datum) -> None:
        """Insert first and last name, each weak, as the full name that they are together."""
        for form in renderings("name", name):
            words = tokens(form)
            for part in (first, last):
                if words:
                    self._add_phrase(words, part)

    def _add_phrase(self, words: list[str], datum: Datum) -> None:
        del words[_MAX_PHRASE_TOKENS:]
        key = " ".join(words)
        if put(self.phrases, key, datum):
            return
        anchor = max(words, key=len)
        shape = (words.index(anchor), len(words))
        shapes = self.shapes.get(anchor)
        if shapes is None:
            self.shapes[anchor] = _ALONE if shape == _ALONE[0] else (shape,)
        elif shape not in shapes:
            self.shapes[anchor] = (*shapes, shape)

    def _add_core(self, run: str) -> None:
        """Note the longest digits of a run, by which :meth:`may_hold_run` tells quickly."""
        core = max(_DIGITS.findall(run), key=len, default="")
        self.shortest_run = min(self.shortest_run, len(core))
        if len(core) < _SHORTEST_CORE:
            self._coreless = True
            return
        self._cores.add(core)
        if len(core) not in self._core_sizes:
            self._core_sizes = (*self._core_sizes, len(core))

    def find_phrases(
        self, words: Sequence[str], distinct: Collection[str] | None = None
    ) -> Iterator[tuple[int, str]]:
        """Yield position in ``words`` and key in :attr:`phrases` of what stands there.

        ``distinct``: the same words without repetitions.
        """
        shapes = self.shapes
        # Of this order alone the interpreter walks the words, not everybody's values.
        anchors = shapes.keys() & (distinct or words) if shapes else None
        if not anchors:
            return
        for position, anchor in _positions(words, anchors):
            for offset, length in shapes[anchor]:
                start = position - offset
                if start >= 0:
                    key = " ".join(words[start : start + length])
                    if key in self.phrases:
                        yield start, key

    def may_hold_digits(self, digits: str) -> bool:
        """Whether ``digits`` (blanks for all but separators) can hold a registered run."""
        if len(self._cores) <= _FEW_ANCHORS and not self._coreless:
            return any(core in digits for core in list(self._cores))  # others add meanwhile
        shortest = self.shortest_run
        return self.may_hold_run([run for run in set(digits.split()) if len(run) >= shortest])

    def may_hold_run(self, runs: Sequence[str]) -> bool:
        """Whether one of ``runs`` (digits, separators dropped) can hold a registered one."""
        if self._coreless:
            return True
        cores, sizes = self._cores, self._core_sizes
        for run in runs:
            if len(run) > _LONGEST_RUN:
                return True
            for size in sizes:
                for start in range(len(run) - size + 1):
                    if run[start : start + size] in cores:
                        return True
        return False

    def find_digest(self, hex_digits: str) -> list[Datum]:
        """Return the data one of whose normal forms has this lower-case hex digest.

        Digests are computed when the first digest-shaped token of that length comes by, for values
        that came since; eight bytes of each are kept.
        """
        size = len(hex_digits)
        algorithm = DIGESTS[size]
        table = self._digests.setdefault(size, {})
        done = self._digested.get(size, 0)
        added = self._data[done:]
        for datum in added:
            for form in digest_forms(datum.data_type, datum.value):
                digest = algorithm(form.encode("utf-8", "replace"), usedforsecurity=False).digest()
                put(table, digest[:8], datum)
        self._digested[size] = done + len(added)  # not len(_data): others add meanwhile
        found = table.get(bytes.fromhex(hex_digits[:16]))
        return [] if found is None else listed(found)


_ALONE = ((0, 1),)


def listed(entry: Entry) -> list[Datum]:
    """Return the data of a table's entry."""
    return entry if type(entry) is list else [entry]  # type: ignore[list-item]


def put(table: dict[Any, Entry], key: str | bytes, datum: Datum) -> bool:
    """Add a datum under ``key``; return whether something stood there already."""
    found = table.get(key)
    if found is None:
        table[key] = datum
        return False
    if type(found) is list:
        if datum in found:
            return True
        if len(found) < _MOST_DATA:
            found.append(datum)
        elif datum.owner.known:
            for position, other in enumerate(found):
                if not other.owner.known:
                    found[position] = datum
                    break
    elif found is not datum:
        table[key] = [found, datum]  # type: ignore[list-item]
    return True


def _positions(words: Sequence[str], anchors: set[str]) -> Iterator[tuple[int, str]]:
    """Yield where the anchors stand; few are searched for, of many each word is asked."""
    if len(anchors) > _FEW_ANCHORS:
        for position, word in enumerate(words):
            if word in anchors:
                yield position, word
        return
    for anchor in anchors:
        position = -1
        with suppress(ValueError):
            while True:
                position = words.index(anchor, position + 1)
                yield position, anchor
