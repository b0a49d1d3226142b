"""Accounts that a program inserts by SQL of its own: the visitor who signed up becomes their owner.

The counterpart of :mod:`sst_otel.sources.core_inserts` for ``text()`` and raw cursors. The new key
is what ``RETURNING`` gives, what the statement itself was given, or the driver's ``lastrowid``.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from sst_otel.registry.identity import MARKABLE
from sst_otel.scope import current_scope
from sst_otel.sources.people import People
from sst_otel.sources.row_plan import Place
from sst_otel.sources.row_tagging import Given, value_at
from sst_otel.sources.signup import changed, wrote_account, wrote_themselves
from sst_otel.sources.table_columns import is_text
from sst_otel.sources.table_plan import TablePlan
from sst_otel.sql_text import LONGEST, parse
from sst_otel.tagging import Tagger

_INSERTS = re.compile(r"\s*(with\b.*?\b)?(insert|replace)\s+(\w+\s+)*?into\b", re.I | re.S)
_ALL_COLUMNS = re.compile(r"\binto\s+\S+\s+values\b", re.I)
_MOST = 2_000
TableOf = Callable[[str, str], Any]
"""``table_of(name, schema)`` → the table to plan."""


@dataclass(frozen=True, slots=True)
class InsertPlan:
    """One statement that writes one row about a person."""

    table: TablePlan
    columns: tuple[tuple[str, Place], ...]
    """Each column that is written, and where its value stands."""
    key: str
    """The column that the database may number."""
    numbered: bool
    """Whether ``lastrowid`` is that number: not of a row that may have been there before."""
    returned: tuple[str, ...]
    """The columns of ``RETURNING``, in order; ``""`` for other expressions."""


def in_turn(
    first: Callable[[Any], None] | None, then: Callable[[Any], None] | None
) -> Callable[[Any], None] | None:
    """Return what hands each row to both readers; None where there is neither."""
    if first is None or then is None:
        return first or then

    def read(values: Any) -> None:
        first(values)
        then(values)

    return read


def is_insert(statement: str) -> bool:
    """Whether a statement writes new rows."""
    return _INSERTS.match(statement) is not None


def is_insert_of_all(statement: str) -> bool:
    """Whether a statement writes new rows without naming their columns."""
    return is_insert(statement) and _ALL_COLUMNS.search(statement) is not None


class TextInserts:
    """Notices new accounts; ``note(table, columns)`` learns a table that nothing has declared."""

    def __init__(
        self,
        tagger: Tagger,
        people: People,
        table_of: TableOf,
        note: Callable[[Any, Sequence[str]], None],
    ) -> None:
        self._tagger = tagger
        self._people = people
        self._table_of = table_of
        self._note = note
        self._plans: dict[tuple[int, str, int], InsertPlan | None] = {}

    def writing(self, statement: str, dialect: str, version: int, given: Given) -> None:
        """Look at a new account before it is written, where the program has made its key itself."""
        plan = self._plan(statement, dialect, version) if is_insert(statement) else None
        if plan is not None and plan.table.login:
            row = _given_row(plan, given)
            owner_id = plan.table.owner_id(row)
            if owner_id is not None:
                owner = self._tagger.owner(owner_id)
                changed(self._tagger, current_scope(), owner, plan.table.types, row)

    def written(
        self, statement: str, dialect: str, version: int, given: Given, number: Any = None
    ) -> None:
        """Look at an insertion that gave no rows; ``number``: the driver's, for the new row."""
        plan = self._plan(statement, dialect, version)
        if plan is None:
            return
        row = _given_row(plan, given)
        if row.get(plan.key) is None and plan.numbered and type(number) is int and number > 0:
            row[plan.key] = number
        self._settle(plan, row)

    def reader(
        self, statement: str, dialect: str, version: int, given: Given
    ) -> Callable[[Sequence[Any]], None] | None:
        """Return what looks at the rows of ``RETURNING``; None for other statements."""
        plan = self._plan(statement, dialect, version)
        if plan is None or not plan.returned:
            return None
        insertion = plan

        def read(values: Sequence[Any]) -> None:
            row = _given_row(insertion, given)
            for index, column in enumerate(insertion.returned):
                if column and values[index] is not None:
                    row[column] = values[index]
            self._settle(insertion, row)

        return read

    def _settle(self, plan: InsertPlan, row: dict[str, Any]) -> None:
        if row.get(plan.key) is None:
            return
        for column, _ in plan.table.owners:
            row.setdefault(column, None)  # what an insertion does not name is NULL
        scope, tagger, table = current_scope(), self._tagger, plan.table
        owner_id = table.owner_id(row) if table.login else None
        if owner_id is not None:
            wrote_account(tagger, scope, tagger.owner(owner_id), table, row)
            return
        own = table.own_id(row)
        if own is not None:
            wrote_themselves(tagger, scope, tagger.owner(own), table.types, row)

    def _plan(self, statement: str, dialect: str, version: int) -> InsertPlan | None:
        if not current_scope().data or not is_insert(statement):
            return None
        key = (hash(statement), dialect, version)
        if key in self._plans:
            return self._plans[key]
        plan = self._make(statement, dialect)
        if plan is None or not any(place[0] == "literal" for _, place in plan.columns):
            if len(self._plans) >= _MOST:
                self._plans.clear()
            self._plans[key] = plan
        return plan

    def _make(self, statement: str, dialect: str) -> InsertPlan | None:
        if len(statement) > LONGEST:
            return None
        # Most drivers' tables are written by REPLACE as well; the parser knows it by this name.
        text = re.sub(r"^\s*replace\s+into\b", "INSERT OR REPLACE INTO", statement, flags=re.I)
        parsed = parse(text, dialect)
        from sqlglot import exp

        if parsed is None or not isinstance(parsed.tree, exp.Insert):
            return None
        tree, target = parsed.tree, parsed.tree.this
        named = isinstance(target, exp.Schema)
        table_node = target.this if named else target
        rows = tree.expression.expressions if isinstance(tree.expression, exp.Values) else ()
        if not isinstance(table_node, exp.Table) or len(rows) != 1:
            return None
        table = self._table_of(table_node.name, table_node.db)
        names = [column.name for column in (target.expressions if named else table.columns)]
        values = rows[0].expressions if isinstance(rows[0], exp.Tuple) else [rows[0]]
        if len(names) != len(values):
            return None
        self._note(table, names)
        table = self._table_of(table_node.name, table_node.db)
        plan = self._people.plan(table)
        keys = list(table.primary_key.columns)
        if len(keys) != 1 or not plan.owners:
            return None
        if not plan.login and plan.owners[-1][1] != f"{plan.table}:":
            return None  # a row about somebody else
        columns = tuple(
            (name, place)
            for name, value in zip(names, values, strict=True)
            if (place := _place(value, parsed, exp)) is not None
        )
        numbered = not tree.args.get("conflict") and not is_text(keys[0])
        clause = tree.args.get("returning")
        returned = () if clause is None else _returned(clause.expressions, table, exp)
        return InsertPlan(plan, columns, keys[0].name, numbered, returned)


def _place(node: Any, parsed: Any, exp: Any) -> Place | None:
    """Return where a column's value stands: alone, or as the one thing a function is given."""
    placeholders = list(node.find_all(exp.Placeholder))
    if len(placeholders) == 1:
        place = parsed.place(placeholders[0])
        return None if place is None else ("parameter", place)
    return ("literal", node.name) if isinstance(node, exp.Literal) else None


def _returned(expressions: Sequence[Any], table: Any, exp: Any) -> tuple[str, ...]:
    if len(expressions) == 1 and isinstance(expressions[0], exp.Star):
        return tuple(column.name for column in table.columns)
    plain = (item.this if isinstance(item, exp.Alias) else item for item in expressions)
    return tuple(item.name if isinstance(item, exp.Column) else "" for item in plain)


def _given_row(plan: InsertPlan, given: Given) -> dict[str, Any]:
    found = ((column, value_at(place, (), given)) for column, place in plan.columns)
    return {column: value for column, value in found if type(value) in MARKABLE}
