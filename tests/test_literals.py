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
    monkeypatch.setattr(literals, "CONSTANTS", {})
    monkeypatch.setattr(literals, "_folded", {})
    monkeypatch.setattr(literals, "_unfolded", [])
    monkeypatch.setattr(literals, "_unsplit", [])
    monkeypatch.setattr(literals, "_segments", set())
    monkeypatch.setattr(literals, "_of_accounts", set())
    literals.note(compile(SOURCE, "shop.py", "exec"))


@pytest.mark.parametrize("text", ["support@shop.example", "+49 30 1234567", "Mail of the shop"])
def test_a_constant_is_known_however_it_is_nested_or_spelled(text: str) -> None:
    assert literals.stands_in_code(text)


@pytest.mark.parametrize("text", ["port@shop.example", "desk@shop.example", "30 123456", "", "?"])
def test_what_is_only_part_of_a_constant_is_none(text: str) -> None:
    assert not literals.stands_in_code(text)


def test_a_longer_constant_brings_what_it_holds_where_it_stands_whole() -> None:
    text = "Hello. Write to desk@shop.example or call 1234"
    assert literals.brings(text, "desk@shop.example")
    assert not literals.brings("We wrote to desk@shop.example", "desk@shop.example")
    assert not literals.brings("Ask support@shop.example", "support@shop.example")


@pytest.mark.parametrize(
    "source",
    [
        'USERS = {"ada@shop.example": {"password_hash": "x"}}',
        'import check\nUSER = check.User("ada@shop.example", pwd="x")',
        'def login(password):\n    return {"ADA@shop.example": 1}',
    ],
)
def test_accounts_stand_where_passwords_are_known(source: str) -> None:
    assert not literals.may_be_an_account("desk@shop.example")
    literals.note(compile(source, "users.py", "exec"))
    assert literals.may_be_an_account("ada@shop.example")
    assert not literals.may_be_an_account("desk@shop.example")
    assert not literals.may_be_an_account("")


def test_segments_of_the_program_s_own_paths() -> None:
    source = """
URL = "https://vectors.example/tenant-two/lookup?mode=deep"
def ask(base, who):
    "Reads either/or from disk."
    return [base + "/assistants/reply", f"{base}/answer/{who}/kept/x{who}", "9/1f8e/ab",
            "https://hooks.example/T02AB/B9xQ/Zk3vQp81LmTr"]
"""
    literals.note(compile(source, "n.py", "exec"))
    for known in ("tenant-two", "lookup", "assistants", "reply", "answer", "kept", "ab"):
        assert literals.is_path_segment(known), known
    for unknown in (
        "vectors.example",
        "mode=deep",
        "deep",
        "either",
        "or",
        "9",
        "1f8e",
        "who",
        "T02AB",
        "Zk3vQp81LmTr",
    ):
        assert not literals.is_path_segment(unknown), unknown


def test_shared_objects_are_no_constants() -> None:
    literals.note(compile("A = (0, 7, 'x', True, None, 50000, 1.5)", "n.py", "exec"))
    values = list(literals.CONSTANTS.values())
    assert 50000 in values
    assert not {0, 7, "x"} & set(values)
