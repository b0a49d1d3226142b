"""An INSERT of many rows, read by its first one.

A batch has another text for each number of rows, and parsing grows with it: a thousand rows take a
tenth of a second. Where all rows of ``VALUES`` are placeholders and constants, one says what the
columns are, and the others follow.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sst_otel.sinks.sql_columns import Columns

_FEWEST = 4
"""Rows that are worth it."""
_PLACE = r"\?|%s|%\([^()]+\)s|\$\d+|:\w+"
_CELL = rf"(?:{_PLACE}|-?\d+(?:\.\d+)?|null|default|true|false|current_timestamp|now\(\))"
_ROW = rf"\(\s*{_CELL}(?:\s*,\s*{_CELL})*\s*\)"
_BATCH = re.compile(
    r"(?P<head>(?:(?!\bvalues\b)[^?%$:])*\bvalues\s*)"
    rf"(?P<rows>{_ROW}(?:\s*,\s*{_ROW}){{{_FEWEST - 1},}})"
    rf"(?P<tail>(?:[^?%$:]|::)*)",
    re.IGNORECASE,
)
_EACH_ROW = re.compile(r"\(((?:[^()]|\([^()]*\))*)\)")
_EACH_CELL = re.compile(_CELL, re.IGNORECASE)
_IS_PLACE = re.compile(_PLACE)


@dataclass(frozen=True, slots=True)
class Batch:
    """A statement that has been folded to the first of its rows."""

    first: str
    """The statement with that row alone."""
    rows: tuple[tuple[str | int | None, ...], ...]
    """What each cell takes: a parameter's name, its position from 0, None for a constant."""

    def unfold(self, columns: Columns) -> Columns:
        """Return the columns of the whole statement, given those of :attr:`first`."""
        by_cell = {
            self.rows[0].index(target.place): target
            for target in columns.targets
            if target.place in self.rows[0]
        }
        targets = tuple(
            replace(target, place=place, row=number)
            for number, row in enumerate(self.rows)
            for cell, target in by_cell.items()
            if (place := row[cell]) is not None
        )
        return replace(columns, targets=targets)


def folded(statement: str) -> Batch | None:
    """Return a batch of four and more equally long rows; None for any other statement.

    Placeholders stand in the rows alone, or their positions could not be told.
    """
    match = _BATCH.fullmatch(statement)
    if match is None:
        return None
    position = 0
    rows = []
    for row in _EACH_ROW.findall(match["rows"]):
        cells: list[str | int | None] = []
        for cell in _EACH_CELL.findall(row):
            if not _IS_PLACE.fullmatch(cell):
                cells.append(None)
            elif cell in ("?", "%s"):
                cells.append(position)
                position += 1
            elif cell[0] == "$":
                cells.append(int(cell[1:]) - 1)
            else:
                cells.append(cell[2:-2] if cell[0] == "%" else cell[1:])
        rows.append(tuple(cells))
    if len({len(row) for row in rows}) != 1:
        return None
    first = _EACH_ROW.match(match["rows"])
    assert first is not None
    return Batch(match["head"] + first.group() + match["tail"], tuple(rows))
