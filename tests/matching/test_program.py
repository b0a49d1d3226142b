"""Constants of the application's source beside equal data of people."""

from __future__ import annotations

import types
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from sst_otel import literals, semconv
from sst_otel.matching import rules
from sst_otel.matching.hits import Hit
from sst_otel.matching.leaf import Leaf
from sst_otel.matching.payload import Leaves
from sst_otel.matching.program import not_the_programs
from sst_otel.registry.datum import Datum
from sst_otel.scope import Scope
from sst_otel.shares import Part
from sst_otel.tags import Owner

ADA, BOB = Owner("ada", "1"), Owner("bob", "2")
SOURCE = """
SUPPORT = "desk@shop.example"
SIGNATURE = "Yours, the desk@shop.example team"
CITIES = ["Reading", "Bath"]
"""
ACCOUNTS = """
USERS = {"desk@shop.example": {"password": "pbkdf2:1", "phone": "+49 30 1234567"}}
"""


@pytest.fixture
def shop(monkeypatch: pytest.MonkeyPatch) -> types.SimpleNamespace:
    monkeypatch.setattr(literals, "_folded", {})
    monkeypatch.setattr(literals, "_unfolded", [])
    monkeypatch.setattr(literals, "_of_accounts", set())
    monkeypatch.setattr(literals, "_texts", {})
    code = compile(SOURCE, "shop.py", "exec")
    literals.note(code)
    names: dict[str, Any] = {}
    exec(code, names)
    return types.SimpleNamespace(**names)


def _kept(
    tree: object,
    datum: Datum,
    rule: str,
    owner: Owner,
    of: Callable[[Leaf], bool] = bool,
    loaded: bool = False,
) -> bool:
    leaves = Leaves()
    leaves.add_part(Part("json", tree))
    scope = Scope()
    scope.set_owner(owner)
    if loaded:
        scope.data[datum] = None
    hits = [Hit(datum, semconv.EXACT, rule, leaf) for leaf in leaves.leaves if of(leaf)]
    return bool(not_the_programs(hits, leaves.leaves, scope))


def test_a_support_address_is_not_the_colleague_who_has_it(shop: types.SimpleNamespace) -> None:
    mail = Datum(BOB, "email", "".join(("desk@", "shop.example")), "db:users.email")
    assert not _kept({"from": shop.SUPPORT}, mail, rules.PHRASE, ADA)
    names: dict[str, Any] = {
        "kept": lambda: _kept({"from": "".join(("desk@", "shop.example"))}, mail, rules.PHRASE, ADA)
    }
    exec(compile("found = kept()", "shop.py", "exec"), names)
    assert not names["found"]


def test_who_asks_keeps_what_an_account_in_the_source_says(shop: types.SimpleNamespace) -> None:
    mail = Datum(ADA, "email", "".join(("desk@", "shop.example")), "form_field:email")
    assert not _kept({"from": shop.SUPPORT}, mail, rules.PHRASE, ADA)
    literals.note(compile(ACCOUNTS, "users.py", "exec"))
    assert _kept({"from": shop.SUPPORT}, mail, rules.PHRASE, ADA)
    assert _kept({"text": "Hi, " + "".join(("desk@", "shop.example"))}, mail, rules.PHRASE, ADA)
    assert not _kept({"from": shop.SUPPORT}, mail, rules.PHRASE, BOB)


def test_who_is_in_the_database_has_no_account_in_the_source(shop: types.SimpleNamespace) -> None:
    literals.note(compile(ACCOUNTS, "users.py", "exec"))
    mail = Datum(ADA, "email", "".join(("desk@", "shop.example")), "db:users.email")
    assert not _kept({"from": shop.SUPPORT}, mail, rules.PHRASE, ADA)
    # Accounts of a first run are in the source and in the database.
    assert _kept({"to": "".join(("desk@", "shop.example"))}, mail, rules.PHRASE, ADA)


def test_what_a_visitor_types_is_theirs_wherever_else_it_is_written(
    shop: types.SimpleNamespace,
) -> None:
    """Data for a first start stand in modules that share nothing."""
    mail = Datum(ADA, "email", "".join(("desk@", "shop.example")), "form_field:email")
    text = "Hi, " + "".join(("desk@", "shop.example"))
    assert _kept({"text": text}, mail, rules.PHRASE, ADA)
    names: dict[str, Any] = {"kept": lambda: _kept({"text": text}, mail, rules.PHRASE, ADA)}
    for file, expected in (("views.py", True), ("shop.py", False)):
        exec(compile("found = kept()", file, "exec"), names)
        assert names["found"] is expected


