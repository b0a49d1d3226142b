"""The rewriting of one module: which parts of it, and under which gate.

Left alone because they are read, not computed, or look at their own frame: annotations,
decorators, defaults, class headers, match patterns, type parameters and the arguments of
:data:`~sst_otel.lineage.names.SKIPPED_CALLS`. Positions are those of the original, so tracebacks
point where they did.
"""

from __future__ import annotations

import ast
import copy
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, TypeVar, cast

from sst_otel.lineage import leaves
from sst_otel.lineage.closed import Operand
from sst_otel.lineage.gates import Gate, ask_first, marked_test, may_have_variable
from sst_otel.lineage.kinds import Kind, Kinds
from sst_otel.lineage.names import COMPILING_DECORATORS, collect, variables
from sst_otel.lineage.nodes import last_name, loaded
from sst_otel.lineage.sites import Sites

_Function = TypeVar("_Function", ast.FunctionDef, ast.AsyncFunctionDef)
_Comprehension = TypeVar(
    "_Comprehension", ast.ListComp, ast.SetComp, ast.GeneratorExp, ast.DictComp
)


class NotRewritable(Exception):
    """The module must stay as it is; the text says why and holds nothing of the module."""


def rewrite(tree: ast.Module) -> ast.Module:
    """Rewrite ``tree`` in place and return it.

    Raises :class:`NotRewritable` for modules that hand their functions to bytecode readers.
    """
    names = collect(tree)
    if names.reader:
        raise NotRewritable(f"uses {names.reader}, which reads bytecode")
    if any(name == "_sst" or name.startswith("_sst_") for name in names.bound):
        raise NotRewritable("uses names that the rewriting uses")
    rewriter = _Rewriter(names, variables(tree))
    rewriter.closed.kinds = Kinds(tree, names)
    return cast(ast.Module, ast.fix_missing_locations(rewriter.visit(tree)))


_NO_CHOICE = (ast.Name, ast.Constant, ast.Starred, ast.Slice)


def _is_cut(node: ast.expr) -> bool:
    """Whether ``node`` is the inside of ``a[1:2, 3]``."""
    return isinstance(node, ast.Tuple) and any(isinstance(item, ast.Slice) for item in node.elts)


