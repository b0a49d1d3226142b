"""What a statement written as text gives, column by column, read off its parsed tree.

The counterpart of :mod:`sst_otel.sources.core_columns` for ``text()`` and raw cursors: aliases,
subqueries, CTEs, ``SELECT *`` and ``RETURNING`` are followed down to the tables.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlglot import exp
from sqlglot.errors import SqlglotError
from sqlglot.optimizer.scope import Scope, build_scope

from sst_otel.sources.expressions import NOTHING, Ref, Selected, Value, joined, merged
from sst_otel.sources.text_values import value_of
from sst_otel.sql_text import Parsed

_UNIONS: type = getattr(exp, "SetOperation", None) or exp.Union
"""Older versions of the parser have no common name for UNION, INTERSECT and EXCEPT."""
_DEEPEST = 12
_LONGEST_RESULT = 2_000
Path = tuple[tuple[str, str], ...]
Output = tuple[str, Value]


@dataclass(frozen=True, slots=True)
class Origin:
    """One table or subquery that a SELECT takes columns from."""

    relation: Path
    table: Any
    """What :class:`~sst_otel.sources.people.People` plans; None for a subquery."""
    outputs: Sequence[Output] = ()
    """Of a subquery, its columns by name."""
    everything: tuple[Origin, ...] = ()
    """Of a subquery with ``*``, the tables whose columns are not known."""

    def column(self, name: str) -> Value | None:
        """Return what the column ``name`` of this origin is; None where there is no such."""
        if self.table is not None:
            return Value((Ref(self.relation, self.table, name),))
        for known, value in self.outputs:
            if known.lower() == name.lower():
                return value
        if len(self.everything) == 1:
            return self.everything[0].column(name)
        return None

    def may_have(self, name: str) -> bool:
        """Whether a column of this name is known to be here."""
        if self.table is not None:
            return any(column.name.lower() == name.lower() for column in self.table.columns)
        return any(known.lower() == name.lower() for known, _ in self.outputs)


def selected_by_text(
    parsed: Parsed, names: Sequence[str], table_of: Callable[[str, str], Any]
) -> Selected | None:
    """Return what the rows of a parsed statement hold; None where that cannot be told.

    ``names``: the result's columns as the cursor describes them. ``table_of(name, schema)`` gives
    the table to plan.
    """
    reader = _Reader(parsed, table_of)
    tree = parsed.tree
    if isinstance(tree, (exp.Insert, exp.Update, exp.Delete)):
        reader.returning(tree, names)
        return reader.result
    if not isinstance(tree, exp.Query):
        return None
    try:
        scope = build_scope(tree)
    except SqlglotError:
        return None
    if scope is None:
        return None
    outputs, everything = reader.rows(scope, ())
    reader.result.outputs = _in_order(outputs, everything, names)
    return reader.result


class _Reader:
    def __init__(self, parsed: Parsed, table_of: Callable[[str, str], Any]) -> None:
        self.result = Selected()
        self._parsed = parsed
        self._table_of = table_of
        self._origins: dict[Path, dict[str, Origin]] = {}

    def returning(self, tree: Any, names: Sequence[str]) -> None:
        """Read ``INSERT``, ``UPDATE`` or ``DELETE`` with ``RETURNING``."""
        clause = tree.args.get("returning")
        target = tree.this.this if isinstance(tree.this, exp.Schema) else tree.this
        if clause is None or not isinstance(target, exp.Table):
            return
        origin = Origin((("table", target.alias_or_name),), self._table(target))
        self._origins[()] = {target.alias_or_name.lower(): origin}
        where = tree.args.get("where")
        if where is not None:
            self._holds(where.this, None, ())
        outputs, everything = self._projections(clause.expressions, None, ())
        self.result.outputs = _in_order(outputs, everything, names)

    def rows(self, scope: Scope, path: Path) -> tuple[list[Output], tuple[Origin, ...]]:
        """Return the outputs of a SELECT or UNION, and the tables of a ``*`` among them."""
        if len(path) > _DEEPEST:
            return [], ()
        tree = scope.expression
        if isinstance(tree, _UNIONS):
            # Older versions of the parser call them by another name.
            scopes = getattr(scope, "set_operation_scopes", None)
            scopes = scopes or getattr(scope, "union_scopes", None) or ()
            parts = [
                self.rows(part, (*path, ("part", str(place))))[0]
                for place, part in enumerate(scopes)
            ]
            values = merged([[value for _, value in part] for part in parts])
            first = parts[0] if parts else []
            return [(name, value) for (name, _), value in zip(first, values, strict=False)], ()
        if not isinstance(tree, exp.Select):
            inner = next(iter(scope.subquery_scopes or scope.derived_table_scopes or ()), None)
            return self.rows(inner, path) if inner is not None else ([], ())
        self._origins[path] = {
            name.lower(): self._origin(name, source, path)
            for name, (_, source) in scope.selected_sources.items()
        }
        self._conditions(tree, scope, path)
        return self._projections(tree.expressions, scope, path)

    def _origin(self, name: str, source: Any, path: Path) -> Origin:
        if isinstance(source, exp.Table):
            return Origin((*path, ("table", name)), self._table(source))
        outputs, everything = self.rows(source, (*path, ("from", name)))
        return Origin((*path, ("from", name)), None, outputs, everything)

    def _table(self, node: Any) -> Any:
        return self._table_of(node.name, node.db)

    def _projections(
        self, projections: Sequence[Any], scope: Scope | None, path: Path
    ) -> tuple[list[Output], tuple[Origin, ...]]:
        outputs: list[Output] = []
        everything: list[Origin] = []
        for projection in projections:
            if not projection.is_star:
                value = self.value(projection, scope, path)
                outputs.append((projection.alias_or_name, value))
                continue
            wanted = projection.table.lower() if isinstance(projection, exp.Column) else ""
            for name, origin in self._origins[path].items():
                if wanted in ("", name):
                    found, unknown = _all_of(origin)
                    outputs += found
                    everything += unknown
        return outputs, tuple(everything)

    def _conditions(self, tree: Any, scope: Scope, path: Path) -> None:
        where = tree.args.get("where")
        if where is not None:
            self._holds(where.this, scope, path)
        for join in tree.args.get("joins") or ():
            condition = join.args.get("on")
            if condition is not None:
                self._holds(condition, scope, path)
            for column in join.args.get("using") or ():
                self._all_equal(column.name, path)
        group = tree.args.get("group")
        for expression in group.expressions if group is not None else ():
            if isinstance(expression, exp.Literal) and expression.is_int:
                place = int(expression.name) - 1
                if 0 <= place < len(tree.expressions):
                    expression = tree.expressions[place]
            self.result.grouped += self.value(expression, scope, path).refs

    def _all_equal(self, name: str, path: Path) -> None:
        """Note ``USING (name)``."""
        found = [origin.column(name) for origin in self._origins[path].values()]
        values = [value for value in found if value is not None]
        self.result.equal += [(values[0], value) for value in values[1:]]

    def _holds(self, condition: Any, scope: Scope | None, path: Path) -> None:
        """Note the equalities of a condition, as far as all of it must hold."""
        condition = condition.unnest()
        if isinstance(condition, exp.And):
            self._holds(condition.left, scope, path)
            self._holds(condition.right, scope, path)
        elif isinstance(condition, exp.EQ):
            left = self.value(condition.left, scope, path)
            self.result.equal.append((left, self.value(condition.right, scope, path)))

    def value(self, node: Any, scope: Scope | None, path: Path) -> Value:
        """Return what an expression holds."""
        return value_of(
            node,
            self._parsed,
            lambda column: self._column(column, path),
            lambda query: self._subquery(query, scope, path),
        )

    def _subquery(self, query: Any, scope: Scope | None, path: Path) -> Value:
        """Return what a subquery in place of a value gives."""
        for inner in scope.subquery_scopes if scope is not None else ():
            if inner.expression is query:
                outputs, everything = self.rows(inner, (*path, ("scalar", str(id(query)))))
                return outputs[0][1] if len(outputs) == 1 and not everything else NOTHING
        return NOTHING

    def _column(self, column: Any, path: Path) -> Value:
        while True:
            found = self._look_up(column, self._origins.get(path, {}))
            if found is not None:
                return found
            if not path or path[-1][0] != "scalar":
                return self._of_some_table(column, path)
            path = path[:-1]  # a column of the statement around the subquery

    def _of_some_table(self, column: Any, path: Path) -> Value:
        """Return a column that only the database knows the table of."""
        origins = self._origins.get(path, {}).values()
        if column.table or all(
            origin.table is None or getattr(origin.table, "declared", True) for origin in origins
        ):
            return NOTHING
        return Value((Ref((*path, ("table", "")), self._table_of("", ""), column.name),))

    @staticmethod
    def _look_up(column: Any, origins: dict[str, Origin]) -> Value | None:
        name = column.name
        if column.table:
            origin = origins.get(column.table.lower())
            return origin.column(name) if origin is not None else None
        if len(origins) == 1:
            return next(iter(origins.values())).column(name)
        having = [origin for origin in origins.values() if origin.may_have(name)]
        if len(having) == 1:
            return having[0].column(name)
        return None


def _all_of(origin: Origin) -> tuple[list[Output], list[Origin]]:
    """Return the columns that ``*`` stands for, or the origin where they are not known."""
    if origin.table is None:
        return list(origin.outputs), list(origin.everything)
    if not getattr(origin.table, "declared", True):
        return [], [origin]
    names = [column.name for column in origin.table.columns]
    return [(name, Value((Ref(origin.relation, origin.table, name),))) for name in names], []


def _in_order(
    outputs: list[Output], everything: tuple[Origin, ...], names: Sequence[str]
) -> list[Value]:
    """Return one value for each of the result's columns.

    Tables of a ``*`` whose columns are not known share what no other output is called; of two such
    tables the second begins where the name of the first column comes again.
    """
    if len(names) > _LONGEST_RESULT:
        return []
    if not everything:
        values = [value for _, value in outputs]
        return values if len(values) == len(names) else _by_name(outputs, names)
    known = dict(outputs)
    left = [index for index, name in enumerate(names) if name not in known]
    starts = [index for index in left if left and names[index] == names[left[0]]]
    values = [known.get(name, NOTHING) for name in names]
    if len(starts) != len(everything):
        starts = starts[:1] if len(everything) == 1 else []
    for origin, start, end in zip(everything, starts, [*starts[1:], len(names)], strict=False):
        for index in left:
            if start <= index < end:
                values[index] = origin.column(names[index]) or NOTHING
    return values


def _by_name(outputs: list[Output], names: Sequence[str]) -> list[Value]:
    by_name: dict[str, list[Value]] = {}
    for name, value in outputs:
        by_name.setdefault(name, []).append(value)
    return [
        replace(joined(by_name[name], "same"), branches=1)
        if len(by_name.get(name, ())) == 1
        else NOTHING
        for name in names
    ]
