"""Which expressions may run as written while a scope has nothing marked, and what they are made of.

An expression is closed when nothing in it can bring a scope its first marked value: variables,
constants, operators, displays, f-strings and calls of functions known to be pure. Such an
expression stands twice in rewritten code, as written and rewritten, and a look at the scope
chooses. Calls of anything else stay single: the function may be the one that loads the user.
"""

from __future__ import annotations

import ast
import datetime
import decimal
from dataclasses import dataclass

from sst_otel.lineage.kinds import COUNTING, Kind, Kinds
from sst_otel.lineage.leaves import is_simple
from sst_otel.lineage.names import EVALUATED_IN_PLACE, ModuleNames

_PARTS = (
    *(ast.Name, ast.Constant, ast.Attribute, ast.Subscript, ast.Slice, ast.BinOp, ast.UnaryOp),
    *(ast.BoolOp, ast.Compare, ast.IfExp, ast.Tuple, ast.List, ast.Set, ast.Dict, ast.Starred),
    *(ast.JoinedStr, ast.FormattedValue),
)
_TEXT_METHODS = frozenset(name for name in (*dir(str), *dir(bytes)) if name[0] != "_")
_OWN_NAMES = frozenset({"format", "format_map", "count", "index", "find"})
"""Methods of texts whose names applications use for methods of their own."""
_ONLY_TEXT_METHODS = _TEXT_METHODS - _OWN_NAMES
PURE_METHODS = _TEXT_METHODS.union(
    name
    for kind in (int, float, decimal.Decimal, datetime.datetime, datetime.timedelta, dict)
    for name in dir(kind)
    if name[0] != "_"
) - {"get", "pop", "popitem", "setdefault", "update", "clear", "now", "today", "utcnow"}
"""Methods of texts, numbers, dates and mappings that only look at what they are called on."""
NEUTRAL_FUNCTIONS = frozenset(
    {
        *("len", "ord", "chr", "hex", "bin", "oct", "bool", "isinstance", "issubclass", "hash"),
        *("id", "type", "callable", "divmod", "min", "max", "sorted", "list", "tuple", "set"),
        *("dict", "frozenset", "range", "enumerate", "zip", "reversed", "any", "all", "sum"),
    }
)
"""Builtins without a rule of their own that may stand in a closed expression."""
_SCALAR_FUNCTIONS = EVALUATED_IN_PLACE | {"chr", "hex", "bin", "oct", "ascii"}
"""Builtins that hand out nothing they found inside an argument."""
_LOOK_INSIDE = frozenset({"str", "repr", "format", "ascii"})


@dataclass(slots=True)
class Operand:
    """A variable whose value can carry a mark into the result of an expression."""

    name: ast.Name
    whole: bool
    """True where also what is inside of it, or what it says of itself as text, counts."""
    holder: bool = False
    """True where only what a library's own object holds counts: ``match["name"]``."""


