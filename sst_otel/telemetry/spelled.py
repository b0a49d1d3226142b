"""A text without escapes and in one spelling, and where each letter of it stood in the original.

What is looked for is compared in this form; what is cut out is cut out of the original.
"""

from __future__ import annotations

import html
import re
from collections.abc import Callable

from sst_otel.matching.escapes import BACKSLASHED, unbackslashed
from sst_otel.registry.text import fold

_PASSES = 3
"""Layers of escapes: JSON in JSON in a form."""
_PERCENT = re.compile(
    r"%[0-7][0-9A-Fa-f]|%[c-dC-D][0-9A-Fa-f]%[89abAB][0-9A-Fa-f]"
    r"|%[eE][0-9A-Fa-f](?:%[89abAB][0-9A-Fa-f]){2}|%[fF][0-7](?:%[89abAB][0-9A-Fa-f]){3}"
)
"""One letter in UTF-8 each (RFC 3629)."""
_HTML = re.compile(r"&(?:#[0-9]{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,30});")
_AT = re.compile(r" ?(?:\( ?at ?\)|\[ ?at ?\]) ?", re.IGNORECASE)
_DOT = re.compile(r" ?(?:\( ?dot ?\)|\[ ?dot ?\]) ?", re.IGNORECASE)
_OTHER = re.compile(r"[^\x00-\x7f]")

Undo = Callable[[re.Match[str]], str]


class Spelled:
    """A text that is changed step by step."""

    __slots__ = ("_ends", "_starts", "text")

    def __init__(self, text: str) -> None:
        self.text = text
        self._starts: list[int] | None = None  # None: each letter stands where it stood
        self._ends: list[int] = []

    def original(self, start: int, end: int) -> tuple[int, int]:
        """Return where ``text[start:end]``, which is not empty, stood."""
        if self._starts is None:
            return start, end
        return self._starts[start], self._ends[end - 1]

    def undo_escapes(self) -> None:
        """Undo URL, backslash and HTML escapes, several of each, and ``(at)`` for ``@``."""
        for mark, pattern, undo in _ESCAPES:
            for _ in range(_PASSES):
                if mark not in self.text or not self._rewrite(pattern, undo):
                    break
        if self._rewrite(_AT, lambda _: "@"):
            self._rewrite(_DOT, lambda _: ".")

    def fold(self) -> None:
        """Drop case, width and accents, as texts are compared."""
        if not self.text.isascii():
            self._rewrite(_OTHER, lambda match: fold(match.group()))
        self.text = self.text.lower() if self.text.isascii() else _lower(self.text)

    def _rewrite(self, pattern: re.Pattern[str], undo: Undo) -> bool:
        """Replace what ``pattern`` finds; whether there was any."""
        text, pieces = self.text, []
        starts: list[int] = []
        ends: list[int] = []
        at = 0
        for match in pattern.finditer(text):
            start, end = match.span()
            self._keep(at, start, starts, ends)
            made = undo(match)
            first, last = self.original(start, end)
            starts += [first] * len(made)
            ends += [last] * len(made)
            pieces += [text[at:start], made]
            at = end
        if not pieces:
            return False
        self._keep(at, len(text), starts, ends)
        self.text = "".join([*pieces, text[at:]])
        self._starts, self._ends = starts, ends
        return True

    def _keep(self, start: int, end: int, starts: list[int], ends: list[int]) -> None:
        if self._starts is None:
            starts += range(start, end)
            ends += range(start + 1, end + 1)
        else:
            starts += self._starts[start:end]
            ends += self._ends[start:end]


def _unpercent(match: re.Match[str]) -> str:
    return bytes.fromhex(match.group().replace("%", "")).decode("utf-8", "replace")


def _unhtml(match: re.Match[str]) -> str:
    return html.unescape(match.group())


_ESCAPES: tuple[tuple[str, re.Pattern[str], Undo], ...] = (
    ("%", _PERCENT, _unpercent),
    ("\\", BACKSLASHED, unbackslashed),
    ("&", _HTML, _unhtml),
)


def _lower(text: str) -> str:
    """Return ``text`` in lower case, letter by letter: what is left is written in no two ways."""
    return "".join([char.lower() if len(char.lower()) == 1 else char for char in text])
