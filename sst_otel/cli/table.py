"""A plain text table that fits the terminal: cells wrap, nothing is cut off."""

from __future__ import annotations

import re
import shutil
import unicodedata
from collections.abc import Iterator, Sequence

_GAP = "  "
_LEAST = 6
_PIECES = re.compile(r"[^/:._,?&=-]*[/:._,?&=-]+|[^/:._,?&=-]+")


class Layout:
    """Column widths for rows of texts. ``width``: characters a line, default the terminal's."""

    def __init__(
        self, titles: Sequence[str], rows: Sequence[Sequence[str]], width: int | None = None
    ) -> None:
        self._titles = titles
        if width is None:
            width = shutil.get_terminal_size((80, 24)).columns
        natural = [
            max(columns_of(printable(text)) for text in column)
            for column in zip(titles, *rows, strict=True)
        ]
        self.widths = _fit(natural, width - len(_GAP) * (len(natural) - 1))

    def head(self) -> Iterator[str]:
        """Return the lines of the titles and the rule below them."""
        yield from self.row(self._titles)
        yield _GAP.join("-" * width for width in self.widths)

    def row(self, texts: Sequence[str]) -> Iterator[str]:
        """Return the lines of one row."""
        cells = [wrap(printable(text), w) for text, w in zip(texts, self.widths, strict=True)]
        for index in range(max(map(len, cells))):
            line = _GAP.join(
                _padded(cell[index] if index < len(cell) else "", width)
                for cell, width in zip(cells, self.widths, strict=True)
            )
            yield line.rstrip()


def _fit(natural: Sequence[int], room: int) -> list[int]:
    """Narrow the widest columns until all fit, none below :data:`_LEAST`."""
    widths = list(natural)
    while sum(widths) > room:
        widest = max(widths)
        if widest <= _LEAST:
            break
        widths[widths.index(widest)] -= 1
    return widths


def wrap(text: str, width: int) -> list[str]:
    """Break ``text`` into lines of at most ``width`` columns.

    Between words where that works, else behind the separators of paths and names, else anywhere.
    """
    lines = [""]
    for word in text.split():
        joined = f"{lines[-1]} {word}" if lines[-1] else word
        if columns_of(joined) <= width:
            lines[-1] = joined
            continue
        if lines[-1]:
            lines.append("")
        for piece in _PIECES.findall(word):
            if lines[-1] and columns_of(lines[-1] + piece) > width:
                lines.append("")
            for character in piece:
                if lines[-1] and columns_of(lines[-1] + character) > width:
                    lines.append("")
                lines[-1] += character
    return lines


def printable(text: str) -> str:
    """Return ``text`` without anything that a terminal would act upon."""
    return "".join(
        "\N{REPLACEMENT CHARACTER}" if unicodedata.category(c) in ("Cc", "Cf", "Cs") else c
        for c in text.replace("\n", " ").replace("\t", " ")
    )


def columns_of(text: str) -> int:
    """Return how many columns of a terminal ``text`` takes (UAX 11)."""
    if text.isascii():
        return len(text)
    return sum(
        0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1
        for c in text
    )


def _padded(text: str, width: int) -> str:
    return text + " " * (width - columns_of(text))
