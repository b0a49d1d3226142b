"""Batches that are no list of objects: columns, a header beside its rows, numbered form fields.

The values of one person stand apart there; what puts them together is a position or a number. Reads
by the containers' own methods, and never a value.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

MAX_ROWS = 5_000
"""Rows of one table; what is behind them is read without its row."""
_INDEX = re.compile(r"\[\d{1,5}\](?=.)|[.\-]\d{1,5}(?=[.\[\-])")
_LAST_INDEX = re.compile(r"\[(\d{1,5})\]\Z")
_LONG_NUMBER = re.compile(r"(?:\d[ ().\-/]{0,2}){7}")
_IN_A_ROW = frozenset({list, tuple})
_INSIDE = frozenset({list, tuple, dict})
_DIGITS_OF_AN_ID = 7

Cell = tuple[int, str, tuple[str | int, ...], Any]
"""Number of the row, name of the field, the way to it from the container, and the value."""


@dataclass(frozen=True, slots=True)
class Table:
    """The cells of a table that an object is, and which of its members they are."""

    cells: list[Cell]
    members: frozenset[str]


def table_of(value: dict[Any, Any]) -> Table | None:
    """Return the table that an object is, None for any other.

    ``{"schema": ["EMAIL", "FN"], "data": [[…], […]]}``, ``{"email": […], "city": […]}`` and
    ``{"email": {"0": …, "1": …}, "city": {…}}``.
    """
    kinds = list(map(type, dict.values(value)))
    if kinds.count(list) + kinds.count(tuple) < 2 and kinds.count(dict) < 2:
        return None
    inside = [
        (name, item)
        for name, item in dict.items(value)
        if type(item) in _INSIDE and len(item) and type(name) is str
    ]
    return _under_header(inside) or _columns(inside) or _numbered(inside)


def has_rows(value: dict[Any, Any]) -> bool:
    """Tell by the keys whether the members of an object may be the rows of a table."""
    try:
        names = "\n".join(dict.keys(value))
    except TypeError:  # a key that is no text
        return True
    return "@" in names or "[" in names or _LONG_NUMBER.search(names) is not None


def _under_header(inside: list[tuple[str, Any]]) -> Table | None:
    headers = [
        (name, item)
        for name, item in inside
        if type(item) in _IN_A_ROW and all([type(field) is str for field in item])
    ]
    for _, header in headers:
        for name, rows in inside:
            if type(rows) not in _IN_A_ROW or len(rows) > MAX_ROWS:
                continue
            if _are_rows(rows, len(header)):
                cells: list[Cell] = [
                    (number, field, (name, number, position), row[position])
                    for number, row in enumerate(rows)
                    for position, field in enumerate(header)
                ]
                return Table(cells, frozenset({name}))
    return None


def _are_rows(rows: Sequence[Any], width: int) -> bool:
    return all([type(row) in _IN_A_ROW and len(row) == width for row in rows])


def _columns(inside: list[tuple[str, Any]]) -> Table | None:
    sizes: dict[int, list[tuple[str, Any]]] = {}
    for name, item in inside:
        if type(item) in _IN_A_ROW and type(item[0]) not in _INSIDE:
            sizes.setdefault(len(item), []).append((name, item))
    for size, columns in sizes.items():
        if 1 < size <= MAX_ROWS and len(columns) > 1:
            cells: list[Cell] = [
                (number, name, (name, number), column[number])
                for number in range(size)
                for name, column in columns
            ]
            return Table(cells, frozenset(name for name, _ in columns))
    return None


def _numbered(inside: list[tuple[str, Any]]) -> Table | None:
    columns = [
        (name, item)
        for name, item in inside
        if type(item) is dict and 1 < len(item) <= MAX_ROWS and all(map(_is_number, item))
    ]
    if len(columns) < 2:
        return None
    numbers = list(columns[0][1])
    if any([list(item) != numbers for _, item in columns]):
        return None
    cells: list[Cell] = [
        (row, name, (name, str(number)), column[number])
        for row, number in enumerate(numbers)
        for name, column in columns
    ]
    return Table(cells, frozenset(name for name, _ in columns))


def _is_number(key: Any) -> bool:
    return type(key) is int or (type(key) is str and key.isdecimal())


def header_of(rows: Sequence[Any]) -> list[str] | None:
    """Return the first of several rows where it names the columns: texts without digit or ``@``."""
    if len(rows) < 2 or type(rows[0]) not in _IN_A_ROW:
        return None
    first = rows[0]
    if len(first) < 2 or not _are_rows(rows, len(first)):
        return None
    for name in first:
        if type(name) is not str or not name or "@" in name or any(map(str.isdigit, name)):
            return None
    return list(first)


def form_rows(names: Sequence[str]) -> list[str]:
    """Return for each field of a form which row it is in; empty for one that is in none.

    ``users[0][email]``, ``form-0-email`` by their number; ``email[]``, ``email[1]`` and repeated
    names by how often they came, where several fields came equally often.
    """
    found = [""] * len(names)
    everything = "\n".join(names)
    if len(set(names)) == len(names) and not ("[" in everything or _INDEX.search(everything)):
        return found
    bases: list[tuple[int, str, int]] = []
    seen: Counter[str] = Counter()
    for position, name in enumerate(names):
        ends = [match.end() for match in _INDEX.finditer(name)]
        if ends:
            found[position] = name[: ends[-1]]
            continue
        last = _LAST_INDEX.search(name)
        base = name[: last.start()] + "[]" if last is not None else name
        bases.append((position, base, int(last.group(1)) if last is not None else seen[base]))
        seen[base] += 1
    often = Counter(count for count in seen.values() if count > 1)
    for position, base, number in bases:
        if often[seen[base]] > 1:
            found[position] = f"#{number}"
    return found


def tells_a_person(key: str) -> bool:
    """Whether a key is a mail address or a long number: what is under it belongs to it."""
    if "@" in key:
        return True
    return key[-1:].isdigit() and sum(map(str.isdigit, key)) >= _DIGITS_OF_AN_ID
