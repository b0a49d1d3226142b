"""SQL as text: parsed once per statement, with every driver's placeholders made alike.

For statements that no library has a tree of: ``text()`` and raw cursors. The parser is imported
when the first of them names something personal.
"""

from __future__ import annotations

import logging
import re
from dataclasses import dataclass
from typing import Any

LONGEST = 20_000
"""Characters of a statement that are parsed; longer ones are written by machines, as batches."""
_DIALECTS = {
    "cockroachdb": "postgres",
    "mariadb": "mysql",
    "mssql": "tsql",
    "mysql": "mysql",
    "oracle": "oracle",
    "postgresql": "postgres",
    "sqlite": "sqlite",
}
_QUOTED = (
    r"""'(?:[^']|'')*'|"(?:[^"]|"")*"|`[^`]*`|--[^\n]*|/\*.*?\*/|\$(?P<tag>\w*)\$.*?\$(?P=tag)\$"""
)
_FORMAT = re.compile(rf"{_QUOTED}|%\((?P<name>[^)]+)\)s|(?P<next>%s)|(?P<percent>%%)", re.DOTALL)
_OTHERS = re.compile(
    rf"{_QUOTED}|::|\?(?P<number>\d+)|(?P<next>\?)|(?<![\w:])[:@$](?P<name>\w+)", re.DOTALL
)
_MARK = "sst_"


@dataclass(frozen=True, slots=True)
class Parsed:
    """A statement's tree, in the parser's own types."""

    tree: Any
    places: tuple[str | int, ...]
    """What each placeholder takes: a parameter's name or its position, from 0."""

    def place(self, node: Any) -> str | int | None:
        """Return which parameter a node stands for, None where it is no placeholder."""
        name = getattr(node, "name", "")
        if not name.startswith(_MARK) or type(node).__name__ != "Placeholder":
            return None
        number = name.removeprefix(_MARK)
        return self.places[int(number)] if number.isdecimal() else None


def parse(statement: str, dialect: str = "", formats: bool | None = None) -> Parsed | None:
    """Parse one statement; None where it is too long or cannot be read.

    ``dialect``: SQLAlchemy's name of it, ``""`` = any. ``formats``: whether placeholders are
    ``%s`` and ``%(name)s``; None = by the look of it.
    """
    if len(statement) > LONGEST:
        return None
    import sqlglot  # 0.2 s and 30 MB: only for applications that write SQL

    logging.getLogger("sqlglot").setLevel(logging.CRITICAL)
    places: list[str | int] = []
    if formats is None:
        formats = re.search(r"%s|%\(\w+\)s", statement) is not None
    text = _marked(statement, places, _FORMAT if formats else _OTHERS)
    try:
        tree = sqlglot.parse_one(text, read=_DIALECTS.get(dialect))
    except (sqlglot.errors.SqlglotError, RecursionError):
        return None
    return Parsed(tree, tuple(places))


def _marked(statement: str, places: list[str | int], pattern: re.Pattern[str]) -> str:
    """Return the statement with ``:sst_0``, ``:sst_1`` … for its placeholders."""
    position = 0

    def replaced(match: re.Match[str]) -> str:
        nonlocal position
        groups = match.groupdict()
        if groups.get("percent"):
            return "%"
        name = groups.get("name")
        if groups.get("next"):
            places.append(position)
            position += 1
        elif groups.get("number"):
            places.append(int(groups["number"]) - 1)
        elif name and name.isdecimal():
            places.append(int(name) - 1)
        elif name:
            places.append(name)
        else:
            return match.group()
        return f":{_MARK}{len(places) - 1}"

    return pattern.sub(replaced, statement)
