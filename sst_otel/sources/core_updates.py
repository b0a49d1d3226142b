"""Rows that an ``update()`` of SQLAlchemy changes: of Core, by a query, in bulk by their keys."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from sst_otel.registry.identity import MARKABLE
from sst_otel.sources.people import People
from sst_otel.sources.row_changes import RowChanges

_MOST_ROWS = 100


class CoreUpdates:
    """Notices rows that change."""

    def __init__(self, people: People, changes: RowChanges) -> None:
        self._people = people
        self._changes = changes

    def executing(self, table: Any, context: Any) -> None:
        """Look at an ``update()`` of ``table``, about to be executed in ``context``."""
        compiled = context.compiled
        if compiled is None or not self._changes.may_matter():
            return
        plan = self._people.plan(table)
        new = [(column.key, column.name) for column in table.columns if plan.may_tell(column.name)]
        equal = [
            pair
            # The statement it was compiled from: its parameters are those that have names.
            for condition in compiled.statement._where_criteria
            for pair in _equalities(condition, table.name, compiled.bind_names)
        ]
        for given in context.compiled_parameters[:_MOST_ROWS] if equal else ():
            written = {name: given[key] for key, name in new if type(given.get(key)) in MARKABLE}
            if written:
                named = {column: _value(parameter, given) for column, parameter in equal}
                self._changes.changed(plan, named, written)


def _equalities(node: Any, table: str, names: Mapping[Any, str]) -> Iterator[tuple[str, str]]:
    """Yield column and name of the parameter of what has to be equal, all of it at once."""
    operator = getattr(getattr(node, "operator", None), "__name__", "")
    if operator == "and_":
        for part in node.clauses:
            yield from _equalities(part, table, names)
    elif operator in ("eq", "in_op"):
        column, parameter = node.left, names.get(node.right)
        home = getattr(getattr(column, "table", None), "name", None)
        if parameter is not None and home == table:
            yield column.name, parameter


def _value(parameter: str, given: Mapping[str, Any]) -> Any:
    """Return what a parameter is given, or the one value of a list; None for any other."""
    if parameter in given:
        value = given[parameter]
        alone = type(value) in (list, tuple) and len(value) == 1
        return value[0] if alone else value
    return given.get(f"{parameter}_1") if f"{parameter}_2" not in given else None
