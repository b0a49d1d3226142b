"""What a compiled SQLAlchemy statement gives, column by column, read off its own tree.

Works for Core and for what the ORM compiles its queries to. Labels, aliases, subqueries and CTEs
are followed down to the tables; nothing is rendered, parsed or executed.
"""

from __future__ import annotations

import operator
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from sst_otel.sources.expressions import (
    COMPOSED,
    NOTHING,
    Ref,
    Selected,
    Value,
    call,
    computed,
    joined,
    merged,
)

_DEEPEST = 12
"""Nested subqueries that are followed; a recursive CTE has no end."""
_COMPARING = frozenset(
    {"eq", "ne", "lt", "le", "gt", "ge", "is_", "is_not", "like_op", "not_like_op", "ilike_op"}
    | {"in_op", "not_in_op", "between_op", "exists", "and_", "or_", "inv", "regexp_match_op"}
    | {"startswith_op", "endswith_op", "contains_op", "is_distinct_from", "match_op"}
)
_CORRELATED = "scalar"
Path = tuple[tuple[str, int], ...]
"""The subqueries around an expression, outermost first."""


def selected_by(compiled: Any) -> Selected:
    """Return what the rows of a ``SQLCompiler``'s statement hold."""
    reader = _Reader(compiled)
    state = compiled.compile_state
    statement = getattr(state, "statement", None)
    if statement is None or not hasattr(state, "_entities"):
        statement = compiled.statement
    if hasattr(statement, "selects"):
        reader.result.outputs = reader.rows(statement, ())
        return reader.result
    reader.conditions(statement, ())
    for entry in compiled._result_columns:
        expression = next((item for item in entry[2] if hasattr(item, "get_children")), None)
        value = NOTHING if expression is None else reader.value(expression, ())
        reader.result.outputs.append(value)
    return reader.result


