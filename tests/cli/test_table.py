from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sst_otel.cli.table import Layout, columns_of, printable, wrap

TEXTS = st.text(max_size=60)


@given(TEXTS, st.integers(6, 40))
def test_wrapping_keeps_every_word_character_and_the_width(text: str, width: int) -> None:
    shown = printable(text)
    lines = wrap(shown, width)
    assert "".join("".join(lines).split()) == "".join(shown.split())
    assert all(columns_of(line) <= width for line in lines)


@given(st.lists(st.lists(TEXTS, min_size=3, max_size=3), max_size=5), st.integers(22, 100))
def test_lines_fit_the_width(rows: list[list[str]], width: int) -> None:
    layout = Layout(["one", "two", "three"], rows, width)
    for row in rows:
        for line in layout.row(row):
            assert columns_of(line) <= width
            assert printable(line) == line


@pytest.mark.parametrize(("text", "columns"), [("abc", 3), ("日本", 4), ("e\u0301", 1), ("", 0)])
def test_columns_of_a_terminal(text: str, columns: int) -> None:
    assert columns_of(text) == columns


def test_short_rows_are_not_stretched() -> None:
    assert list(Layout(["A", "B"], [["x", "y"]], 80).head()) == ["A  B", "-  -"]


def test_paths_break_behind_their_separators() -> None:
    assert wrap("PUT api.crm.example/v1/contacts/{id}", 17) == [
        "PUT",
        "api.crm.example/",
        "v1/contacts/{id}",
    ]
