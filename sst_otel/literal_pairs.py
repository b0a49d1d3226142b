"""Names and small values that stand side by side in the application's source: ``"gender": "f"``.

The interpreter shares single characters and small integers, so that the object does not tell
whether it came from the program or from a person; that the program has written the field, value and
all, does. Source is read when the first such field is looked at, once a file.
"""

from __future__ import annotations

import ast
import linecache
from collections.abc import Iterator
from functools import lru_cache

_LONGEST = 20_000
"""Lines of a file that is read."""
_SHARED = range(-5, 257)


@lru_cache(maxsize=256)
def pairs_in(file: str) -> frozenset[tuple[str, str]]:
    """Return the ``(name, value)`` pairs of the source in ``file``; none where it cannot be read.

    Of dictionaries, of keyword arguments, and of assignments to a constant key or an attribute.
    """
    lines = linecache.getlines(file)
    if not lines or len(lines) > _LONGEST:
        return frozenset()
    try:
        tree = ast.parse("".join(lines))
    except (SyntaxError, ValueError, RecursionError):
        return frozenset()
    return frozenset(
        (name, str(value.value))
        for node in ast.walk(tree)
        for name, value in _pairs(node)
        if isinstance(value, ast.Constant) and is_shared(value.value)
    )


def is_shared(value: object) -> bool:
    """Whether a constant is one that the interpreter shares with everything that is equal."""
    if type(value) is int:
        return value in _SHARED
    return type(value) is str and len(value) == 1


def _pairs(node: ast.AST) -> Iterator[tuple[str, ast.expr]]:
    if isinstance(node, ast.Dict):
        for key, value in zip(node.keys, node.values, strict=True):
            if isinstance(key, ast.Constant) and type(key.value) is str:
                yield key.value, value
    elif isinstance(node, ast.keyword) and node.arg is not None:
        yield node.arg, node.value
    elif isinstance(node, ast.Assign):
        for target in node.targets:
            if isinstance(target, ast.Attribute):
                yield target.attr, node.value
            elif isinstance(target, ast.Subscript):
                name = target.slice.value if isinstance(target.slice, ast.Constant) else None
                if type(name) is str:
                    yield name, node.value
