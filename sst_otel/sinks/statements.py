"""Raw SQL: which table and columns an INSERT or UPDATE writes, and which parameter goes where."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from sst_otel.sql_text import Parsed, parse


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
    parsed = parse(statement)
    if parsed is None:
        return None
    from sqlglot import exp

    if isinstance(parsed.tree, exp.Insert):
        return _insert(parsed, exp)
    if isinstance(parsed.tree, exp.Update):
        return _update(parsed, exp)
    return None


def _insert(parsed: Parsed, exp: Any) -> Written | None:
    schema = parsed.tree.this
    values = parsed.tree.expression
    if not isinstance(schema, exp.Schema) or not isinstance(values, exp.Values):
        return None
    names = [column.name for column in schema.expressions]
    columns = []
    for row in values.expressions:
        for name, value in zip(names, row.expressions, strict=False):
            columns += [(name, place) for place in _places(parsed, value, exp)]
    return Written(schema.this.name, "INSERT", tuple(columns)) if columns else None


def _update(parsed: Parsed, exp: Any) -> Written | None:
    tree = parsed.tree
    columns = []
    for assignment in tree.expressions:
        if isinstance(assignment, exp.EQ):
            places = _places(parsed, assignment.expression, exp)
            columns += [(assignment.this.name, place) for place in places]
    return Written(tree.this.name, "UPDATE", tuple(columns)) if columns else None


def _places(parsed: Parsed, value: Any, exp: Any) -> list[str | int]:
    found = (parsed.place(node) for node in value.find_all(exp.Placeholder))
    return [place for place in found if place is not None]
