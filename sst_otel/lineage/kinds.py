"""What a function's variables can hold, as far as its own text tells.

A counter of a ``range`` can never be somebody's value, and the sum of texts is a text: such
variables need no test, or a shorter one, at the sites that use them.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from enum import IntEnum

from sst_otel.lineage.names import ModuleNames


class Kind(IntEnum):
    """What is known of the objects a variable holds; the greater, the more."""

    UNKNOWN = 0
    PLAIN = 1
    """Builtin scalars and texts: nothing is inside of them."""
    FRESH = 2
    """Counters, constants and what was computed of these alone: never marked."""


_SCALARS = (str, bytes, int, float, complex, bool, type(None))
COUNTING = frozenset({"len", "ord", "isinstance", "issubclass", "callable", "bool", "hash", "id"})
"""Builtins whose results say nothing of what their arguments say."""
_SCALAR_MAKERS = frozenset({"int", "float", "complex", "str", "repr", "ascii", "format", "chr"})
_TEXT_MAKERS = frozenset(
    {
        *("upper", "lower", "title", "capitalize", "casefold", "swapcase", "expandtabs", "zfill"),
        *("ljust", "rjust", "center", "strip", "lstrip", "rstrip", "replace", "removeprefix"),
        *("removesuffix", "encode", "decode"),
    }
)
_CONTAINER_TAKING = frozenset({"join", "format", "format_map"})
_ROUNDS = 10


class Kinds:
    """The kinds of the variables of one function, of those around it, and of the module."""

    def __init__(
        self, function: ast.AST | None, names: ModuleNames, around: Kinds | None = None
    ) -> None:
        self._names = names
        self._bindings: dict[str, list[ast.expr | None]] = {}
        self._found: dict[str, Kind] = dict(around._found) if around is not None else {}
        if function is None:
            return
        parts = _own_parts(function) if isinstance(function, ast.Module) else ast.walk(function)
        for node in parts:
            self._note(node)
        self._settle()

    def __call__(self, name: str) -> Kind:
        """Return what is known of the variable ``name``."""
        return self._found.get(name, Kind.UNKNOWN)

    def _settle(self) -> None:
        """Suppose the best of every variable, and lower it until nothing contradicts."""
        for name in self._bindings:
            declared = name in self._names.declared
            self._found[name] = Kind.UNKNOWN if declared else Kind.FRESH
        for _ in range(_ROUNDS):
            changed = False
            for name, values in self._bindings.items():
                kind = min(self.of(value) for value in values)
                if kind < self._found[name]:
                    self._found[name] = kind
                    changed = True
            if not changed:
                return
        self._found.update(dict.fromkeys(self._bindings, Kind.UNKNOWN))

    def _note(self, node: ast.AST) -> None:
        if isinstance(node, ast.Assign | ast.AnnAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            for target in targets:
                self._bind(target, node.value)
        elif isinstance(node, ast.NamedExpr):
            self._bind(node.target, node.value)
        elif isinstance(node, ast.AugAssign):
            if isinstance(node.target, ast.Name):
                left = ast.Name(node.target.id, ast.Load())
                self._bind(node.target, ast.BinOp(left, node.op, node.value))
        elif isinstance(node, ast.For | ast.comprehension):
            self._loop(node.target, node.iter)
        elif isinstance(node, ast.arg):
            self._bindings.setdefault(node.arg, []).append(None)
        elif isinstance(node, ast.alias):
            name = node.asname or node.name.partition(".")[0]
            self._bindings.setdefault(name, []).append(None)
        elif isinstance(node, ast.AsyncFor):
            self._bind(node.target, None)
        elif isinstance(node, ast.withitem) and node.optional_vars is not None:
            self._bind(node.optional_vars, None)
        else:
            for field in ("name", "rest"):  # def, class, except … as, match captures
                bound = getattr(node, field, None)
                if isinstance(bound, str):
                    self._bindings.setdefault(bound, []).append(None)

    def _loop(self, target: ast.expr, items: ast.expr) -> None:
        function = items.func.id if _is_named_call(items) else ""  # type: ignore[attr-defined]
        if function in self._names.bound:
            function = ""
        if function == "range":
            self._bind(target, ast.Constant(0))
        elif function == "enumerate" and isinstance(target, ast.Tuple) and target.elts:
            self._bind(target.elts[0], ast.Constant(0))
            for other in target.elts[1:]:
                self._bind(other, None)
        else:
            self._bind(target, None)

    def _bind(self, target: ast.expr, value: ast.expr | None) -> None:
        if isinstance(target, ast.Name):
            self._bindings.setdefault(target.id, []).append(value)
        elif isinstance(target, ast.Tuple | ast.List):
            for item in target.elts:
                self._bind(item, None)
        elif isinstance(target, ast.Starred):
            self._bind(target.value, None)

    def of(self, node: ast.expr | None) -> Kind:
        """Return what is known of what ``node`` evaluates to."""
        if isinstance(node, ast.Constant):
            return Kind.FRESH if isinstance(node.value, _SCALARS) else Kind.UNKNOWN
        if isinstance(node, ast.Name):
            return self(node.id)
        if isinstance(node, ast.JoinedStr):
            return max(Kind.PLAIN, min(map(self._piece, node.values), default=Kind.FRESH))
        if isinstance(node, ast.BinOp):
            return min(self.of(node.left), self.of(node.right))
        if isinstance(node, ast.UnaryOp):
            return Kind.FRESH if isinstance(node.op, ast.Not) else self.of(node.operand)
        if isinstance(node, ast.Compare):
            return Kind.FRESH if min(map(self.of, [node.left, *node.comparators])) else Kind.UNKNOWN
        if isinstance(node, ast.IfExp):
            return min(self.of(node.body), self.of(node.orelse))
        if isinstance(node, ast.BoolOp):
            return min(map(self.of, node.values))
        if isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Slice):
            return self.of(node.value)
        return self._call(node) if isinstance(node, ast.Call) else Kind.UNKNOWN

    def _piece(self, part: ast.expr) -> Kind:
        return self.of(part.value) if isinstance(part, ast.FormattedValue) else self.of(part)

    def _call(self, node: ast.Call) -> Kind:
        given = [*node.args, *(keyword.value for keyword in node.keywords)]
        function = node.func
        if isinstance(function, ast.Name):
            if function.id in self._names.bound:
                return Kind.UNKNOWN
            if function.id in COUNTING:
                return Kind.FRESH
            if function.id in _SCALAR_MAKERS:
                return max(Kind.PLAIN, min(map(self.of, given), default=Kind.FRESH))
        elif isinstance(function, ast.Attribute):
            kind = self.of(function.value)
            if kind and function.attr in _TEXT_MAKERS:
                return max(Kind.PLAIN, min([kind, *map(self.of, given)]))
            if kind and function.attr in _CONTAINER_TAKING:
                return Kind.PLAIN
        return Kind.UNKNOWN


def _own_parts(module: ast.Module) -> Iterator[ast.AST]:
    """Yield what runs as the module itself: nothing of its functions and classes."""
    stack: list[ast.AST] = [module]
    while stack:
        node = stack.pop()
        yield node
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.Lambda):
            stack.extend(ast.iter_child_nodes(node))


def _is_named_call(node: ast.expr) -> bool:
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
