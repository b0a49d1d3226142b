"""Running snippets rewritten and as they are, with values marked as sources mark them."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from contextlib import contextmanager
from types import CodeType
from typing import Any

from sst_otel.lineage.helpers import provide
from sst_otel.lineage.rewrite import rewrite
from sst_otel.registry.datum import Datum
from sst_otel.registry.identity import Mark, mark, marked
from sst_otel.scope import Scope, leave_scope, open_scope
from sst_otel.tags import Owner

ADA = Owner("ada-ref", "1")
BOB = Owner("bob-ref", "2")
OWNERS = {"ada": ADA, "bob": BOB}


def compiled(source: str, filename: str = "snippet.py", *, plain: bool = False) -> CodeType:
    """Compile ``source`` as the import hook does, or as the interpreter does."""
    provide()
    tree = ast.parse(source, filename)
    code: CodeType = compile(tree if plain else rewrite(tree), filename, "exec", dont_inherit=True)
    return code


def run(source: str, *, plain: bool = False, **names: Any) -> dict[str, Any]:
    """Execute ``source`` as a module with ``names`` in it; return its globals."""
    namespace: dict[str, Any] = {"__name__": "snippet", **names}
    exec(compiled(source, plain=plain), namespace)
    return namespace


def run_in_function(source: str, **names: Any) -> dict[str, Any]:
    """Execute ``source`` as the body of a function, where gates stand; return its variables."""
    given = ", ".join(names)
    body = "\n".join(f"    {line}" for line in source.splitlines())
    module = run(f"def view({given}):\n{body}\n    return r\n")
    return {"r": module["view"](**names)}


@contextmanager
def scope() -> Iterator[Scope]:
    """Open a scope as a request does; its marks go with it."""
    opened = Scope()
    token = open_scope(opened)
    try:
        yield opened
    finally:
        leave_scope(token)
        opened.release()


def source_value(value: Any, data_type: str, opened: Scope, owner: Owner = ADA) -> Datum:
    """Mark ``value`` as a source does."""
    datum = Datum(owner, data_type, value, f"form_field:{data_type}")
    mark(value, (datum,), opened)
    return datum


def fresh(text: str) -> str:
    """Return a new object equal to ``text``, as parsing a request makes."""
    return "".join(list(text))


def describe(entry: Mark | None) -> str:
    """Say what a mark holds: ``composed income:ada derived(sub,truediv):ada``."""
    if entry is None:
        return ""
    words = ["composed"] if entry.composed else []
    for datum in entry.data:
        kind = datum.data_type
        if datum.operations:
            kind += f"({','.join(datum.operations)})"
        words.append(f"{kind}:{datum.owner.ref.removesuffix('-ref')}")
    return " ".join(words)


__all__ = [
    "ADA",
    "BOB",
    "OWNERS",
    "compiled",
    "describe",
    "fresh",
    "marked",
    "run",
    "run_in_function",
    "scope",
    "source_value",
]
