"""The documents say the settings as they are."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

from sst_otel.settings import OPTIONS, load_settings
from tools.settings_table import PATH, default_of, document, meanings_of

ROOT = PATH.parents[1]
NAME = re.compile(r"\bSST_[A-Z_]+[A-Z]\b")
ROW = re.compile(r"^\| (`SST_[^|]+?) \| ([^|]*?) \|", re.MULTILINE)
KNOWN = {*(f"SST_{name.upper()}" for name in OPTIONS), "SST_CONFIG"}
IN_TESTS = {"SST_SOAK_REQUESTS", "SST_FAULT_SHARES"}
"""What only our tests read."""
IN_FILES = {
    name
    for folder in ("collector", "grafana/provisioning")
    for file in ROOT.glob(f"{folder}/**/*.yaml")
    for name in NAME.findall(file.read_text("utf-8"))
}
"""What the collector, Jaeger and Grafana are told."""
IN_WORDS = {"SST_OWNER", "SST_CONFIG"}
"""What a short table has no room for, or what has no default."""


def test_the_tables_are_the_ones_that_are_generated() -> None:
    text = PATH.read_text("utf-8")
    assert text == document(text), "run: python -m tools.settings_table"
    assert set(NAME.findall(text)) >= {
        f"SST_{name.upper()}" for name, option in OPTIONS.items() if not option.structured
    }
    assert all(f"| `{name}` |" in text for name, option in OPTIONS.items() if option.structured)


@pytest.mark.parametrize(
    "file",
    [
        *ROOT.glob("*.md"),
        *ROOT.glob("docs/*.md"),
        ROOT / "Makefile",
        *ROOT.glob("examples/**/*.py"),
    ],
    ids=lambda file: str(file.relative_to(ROOT)),
)
def test_no_document_names_a_variable_that_is_none(file: Path) -> None:
    assert set(NAME.findall(file.read_text("utf-8"))) <= KNOWN | IN_TESTS | IN_FILES


def test_the_short_table_has_the_defaults() -> None:
    rows = ROW.findall((ROOT / "README.md").read_text("utf-8"))
    assert len(rows) >= 10
    for names, told in rows:
        for name in NAME.findall(names):
            if name not in IN_WORDS:
                default = default_of(name.removeprefix("SST_").lower())
                assert told == default, name


def test_a_setting_without_words_is_refused() -> None:
    with pytest.raises(ValueError, match="pages has no docstring"):
        meanings_of("class Settings:\n    pages: bool = True\n")


@pytest.mark.parametrize("file", ["README.md", "docs/settings.md"])
def test_the_example_can_be_used(file: str) -> None:
    text = (ROOT / file).read_text("utf-8")
    example = text.partition("# sst.yaml\n")[2].partition("```")[0]
    assert {"models", "recipients"} <= set(yaml.safe_load(example))
    load_settings({}, options=yaml.safe_load(example))
