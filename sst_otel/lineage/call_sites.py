"""Calls in rewritten code: who is called decides what the site becomes."""

from __future__ import annotations

import ast
import copy
from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import cast

from sst_otel.lineage import leaves
from sst_otel.lineage.calls import ARGUMENT_METHODS
from sst_otel.lineage.closed import Closed
from sst_otel.lineage.kinds import Kind
from sst_otel.lineage.methods import SELF_METHODS
from sst_otel.lineage.names import EVALUATED_IN_PLACE, SKIPPED_CALLS, ModuleNames
from sst_otel.lineage.nodes import helper_call, last_name
from sst_otel.lineage.rowkeys import SMALL_FIELDS

_TAKING_FUNCTIONS = frozenset({"map", "filter"})
_RUN_LATER = (ast.Lambda, ast.Constant)
_MAKING_TEXTS = frozenset({"format", "join", "writerow", "writerows", "dumps", "encode"})
"""Methods whose arguments are written into a text."""

WITH_A_STEP = frozenset({"accumulate"})
"""Functions that are given one more argument: what they compute with, followed."""


class CallSites(ast.NodeTransformer, ABC):
    """Rewrites calls; what they are made of is for the classes built on it."""

    def __init__(self, names: ModuleNames, variables: set[str]) -> None:
        self.names = names
        self.closed = Closed(names)
        self.variables = variables
        """Variables of the function that is being rewritten, and of those around it."""
        self.sites = 0
        """Helper calls put in so far."""

    @abstractmethod
    def gated(self, place: ast.expr, rewritten: ast.expr, written: ast.expr) -> ast.expr:
        """Choose ``rewritten`` where the scope may have marks."""

    def helper(self, name: str, place: ast.expr | ast.stmt, *arguments: ast.expr) -> ast.Call:
        """Return a call of the helper ``name``, counted as a site."""
        self.sites += 1
        return helper_call(name, place, *arguments)

    def made(self, node: ast.expr) -> ast.expr | None:
        """Return the helper call for a text composed in place; None for other expressions."""
        composition = leaves.Composition.of(node)
        if composition is None:
            return None
        edited = ast.Constant(composition.edited)
        kinds = self.closed.kinds
        names = [n for n in composition.names.values() if kinds(n.id) is not Kind.FRESH]
        helper = {1: "made1", 2: "made2"}.get(len(names), "made")
        return self.helper(helper, node, node, edited, *names)

    def visit_Call(self, node: ast.Call) -> ast.AST:
        """Rewrite a call."""
        function = node.func
        if (made := self.made(node)) is not None:
            return made
        if last_name(function) in SKIPPED_CALLS:
            return node
        if isinstance(function, ast.Attribute):
            module = self.names.module_of(function.value)
            if module is None:
                return self._method_call(node, function)
            if self.names.is_data_module(function.value):
                return self._looked_up(node, self._operands)
        elif not isinstance(function, ast.Name):
            return (
                self._looked_up(node) if not isinstance(function, _RUN_LATER) else self._plain(node)
            )
        elif function.id in self.names.known:
            return self._function_call(node, function)
        elif function.id in _TAKING_FUNCTIONS and len(node.args) > 1:
            return self._function_given(node, function)
        elif self.names.is_unknown(function.id, self.variables):
            return self._looked_up(node)
        return self._plain(node)

    def _plain(self, node: ast.Call) -> ast.Call:
        node.func = self.visit(node.func)
        self._visit_arguments(node)
        return node

    def _looked_up(
        self, node: ast.Call, visit_arguments: Callable[[ast.Call], None] | None = None
    ) -> ast.Call:
        """Ask when it runs what the callee is; an application's own is called as ever."""
        function = node.func
        visit_arguments = visit_arguments or self._visit_arguments
        if all(self.closed(part) for part in (function, *_arguments(node))):
            written = copy.deepcopy(function)
            asked = self.helper("callee", function, self.visit_inside(function))
            node.func = self.gated(function, asked, written)
            visit_arguments(node)
            return node
        node.func = self.helper("callee", function, self.visit(function))
        visit_arguments(node)
        return _placed(node, function)

    @abstractmethod
    def visit_inside(self, node: ast.expr) -> ast.expr:
        """Rewrite ``node`` as part of an expression that stands under a gate."""

    def _function_given(self, node: ast.Call, function: ast.Name) -> ast.Call:
        self._visit_arguments(node)
        if isinstance(node.args[0], ast.Name | ast.Attribute):
            node.args[0] = self.helper("given", node.args[0], function, node.args[0])
        return node

    def _function_call(self, node: ast.Call, function: ast.Name) -> ast.AST:
        if (
            function.id in EVALUATED_IN_PLACE
            and node.args
            and isinstance(node.args[0], ast.Name)
            and all(map(leaves.is_simple, _arguments(node)))
        ):
            return self.helper("after_call", node, node, function, *node.args)
        self._operands(node)
        if not node.args:
            return node
        one = not node.keywords and len(node.args) == 1
        if one and function.id not in WITH_A_STEP and not isinstance(node.args[0], ast.Starred):
            return self.helper("call1", node, function, node.args[0])
        call = self.helper("call", node, function, *node.args)
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
            message = self.message_of(function.value)
            function.value = self.visit(function.value)
            self._visit_arguments(node)
            if message is not None:
                node.args = [self.into_message(one, message) for one in node.args]
                for keyword in node.keywords:
                    keyword.value = self.into_message(keyword.value, message)
            return node
        if (kept := leaves.kept_variable(node)) is not None:
            return self.helper("kept", node, node, kept)
        if (
            not with_arguments
            and isinstance(function.value, ast.Name)
            and function.value.id not in ("str", "bytes")
            and all(map(leaves.is_simple, _arguments(node)))
        ):
            helper = "after_method" if node.args else "after_method0"
            return self.helper(helper, node, node, ast.Constant(name), function.value, *node.args)
        listed = _listed_variable(node) if name == "join" else None
        function.value = self.operand(function.value)
        if name in _MAKING_TEXTS:
            self._operands(node)
        else:
            self._visit_arguments(node)
        if listed is not None:
            node.func = self.helper("method_args", function, function)
            return self.helper("joined_characters", node, _placed(node, function), listed)
        node.func = self.helper("method_args" if with_arguments else "method", function, function)
        return _placed(node, function)

    def message_of(self, node: ast.expr) -> str | None:
        """Return the variable of a message that ``node`` is a field of, or of a field's field."""
        if isinstance(node, ast.Name):
            return None
        while isinstance(node, ast.Attribute | ast.Subscript):
            node = node.value
        return node.id if isinstance(node, ast.Name) and node.id in self.names.messages else None

    def into_message(self, value: ast.expr, message: str) -> ast.expr:
        """Note what a message takes: it keeps a copy."""
        if isinstance(value, ast.Constant | ast.Starred):
            return value
        variable = ast.copy_location(ast.Name(message, ast.Load()), value)
        return self.helper("into_message", value, value, variable)

    def _visit_arguments(self, node: ast.Call) -> None:
        node.args = [self.visit(argument) for argument in node.args]
        for keyword in node.keywords:
            keyword.value = self.visit(keyword.value)

    def _operands(self, node: ast.Call) -> None:
        """Rewrite arguments of a call that a text or a number is made by."""
        node.args = [self.operand(argument) for argument in node.args]
        for keyword in node.keywords:
            keyword.value = self.operand(keyword.value)

    def operand(self, node: ast.expr) -> ast.expr:
        """Rewrite what a text or a number is made of: keys of rows tell whose they are."""
        receiver = key_holder(node)
        if receiver is not None:
            name = node.slice if isinstance(node, ast.Subscript) else ast.Constant(node.attr)  # type: ignore[attr-defined]
            if not isinstance(receiver, ast.Name):
                helper = "key_in" if isinstance(node, ast.Subscript) else "key_of"
                return self.helper(helper, node, self.visit(receiver), name)
            if self.names.module_of(receiver) is None:
                written = copy.deepcopy(node)
                return self.gated(node, self.helper("key", node, node, name, receiver), written)
        elif isinstance(node, ast.Tuple | ast.List | ast.Dict) and any(
            key_holder(part) is not None for part in ast.walk(node)
        ):
            if isinstance(node, ast.Dict):
                node.keys = [key and self.visit(key) for key in node.keys]
                node.values = [self.operand(item) for item in node.values]
            else:
                node.elts = [self.operand(item) for item in node.elts]
            return node
        return cast(ast.expr, self.visit(node))