class Closed:
    """Tells closed expressions of one module."""

    def __init__(self, names: ModuleNames) -> None:
        self._names = names
        self.kinds = Kinds(None, names)
        """What is known of the variables where operands are asked for."""
        self._known: dict[ast.AST, bool] = {}

    def __call__(self, node: ast.AST) -> bool:
        """Whether ``node`` is closed."""
        known = self._known.get(node)
        if known is None:
            known = self._known[node] = self._look(node)
        return known

    def _look(self, node: ast.AST) -> bool:
        if isinstance(node, ast.Call):
            parts = [*node.args, *(keyword.value for keyword in node.keywords)]
            return self._is_pure(node) and all([self(part) for part in parts])
        if not isinstance(node, _PARTS) or self._may_load(node):
            return False
        return all(
            [self(part) for part in ast.iter_child_nodes(node) if isinstance(part, ast.expr)]
        )

    def _may_load(self, node: ast.AST) -> bool:
        """Whether ``node`` asks for more than an object's own: ``order.user.email``, ``g.user``.

        What a relation or a framework's proxy leads to may be loaded at that moment.
        """
        steps = 0
        if isinstance(node, ast.Subscript):
            return isinstance(node.value, ast.Name) and node.value.id in self._names.proxies
        while isinstance(node, ast.Attribute):
            steps += 1
            node = node.value
        if not isinstance(node, ast.Name):
            return steps > 1 or (steps > 0 and isinstance(node, ast.Call))
        if node.id in self._names.proxies:
            return steps > 0
        known = node.id in ("self", "cls") or self._names.module_of(node) is not None
        return steps > (2 if known else 1)

    def _is_pure(self, call: ast.Call) -> bool:
        function = call.func
        if isinstance(function, ast.Name):
            return function.id in self._names.known or (
                function.id in NEUTRAL_FUNCTIONS and function.id not in self._names.bound
            )
        if not isinstance(function, ast.Attribute):
            return False
        if self._names.module_of(function.value) is not None:
            return self._names.is_data_module(function.value)
        if not self(function.value):
            return False
        if function.attr == "get":  # of a mapping, not of a table or a client
            key = call.args[0] if call.args else None
            return isinstance(key, ast.Constant) and isinstance(key.value, str)
        return function.attr in PURE_METHODS

    def operands(self, node: ast.expr) -> list[Operand] | None:
        """Return the variables that decide whether a result of ``node`` can carry a mark.

        None where that depends on something else: an attribute, an item, what a call hands out;
        none at all where the result never carries a mark.
        """
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            return [Operand(node.value, False)]
        if (
            isinstance(node, ast.Subscript)
            and isinstance(node.value, ast.Name)
            and is_simple(node.slice)
        ):
            return [Operand(node.value, False, holder=True)]
        found: dict[str, Operand] = {}
        if not self._gather(node, False, found):
            return None
        return [operand for operand in found.values() if self._can_be_marked(operand)]

    def _can_be_marked(self, operand: Operand) -> bool:
        kind = self.kinds(operand.name.id)
        if kind is not Kind.UNKNOWN:
            operand.whole = False
        return kind is not Kind.FRESH

    def _gather(self, node: ast.AST, whole: bool, found: dict[str, Operand]) -> bool:
        if isinstance(node, ast.Constant):
            return True
        if isinstance(node, ast.Name):
            operand = found.setdefault(node.id, Operand(node, whole))
            operand.whole = operand.whole or whole
            return True
        if isinstance(node, ast.Call):
            return self._gather_call(node, found)
        if isinstance(node, ast.Attribute | ast.Starred | ast.IfExp | ast.BoolOp):
            return False  # of the last two, a part may not run, and its variables not be bound
        if isinstance(node, ast.Compare) and len(node.ops) > 1:
            return False
        if isinstance(node, ast.Subscript):
            return isinstance(node.slice, ast.Slice) and self._gather_all(
                [node.value, node.slice], False, found
            )
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mod):
            return self._gather(node.left, False, found) and self._gather(node.right, True, found)
        if isinstance(node, ast.BinOp | ast.UnaryOp | ast.Compare | ast.Slice):
            whole = False
        elif isinstance(node, ast.FormattedValue):
            whole = True
        return self._gather_all(ast.iter_child_nodes(node), whole, found)

    def _gather_call(self, node: ast.Call, found: dict[str, Operand]) -> bool:
        function = node.func
        arguments = [*node.args, *(keyword.value for keyword in node.keywords)]
        if isinstance(function, ast.Name):
            if function.id in COUNTING:
                return True
            whole = function.id in _LOOK_INSIDE
            return function.id in _SCALAR_FUNCTIONS and self._gather_all(arguments, whole, found)
        if not isinstance(function, ast.Attribute):
            return False
        if isinstance(function.value, ast.Constant):
            return self._gather_all(arguments, True, found)
        return (
            function.attr in _ONLY_TEXT_METHODS
            and self._gather(function.value, False, found)
            and self._gather_all(arguments, True, found)
        )

    def _gather_all(self, nodes: object, whole: bool, found: dict[str, Operand]) -> bool:
        return all(
            self._gather(node, whole, found)
            for node in nodes  # type: ignore[attr-defined]
            if isinstance(node, ast.expr)
        )
