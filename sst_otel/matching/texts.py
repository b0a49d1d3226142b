"""Several texts looked at as one: what is asked of all of them is asked once, in C.

A payload has a hundred leaves and one of them a hit at most; a look at each costs many times a look
at all of them joined. Gates here are exact: where they say no there is nothing.
"""

from __future__ import annotations

from bisect import bisect
from collections.abc import Collection, Iterator
from itertools import accumulate

from sst_otel.registry.text import SEPARATOR, tokens

_GAP = f" {SEPARATOR} "
_CODE = b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789+/_-"
_CODES = bytes(120 if byte in _CODE else 32 for byte in range(256))
_LONG = b"x" * 16
_MANY_WORDS = 2_000
_DIGITS = b"0123456789"
_BETWEEN_DIGITS = b" \t\n\r\x0b\x0c().-/+?"
"""Dropped before digits are compared; ``?`` stands for every letter that is not ASCII."""
_RUNS = bytes(byte if byte in _DIGITS else 32 for byte in range(256))
_NUMBERS = bytes(120 if byte in _DIGITS + _BETWEEN_DIGITS else 32 for byte in range(256))


class Texts:
    """Texts joined; ``numbers`` are what their owner calls them (default: 0, 1, 2 …)."""

    def __init__(self, texts: list[str], numbers: list[int] | None = None) -> None:
        joined = _GAP.join(texts)
        if SEPARATOR in joined and joined.count(SEPARATOR) != len(texts) - 1:
            texts = [text.replace(SEPARATOR, " ") for text in texts]
            joined = _GAP.join(texts)
        self.texts = texts
        self.joined = joined
        self.words = tokens(joined)
        """The folded tokens of all, a separator between two texts."""
        self.distinct: Collection[str] = self.words
        """The same, without repetitions where there are so many that it pays."""
        if len(self.words) >= _MANY_WORDS:
            self.distinct = set(self.words)
        self._numbers = numbers
        self._word_ends: list[int] | None = None
        self._ends: list[int] | None = None

    def number_of_word(self, position: int) -> int:
        """Return the number of the text that holds ``words[position]``."""
        if self._word_ends is None:
            self._word_ends = []
            end = -1
            for _ in self.texts[1:]:
                end = self.words.index(SEPARATOR, end + 1)
                self._word_ends.append(end)
        return self.numbered(bisect(self._word_ends, position))

    def number_of_char(self, offset: int) -> int:
        """Return the number of the text that holds ``joined[offset]``."""
        return self.numbered(self._place(offset))

    def _place(self, offset: int) -> int:
        if self._ends is None:
            self._ends = list(accumulate(len(text) + len(_GAP) for text in self.texts))
        return bisect(self._ends, offset)

    def numbered(self, place: int) -> int:
        """Return the number of ``texts[place]``."""
        return place if self._numbers is None else self._numbers[place]

    def phrases(self) -> list[str]:
        """Return the tokens of each text joined by single blanks."""
        return [phrase.strip() for phrase in " ".join(self.words).split(SEPARATOR)]

    def long_codes(self) -> Iterator[tuple[int, str]]:
        """Yield offset and text of what could be a code: 16 letters of base64 or hex and more."""
        shape = self.joined.encode("ascii", "replace").translate(_CODES)
        start = shape.find(_LONG)
        while start >= 0:
            end = shape.find(b" ", start)
            if end < 0:
                end = len(shape)
            yield start, self.joined[start:end]
            start = shape.find(_LONG, end)

    def places_of_digits(self, shortest: int) -> dict[int, None]:
        """Return the positions in ``texts`` of those with a number of ``shortest`` digits."""
        shape = self.joined.encode("ascii", "replace").translate(_NUMBERS)
        enough = b"x" * shortest
        places: dict[int, None] = {}
        start = shape.find(enough)
        while start >= 0:
            end = shape.find(b" ", start)
            end = end if end >= 0 else len(shape)
            places[self._place(end - 1)] = None  # it may begin with a blank of the gap before
            start = shape.find(enough, end)
        return places

    def digits(self, shortest: int) -> str:
        """Return the digits, a blank where anything but a separator stands between two of them.

        Empty where fewer than ``shortest`` stand in a row anywhere.
        """
        letters = self.joined.encode("ascii", "replace")
        if b"x" * shortest not in letters.translate(_NUMBERS):
            return ""
        return letters.translate(_RUNS, _BETWEEN_DIGITS).decode("ascii")
