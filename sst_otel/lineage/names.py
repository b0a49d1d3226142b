"""What the rewriting must know of a module's names before it starts."""

from __future__ import annotations

import ast

from sst_otel.lineage.calls import KNOWN_NAMES

SKIPPED_CALLS = frozenset(
    {
        *("super", "locals", "vars", "dir", "globals", "eval", "exec", "compile"),
        *("namedtuple", "NamedTuple", "Enum", "IntEnum", "StrEnum", "Flag", "IntFlag"),
        *("wraps", "update_wrapper", "TypeVar", "ParamSpec", "NewType", "TypedDict"),
        *("lambda_stmt", "with_loader_criteria"),
    }
)
"""Calls whose arguments or whose own frame matter to what they do."""
COMPILING_DECORATORS = frozenset(
    {"jit", "njit", "vectorize", "guvectorize", "stencil", "cfunc", "kernel", "script", "overload"}
)
"""Decorators that compile a function from its bytecode or source."""
BYTECODE_READERS = frozenset({"numba", "pony", "taichi"})
"""Libraries that read the bytecode of the functions they are given."""
EVALUATED_IN_PLACE = frozenset({"int", "float", "complex", "str", "repr", "round", "abs", "format"})
"""Functions that never consume an argument, so that it can be looked at after the call."""


def collect(tree: ast.Module) -> _ModuleNames:
    """Return which names ``tree`` binds, and which of them are known functions."""
    names = _ModuleNames()
    names.visit(tree)
    return names


class _ModuleNames(ast.NodeVisitor):
    """Which names the module binds, and which of them are known functions."""

    def __init__(self) -> None:
        self.bound: set[str] = set()
        self.declared: set[str] = set()
        """Names rebound from another scope (``global``, ``nonlocal``)."""
        self.functions: set[str] = set()
        self.reader = ""
        """A library the module imports that reads bytecode, or nothing."""

    def callable_names(self) -> frozenset[str]:
        """Return the names a call of which is a call of a known function."""
        return frozenset((self.functions | KNOWN_NAMES["builtins"]) - self.bound)

    def visit_Name(self, node: ast.Name) -> None:
        if not isinstance(node.ctx, ast.Load):
            self.bound.add(node.id)

    def visit_arg(self, node: ast.arg) -> None:
        self.bound.add(node.arg)

    def visit_Import(self, node: ast.Import) -> None:
        for alias in node.names:
            self._check(alias.name)
            self.bound.add(alias.asname or alias.name.partition(".")[0])

    def visit_ImportFrom(self, node: ast.ImportFrom) -> None:
        module = "" if node.level else node.module or ""
        self._check(module)
        for alias in node.names:
            if alias.name in KNOWN_NAMES.get(module, ()):
                self.functions.add(alias.asname or alias.name)
            else:
                self.bound.add(alias.asname or alias.name)

    def visit_Global(self, node: ast.Global) -> None:
        self.declared.update(node.names)

    def visit_Nonlocal(self, node: ast.Nonlocal) -> None:
        self.declared.update(node.names)

    def generic_visit(self, node: ast.AST) -> None:
        for field in ("name", "rest"):  # def, class, except … as, match captures
            name = getattr(node, field, None)
            if isinstance(name, str):
                self.bound.add(name)
        super().generic_visit(node)

    def _check(self, module: str) -> None:
        top = module.partition(".")[0]
        if top in BYTECODE_READERS:
            self.reader = top
