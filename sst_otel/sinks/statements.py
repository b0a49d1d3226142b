"""Raw SQL: which table and columns an INSERT or UPDATE writes, and which parameter goes where."""

from __future__ import annotations

import logging
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

_LONGEST = 20_000
"""Characters of a statement that are parsed; longer ones are written by machines, as batches."""


_NAMED = re.compile(r"%\((\w+)\)s")


@dataclass(frozen=True, slots=True)
class Written:
    """The parameters of a write, by column."""

    table: str
    operation: str
    columns: tuple[tuple[str, str | int], ...]
    """(column, parameter name or position) in the order of the statement."""

    def row(self, parameters: Any) -> dict[str, Any]:
        """Return column → value for one set of parameters, named or positional."""
        row: dict[str, Any] = {}
        for column, place in self.columns:
            if isinstance(parameters, Mapping):
                if place in parameters:
                    row[column] = parameters[place]
            elif (
                isinstance(place, int)
                and isinstance(parameters, Sequence)
                and place < len(parameters)
            ):
                row[column] = parameters[place]
        return row


@lru_cache(maxsize=1_000)
def written_columns(statement: str) -> Written | None:
    """Parse a statement; None where it cannot be read or writes no parameter."""
    if len(statement) > _LONGEST:
        return None
    import sqlglot  # 100 ms: only for applications that write raw SQL
    from sqlglot import exp

    logging.getLogger("sqlglot").setLevel(logging.CRITICAL)
    # Drivers' own placeholders (%s, %(name)s) are no SQL; the parser reads ? and :name.
    text = _plain_placeholders(statement)
    try:
        tree = sqlglot.parse_one(text)
    except sqlglot.errors.SqlglotError:
        return None
    places: dict[int, str | int] = {}
    for position, node in enumerate(tree.find_all(exp.Placeholder, bfs=False)):
        name = node.name
        places[id(node)] = name if name and name != "?" else position
    if isinstance(tree, exp.Insert):
        return _insert(tree, places, exp)
    if isinstance(tree, exp.Update):
        return _update(tree, places, exp)
    return None


def _insert(tree: Any, places: dict[int, str | int], exp: Any) -> Written | None:
    schema = tree.this
    values = tree.expression
    if not isinstance(schema, exp.Schema) or not isinstance(values, exp.Values):
        return None
    names = [column.name for column in schema.expressions]
    columns = []
    for row in values.expressions:
        for name, value in zip(names, row.expressions, strict=False):
            for node in value.find_all(exp.Placeholder):
                columns.append((name, places[id(node)]))
    return Written(schema.this.name, "INSERT", tuple(columns)) if columns else None


def _update(tree: Any, places: dict[int, str | int], exp: Any) -> Written | None:
    columns = []
    for assignment in tree.expressions:
        if isinstance(assignment, exp.EQ):
            for node in assignment.expression.find_all(exp.Placeholder):
                columns.append((assignment.this.name, places[id(node)]))
    return Written(tree.this.name, "UPDATE", tuple(columns)) if columns else None


def _plain_placeholders(statement: str) -> str:
    return _NAMED.sub(r":\1", statement).replace("%s", "?")
