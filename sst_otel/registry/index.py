"""One generation of strong values, looked up by token phrase, digit run, substring or digest.

Insertion never rebuilds anything; a generation is dropped as a whole when it has expired.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

from sst_otel.datatypes import digest_forms, digit_run, renderings
from sst_otel.registry.datum import Datum
from sst_otel.registry.text import fold, has_no_word_boundaries, tokens

MAX_OWNERS = 20
"""A value that more people have than this says nothing about any of them."""
_MAX_PHRASE_TOKENS = 12
"""Longer values (a user agent, a letter) are recognised by their first tokens."""

# Taken before any hook can wrap them: our own digests must never run through our own hooks.
_DIGESTS = {32: hashlib.md5, 40: hashlib.sha1, 64: hashlib.sha256}
DIGEST_LENGTHS = frozenset(_DIGESTS)
"""Lengths in hex digits of the digests that are recognised (MD5, SHA-1, SHA-256)."""


class Index:
    """Strong values of one generation."""

    def __init__(self) -> None:
        self.phrases: dict[str, list[Datum]] = {}
        self.shapes: dict[str, tuple[tuple[int, int], ...]] = {}
        """Anchor token → the (offset, length) of phrases it stands in."""
        self.digits: dict[str, list[Datum]] = {}
        self.substrings: dict[str, list[Datum]] = {}
        """Folded values of scripts without word boundaries."""
        self._data: list[Datum] = []
        self._digests: dict[int, dict[bytes, list[Datum]]] = {}
        self._digested: dict[int, int] = {}

    def add(self, datum: Datum) -> None:
        """Insert a strong datum under all forms that content can show it in."""
        self._data.append(datum)
        value = datum.value
        runs = digit_run(datum.data_type, value)
        for run in runs:
            _put(self.digits, run, datum)
        for form in renderings(datum.data_type, value):
            if has_no_word_boundaries(form):
                _put(self.substrings, fold(form), datum)
                continue
            words = tokens(form)[:_MAX_PHRASE_TOKENS]
            if words:
                self._add_phrase(words, datum)

    def add_name(self, name: str, first: Datum, last: Datum) -> None:
        """Insert first and last name, each weak, as the full name that they are together."""
        for form in renderings("name", name):
            for part in (first, last):
                self._add_phrase(tokens(form), part)

    def _add_phrase(self, words: list[str], datum: Datum) -> None:
        key = " ".join(words)
        known = key in self.phrases
        _put(self.phrases, key, datum)
        if known or not words:
            return
        anchor = max(words, key=len)
        shape = (words.index(anchor), len(words))
        shapes = self.shapes.get(anchor, ())
        if shape not in shapes:
            self.shapes[anchor] = (*shapes, shape)

    def find_phrases(self, words: list[str], present: set[str]) -> Iterator[list[Datum]]:
        """Yield the data whose phrase stands in ``words``; ``present`` is ``set(words)``."""
        shapes = self.shapes
        # Not a set operation: those walk the larger side, here everybody's values.
        anchors = {word for word in present if word in shapes}
        if not anchors:
            return
        seen: set[str] = set()
        for position, word in enumerate(words):
            if word not in anchors:
                continue
            for offset, length in shapes[word]:
                start = position - offset
                if start < 0:
                    continue
                key = " ".join(words[start : start + length])
                if key not in seen and key in self.phrases:
                    seen.add(key)
                    yield self.phrases[key]

    def find_digest(self, hex_digits: str) -> list[Datum]:
        """Return the data one of whose normal forms has this lower-case hex digest.

        Digests are computed when the first digest-shaped token of that length comes by, for values
        that came since; half of each is kept, to be compared in full on a hit.
        """
        size = len(hex_digits)
        algorithm = _DIGESTS[size]
        table = self._digests.setdefault(size, {})
        done = self._digested.get(size, 0)
        added = self._data[done:]
        for datum in added:
            for form in digest_forms(datum.data_type, datum.value):
                digest = algorithm(form.encode("utf-8", "replace"), usedforsecurity=False).digest()
                bucket = table.setdefault(digest[:8], [])
                if datum not in bucket:
                    bucket.append(datum)
        self._digested[size] = done + len(added)  # not len(_data): others add meanwhile
        return table.get(bytes.fromhex(hex_digits[:16]), [])


def _put(table: dict[str, list[Datum]], key: str, datum: Datum) -> None:
    bucket = table.setdefault(key, [])
    if len(bucket) <= MAX_OWNERS and datum not in bucket:
        bucket.append(datum)