class _Rewriter(Sites):
    _gate: Gate | None = None
    """None where code runs once: in a module or a class body."""
    _inside = False
    """Whether this is the rewritten form of an expression that stands under a gate."""
    _tested = False
    """Whether that gate has looked at the operands already."""

    # Expressions.

    def visit(self, node: ast.AST) -> Any:
        """Rewrite ``node``; a closed expression as a whole, under one gate."""
        if not isinstance(node, ast.expr) or isinstance(node, _NO_CHOICE) or _is_cut(node):
            return super().visit(node)
        if self._tested or self._gate is None or not self.closed(node):
            return super().visit(node)
        if not isinstance(getattr(node, "ctx", None), ast.Load | None):
            return super().visit(node)
        return self._chosen(node)

    def _chosen(self, node: ast.expr) -> ast.expr:
        written = copy.deepcopy(node)
        operands = self.closed.operands(written)
        if operands is not None and not operands:
            return node  # of counters and constants alone
        test = marked_test(written, operands)
        if self._inside and test is None:
            return cast(ast.expr, super().visit(node))
        before = self.sites
        with self._within(tested=test is not None):
            rewritten: ast.expr = super().visit(node)
        if self.sites == before:
            return rewritten
        if self._gate is not None and not self._inside:
            test = self._gate.test(written, operands)
        return self._choice(test, rewritten, written)

    @contextmanager
    def _within(self, tested: bool = False) -> Iterator[None]:
        before = self._inside, self._tested
        self._inside, self._tested = True, tested
        yield
        self._inside, self._tested = before

    @staticmethod
    def _choice(test: ast.expr | None, rewritten: ast.expr, written: ast.expr) -> ast.expr:
        assert test is not None
        return ast.copy_location(ast.IfExp(test, rewritten, written), written)

    def visit_inside(self, node: ast.expr) -> ast.expr:
        """Rewrite ``node`` as part of an expression that stands under a gate."""
        with self._within():
            return cast(ast.expr, self.visit(node))

    def gated(self, place: ast.expr, rewritten: ast.expr, written: ast.expr) -> ast.expr:
        """Choose ``rewritten`` where the scope may have marks."""
        if self._gate is None or self._inside:
            return rewritten
        return self._choice(self._gate.test(place, None), rewritten, written)

    # What has a frame of its own.

    @contextmanager
    def _frame(self, gate: Gate | None, function: ast.AST | None = None) -> Iterator[None]:
        before = self._gate, self.variables, self.closed.kinds
        self._gate = gate
        if function is not None:
            self.variables = self.variables | variables(function)
            self.closed.kinds = Kinds(function, self.names, self.closed.kinds)
        yield
        self._gate, self.variables, self.closed.kinds = before

    def _function(self, node: _Function) -> _Function:
        for decorator in node.decorator_list:
            called = decorator.func if isinstance(decorator, ast.Call) else decorator
            if last_name(called) in COMPILING_DECORATORS:
                return node
        gate = Gate(variable=may_have_variable(node))
        with self._frame(gate, node):
            node.body = [self.visit(statement) for statement in node.body]
        if gate.close():
            ask_first(node.body)
        return node

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        return self._function(node)

    def visit_AsyncFunctionDef(self, node: ast.AsyncFunctionDef) -> ast.AST:
        return self._function(node)

    def visit_Lambda(self, node: ast.Lambda) -> ast.AST:
        gate = Gate(variable=False)
        with self._frame(gate, node):
            node.body = self.visit(node.body)
        gate.close()
        return node

    def visit_ClassDef(self, node: ast.ClassDef) -> ast.AST:
        with self._frame(None):
            node.body = [self.visit(statement) for statement in node.body]
        return node

    def _comprehension(self, node: _Comprehension) -> _Comprehension:
        first = node.generators[0]
        first.iter = self.visit(first.iter)
        gate = Gate(variable=False) if self._gate is not None else None
        with self._frame(gate, node):
            for generator in node.generators:
                generator.target = self.visit(generator.target)
                if generator is not first:
                    generator.iter = self.visit(generator.iter)
                generator.ifs = [self.visit(condition) for condition in generator.ifs]
            if isinstance(node, ast.DictComp):
                node.key, node.value = self.visit(node.key), self.visit(node.value)
            else:
                node.elt = self.visit(node.elt)
        if gate is not None:
            gate.close()
        return node

    def visit_ListComp(self, node: ast.ListComp) -> ast.AST:
        return self._comprehension(node)

    def visit_SetComp(self, node: ast.SetComp) -> ast.AST:
        return self._comprehension(node)

    def visit_GeneratorExp(self, node: ast.GeneratorExp) -> ast.AST:
        return self._comprehension(node)

    def visit_DictComp(self, node: ast.DictComp) -> ast.AST:
        return self._comprehension(node)

    # Statements.

    def _loop(self, node: Any, *first: str) -> ast.AST:
        for field in first:
            setattr(node, field, self.visit(getattr(node, field)))
        if self._gate is not None:
            self._gate.loops += 1
        if isinstance(node, ast.While):
            node.test = self.visit(node.test)
        node.body = [self.visit(statement) for statement in node.body]
        if self._gate is not None:
            self._gate.loops -= 1
        node.orelse = [self.visit(statement) for statement in node.orelse]
        return cast(ast.AST, node)

    def visit_For(self, node: ast.For) -> ast.AST:
        return self._loop(node, "iter", "target")

    def visit_AsyncFor(self, node: ast.AsyncFor) -> ast.AST:
        return self._loop(node, "iter", "target")

    def visit_While(self, node: ast.While) -> ast.AST:
        return self._loop(node)

    def visit_AnnAssign(self, node: ast.AnnAssign) -> ast.AST:
        if node.value is not None:
            node.value = self.visit(node.value)
        return node

    def visit_match_case(self, node: ast.match_case) -> ast.AST:
        if node.guard is not None:
            node.guard = self.visit(node.guard)
        node.body = [self.visit(statement) for statement in node.body]
        return node

    def visit_TypeAlias(self, node: ast.AST) -> ast.AST:
        return node

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
        message = self.message_of(node.targets[0]) if len(node.targets) == 1 else None
        self.generic_visit(node)
        if message is not None:
            node.value = self.into_message(node.value, message)
        return node

    def visit_AugAssign(self, node: ast.AugAssign) -> ast.AST:
        operation = leaves.OPERATIONS.get(type(node.op))
        target = node.target
        if isinstance(node.value, ast.Lambda):  # SQLAlchemy's lambda statements read bytecode
            return node
        if operation is None or not leaves.readable_twice(target, node.value, self.names.declared):
            node.target = self.visit(target)
            node.value = self.visit(node.value)
            return node
        if isinstance(target, ast.Name) and operation == "add":
            node.value = self._right("right_iadd", loaded(target), node.value)
            return node
        return self._augmented(node, f"i{operation}")

    def _augmented(self, node: ast.AugAssign, helper: str) -> ast.stmt:
        """Return an augmented assignment as an assignment of what a helper returns."""
        gate = self._gate if self.closed(node.value) else None
        target = node.target
        if gate is None:
            value = self.helper(helper, node, loaded(target), self.visit(node.value))
            return ast.copy_location(ast.Assign([target], value), node)
        written = copy.deepcopy(node)
        before = loaded(target)
        operands = self._with(before, node.value)
        if operands is not None and not operands:
            return node
        value = self.helper(helper, node, before, self.visit_inside(node.value))
        rewritten = ast.copy_location(ast.Assign([target], value), node)
        choice = ast.If(gate.test(before, operands), [rewritten], [written])
        return ast.copy_location(choice, node)

    def _right(self, helper: str, left: ast.Name, right: ast.expr) -> ast.expr:
        """Return the right operand of ``left + right`` where the result replaces ``left``."""
        if self._gate is None or not self.closed(right):
            return self.helper(helper, right, left, self.visit(right))
        written = copy.deepcopy(right)
        operands = self._with(left, right)
        if operands is not None and not operands:
            return right
        rewritten = self.helper(helper, right, left, self.visit_inside(right))
        return self._choice(self._gate.test(written, operands), rewritten, written)

    def _with(self, left: ast.expr, right: ast.expr) -> list[Operand] | None:
        """Return the operands of an operation with a variable on its left, as for expressions."""
        operands = self.closed.operands(right)
        if operands is None or not isinstance(left, ast.Name):
            return None
        if any(operand.name.id == left.id for operand in operands):
            return operands
        fresh = self.closed.kinds(left.id) is Kind.FRESH
        return operands if fresh else [Operand(left, False), *operands]
