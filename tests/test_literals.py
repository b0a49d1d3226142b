"""The application's own texts: whole or as words of a longer one, never as parts of words."""

from __future__ import annotations

import pytest

from sst_otel import literals

SOURCE = '''
"""Mail of the shop."""
SUPPORT = "Support@Shop.example"
PHONES = ("+49 30 1234567", "none")

def view():
    def inner():
        return f"Write to desk@shop.example or call {PHONES[0]}"
    return inner
'''


@pytest.fixture(autouse=True)
def _noted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(literals, "_codes", [compile(SOURCE, "shop.py", "exec")])
    monkeypatch.setattr(literals, "_phrases", set())


@pytest.mark.parametrize(
    "text", ["support@shop.example", "+49 30 1234567", "desk@shop.example", "Mail of the shop"]
)
def test_a_constant_is_known_however_it_is_nested_or_spelled(text: str) -> None:
    assert literals.stands_in_code(text)


@pytest.mark.parametrize("text", ["port@shop.example", "ada@shop.example", "30 123456", "", "?"])
def test_what_is_not_written_in_the_source_is_not(text: str) -> None:
    assert not literals.stands_in_code(text)