def test_a_longer_text_of_the_program_says_nothing_of_anybody(shop: types.SimpleNamespace) -> None:
    mail = Datum(ADA, "email", "".join(("desk@", "shop.example")), "form_field:email")
    assert not _kept({"text": shop.SIGNATURE}, mail, rules.PHRASE, ADA)
    assert not _kept({"text": f"Hello.\n{shop.SIGNATURE}"}, mail, rules.PHRASE, ADA)


def test_a_town_of_a_list_in_the_source_is_not_the_visitors(shop: types.SimpleNamespace) -> None:
    town = Datum(ADA, "city", "".join(("Read", "ing")), "form_field:city")
    assert not _kept({"city": shop.CITIES[0]}, town, rules.KEY, ADA)
    assert _kept({"city": "".join(("Read", "ing"))}, town, rules.KEY, ADA)


def test_a_member_of_an_enumeration_is_a_datum_too(shop: types.SimpleNamespace) -> None:
    town = Datum(ADA, "city", shop.CITIES[0], "db:users.city")
    assert _kept({"city": shop.CITIES[0]}, town, rules.KEY, ADA)


def test_what_was_followed_is_never_judged(shop: types.SimpleNamespace) -> None:
    mail = Datum(BOB, "email", shop.SUPPORT, "db:users.email")
    assert _kept({"from": shop.SUPPORT}, mail, rules.IDENTITY, ADA)


class TestAFieldOfTheSource:
    """Single characters and small numbers have no identity; the field in the source tells."""

    PAGE = """
GUEST = {"gender": "f", "plan": "free"}
LIMITS = dict(age=34)
def default(body):
    body["sex"] = "f"
found = kept()
"""

    def kept_by(self, tmp_path: Path, tree: object, datum: Datum, noted: bool = True) -> Any:
        page = tmp_path / "page.py"
        page.write_text(self.PAGE, encoding="utf-8")
        code = compile(self.PAGE, str(page), "exec")
        if noted:
            literals.note(code)
        names: dict[str, Any] = {"kept": lambda: _kept(tree, datum, rules.KEY, ADA, _is_short)}
        exec(code, names)
        return names["found"]

    @pytest.mark.parametrize("tree", [{"gender": "f"}, {"sex": "f"}, {"plan": "free", "sex": "f"}])
    def test_a_character(
        self, tree: dict[str, str], tmp_path: Path, shop: types.SimpleNamespace
    ) -> None:
        gender = Datum(ADA, "gender", "f", "db:users.gender")
        assert not self.kept_by(tmp_path, tree, gender)
        assert self.kept_by(tmp_path, {"g": "f"}, gender)
        assert self.kept_by(tmp_path / "..", tree, gender, noted=False)

    def test_a_number(self, tmp_path: Path, shop: types.SimpleNamespace) -> None:
        age = Datum(ADA, "age", 34, "form_field:age")
        assert not self.kept_by(tmp_path, {"age": 34}, age)
        assert self.kept_by(tmp_path, {"years": 34}, age)


def _is_short(leaf: Leaf) -> bool:
    return len(leaf.text) < 3


def test_an_author_in_a_list_of_the_source_is_not_the_colleague(
    shop: types.SimpleNamespace,
) -> None:
    literals.note(compile('BOOKS = [("Ida Brunnquell", "Snow")]', "books.py", "exec"))
    name = Datum(BOB, "name", "Ida Brunnquell", "db:users.name")
    books = ["Ida Brunnquell: Snow", "Ann Ray: Rain", "Jo Hill: Fog"]
    names: dict[str, Any] = {
        "kept": lambda tree: _kept(
            tree, name, rules.PHRASE, ADA, lambda leaf: "Ida" in leaf.text, loaded=True
        )
    }
    code = "listed, alone = kept({'books': books}), kept({'book': books[0]})"
    found: dict[str, Any] = {}
    exec(compile(code, "books.py", "exec"), names | {"books": books}, found)
    assert found == {"listed": False, "alone": True}
