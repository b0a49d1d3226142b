"""What the rewriting must know of a module's names before it starts."""

from __future__ import annotations

import ast

from sst_otel.lineage.calls import KNOWN_NAMES
from sst_otel.lineage.nodes import last_name

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

_FRAMEWORKS = frozenset({"flask", "quart", "werkzeug", "starlette", "django"})
_DATA_MODULES = frozenset(module.partition(".")[0] for module in KNOWN_NAMES) - {
    "builtins",
    "google",
}
_FAILURES = ("Error", "Exception", "Warning", "Exit", "Interrupt")


def collect(tree: ast.Module) -> ModuleNames:
    """Return which names ``tree`` binds, and which of them are known functions."""
    collector = _Collector()
    collector.visit(tree)
    names = collector.names
    names.known = frozenset((names.functions | KNOWN_NAMES["builtins"]) - names.bound)
    return names


class ModuleNames:
    """Which names the module binds, and what is known of them."""

    def __init__(self) -> None:
        self.bound: set[str] = set()
        """Names that are bound by other means than an import of something known."""
        self.declared: set[str] = set()
        """Names rebound from another scope (``global``, ``nonlocal``)."""
        self.known: frozenset[str] = frozenset()
        """Names a call of which is a call of a known function."""
        self.reader = ""
        """A library the module imports that reads bytecode, or nothing."""
        self.functions: set[str] = set()
        self.from_data_modules: set[str] = set()
        self.modules: dict[str, str] = {}
        self.classes: set[str] = set()
        self.remembering: set[str] = set()
        """The module's functions that hand out results made in another request."""
        self.messages: set[str] = set()
        """Variables that somewhere are a protocol buffer message, new or by annotation."""
        self.proxies: set[str] = set()
        """Names from web frameworks, such as ``request`` and ``current_user``."""

    def module_of(self, node: ast.expr) -> str | None:
        """Return the module that ``node`` names (``re``, ``urllib.parse``); None for others."""
        name = dotted(node)
        if not name or name.partition(".")[0] in self.bound:
            return None
        return self.modules.get(name)

    def is_data_module(self, node: ast.expr) -> bool:
        """Whether ``node`` names a module whose functions make values from values."""
        module = self.module_of(node)
        return module is not None and is_data_module(module)

    def is_unknown(self, name: str, variables: set[str]) -> bool:
        """Whether only running it tells what a call of ``name`` is.

        A variable, a name from a module of functions on values, a class defined elsewhere. The
        module's own functions and classes and other imports are what they say they are.
        """
        if name in variables or name in self.remembering:
            return True
        if name in self.classes:
            return False
        if name in self.from_data_modules:
            return name not in self.bound
        words = name.strip("_")
        return words[:1].isupper() and not words.isupper() and not name.endswith(_FAILURES)


class _Collector(ast.NodeVisitor):
    def __init__(self) -> None:
        self.names = ModuleNames()
        self._generated: set[str] = set()

    def visit_Name(self, node: ast.Name) -> None:
        if not isinstance(node.ctx, ast.Load):
            self.names.bound.add(node.id)

    def visit_arg(self, node: ast.arg) -> None:
        self.names.bound.add(node.arg)
        if self._is_message(node.annotation):
            self.names.messages.add(node.arg)

    def visit_Assign(self, node: ast.Assign) -> None:
        if isinstance(node.value, ast.Call) and self._is_message(node.value.func):
            self.names.messages.update(
                target.id for target in node.targets if isinstance(target, ast.Name)
            )
        self.generic_visit(node)

    def _is_message(self, kind: ast.expr | None) -> bool:
        """Whether ``kind`` names a class of a module that ``protoc`` made."""
        if isinstance(kind, ast.Name):
            return kind.id in self._generated
        module = self.names.module_of(kind.value) if isinstance(kind, ast.Attribute) else None
        return module is not None and _is_generated(module)

    def visit_FunctionDef(self, node: ast.FunctionDef) -> None:
        for decorator in node.decorator_list:
            called = decorator.func if isinstance(decorator, ast.Call) else decorator
            if last_name(called) in _REMEMBERING:
                self.names.remembering.add(node.name)
        self.generic_visit(node)

    def visit_ClassDef(self, node: ast.ClassDef) -> None:
        # What a class does with its arguments is its base's to say, or its decorator's.
        if not node.bases and not node.decorator_list:
            self.names.classes.add(node.name)
        self.generic_visit(node)

    def visit_Import(self, node: ast.Import) -> None:
        for alias in node.names:
            self._check(alias.name)
            if alias.asname:
                self.names.modules[alias.asname] = alias.name
                continue
            parts = alias.name.split(".")
            for count in range(1, len(parts) + 1):
                name = ".".join(parts[:count])
                self.names.modules[name] = name

    def visit_ImportFrom(self, node: ast.ImportFrom) -> None:
        module = "" if node.level else node.module or ""
        self._check(module)
        for alias in node.names:
            name = alias.asname or alias.name
            if _is_generated(node.module or ""):
                self._generated.add(name)
            if module.partition("_")[0].partition(".")[0] in _FRAMEWORKS:
                self.names.proxies.add(name)
            if alias.name in KNOWN_NAMES.get(module, ()):
                self.names.functions.add(name)
            elif f"{module}.{alias.name}" in KNOWN_NAMES or _is_generated(alias.name):
                self.names.modules[name] = f"{module}.{alias.name}"
            elif is_data_module(module):
                self.names.from_data_modules.add(name)
            else:
                self.names.bound.add(name)

    def visit_Global(self, node: ast.Global) -> None:
        self.names.declared.update(node.names)

    def visit_Nonlocal(self, node: ast.Nonlocal) -> None:
        self.names.declared.update(node.names)

    def generic_visit(self, node: ast.AST) -> None:
        for field in ("name", "rest"):  # def, class, except … as, match captures
            name = getattr(node, field, None)
            if isinstance(name, str):
                self.names.bound.add(name)
        super().generic_visit(node)

    def _check(self, module: str) -> None:
        top = module.partition(".")[0]
        if top in BYTECODE_READERS:
            self.names.reader = top


def is_data_module(module: str) -> bool:
    """Whether the functions of ``module`` make values from values and do nothing else."""
    known = module.partition(".")[0] in _DATA_MODULES or module in KNOWN_NAMES
    return known or _is_generated(module)


def _is_generated(module: str) -> bool:
    """Whether it is a module of protocol buffer messages, as ``protoc`` names them."""
    return module.endswith("_pb2")


def dotted(node: ast.expr) -> str:
    """Return ``a.b.c`` for such an expression, nothing for others."""
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute):
        before = dotted(node.value)
        return f"{before}.{node.attr}" if before else ""
    return ""


def variables(function: ast.AST) -> set[str]:
    """Return the names that ``function`` (a module, a comprehension) assigns or is given.

    Those it defines (``def``, ``class``, ``import``) are left out: they are what they say.
    """
    found: set[str] = set()
    stack: list[ast.AST] = [function]
    while stack:
        node = stack.pop()
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            found.add(node.id)
        elif isinstance(node, ast.arg):
            found.add(node.arg)
        if node is function or not isinstance(node, _OWN_VARIABLES):
            stack.extend(ast.iter_child_nodes(node))
    return found


_REMEMBERING = frozenset({"lru_cache", "cache"})
_OWN_VARIABLES = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda)
