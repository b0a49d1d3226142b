"""All names stand in one place, and the documents say them as they are."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import sst_otel
from sst_otel import semconv
from sst_otel.datatypes.taxonomy import load_taxonomy
from tools.semconv_table import PATH, document, sections

PACKAGE = Path(sst_otel.__file__ or "").parent
NAMES = {
    value for name, value in vars(semconv).items() if name.isupper() and isinstance(value, str)
}
OURS = re.compile(r"sst(\.[a-z]+)+")
NAMESPACES = "|".join(sorted({name.partition(".")[0] for name in NAMES}))
SPELLED = re.compile(rf"""["'](?:{NAMESPACES})\.""")
FILES = {"sst.key", "sst.yaml"}
"""What looks like a name and is that of a file."""


def literals() -> Iterator[tuple[str, str]]:
    """Yield module and text of each string that is code, in all modules but semconv."""
    for path in PACKAGE.rglob("*.py"):
        if path.name == "semconv.py":
            continue
        source = path.read_text("utf-8")
        if not SPELLED.search(source):
            continue
        tree = ast.parse(source)
        said = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
        texts = (node for node in ast.walk(tree) if isinstance(node, ast.Constant))
        for node in texts:
            if isinstance(node.value, str) and id(node) not in said:
                yield str(path.relative_to(PACKAGE)), node.value


def test_no_module_spells_a_name_itself() -> None:
    spelled = {
        (path, text)
        for path, text in literals()
        if (text in NAMES and "." in text) or (OURS.fullmatch(text) and text not in FILES)
    }
    assert spelled == set()


def test_the_document_is_the_one_that_is_generated() -> None:
    assert PATH.read_text("utf-8") == document(), "run: python -m tools.semconv_table"


def test_every_name_is_in_the_document_with_what_it_means() -> None:
    told = {
        value: meaning
        for section in sections(Path(semconv.__file__ or "").read_text("utf-8"))
        for _name, value, meaning in section.names
    }
    assert set(told) == NAMES
    assert all(told.values())
    text = PATH.read_text("utf-8")
    assert all(f"| `{name}` |" in text for name in (*NAMES, *load_taxonomy().types))


@pytest.mark.parametrize(
    "source", ['# == A\nX = "sst.x"\n', 'X = "sst.x"\n"""string: x."""\n# == A\n']
)
def test_a_name_without_words_or_place_is_refused(source: str) -> None:
    with pytest.raises(ValueError, match="X has no docstring, or stands under no heading"):
        sections(source)
