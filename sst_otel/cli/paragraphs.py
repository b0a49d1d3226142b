"""Running text for a terminal: labelled facts and indented paragraphs, wrapped, nothing cut off."""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Iterator

from sst_otel.cli.table import columns_of, printable, wrap


def terminal_width() -> int:
    """Return how many characters a line has; 80 where there is no terminal."""
    return shutil.get_terminal_size((80, 24)).columns


def indented(text: str, first: str, rest: str | None = None) -> Iterator[str]:
    """Yield the lines of ``text`` behind ``first``, further lines behind ``rest`` (blanks)."""
    follow = " " * columns_of(first) if rest is None else rest
    room = max(20, terminal_width() - max(columns_of(first), columns_of(follow)))
    for index, line in enumerate(wrap(printable(text), room)):
        yield ((follow if index else first) + line).rstrip()


def facts(pairs: Iterable[tuple[str, str]], indent: str = "") -> Iterator[str]:
    """Yield ``Label  text`` with the texts in one column; pairs without a text are left out."""
    kept = [(label, text) for label, text in pairs if text]
    width = max((len(label) for label, _ in kept), default=0)
    for label, text in kept:
        yield from indented(text, f"{indent}{label:<{width}}  ")
