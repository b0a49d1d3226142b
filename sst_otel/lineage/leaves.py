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
