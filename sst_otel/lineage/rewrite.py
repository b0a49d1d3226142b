"""The rewriting of one module: sites that make values from values become helper calls.

Left alone because they are read, not computed, or look at their own frame: annotations,
decorators, defaults, class headers, match patterns, type parameters and the arguments of
:data:`~sst_otel.lineage.names.SKIPPED_CALLS`. Positions are those of the original, so tracebacks
point where they did.
"""

from __future__ import annotations

import ast
from typing import Any, TypeVar, cast

from sst_otel.lineage import leaves
from sst_otel.lineage.calls import ARGUMENT_METHODS
from sst_otel.lineage.methods import SELF_METHODS
from sst_otel.lineage.names import (
    COMPILING_DECORATORS,
    EVALUATED_IN_PLACE,
    SKIPPED_CALLS,
    collect,
)
from sst_otel.lineage.nodes import fstring_of, helper_call, last_name, leaf_call, loaded

_REBINDING = (ast.NamedExpr, ast.Await, ast.Yield, ast.YieldFrom)

_Node = TypeVar("_Node", bound=ast.AST)
_Function = TypeVar("_Function", ast.FunctionDef, ast.AsyncFunctionDef)


class NotRewritable(Exception):
    """The module must stay as it is; the text says why and holds nothing of the module."""


def rewrite(tree: ast.Module) -> ast.Module:
    """Rewrite ``tree`` in place and return it.

    Raises :class:`NotRewritable` for modules that hand their functions to bytecode readers.
    """
    names = collect(tree)
    if names.reader:
        raise NotRewritable(f"uses {names.reader}, which reads bytecode")
    return cast(
        ast.Module,
        ast.fix_missing_locations(_Rewriter(names.callable_names(), names.declared).visit(tree)),
    )


