"""Small pieces of syntax that the rewriting puts in."""

from __future__ import annotations

import ast
from typing import Any, cast


def leaf_call(node: ast.expr, operations: list[str], names: dict[str, ast.Name]) -> ast.expr:
    """Return the helper call for an expression of leaves; the node itself without variables."""
    if not names or not operations:
        return node
    helper = {1: "leaf1", 2: "leaf2"}.get(len(names), "leaves")
    chain = ast.Constant(cast(Any, tuple(operations)))
    return helper_call(helper, node, node, chain, *names.values())


def helper_call(name: str, place: ast.AST, *arguments: ast.expr) -> ast.Call:
    """Return ``_sst_NAME(arguments…)`` standing at ``place``."""
    function = ast.copy_location(ast.Name(f"_sst_{name}", ast.Load()), place)
    call = ast.Call(function, list(arguments), [])
    for argument in arguments:
        if not hasattr(argument, "lineno"):
            ast.copy_location(argument, place)
    return ast.copy_location(call, place)


def fstring_of(part: ast.expr) -> ast.expr:
    """Return an f-string of this one part, evaluated as it stands."""
    return ast.copy_location(ast.JoinedStr([part]), part)


def loaded(target: ast.expr) -> Any:
    """Return a reading copy of an assignment's target."""
    if isinstance(target, ast.Name):
        copy: ast.expr = ast.Name(target.id, ast.Load())
    elif isinstance(target, ast.Attribute):
        copy = ast.Attribute(target.value, target.attr, ast.Load())
    else:
        assert isinstance(target, ast.Subscript)
        copy = ast.Subscript(target.value, target.slice, ast.Load())
    return ast.copy_location(copy, target)


def last_name(function: ast.expr) -> str:
    """Return the last part of a dotted name; nothing for other expressions."""
    if isinstance(function, ast.Name):
        return function.id
    return function.attr if isinstance(function, ast.Attribute) else ""
