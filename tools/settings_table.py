"""Writes the tables of ``docs/settings.md``: the settings, their defaults and what they are for.

``python -m tools.settings_table`` rewrites them; a test says when that was forgotten.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sst_otel.settings import OPTIONS, Settings, table
from tools.semconv_table import docstring

PATH = Path(__file__).resolve().parents[1] / "docs" / "settings.md"
_BLOCK = re.compile(r"<!-- (variables|entries) -->\n.*?<!-- end -->", re.DOTALL)


def document(former: str) -> str:
    """Return the file with the tables as they have to be."""
    meanings = meanings_of(Path(table.__file__).read_text("utf-8"))
    made = {"variables": _variables(meanings), "entries": _entries(meanings)}
    return _BLOCK.sub(lambda found: f"<!-- {found[1]} -->\n{made[found[1]]}<!-- end -->", former)


def default_of(name: str) -> str:
    """Return a setting's default as a table shows it."""
    option = OPTIONS[name]
    return _shown(option.default) if option.told is None else option.told


def meanings_of(source: str) -> dict[str, str]:
    """Return the docstring of each field of :class:`Settings`, given its module's text.

    Raises ``ValueError`` for a field without one.
    """
    body = ast.parse(source).body
    classes = (one for one in body if isinstance(one, ast.ClassDef))
    holder = next(one for one in classes if one.name == Settings.__name__).body
    found: dict[str, str] = {}
    for statement, following in zip(holder, [*holder[1:], None], strict=True):
        match statement:
            case ast.AnnAssign(target=ast.Name(id=name)):
                said = docstring(following)
                if said is None:
                    raise ValueError(f"{name} has no docstring")
                found[name] = said
    return found


def _variables(meanings: Mapping[str, str]) -> str:
    rows = [
        f"| `SST_{name.upper()}` | {default_of(name)} | {meanings[name]} |\n"
        for name, option in OPTIONS.items()
        if not option.structured
    ]
    return "".join(["| variable | default | meaning |\n|---|---|---|\n", *rows])


def _entries(meanings: Mapping[str, str]) -> str:
    rows = [
        f"| `{name}` | {meanings[name]} |\n"
        for name, option in OPTIONS.items()
        if option.structured
    ]
    return "".join(["| entry | meaning |\n|---|---|\n", *rows])


def _shown(value: Any) -> str:
    if isinstance(value, bool):
        return "`on`" if value else "`off`"
    if isinstance(value, tuple):
        return ", ".join(f"`{one}`" for one in value) or "none"
    return f"`{value}`"


if __name__ == "__main__":
    PATH.write_text(document(PATH.read_text("utf-8")), encoding="utf-8")
