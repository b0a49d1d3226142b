"""What one parsed SQL expression keeps of the columns in it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any

from sqlglot import exp

from sst_otel.sources.expressions import (
    COMPOSED,
    NOTHING,
    SAME,
    Value,
    call,
    computed,
    joined,
)
from sst_otel.sql_text import Parsed

_WRAPPERS = (exp.Alias, exp.Paren, exp.Distinct, exp.Ordered, exp.Collate, exp.Filter)
_SAYING_NOTHING = (exp.Predicate, exp.Connector, exp.Not, exp.Boolean, exp.Null, exp.Interval)
_DEEPEST = 60


def value_of(
    node: Any,
    parsed: Parsed,
    column_of: Callable[[Any], Value],
    subquery_of: Callable[[Any], Value],
    depth: int = 0,
) -> Value:
    """Return what ``node`` holds; ``column_of`` and ``subquery_of`` resolve what it refers to."""
    if depth > _DEEPEST:
        return NOTHING

    def inner(child: Any) -> Value:
        return value_of(child, parsed, column_of, subquery_of, depth + 1)

    if isinstance(node, exp.Column):
        return column_of(node)
    place = parsed.place(node)
    if place is not None:
        return Value(given=("parameter", place))
    if isinstance(node, exp.Literal):
        return Value(given=("literal", node.name))
    if isinstance(node, exp.Distinct):
        return inner(node.expressions[0]) if len(node.expressions) == 1 else NOTHING
    if isinstance(node, (exp.Subquery, exp.Query)):
        return subquery_of(node.unnest())
    if isinstance(node, (exp.Cast, exp.TryCast)):
        return _passed(call("cast", [inner(node.this)]), inner(node.this))
    if isinstance(node, _WRAPPERS):
        return inner(node.this)
    if isinstance(node, exp.Window):
        found = inner(node.this)
        return replace(found, many=True) if found.refs else NOTHING
    if isinstance(node, exp.Case):
        results = [branch.args.get("true") for branch in node.args.get("ifs") or ()]
        return _one_of([*results, node.args.get("default")], inner)
    if isinstance(node, exp.If):
        return _one_of([node.args.get("true"), node.args.get("false")], inner)
    if isinstance(node, _SAYING_NOTHING) and not isinstance(node, exp.Func):
        return NOTHING
    children = [inner(child) for child in _operands(node)]
    if isinstance(node, exp.DPipe):
        return joined([value for value in children if value.refs], COMPOSED)
    if isinstance(node, exp.Func):
        return call(_function_name(node), children)
    if isinstance(node, (exp.Tuple, exp.Array, exp.JSONKeyValue)):
        return joined([value for value in children if value.refs], COMPOSED)
    if len(children) == 1 and isinstance(node, (exp.Order, exp.WithinGroup)):
        return children[0]
    return computed(node.key, children)


def _passed(value: Value, given: Value) -> Value:
    """Return ``value``; of a cast parameter the parameter."""
    return value if value.refs or given.given is None else given


def _one_of(nodes: Iterable[Any], inner: Callable[[Any], Value]) -> Value:
    found = [inner(node) for node in nodes if node is not None]
    return joined([value for value in found if value.refs], SAME)


def _function_name(node: Any) -> str:
    if isinstance(node, exp.Anonymous):
        return str(node.this).lower()
    if isinstance(node, exp.AnonymousAggFunc):
        return str(node.this).lower()
    return str(node.sql_name()).lower()


def _operands(node: Any) -> Iterable[Any]:
    """Yield the sub-expressions that a result is made of."""
    for name, argument in node.args.items():
        if name in ("on_overflow", "separator", "format", "zone", "to", "kind", "null_handling"):
            continue
        for child in argument if isinstance(argument, list) else (argument,):
            if isinstance(child, exp.Expression) and not isinstance(child, exp.Identifier):
                yield child
