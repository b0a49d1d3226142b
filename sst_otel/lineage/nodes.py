"""Small pieces of syntax that the rewriting puts in."""

from __future__ import annotations

import ast
from typing import Any


def helper_call(name: str, place: ast.AST, *arguments: ast.expr) -> ast.Call:
    """Return ``_sst_NAME(arguments…)`` standing at ``place``."""
    call = ast.Call(named(name, place), list(arguments), [])
    for argument in arguments:
        if not hasattr(argument, "lineno"):
            ast.copy_location(argument, place)
    return ast.copy_location(call, place)


def named(name: str, place: ast.AST) -> ast.Name:
    """Return the name of a helper or table, standing at ``place``."""
    return ast.copy_location(ast.Name(f"_sst_{name}", ast.Load()), place)


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
