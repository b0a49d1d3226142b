"""Operators, f-strings, slices and attributes in rewritten code."""

from __future__ import annotations

import ast
from typing import Any, cast

from sst_otel.lineage import leaves
from sst_otel.lineage.call_sites import CallSites
from sst_otel.lineage.methods import ATTRIBUTES
from sst_otel.lineage.nodes import fstring_of, last_name


class Sites(CallSites):
    """Rewrites expressions that make values from values."""

    def visit_BinOp(self, node: ast.BinOp) -> ast.AST:
        """Rewrite an operator with two operands."""
        operation = leaves.OPERATIONS.get(type(node.op))
        if operation is None:
            return self.generic_visit(node)
        if operation == "add" and (made := self.made(node)) is not None:
            return made
        if operation == "mod" and leaves.is_simple(node.left):
            if leaves.is_formatting_argument(node.right):
                if isinstance(node.left, ast.Constant) and isinstance(node.right, ast.Constant):
                    return node
                return self.helper("leaf_mod", node, node, node.left, node.right)
        elif (leaf := leaves.arithmetic(node)) is not None:
            return self._leaf(node, *leaf)
        return self.helper(operation, node, self.operand(node.left), self.operand(node.right))

    def visit_UnaryOp(self, node: ast.UnaryOp) -> ast.AST:
        """Rewrite ``-x``."""
        if not isinstance(node.op, ast.USub):
            return self.generic_visit(node)
        if (leaf := leaves.arithmetic(node)) is not None:
            return self._leaf(node, *leaf)
        return self.helper("neg", node, self.visit(node.operand))

    def _leaf(self, node: ast.expr, operations: list[str], names: dict[str, ast.Name]) -> ast.expr:
        """Return the helper call for an expression of leaves; the node itself without variables."""
        if not names or not operations:
            return node
        helper = {1: "leaf1", 2: "leaf2"}.get(len(names), "leaves")
        chain = ast.Constant(cast(Any, tuple(operations)))
        return self.helper(helper, node, node, chain, *names.values())

    def visit_JoinedStr(self, node: ast.JoinedStr) -> ast.AST:
        """Rewrite an f-string: in pieces that know what they were made from."""
        parts = node.values
        values = [
            part
            for part in parts
            if isinstance(part, ast.FormattedValue) and not isinstance(part.value, ast.Constant)
        ]
        if not values:
            return node
        if len(values) > 1 and (made := self.made(node)) is not None:
            return made
        if len(values) == 1 and (piece := self._only_piece(node, values[0])) is not None:
            return piece
        return self.helper("joined", node, *(self._piece(part) for part in parts))

    def _only_piece(self, node: ast.JoinedStr, part: ast.FormattedValue) -> ast.expr | None:
        """Return ``f"before{value}after"`` as one call, where it has that form."""
        if part.conversion != -1 or part.format_spec is not None:
            return None
        index = node.values.index(part)
        around = [node.values[:index], node.values[index + 1 :]]
        if not all(isinstance(other, ast.Constant) for side in around for other in side):
            return None
        before, after = (
            ast.Constant("".join(str(other.value) for other in side))  # type: ignore[attr-defined]
            for side in around
        )
        return self.helper("piece", node, before, self.operand(part.value), after)

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
            value = self.operand(part.value)
            return self.helper("converted", part, value, conversion, ast.Constant(fixed))
        value = self.operand(part.value)
        if spec is None:
            return self.helper("formatted", part, value)
        computed = spec if fixed is None else ast.Constant(fixed)
        return self.helper("formatted_spec", part, value, computed)

    def visit_Subscript(self, node: ast.Subscript) -> ast.AST:
        """Rewrite a slice that is read."""
        cut = node.slice
        if not isinstance(node.ctx, ast.Load):
            return self.generic_visit(node)
        if not isinstance(cut, ast.Slice):
            return self._item(node)
        bounds = [cut.lower, cut.upper, cut.step]
        if isinstance(node.value, ast.Name) and all(
            leaves.is_simple(bound)
            or (isinstance(bound, ast.UnaryOp) and isinstance(bound.operand, ast.Constant))
            for bound in bounds
        ):
            return self.helper("leaf_slice", node, node, node.value)
        value = self.operand(node.value)
        given = [ast.Constant(None) if b is None else self.visit(b) for b in bounds]
        if cut.step is None:
            return self.helper("slice2", node, value, *given[:2])
        return self.helper("slice3", node, value, *given)

    def _item(self, node: ast.Subscript) -> ast.AST:
        """Rewrite ``match["name"]``: the item of a variable, or of what a call returns."""
        if isinstance(node.value, ast.Name) and leaves.is_simple(node.slice):
            return self.helper("after_item", node, node, node.slice, node.value)
        looked_into = isinstance(node.value, ast.Call) or (
            isinstance(node.value, ast.Subscript | ast.Attribute) and _is_position(node.slice)
        )
        if looked_into and (leaves.is_simple(node.slice) or _is_position(node.slice)):
            return self.helper("item", node, self.visit(node.value), node.slice)
        if last_name(node.value) in _NAMES_OF_DAYS:
            return self.helper("item", node, self.visit(node.value), self.visit(node.slice))
        return self.generic_visit(node)

    def visit_Attribute(self, node: ast.Attribute) -> ast.AST:
        """Rewrite attributes whose values are computed: ``born.year``."""
        if node.attr in _METADATA and isinstance(node.value, ast.Name):
            if node.value.id in self.names.proxies and isinstance(node.ctx, ast.Load):
                return self.helper("metadata", node, node)
            return node
        if node.attr not in ATTRIBUTES or not isinstance(node.ctx, ast.Load):
            node.value = self.visit(node.value)
            return node
        if isinstance(node.value, ast.Name):
            if self.names.module_of(node.value) is not None:
                return node
            name = ast.Constant(node.attr)
            return self.helper("after_attribute", node, node, name, node.value)
        return self.helper("attribute", node, self.visit(node.value), ast.Constant(node.attr))


_METADATA = frozenset({"headers", "cookies"})
"""What of a request is tagged when somebody asks for it, or something leaves."""
_NAMES_OF_DAYS = frozenset({"month_name", "month_abbr", "day_name", "day_abbr"})
"""Tables of :mod:`calendar`: what is in them is another spelling of its number."""


def _is_position(index: ast.expr) -> bool:
    """Whether an index is a number written in the program: of a letter, of a column."""
    if isinstance(index, ast.UnaryOp) and isinstance(index.op, ast.USub):
        index = index.operand
    return isinstance(index, ast.Constant) and type(index.value) is int
