"""Raw SQL: which table and columns a statement carries values to, from parameters and literals.

A statement is parsed once for all the values that are ever written into its text: what is kept of
it has neither literals nor parameters.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sst_otel.sinks.sql_columns import LITERAL, Columns, columns_of

MAX_ROWS = 1_000
"""Rows of one statement that are looked at; how many more there were is said in the event."""
_LONGEST = 4_000_000
_MOST_PIECES = 2_000
_BEGINS = re.compile(r"(?:[\s(;]|--[^\n]*(?:\n|\Z)|/\*.*?\*/)*([a-z]+)", re.IGNORECASE | re.DOTALL)
_WRITES = frozenset({"insert", "update", "replace", "merge", "upsert", "call", "exec", "execute"})
_READS = frozenset({"select", "delete", "with", "values", "table"})
_PLAIN = {"select ": False, "insert ": True, "update ": True, "delete ": False}
"""How nearly all statements begin."""
_WRITES_WITHIN = re.compile(r"\b(?:insert|update|merge)\b", re.IGNORECASE)
_TEXT = r"(?P<text>[EeNn]?'(?:[^'\\]|''|\\.)*')"
_SKIPPED = r"(?P<skip>--[^\n]*|/\*.*?\*/|\"(?:[^\"]|\"\")*\"|`[^`]*`)"
_NUMBER = r"(?P<number>(?<![\w.$:%?])-?\d+(?:\.\d+)?(?=\s*(?:[,);]|\Z|\s)))"
_TOKEN = re.compile(
    rf"{_SKIPPED}|{_TEXT}|\$(?P<tag>\w*)\$(?P<dollar>.*?)\$(?P=tag)\$|{_NUMBER}|(?P<end>;)",
    re.DOTALL,
)
_TOKEN_MYSQL = re.compile(
    _TOKEN.pattern.replace(
        r"|\"(?:[^\"]|\"\")*\"", "", 1
    ).replace(  # there a text may stand in double quotes
        r"(?P<text>", r"(?P<text>\"(?:[^\"\\]|\"\"|\\.)*\"|", 1
    ),
    re.DOTALL,
)
_COPY = re.compile(
    r"\s*copy\s+(?P<table>[\w.\"]+)\s*(?:\((?P<columns>[^)]*)\))?\s*from\s+stdin\b", re.IGNORECASE
)
_FORMATS = re.compile(r"%s|%\(\w+\)s")


@dataclass(slots=True)
class Carried:
    """What one statement carries to one table."""

    operation: str
    """``INSERT``, ``UPDATE``, ``SELECT``, … in capitals."""
    table: str
    """``""`` where the statement could not be read."""
    writes: bool
    rows: list[dict[str, Any]] = field(default_factory=list)
    """Column → value, 1,000 at most."""
    total: int = 0

    def __repr__(self) -> str:
        return f"<{self.operation} of {self.total} rows>"  # error trackers print us

    def add(self, rows: Mapping[tuple[int, int], dict[str, Any]]) -> None:
        """Count the rows of one set of parameters, and keep as many as are looked at."""
        self.total += len({row for row, _ in rows})
        self.rows.extend(list(rows.values())[: MAX_ROWS - len(self.rows)])


def is_write(text: str) -> bool | None:
    """Whether a statement writes; None for one that takes no values at all."""
    plain = _PLAIN.get(text[:7].lower())
    if plain is not None:
        return plain
    begins = _BEGINS.match(text, 0, 10_000)
    word = begins.group(1).lower() if begins is not None else ""
    if word == "with":
        return _WRITES_WITHIN.search(text) is not None
    return True if word in _WRITES else False if word in _READS else None


def carried(text: str, sets: Sequence[Any], dialect: str, lookups: bool) -> list[Carried]:
    """Return what a text of one or several statements carries, by operation and table.

    ``sets``: one set of parameters, or many for ``executemany``; empty where there are none.
    ``lookups``: whether what a statement compares with counts as well; without it only what is
    written does, and statements that only read carry nothing.
    """
    found: dict[tuple[str, str], Carried] = {}
    formats = bool(sets) and _FORMATS.search(text) is not None
    for piece, literals in _pieces(text[:_LONGEST], dialect):
        writes = is_write(piece)
        if writes is None or not (writes or lookups):
            continue
        columns = columns_of(piece, dialect, formats)
        operation, table = columns.operation, columns.table
        if not columns.targets:
            operation = operation or piece.split(None, 1)[0].upper()
        mine = found.setdefault(
            (operation, table), Carried(operation, table, writes and operation != "DELETE")
        )
        for given in sets or ((),):
            if mine.total >= MAX_ROWS:
                mine.total += 1
                continue
            mine.add(_rows(columns, given, literals, lookups))
    return [one for one in found.values() if one.rows]


def _rows(
    columns: Columns, given: Any, literals: Sequence[Any], lookups: bool
) -> dict[tuple[int, int], dict[str, Any]]:
    """Return the rows of one set of parameters, several where ``VALUES`` has several.

    A column that takes two values of one row (``a = ? OR a = ?``) has the second in a row beside.
    """
    if not columns.targets:
        unread = dict(_unnamed(given))
        if literals:
            unread["statement"] = list(literals)
        return {(0, 0): unread} if unread else {}
    rows: dict[tuple[int, int], dict[str, Any]] = {}
    for target in columns.targets:
        if not (target.written or lookups):
            continue
        there, value = _value(target.place, given, literals)
        if there:
            beside = 0
            while target.column in rows.setdefault((target.row, beside), {}):
                beside += 1
            rows[target.row, beside][target.column] = value
    return rows


def _value(place: str | int, given: Any, literals: Sequence[Any]) -> tuple[bool, Any]:
    if isinstance(place, str) and place.startswith(LITERAL):
        return True, literals[int(place.removeprefix(LITERAL))]
    if isinstance(given, Mapping):
        return (True, given[place]) if place in given else (False, None)
    if isinstance(place, int) and isinstance(given, Sequence) and place < len(given):
        return True, given[place]
    return False, None


def _unnamed(given: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(given, Mapping):
        yield from ((key, value) for key, value in given.items() if isinstance(key, str))
    elif isinstance(given, (list, tuple)):
        yield from ((f"parameter{number}", value) for number, value in enumerate(given, 1))


def _pieces(text: str, dialect: str) -> Iterator[tuple[str, list[Any]]]:
    """Return each statement of a text with placeholders for its literals, and the literals."""
    token = _TOKEN_MYSQL if dialect in ("mysql", "mariadb") else _TOKEN
    out: list[str] = []
    literals: list[Any] = []
    begun = pieces = 0
    for match in token.finditer(text):
        kind = match.lastgroup
        if kind == "skip":
            continue
        out.append(text[begun : match.start()])
        begun = match.end()
        if kind == "end":
            yield "".join(out).strip(), literals
            out, literals, pieces = [], [], pieces + 1
            if pieces >= _MOST_PIECES:
                return
            continue
        out.append(f":{LITERAL}{len(literals)}")
        literals.append(_literal(kind, match))
    out.append(text[begun:])
    last = "".join(out).strip()
    if last:
        yield last, literals


def _literal(kind: str | None, match: re.Match[str]) -> Any:
    if kind == "number":
        number = match.group()
        return float(number) if "." in number else int(number)
    if kind == "text":
        text = match.group()
        text = text[text.index(text[-1]) + 1 : -1]
        return text.replace("''", "'")
    return match["dollar"]


def copied(text: str) -> tuple[str, tuple[str, ...]] | None:
    """Return table and columns of ``COPY table (columns) FROM STDIN``; None for anything else."""
    match = _COPY.match(text)
    if match is None:
        return None
    named = match["columns"] or ""
    columns = tuple(name.strip().strip('"') for name in named.split(",") if name.strip())
    return match["table"].rpartition(".")[2].strip('"'), columns
