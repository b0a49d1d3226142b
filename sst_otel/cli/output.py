"""Rows as a table, JSON, NDJSON or CSV."""

from __future__ import annotations

import argparse
import csv
import json
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, islice
from typing import Any

from sst_otel.cli.table import Layout

FORMATS = ("table", "json", "ndjson", "csv")
_MEASURED = 1000
_FORMULA = ("=", "+", "-", "@", "\t", "\r")

Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Column:
    """One column of the table: its title and how a row fills it."""

    title: str
    text: Callable[[Row], str]


def add_format(parser: argparse.ArgumentParser) -> None:
    """Add ``--format``."""
    parser.add_argument("--format", choices=FORMATS, default="table", help="default: table")


def write_table(rows: Iterable[Row], columns: Sequence[Column], empty: str) -> None:
    """Print rows in as many characters as the terminal is wide; ``empty`` where there is none.

    The widths are measured on the first thousand rows, so that a long log is printed as it is read.
    """
    texts = ([column.text(row) for column in columns] for row in rows)
    measured = list(islice(texts, _MEASURED))
    if not measured:
        print(empty, file=sys.stderr)
        return
    layout = Layout([column.title for column in columns], measured)
    for line in chain(layout.head(), *map(layout.row, chain(measured, texts))):
        print(line)


def write_json(value: Any) -> None:
    """Print one JSON document."""
    print(json.dumps(value, indent=2))


def write_ndjson(rows: Iterable[Row]) -> None:
    """Print one JSON object a line."""
    for row in rows:
        print(json.dumps(row, separators=(",", ":")))


def write_csv(rows: Iterable[Row], names: Sequence[str]) -> None:
    """Print CSV (RFC 4180) with a head line; lists are joined by "; ", mappings are JSON.

    A text that a spreadsheet would take for a formula gets an apostrophe in front of it
    (https://owasp.org/www-community/attacks/CSV_Injection).
    """
    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerow(names)
    for row in rows:
        writer.writerow([_cell(row.get(name)) for name in names])


def _cell(value: Any) -> Any:
    if value is None or isinstance(value, (bool, int, float)):
        return value
    if isinstance(value, list):
        value = "; ".join(str(item) for item in value)
    elif not isinstance(value, str):
        value = json.dumps(value, separators=(",", ":"))
    return f"'{value}" if value.startswith(_FORMULA) else value
