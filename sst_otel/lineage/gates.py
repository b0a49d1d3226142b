"""The choice between an expression as written and the same rewritten.

``(REWRITTEN if _sst.live and (_sst_id(a) in _sst_ids or …) else WRITTEN)``: ``_sst`` is the scope,
asked for once at the start of a function. Where no variable may be added (lambdas and
comprehensions, whose closures would show it; functions that look at their own variables) or where
it does not pay, the scope is asked for in place.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Sequence

from sst_otel.lineage.closed import Operand
from sst_otel.lineage.nodes import helper_call, named

_FRAME_READERS = frozenset(
    {
        *("locals", "vars", "dir", "eval", "exec", "_getframe", "currentframe", "stack"),
        *("inspect", "f_locals", "render_template_string_locals"),
    }
)
_MOST_OPERANDS = 4
"""Variables that are tested in place; of an expression with more only the scope is."""


class Gate:
    """The gates of one function, lambda or comprehension."""

    def __init__(self, variable: bool) -> None:
        self._variable = variable
        self._scopes: list[ast.Attribute] = []
        self._in_loop = False
        self.loops = 0
        """Loops around the statement that is being rewritten."""

    def test(self, place: ast.expr, operands: Sequence[Operand] | None) -> ast.expr:
        """Return the condition under which the rewritten form of ``place`` is needed."""
        start = _start(place)
        live = ast.copy_location(ast.Attribute(named("scope", start), "live", ast.Load()), start)
        self._scopes.append(live)
        self._in_loop = self._in_loop or self.loops > 0
        marked = marked_test(place, operands)
        if marked is None:
            return live
        return ast.copy_location(ast.BoolOp(ast.And(), [live, marked]), start)

    def close(self) -> bool:
        """Say how the gates get at the scope; True if the function is to ask for it first."""
        local = self._variable and (len(self._scopes) > 1 or self._in_loop)
        for live in self._scopes:
            place = live.value
            live.value = (
                ast.copy_location(ast.Name("_sst", ast.Load()), place)
                if local
                else helper_call("scope", place)
            )
        return local


def marked_test(place: ast.expr, operands: Sequence[Operand] | None) -> ast.expr | None:
    """Return the test whether one of ``operands`` can carry a mark; None where that is too long."""
    if operands is None or not 0 < len(operands) <= _MOST_OPERANDS:
        return None
    tests: list[ast.expr] = []
    for operand in operands:
        if not operand.holder:
            tests.append(_membership("id", ast.In(), "ids", operand.name))
    for operand in operands:
        if operand.whole or operand.holder:
            table = "plain" if operand.whole else "holders"
            # By the type's id: a metaclass may make its classes unhashable, or count its calls.
            test = _membership("type", ast.NotIn(), table, operand.name)
            test.left = helper_call("id", test.left, test.left)
            tests.append(test)
    if len(tests) == 1:
        return tests[0]
    return ast.copy_location(ast.BoolOp(ast.Or(), tests), _start(place))


def _start(place: ast.expr) -> ast.expr:
    """Return a place of one character: an attribute over several lines counts for its last one."""
    start = ast.copy_location(ast.Name("", ast.Load()), place)
    start.end_lineno = place.lineno
    start.end_col_offset = place.col_offset + 1
    return start


def _membership(function: str, operator: ast.cmpop, table: str, name: ast.Name) -> ast.Compare:
    """Return ``_sst_FUNCTION(name) in _sst_TABLE``, standing where the variable stands.

    An unbound variable then fails here as it would there.
    """
    call = helper_call(function, name, ast.copy_location(ast.Name(name.id, ast.Load()), name))
    return ast.copy_location(ast.Compare(call, [operator], [named(table, name)]), name)


def may_have_variable(function: ast.AST) -> bool:
    """Whether nothing in ``function`` looks at the variables of a frame."""
    return not any(
        (isinstance(node, ast.Name) and node.id in _FRAME_READERS)
        or (isinstance(node, ast.Attribute) and node.attr in _FRAME_READERS)
        for node in ast.walk(function)
    )


def ask_first(body: list[ast.stmt]) -> None:
    """Put ``_sst = _sst_scope()`` before the first statement after a docstring.

    It stands at the place where that statement begins to run, so that whoever follows the lines of
    a program (a debugger, coverage) meets none but the original's, in the original's order.
    """
    index = int(
        len(body) > 1
        and isinstance(first := body[0], ast.Expr)
        and isinstance(first.value, ast.Constant)
        and isinstance(first.value.value, str)
    )
    place = _where_it_begins(body[index])
    target = ast.copy_location(ast.Name("_sst", ast.Store()), place)
    body.insert(index, ast.copy_location(ast.Assign([target], helper_call("scope", place)), place))


_FIRST: dict[type[ast.AST], Callable[..., ast.AST | None]] = {
    ast.Expr: lambda node: node.value,
    ast.Return: lambda node: node.value,
    ast.Assign: lambda node: node.value,
    ast.AnnAssign: lambda node: node.value,
    ast.AugAssign: lambda node: node.target,
    ast.If: lambda node: node.test,
    ast.While: lambda node: node.test,
    ast.For: lambda node: node.iter,
    ast.AsyncFor: lambda node: node.iter,
    ast.With: lambda node: node.items[0].context_expr,
    ast.AsyncWith: lambda node: node.items[0].context_expr,
    ast.Raise: lambda node: node.exc,
    ast.Assert: lambda node: node.test,
    ast.Match: lambda node: node.subject,
    ast.Await: lambda node: node.value,
    ast.Yield: lambda node: node.value,
    ast.YieldFrom: lambda node: node.value,
    ast.NamedExpr: lambda node: node.value,
    ast.BinOp: lambda node: node.left,
    ast.BoolOp: lambda node: node.values[0],
    ast.UnaryOp: lambda node: node.operand,
    ast.Compare: lambda node: node.left,
    ast.IfExp: lambda node: node.test,
    ast.Call: lambda node: node.func,
    ast.Attribute: lambda node: node.value,
    ast.Subscript: lambda node: node.value,
    ast.Starred: lambda node: node.value,
    ast.FormattedValue: lambda node: node.value,
    ast.JoinedStr: lambda node: node.values[0] if node.values else None,
    ast.Tuple: lambda node: node.elts[0] if node.elts else None,
    ast.List: lambda node: node.elts[0] if node.elts else None,
    ast.Set: lambda node: node.elts[0],
    ast.Dict: lambda node: node.keys[0] if node.keys else None,
    ast.FunctionDef: lambda node: node.decorator_list[0] if node.decorator_list else None,
    ast.ClassDef: lambda node: node.decorator_list[0] if node.decorator_list else None,
}
"""Which part of a node runs first."""


def _where_it_begins(node: ast.AST) -> ast.AST:
    while (part := _FIRST.get(type(node), _nothing)(node)) is not None:
        node = part
    return node


def _nothing(_: ast.AST) -> None:
    return None
