"""Expressions of variables and constants alone: evaluated in place, as written.

Reading a variable again has no effect, so such an expression stays what it is and its variables are
handed to a helper beside the result. No frame of ours runs below the application's operation, and
most code of most programs has this form.
"""

from __future__ import annotations

import ast

OPERATIONS: dict[type[ast.operator], str] = {
    ast.Add: "add",
    ast.Sub: "sub",
    ast.Mult: "mul",
    ast.Div: "truediv",
    ast.FloorDiv: "floordiv",
    ast.Mod: "mod",
    ast.Pow: "pow",
}


_REBINDING = (ast.NamedExpr, ast.Await, ast.Yield, ast.YieldFrom)


def is_simple(node: ast.expr | None) -> bool:
    """Whether ``node`` is absent, a constant or a variable."""
    return node is None or isinstance(node, ast.Constant | ast.Name)


def arithmetic(node: ast.expr) -> tuple[list[str], dict[str, ast.Name]] | None:
    """Return operations (in order) and variables of an expression of leaves; None for others.

    ``%`` is left out: with a text on its left it formats what stands on its right.
    """
    operations: list[str] = []
    names: dict[str, ast.Name] = {}

    def walk(part: ast.expr) -> bool:
        if isinstance(part, ast.Constant):
            return True
        if isinstance(part, ast.Name):
            names.setdefault(part.id, part)
            return True
        if isinstance(part, ast.UnaryOp) and isinstance(part.op, ast.USub):
            if not walk(part.operand):
                return False
            if not isinstance(part.operand, ast.Constant):
                operations.append("neg")
            return True
        if isinstance(part, ast.BinOp):
            name = OPERATIONS.get(type(part.op))
            if name in (None, "mod") or not (walk(part.left) and walk(part.right)):
                return False
            operations.append(str(name))
            return True
        return False

    return (operations, names) if walk(node) else None


_KEEPING = frozenset(
    {
        *("upper", "lower", "title", "capitalize", "casefold", "swapcase", "expandtabs"),
        *("zfill", "ljust", "rjust", "center", "strip", "lstrip", "rstrip"),
    }
)
_EDITING = frozenset({"replace", "removeprefix", "removesuffix"})


class Composition:
    """A text put together of variables and literals in one expression, whatever follows on it."""

    def __init__(self) -> None:
        self.names: dict[str, ast.Name] = {}
        self.edited = False
        """Whether parts may have been replaced or removed."""
        self._parts = 0

    @classmethod
    def of(cls, node: ast.expr) -> Composition | None:
        """Return what ``node`` is composed of; None for other expressions."""
        found = cls()
        if found._is_text(node) and found.names and found._parts > 1:
            return found
        return None

    def _is_text(self, node: ast.expr) -> bool:
        """Whether ``node`` is a text for sure, of leaves only."""
        if isinstance(node, ast.Constant):
            self._parts += 1
            return isinstance(node.value, str)
        if isinstance(node, ast.JoinedStr):
            return all(map(self._is_part, node.values))
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
            pair = (node.left, node.right)
            if all(self._is_name(side) for side in pair):
                return False
            return all(self._is_name(side) or self._is_text(side) for side in pair)
        if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
            return False
        method = node.func.attr
        self.edited = self.edited or method in _EDITING or (bool(node.args) and "strip" in method)
        return (
            (method in _KEEPING or method in _EDITING)
            and not node.keywords
            and all(isinstance(argument, ast.Constant) for argument in node.args)
            and self._is_text(node.func.value)
        )

    def _is_part(self, part: ast.expr) -> bool:
        if not isinstance(part, ast.FormattedValue):
            return self._is_text(part)
        spec = part.format_spec
        if spec is not None and constant_spec(spec) is None:
            return False
        return self._is_name(part.value) or self._is_text(part.value)

    def _is_name(self, node: ast.expr) -> bool:
        if isinstance(node, ast.Name):
            self.names.setdefault(node.id, node)
            self._parts += 1
            return True
        return False


def kept_variable(node: ast.expr) -> ast.Name | None:
    """Return ``text`` of ``text.strip().lower()``: calls that leave what a text says as it is."""
    while (
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr in _KEEPING
        and not node.keywords
        and (not node.args or "strip" not in node.func.attr)
        and all(isinstance(argument, ast.Constant) for argument in node.args)
    ):
        node = node.func.value
    return node if isinstance(node, ast.Name) else None


def is_formatting_argument(node: ast.expr) -> bool:
    """Whether the right side of ``%`` can be built twice: leaves or a display of them."""
    if isinstance(node, ast.Tuple):
        return all(is_simple(item) for item in node.elts)
    if isinstance(node, ast.Dict):
        return all(
            isinstance(key, ast.Constant) and is_simple(value)
            for key, value in zip(node.keys, node.values, strict=True)
        )
    return is_simple(node)


def readable_twice(target: ast.expr, value: ast.expr, declared: set[str]) -> bool:
    """Whether the parts of ``target`` are variables that ``value`` does not rebind.

    ``declared``: names that other functions rebind.
    """
    if isinstance(target, ast.Name):
        return True
    if any(isinstance(part, _REBINDING) for part in ast.walk(value)):
        return False
    if isinstance(target, ast.Attribute):
        parts = [target.value]
    elif isinstance(target, ast.Subscript):
        parts = [target.value, target.slice]
    else:
        return False
    return isinstance(parts[0], ast.Name) and all(
        isinstance(part, ast.Constant) or (isinstance(part, ast.Name) and part.id not in declared)
        for part in parts
    )


def constant_spec(spec: ast.expr) -> str | None:
    """Return a format spec written as a constant; None for a computed one."""
    if isinstance(spec, ast.JoinedStr) and all(isinstance(v, ast.Constant) for v in spec.values):
        return "".join(str(v.value) for v in spec.values if isinstance(v, ast.Constant))
    return None