class _Rewriter(ast.NodeTransformer):
    def __init__(self, functions: frozenset[str], declared: set[str]) -> None:
        self.functions = functions
        self.declared = declared

    # What stays as it is.

    def _body(self, node: _Node) -> _Node:
        """Rewrite the ``body`` of ``node`` and nothing else of it."""
        body: Any = node.body  # type: ignore[attr-defined]
        if isinstance(body, list):
            body[:] = [self.visit(statement) for statement in body]
        else:
            node.body = self.visit(body)  # type: ignore[attr-defined]
        return node

    def _function(self, node: _Function) -> _Function:
        for decorator in node.decorator_list:
            called = decorator.func if isinstance(decorator, ast.Call) else decorator
            if last_name(called) in COMPILING_DECORATORS:
                return node
        return self._body(node)

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        return self._function(node)

    def visit_AsyncFunctionDef(self, node: ast.AsyncFunctionDef) -> ast.AST:
        return self._function(node)

    def visit_ClassDef(self, node: ast.ClassDef) -> ast.AST:
        return self._body(node)

    def visit_Lambda(self, node: ast.Lambda) -> ast.AST:
        return self._body(node)

    def visit_AnnAssign(self, node: ast.AnnAssign) -> ast.AST:
        if node.value is not None:
            node.value = self.visit(node.value)
        return node

    def visit_match_case(self, node: ast.match_case) -> ast.AST:
        if node.guard is not None:
            node.guard = self.visit(node.guard)
        return self._body(node)

    def visit_TypeAlias(self, node: ast.AST) -> ast.AST:
        return node

    # Operators.

    def visit_BinOp(self, node: ast.BinOp) -> ast.AST:
        operation = leaves.OPERATIONS.get(type(node.op))
        if operation is None:
            return self.generic_visit(node)
        if operation == "mod" and leaves.is_simple(node.left):
            if leaves.is_formatting_argument(node.right):
                if isinstance(node.left, ast.Constant) and isinstance(node.right, ast.Constant):
                    return node
                return helper_call("leaf_mod", node, node, node.left, node.right)
        elif (leaf := leaves.arithmetic(node)) is not None:
            return leaf_call(node, *leaf)
        return helper_call(operation, node, self.visit(node.left), self.visit(node.right))

    def visit_UnaryOp(self, node: ast.UnaryOp) -> ast.AST:
        if not isinstance(node.op, ast.USub):
            return self.generic_visit(node)
        if (leaf := leaves.arithmetic(node)) is not None:
            return leaf_call(node, *leaf)
        return helper_call("neg", node, self.visit(node.operand))

    def visit_Assign(self, node: ast.Assign) -> ast.AST:
        value = node.value
        if (
            len(node.targets) == 1
            and isinstance(target := node.targets[0], ast.Name)
            and isinstance(value, ast.BinOp)
            and isinstance(value.op, ast.Add)
            and isinstance(value.left, ast.Name)
            and value.left.id == target.id
        ):
            value.right = self._right("right_add", value.left, value.right)
            return node
        return self.generic_visit(node)

    def visit_AugAssign(self, node: ast.AugAssign) -> ast.AST:
        operation = leaves.OPERATIONS.get(type(node.op))
        target = node.target
        if isinstance(node.value, ast.Lambda):  # SQLAlchemy's lambda statements read bytecode
            return node
        if operation is None or not self._readable_twice(target, node.value):
            node.target = self.visit(target)
            node.value = self.visit(node.value)
            return node
        if isinstance(target, ast.Name) and operation == "add":
            node.value = self._right("right_iadd", loaded(target), node.value)
            return node
        value = helper_call(f"i{operation}", node, loaded(target), self.visit(node.value))
        return ast.copy_location(ast.Assign([target], value), node)

    def _right(self, helper: str, left: ast.Name, right: ast.expr) -> ast.expr:
        return helper_call(helper, right, left, self.visit(right))

    def _readable_twice(self, target: ast.expr, value: ast.expr) -> bool:
        """Whether the parts of ``target`` are variables that ``value`` does not rebind."""
        if isinstance(target, ast.Name):
            return True
        if any(
            isinstance(part, ast.NamedExpr | ast.Await | ast.Yield | ast.YieldFrom)
            for part in ast.walk(value)
        ):
            return False
        if isinstance(target, ast.Attribute):
            parts = [target.value]
        elif isinstance(target, ast.Subscript):
            parts = [target.value, target.slice]
        else:
            return False
        return isinstance(parts[0], ast.Name) and all(
            isinstance(part, ast.Constant)
            or (isinstance(part, ast.Name) and part.id not in self.declared)
            for part in parts
        )

    # Texts.

    def visit_JoinedStr(self, node: ast.JoinedStr) -> ast.AST:
        if not any(isinstance(part, ast.FormattedValue) for part in node.values):
            return node
        alone = ast.Constant(len(node.values) == 1)
        names = leaves.fstring_variables(node)
        if names is not None:
            if not names:
                return node
            helper = {1: "fstring1", 2: "fstring2"}.get(len(names), "fstrings")
            return helper_call(helper, node, node, alone, *names.values())
        return helper_call("joined", node, *(self._piece(part) for part in node.values))

    def _piece(self, part: ast.expr) -> ast.expr:
        if not isinstance(part, ast.FormattedValue) or isinstance(part.value, ast.Constant):
            return part if isinstance(part, ast.Constant) else fstring_of(part)
        spec = part.format_spec
        fixed = "" if spec is None else leaves.constant_spec(spec)
        if part.conversion != -1:
            if fixed is None:
                part.value = self.visit(part.value)
                return fstring_of(part)
            conversion = ast.Constant(chr(part.conversion))
            value = self.visit(part.value)
            return helper_call("converted", part, value, conversion, ast.Constant(fixed))
        value = self.visit(part.value)
        if spec is None:
            return helper_call("formatted", part, value)
        computed = spec if fixed is None else ast.Constant(fixed)
        return helper_call("formatted_spec", part, value, computed)

    def visit_Subscript(self, node: ast.Subscript) -> ast.AST:
        cut = node.slice
        if not isinstance(node.ctx, ast.Load) or not isinstance(cut, ast.Slice):
            return self.generic_visit(node)
        bounds = [cut.lower, cut.upper, cut.step]
        if isinstance(node.value, ast.Name) and all(
            leaves.is_simple(bound)
            or (isinstance(bound, ast.UnaryOp) and isinstance(bound.operand, ast.Constant))
            for bound in bounds
        ):
            return helper_call("leaf_slice", node, node, node.value)
        value = self.visit(node.value)
        given = [ast.Constant(None) if b is None else self.visit(b) for b in bounds]
        if cut.step is None:
            return helper_call("slice2", node, value, *given[:2])
        return helper_call("slice3", node, value, *given)

    def visit_Attribute(self, node: ast.Attribute) -> ast.AST:
        node.value = self.visit(node.value)
        if node.attr in ("year", "days") and isinstance(node.ctx, ast.Load):
            return helper_call(node.attr, node, node.value)
        return node

    # Calls.

    def visit_Call(self, node: ast.Call) -> ast.AST:
        if last_name(node.func) in SKIPPED_CALLS:
            return node
        if isinstance(node.func, ast.Attribute):
            return self._method_call(node, node.func)
        if isinstance(node.func, ast.Name) and node.func.id in self.functions:
            return self._function_call(node, node.func)
        if isinstance(node.func, ast.Name) and node.func.id == "map" and len(node.args) > 1:
            self._visit_arguments(node)
            if isinstance(node.args[0], ast.Name | ast.Attribute):
                node.args[0] = helper_call("mapped", node.args[0], node.func, node.args[0])
            return node
        return self.generic_visit(node)

    def _function_call(self, node: ast.Call, function: ast.Name) -> ast.AST:
        if (
            function.id in EVALUATED_IN_PLACE
            and node.args
            and isinstance(node.args[0], ast.Name)
            and all(leaves.is_simple(argument) for argument in node.args)
            and all(leaves.is_simple(keyword.value) for keyword in node.keywords)
        ):
            return helper_call("after_call", node, node, function, *node.args)
        self._visit_arguments(node)
        if not node.args:
            return node
        plain = not node.keywords and not isinstance(node.args[0], ast.Starred)
        if plain and len(node.args) == 1:
            return helper_call("call1", node, function, node.args[0])
        call = helper_call("call", node, function, *node.args)
        call.keywords = node.keywords
        return call

    def _method_call(self, node: ast.Call, function: ast.Attribute) -> ast.AST:
        name = function.attr
        with_arguments = name in ARGUMENT_METHODS and not (
            name == "replace"  # then only what it is called on can carry a mark
            and len(node.args) == 2
            and all(isinstance(argument, ast.Constant) for argument in node.args)
        )
        if not with_arguments and name not in SELF_METHODS and name != "replace":
            function.value = self.visit(function.value)
            self._visit_arguments(node)
            return node
        if (
            not with_arguments
            and isinstance(function.value, ast.Name)
            and function.value.id not in ("str", "bytes")
            and all(leaves.is_simple(argument) for argument in node.args)
            and all(leaves.is_simple(keyword.value) for keyword in node.keywords)
        ):
            helper = "after_method" if node.args else "after_method0"
            return helper_call(helper, node, node, ast.Constant(name), function.value, *node.args)
        function.value = self.visit(function.value)
        self._visit_arguments(node)
        node.func = helper_call("method_args" if with_arguments else "method", function, function)
        if function.end_lineno not in (None, node.lineno):
            # The interpreter says of a method call over several lines where the name stands.
            node.lineno = function.end_lineno or node.lineno
            node.col_offset = (function.end_col_offset or 0) - len(name)
        return node

    def _visit_arguments(self, node: ast.Call) -> None:
        node.args = [self.visit(argument) for argument in node.args]
        for keyword in node.keywords:
            keyword.value = self.visit(keyword.value)