def key_holder(node: ast.AST) -> ast.expr | None:
    """Return ``user`` of ``user.id`` and of ``user["id"]``; None for other expressions."""
    if isinstance(node, ast.Attribute) and node.attr in SMALL_FIELDS:
        return node.value
    if (
        isinstance(node, ast.Subscript)
        and isinstance(node.slice, ast.Constant)
        and type(node.slice.value) is str
        and node.slice.value in SMALL_FIELDS
    ):
        return node.value
    return None


def _listed_variable(node: ast.Call) -> ast.Name | None:
    """Return ``text`` of ``join([c for c in text …])``, whose characters no mark can follow."""
    if len(node.args) == 1 and isinstance(made := node.args[0], ast.ListComp):
        source = made.generators[0].iter
        if len(made.generators) == 1 and isinstance(source, ast.Name):
            return source
    return None


def _arguments(node: ast.Call) -> list[ast.expr]:
    return [*node.args, *(keyword.value for keyword in node.keywords)]


def _placed(node: ast.Call, function: ast.expr) -> ast.Call:
    """Put ``node`` where the interpreter says a method call over several lines stands: its name."""
    if isinstance(function, ast.Attribute) and function.end_lineno not in (None, node.lineno):
        node.lineno = function.end_lineno or node.lineno
        node.col_offset = (function.end_col_offset or 0) - len(function.attr)
    return node
