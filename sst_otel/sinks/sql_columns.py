"""Where the placeholders of one SQL statement go: its table, and a column for each of them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from sst_otel.missed import STATEMENTS, missed
from sst_otel.remembered import remembered
from sst_otel.sinks.value_rows import folded
from sst_otel.sql_text import LONGEST, Parsed, parse

LITERAL = "sst_literal_"
"""What the names of the placeholders that stand for literals begin with; a number follows."""
_SHORT = 2_000
"""Characters of a statement of which many are kept parsed. Longer ones are batches, mostly, with
another text for each number of rows, and too long ones only have their beginning read."""
_REPLACE = re.compile(r"(\s*)replace\b(\s+into\b)?", re.IGNORECASE)
_TABLE = re.compile(
    r"\s*(?P<operation>[a-z]+)\s+(?:(?:into|only|ignore|or\s+\w+|low_priority)\s+)*"
    r"(?P<table>[\w.\"`]+)",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Target:
    """Where one placeholder goes."""

    column: str
    place: str | int
    """A parameter's name or its position from 0; :data:`LITERAL` and a number for a literal."""
    row: int = 0
    """Which row of several ``VALUES``."""
    written: bool = True
    """False for what is only compared with."""


@dataclass(frozen=True, slots=True)
class Columns:
    """A statement without any of its values."""

    operation: str
    table: str
    targets: tuple[Target, ...]
    """Empty where the statement could not be read."""


def columns_of(statement: str, dialect: str, formats: bool) -> Columns:
    """Parse a statement in which literals are placeholders.

    ``dialect``: SQLAlchemy's name of it; ``formats``: whether its parameters are ``%s``.
    """
    if len(statement) <= _SHORT:
        return _columns_of_short(statement, dialect, formats)
    if len(statement) <= LONGEST:
        return _columns_of_long(statement, dialect, formats)
    return _columns_of_batch(statement, dialect, formats)


def _columns_of(statement: str, dialect: str, formats: bool) -> Columns:
    text = (
        _REPLACE.sub(r"\1INSERT INTO", statement, count=1) if _is_replace(statement) else statement
    )
    if formats:
        text = re.sub(rf":({LITERAL}\d+)", r"%(\1)s", text)
    parsed = parse(text, dialect, formats) or parse(text, "", formats)
    if parsed is not None:
        from sqlglot import exp

        found = _read(parsed, exp)
        if found is not None:
            operation = "REPLACE" if _is_replace(statement) else found.operation
            return Columns(operation, found.table, found.targets)
    missed(STATEMENTS)
    match = _TABLE.match(statement)
    if match is None:
        return Columns("", "", ())
    table = re.sub(r"[\"`]", "", match["table"]).rpartition(".")[2]
    return Columns(match["operation"].upper(), table, ())


def _columns_of_batch(statement: str, dialect: str, formats: bool) -> Columns:
    batch = folded(statement)
    if batch is None:
        return _columns_of(statement, dialect, formats)
    return batch.unfold(columns_of(batch.first, dialect, formats))


_columns_of_short = remembered(2_000)(_columns_of)
_columns_of_long = remembered(100)(_columns_of_batch)


def _is_replace(statement: str) -> bool:
    return _REPLACE.match(statement) is not None


def _read(parsed: Parsed, exp: Any) -> Columns | None:
    tree = parsed.tree
    kinds = {
        exp.Insert: "INSERT",
        exp.Update: "UPDATE",
        exp.Merge: "MERGE",
        exp.Delete: "DELETE",
    }
    operation = kinds.get(type(tree))
    if operation is None:
        if not isinstance(tree, exp.Query):
            return None
        operation = "SELECT"
    inside = tree.this if operation != "SELECT" else tree
    table = inside if isinstance(inside, exp.Table) else inside.find(exp.Table)
    names = _names(tree, exp)
    targets = []
    for node in tree.find_all(exp.Placeholder, bfs=False):
        place = parsed.place(node)
        if place is not None:
            targets.append(_target(node, place, tree, names, exp))
    return Columns(operation, table.name if table is not None else "", tuple(targets))


def _names(tree: Any, exp: Any) -> list[str]:
    """Return the columns that an INSERT names."""
    if isinstance(tree, exp.Insert) and isinstance(tree.this, exp.Schema):
        return [column.name for column in tree.this.expressions]
    return []


def _target(node: Any, place: str | int, tree: Any, names: list[str], exp: Any) -> Target:
    """Follow a placeholder up to what says where it goes."""
    inner, written, compared = node, True, ""
    for outer in _around(node):
        if isinstance(outer, (exp.Where, exp.Having, exp.Join, exp.Limit, exp.Offset)):
            written = False
        if not compared and isinstance(outer, (exp.Predicate, exp.Connector)):
            compared = _compared(outer, inner, exp)
        if isinstance(outer, exp.Tuple) and not compared:
            at = _index(outer, inner)
            if isinstance(outer.parent, exp.Values):
                values = outer.parent
                given = [one.name for one in values.args["alias"].columns] if values.alias else []
                row = _index(values, outer)
                return Target(_name(given or names, at), place, row)
            if isinstance(outer.parent, exp.Insert):  # of a MERGE
                given = [column.name for column in outer.parent.this.expressions]
                return Target(_name(given, at), place)
            if isinstance(outer.parent, exp.EQ) and isinstance(outer.parent.this, exp.Tuple):
                given = [column.name for column in outer.parent.this.expressions]
                compared = _name(given, at)
        if isinstance(outer, exp.Alias) and not compared:
            compared = outer.alias
        if isinstance(outer, exp.Select) and outer.parent is tree and not compared:
            return Target(_name(names, _index(outer, inner)), place, written=written)
        inner = outer
    reads = not isinstance(tree, (exp.Insert, exp.Update, exp.Merge))
    return Target(compared or "value", place, written=written and not reads)


def _around(node: Any) -> Iterator[Any]:
    outer = node.parent
    while outer is not None:
        yield outer
        outer = outer.parent


def _compared(outer: Any, inner: Any, exp: Any) -> str:
    """Return the column on the other side of a comparison or an assignment."""
    for child in outer.iter_expressions():
        if child is not inner:
            column = child if isinstance(child, exp.Column) else child.find(exp.Column)
            if column is not None:
                return str(column.name)
    return ""


def _index(holder: Any, child: Any) -> int:
    return next((at for at, one in enumerate(holder.expressions) if one is child), 0)


def _name(names: list[str], at: int) -> str:
    return names[at] if at < len(names) else f"column{at + 1}"
