"""What outer layers were given counts as far as it is part of what is sent."""

from __future__ import annotations

import pytest

from sst_otel.matching.leaf import is_part


@pytest.mark.parametrize(
    ("text", "everything", "expected"),
    [
        ("34", "is 34 years old", True),
        ("34", '{"age": 34}', True),
        ("34", "aged 34.", True),
        ("34", r"Age:\n34\nSex: f", True),
        ("34", "python-requests/2.34.2", False),
        ("34", "order 1348", False),
        ("34", "34.50", False),
        ("f", "gender is f", True),
        ("f", '"f"', True),
        ("f", "gender is of no interest", False),
        ("Keller", "AnnKeller", True),
        ("Keller", "nobody", False),
    ],
)
def test_a_short_text_is_a_word_of_its_own(text: str, everything: str, expected: bool) -> None:
    assert is_part(text, everything) is expected
