"""Rows of a workbook's sheets: texts stand apart from the cells that show them (ECMA-376, 18.3)."""

from __future__ import annotations

import datetime
import re
from collections.abc import Callable, Iterator, Mapping
from xml.parsers import expat  # nosec: no entity is ever declared

from sst_otel.matching.parts import LONGEST_CELL
from sst_otel.matching.rows import MAX_ROWS

_SHEET = re.compile(r"xl/worksheets/[^/]+\.xml")
_STRINGS = "xl/sharedStrings.xml"
_STYLES = "xl/styles.xml"
_DATES = frozenset({14, 15, 16, 17, 22})
"""Built-in formats that show a day (18.8.30)."""
_SHOWS_A_DAY = re.compile(r"[yd]", re.IGNORECASE)
_UNSAID = re.compile(r'"[^"]*"|\[[^\]]*\]|\\.')
_EPOCH = datetime.date(1899, 12, 30)
_LAST_DAY = 2_958_465
_MAX_COLUMNS = 500

Attributes = Mapping[str, str]


def is_workbook(names: Mapping[str, bytes]) -> bool:
    """Whether the members of an archive, by name, are those of a workbook."""
    return any(_SHEET.fullmatch(name) for name in names)


def is_told_by_rows(name: str) -> bool:
    """Whether what a member of a workbook says stands in the rows of its sheets."""
    return name in (_STRINGS, _STYLES) or _SHEET.fullmatch(name) is not None


def sheets(documents: Mapping[str, bytes]) -> Iterator[tuple[str, list[str], list[list[str]]]]:
    """Yield name, header and rows of each sheet; the header's names are empty where it has none.

    Cells are texts, days as ISO dates. A sheet that cannot be read has the rows before the damage.
    """
    strings = _strings(documents.get(_STRINGS, b""))
    days = _day_styles(documents.get(_STYLES, b""))
    for name, document in documents.items():
        if _SHEET.fullmatch(name) is None:
            continue
        rows = _rows(document, strings, days)
        header = rows[0] if rows else []
        if len(rows) > 1 and all(map(_is_title, header)):
            rows = rows[1:]
        else:
            header = [""] * max(map(len, rows), default=0)
        yield name, header, rows


def _is_title(text: str) -> bool:
    return bool(text) and "@" not in text and not any(map(str.isdigit, text))


def _strings(document: bytes) -> list[str]:
    found: list[str] = []
    pieces: list[str] = []
    reading = False

    def start(name: str, _: Attributes) -> None:
        nonlocal reading
        if name == "si":
            pieces.clear()
        reading = name == "t"

    def text(data: str) -> None:
        if reading:
            pieces.append(data)

    def end(name: str) -> None:
        nonlocal reading
        reading = False
        if name == "si":
            found.append("".join(pieces))

    _parse(document, start, text, end)
    return found


def _day_styles(document: bytes) -> frozenset[int]:
    """Return the numbers of the cell styles that show a number as a day."""
    formats = set(_DATES)
    days: set[int] = set()
    count = 0
    in_cells = False

    def start(name: str, attributes: Attributes) -> None:
        nonlocal count, in_cells
        if name == "numFmt":
            code = _UNSAID.sub("", attributes.get("formatCode", ""))
            if _SHOWS_A_DAY.search(code):
                formats.add(_number(attributes.get("numFmtId", "")))
        elif name == "cellXfs":
            in_cells = True
        elif name == "xf" and in_cells:
            if _number(attributes.get("numFmtId", "")) in formats:
                days.add(count)
            count += 1

    def end(name: str) -> None:
        nonlocal in_cells
        in_cells = in_cells and name != "cellXfs"

    _parse(document, start, _pass, end)
    return frozenset(days)


def _rows(document: bytes, strings: list[str], days: frozenset[int]) -> list[list[str]]:
    rows: list[list[str]] = []
    cell: Attributes = {}
    content: list[str] | None = None

    def start(name: str, attributes: Attributes) -> None:
        nonlocal cell, content
        if name == "row":
            if len(rows) > MAX_ROWS:
                raise _Refused
            rows.append([])
        elif name == "c":
            cell = attributes
        elif name == "v" or name == "t":
            content = []

    def text(data: str) -> None:
        if content is not None:
            content.append(data)

    def end(name: str) -> None:
        nonlocal content
        if content is not None and name in ("v", "t") and rows:
            row, shown = rows[-1], _shown("".join(content), cell, strings, days)
            column = min(_column(cell.get("r", ""), len(row)), _MAX_COLUMNS)
            row += [""] * (column + 1 - len(row))
            if len(row[column]) < LONGEST_CELL:  # of several pieces in several styles
                row[column] += shown
            content = None

    _parse(document, start, text, end)
    return rows


def _shown(text: str, cell: Attributes, strings: list[str], days: frozenset[int]) -> str:
    kind = cell.get("t", "n")
    if kind == "s":
        number = _number(text)
        return strings[number] if 0 <= number < len(strings) else ""
    if kind == "n" and _number(cell.get("s", "")) in days:
        day = _number(text.partition(".")[0])
        if 0 < day <= _LAST_DAY:
            return (_EPOCH + datetime.timedelta(days=day)).isoformat()
    return text


def _column(reference: str, otherwise: int) -> int:
    """Return the number of a column: 0 for ``A7``, 27 for ``AB1``."""
    number = 0
    for letter in reference:
        if not "A" <= letter <= "Z" or number > _MAX_COLUMNS:
            break
        number = number * 26 + ord(letter) - 64
    return number - 1 if number else otherwise


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 10 else -1


class _Refused(Exception):
    """More rows than are read, or a document type, where entities are declared that grow."""


def _refuse(*_: object) -> None:
    raise _Refused


def _pass(_: str) -> None:
    return


def _parse(
    document: bytes,
    start: Callable[[str, Attributes], None],
    text: Callable[[str], None],
    end: Callable[[str], None],
) -> None:
    parser = expat.ParserCreate()
    parser.StartDoctypeDeclHandler = _refuse
    parser.StartElementHandler = lambda name, given: start(name.rpartition(":")[2], given)
    parser.CharacterDataHandler = text
    parser.EndElementHandler = lambda name: end(name.rpartition(":")[2])
    try:
        parser.Parse(document, True)
    except (expat.ExpatError, _Refused):
        return
