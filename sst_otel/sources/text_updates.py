"""Rows that a program changes by SQL of its own, or a mapper of its own by SQL as text."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from sst_otel.registry.identity import MARKABLE
from sst_otel.sources.people import People
from sst_otel.sources.row_changes import RowChanges
from sst_otel.sources.row_plan import Place
from sst_otel.sources.row_tagging import Given, value_at
from sst_otel.sources.table_plan import TablePlan
from sst_otel.sql_text import parse

_UPDATES = re.compile(r"\s*(with\b.*?\b)?update\b", re.I | re.S)
_MOST = 2_000
Places = tuple[tuple[str, Place], ...]
"""Columns, and where their values stand in the statement."""


@dataclass(frozen=True, slots=True)
class _UpdatePlan:
    table: TablePlan
    named: Places
    """What the row is told by."""
    new: Places


def is_update(statement: str) -> bool:
    """Whether a statement changes rows."""
    return _UPDATES.match(statement) is not None


class TextUpdates:
    """Notices rows that change; ``table_of(name, schema)``: the table to plan."""

    def __init__(
        self, people: People, table_of: Callable[[str, str], Any], changes: RowChanges
    ) -> None:
        self._people = people
        self._table_of = table_of
        self._changes = changes
        self._plans: dict[tuple[int, str, int], _UpdatePlan | None] = {}

    def written(self, statement: str, dialect: str, version: int, given: Given, done: bool) -> None:
        """Look at an ``UPDATE``; ``version``: of what is known of tables, ``done``: executed."""
        if not self._changes.may_matter() or not is_update(statement):
            return
        key = (hash(statement), dialect, version)
        if key in self._plans:
            plan = self._plans[key]
        else:
            plan = self._make(statement, dialect)
            if plan is None or not _holds_a_value(plan):
                if len(self._plans) >= _MOST:
                    self._plans.clear()
                self._plans[key] = plan
        if plan is not None:
            self._changes.changed(plan.table, _values(plan.named, given), _values(plan.new, given))
            if done:
                self._changes.settled(written=True)

    def _make(self, statement: str, dialect: str) -> _UpdatePlan | None:
        parsed = parse(statement, dialect)
        from sqlglot import exp

        if parsed is None or not isinstance(parsed.tree, exp.Update):
            return None
        tree = parsed.tree
        where = tree.args.get("where")
        beside = (*map(tree.args.get, ("from", "from_")), tree.this.args.get("joins"))
        if not isinstance(tree.this, exp.Table) or where is None or any(beside):
            return None
        table = self._table_of(tree.this.name, tree.this.db)
        plan = self._people.plan(table)
        pairs = [
            (item.this.name, _place(item.expression, parsed, exp))
            for item in tree.expressions
            if isinstance(item, exp.EQ) and isinstance(item.this, exp.Column)
        ]
        # All of them: a document in a column that no statement has declared may hold some too.
        new = tuple((name, place) for name, place in pairs if place)
        if not any(plan.may_tell(name) for name, _ in new):
            return None
        equal = [
            (column, _place(value, parsed, exp)) for column, value in _equalities(where.this, exp)
        ]
        named = tuple((name, place) for name, place in equal if place)
        return _UpdatePlan(plan, named, new) if named else None


def _equalities(node: Any, exp: Any) -> Iterator[tuple[str, Any]]:
    """Yield column and value of what has to be equal: ``a = ? AND (b = ?) AND c IN (?)``."""
    if isinstance(node, exp.Paren):
        yield from _equalities(node.this, exp)
    elif isinstance(node, exp.And):
        yield from _equalities(node.this, exp)
        yield from _equalities(node.expression, exp)
    elif isinstance(node, exp.EQ):
        column, value = node.this, node.expression
        if isinstance(value, exp.Column):
            column, value = value, column
        if isinstance(column, exp.Column):
            yield column.name, value
    elif isinstance(node, exp.In) and isinstance(node.this, exp.Column):
        values = node.expressions
        if len(values) == 1:
            yield node.this.name, values[0]


def _place(node: Any, parsed: Any, exp: Any) -> Place | None:
    while isinstance(node, (exp.Paren, exp.Cast)):
        node = node.this
    place = parsed.place(node)
    if place is not None:
        return ("parameter", place)
    return ("literal", node.name) if isinstance(node, exp.Literal) else None


def _holds_a_value(plan: _UpdatePlan) -> bool:
    """Whether somebody's value is written into the statement: then it is not kept."""
    return any(place[0] == "literal" for _, place in (*plan.named, *plan.new))


def _values(places: Places, given: Given) -> dict[str, Any]:
    found = ((column, value_at(place, (), given)) for column, place in places)
    return {column: value for column, value in found if type(value) in MARKABLE}