class _Reader:
    def __init__(self, compiled: Any) -> None:
        self.result = Selected()
        self._bind_names = compiled.bind_names
        # As its DDL compiler does; ``get_final_froms`` renders the whole statement anew, for a
        # default dialect, with the warnings and refusals that this one may have for it.
        self._compiler = compiled.dialect.statement_compiler(compiled.dialect, None)
        self._known: dict[tuple[Path, int], list[Value]] = {}
        self._origins: dict[Path, set[int]] = {}

    def rows(self, statement: Any, path: Path) -> list[Value]:
        """Return the columns of a SELECT or UNION that stands at ``path``."""
        while hasattr(statement, "element") and not hasattr(statement, "selected_columns"):
            statement = statement.element
        key = (path, id(statement))
        found = self._known.get(key)
        if found is None and len(path) < _DEEPEST:
            self._known[key] = []  # a recursive CTE meets itself
            found = self._known[key] = self._rows(statement, path)
        return found or []

    def _rows(self, statement: Any, path: Path) -> list[Value]:
        branches = getattr(statement, "selects", None)
        if branches is not None:
            return merged(
                [self.rows(one, (*path, ("part", place))) for place, one in enumerate(branches)]
            )
        if not hasattr(statement, "selected_columns"):
            return []
        self.conditions(statement, path)
        return [self.value(column, path) for column in statement.selected_columns]

    def conditions(self, statement: Any, path: Path) -> None:
        """Note what ``WHERE``, ``ON`` and ``GROUP BY`` say of a statement's columns."""
        if hasattr(statement, "_compile_state_factory") and hasattr(statement, "get_final_froms"):
            state = statement._compile_state_factory(statement, self._compiler)
            origins = state._get_display_froms()
            self._origins[path] = set()
            for origin in origins:
                self._note(origin, path)
            for origin in origins:
                self._joined(origin, path)
        for clause in getattr(statement, "_where_criteria", ()):
            self._holds(clause, path)
        for clause in getattr(statement, "_group_by_clauses", ()):
            self.result.grouped += self.value(clause, path).refs

    def _note(self, origin: Any, path: Path) -> None:
        if hasattr(origin, "onclause"):
            self._note(origin.left, path)
            self._note(origin.right, path)
        else:
            self._origins[path].add(hash(origin))

    def _joined(self, origin: Any, path: Path) -> None:
        if hasattr(origin, "onclause"):
            self._joined(origin.left, path)
            self._joined(origin.right, path)
            self._holds(origin.onclause, path)

    def _holds(self, clause: Any, path: Path) -> None:
        """Note the equalities of a condition, as far as all of it must hold."""
        kind = getattr(clause, "__visit_name__", "")
        if kind == "grouping":
            self._holds(clause.element, path)
        elif kind == "clauselist" or hasattr(clause, "clauses"):
            if getattr(clause, "operator", None) is operator.and_ or len(clause.clauses) == 1:
                for one in clause.clauses:
                    self._holds(one, path)
        elif kind == "binary" and clause.operator is operator.eq:
            pair = (self.value(clause.left, path), self.value(clause.right, path))
            self.result.equal.append(pair)

    def value(self, expression: Any, path: Path, depth: int = 0) -> Value:
        """Return what an expression holds."""
        if depth > 50:
            return NOTHING
        kind = getattr(expression, "__visit_name__", "")
        if kind == "column":
            return self._column(expression, path)
        if kind == "bindparam":
            name = self._bind_names.get(expression)
            return Value(given=("parameter", name)) if name is not None else NOTHING
        if kind in ("label", "grouping", "type_coerce", "label_reference"):
            return self.value(expression.element, path, depth + 1)
        if kind == "over":
            inner = self.value(expression.element, path, depth + 1)
            return replace(inner, many=True) if inner.refs else NOTHING
        if kind in ("funcfilter", "withingroup", "within_group"):
            function = getattr(expression, "func", None) or getattr(expression, "element", None)
            return self.value(function, path, depth + 1)
        if kind in ("scalar_select", "select", "subquery"):
            inner_rows = self.rows(expression, (*path, (_CORRELATED, id(expression))))
            return inner_rows[0] if len(inner_rows) == 1 else NOTHING
        return self._operation(kind, expression, path, depth)

    def _operation(self, kind: str, expression: Any, path: Path, depth: int) -> Value:
        if kind == "case":
            results = [result for _, result in expression.whens]
            if expression.else_ is not None:
                results.append(expression.else_)
            found = [self.value(one, path, depth + 1) for one in results]
            return joined([value for value in found if value.refs], "same")
        children = self._children(expression, path, depth)
        if kind == "cast":
            return call("cast", children)
        if hasattr(expression, "clause_expr") and hasattr(expression, "name"):
            return call(str(expression.name).lower(), children)
        name = _operator_name(expression)
        if name in _COMPARING or kind in ("exists", "true", "false", "null"):
            return NOTHING
        if name == "concat_op":
            return joined([value for value in children if value.refs], COMPOSED)
        if name == "collate":
            return call("collate", children)
        if name in ("distinct_op", "", "comma_op", "desc_op", "asc_op") and len(children) == 1:
            return children[0]
        return computed(name.strip("_") or kind, children)

    def _children(self, expression: Any, path: Path, depth: int) -> list[Value]:
        """Return what the operands hold; the lists around them are no operation."""
        found = []
        for child in expression.get_children():
            kind = getattr(child, "__visit_name__", "")
            if kind in ("clauselist", "expression_clauselist", "tuple") or (
                kind == "grouping" and hasattr(child.element, "clauses")
            ):
                found += self._children(child, path, depth + 1) if depth < 50 else []
            else:
                found.append(self.value(child, path, depth + 1))
        return found

    def _column(self, column: Any, path: Path) -> Value:
        table = getattr(column, "table", None)
        if table is None or getattr(column, "is_literal", False):
            return NOTHING
        while path and path[-1][:1] == (_CORRELATED,):
            if hash(table) not in self._origins.get(path[:-1], ()):
                break
            path = path[:-1]  # the table of the statement around it
        inner = table
        while not hasattr(inner, "primary_key") or hasattr(inner, "element"):
            element = getattr(inner, "element", None)
            if element is None:
                return NOTHING
            if hasattr(element, "selected_columns") or hasattr(element, "selects"):
                return self._inner(column, table, element, path)
            inner = element
        if not hasattr(inner, "foreign_keys") or not hasattr(inner, "metadata"):
            return NOTHING
        return Value((Ref((*path, ("from", hash(table))), inner, str(column.name)),))

    def _inner(self, column: Any, table: Any, element: Any, path: Path) -> Value:
        """Return what a column of a subquery is inside of it."""
        values = self.rows(element, (*path, ("from", hash(table))))
        for position, candidate in enumerate(table.c):
            if hash(candidate) == hash(column) and position < len(values):
                return values[position]
        return NOTHING


def _operator_name(expression: Any) -> str:
    found = getattr(expression, "operator", None) or getattr(expression, "modifier", None)
    return getattr(found, "__name__", "") if found is not None else ""


def tables_of(selected: Selected) -> Iterable[Any]:
    """Return the tables that a statement's outputs come from."""
    return {id(ref.table): ref.table for value in selected.outputs for ref in value.refs}.values()
