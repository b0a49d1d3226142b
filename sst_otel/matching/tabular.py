"""Rows of a text that is a table: an export in CSV, with semicolons or with tabs."""

from __future__ import annotations

import csv

MAX_ROWS = 5_000
_DELIMITERS = (",", ";", "\t", "|")


def table_rows(text: str) -> tuple[list[str], list[list[str]]] | None:
    """Return header and rows of a delimited text, None for any other text.

    A table is told by its first two lines: the same delimiter, equally often, and a header without
    digits or ``@``. Rows beyond :data:`MAX_ROWS` are left out.
    """
    first, newline, rest = text[:4_000].partition("\n")
    if not newline or "@" in first or any(char.isdigit() for char in first):
        return None
    second = rest.partition("\n")[0]
    delimiter = max(_DELIMITERS, key=first.count)
    if not first.count(delimiter) or second.count(delimiter) < first.count(delimiter):
        return None
    if any(len(name.split()) > 4 for name in first.split(delimiter)):
        return None  # sentences with commas in them
    try:
        reader = csv.reader(text.splitlines(), delimiter=delimiter)
        header = [name.strip() for name in next(reader)]
        rows = [row for _, row in zip(range(MAX_ROWS), reader, strict=False)]
    except csv.Error:
        return None
    return header, rows
