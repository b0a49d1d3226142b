"""Every hit names the rule that found it, and every rule has words."""

from __future__ import annotations

import base64
import hashlib
from typing import Any

import pytest

from sst_otel.matching import rules
from sst_otel.registry.datum import derive
from sst_otel.registry.identity import mark
from sst_otel.scope import PROCESS
from sst_otel.shares import Part
from tests.matching.conftest import World

NAMES = {
    value
    for name, value in vars(rules).items()
    if name.isupper() and isinstance(value, str) and not name.startswith("_")
}


def noted(world: World, tree: Any, *, in_scope: bool = False) -> dict[str, str]:
    """Return ``{data type: rule}`` of what is found in a JSON payload."""
    scope = world.scope if in_scope else PROCESS
    match = world.match(Part("json", tree), scope=scope)
    return {hit.datum.data_type: hit.rule for hits in match.owners.values() for hit in hits}


def test_every_rule_has_a_sentence_and_a_kind() -> None:
    assert set(rules.SENTENCES) == NAMES
    kinds = [rules.BY_OBJECT, rules.BY_CONTENT, rules.BY_COMPANY, rules.NAMED]
    assert sorted(rule for kind in kinds for rule in kind) == sorted(NAMES)


@pytest.mark.parametrize(
    ("tree", "data_type", "rule"),
    [
        ({"x": "write to ann.smith@example.com"}, "email", rules.PHRASE),
        ({"x": "+1 (201) 555-0123"}, "phone", rules.DIGITS),
        (
            {"x": base64.b64encode(b"mail ann.smith@example.com today").decode()},
            "email",
            rules.DECODED,
        ),
        ({"x": hashlib.sha256(b"ann.smith@example.com").hexdigest()}, "email", rules.DIGEST),
    ],
)
def test_by_content(tree: Any, data_type: str, rule: str, world: World) -> None:
    assert noted(world, tree)[data_type] == rule


def test_in_a_script_without_word_boundaries(world: World) -> None:
    world.add("ann", "street_address", "東京都千代田区丸の内一丁目")
    assert noted(world, {"x": "送付先は東京都千代田区丸の内一丁目です"}) == {
        "street_address": rules.SCRIPT
    }


def test_by_key_and_by_company(world: World) -> None:
    for data_type, value in (("city", "Boston"), ("birthday", "1990-05-17"), ("gender", "female")):
        world.add("ann", data_type, value, world.scope)
    world.scope.owner = world.people["ann"]
    assert noted(world, {"city": "boston"}, in_scope=True) == {"city": rules.KEY}
    beside = noted(world, {"to": "ann.smith@example.com", "x": "Boston"}, in_scope=True)
    assert beside == {"email": rules.PHRASE, "city": rules.BESIDE}
    together = noted(world, {"x": "Boston", "y": "1990-05-17"}, in_scope=True)
    assert set(together.values()) == {rules.TOGETHER}
    digest = hashlib.md5(b"boston").hexdigest()
    hashed = noted(world, {"em": "ann.smith@example.com", "city": digest}, in_scope=True)
    assert hashed["city"] == rules.KEY_DIGEST


def test_by_object(world: World) -> None:
    income = world.add("ann", "income", "50321")
    value = "".join(["503", "21"])
    text = "".join(["earns ", "a lot"])
    score = float("1509.63")
    code = "".join(["NTAz", "MjE="])
    mark(value, (income,), world.scope)
    mark(text, (income,), world.scope, composed=True)
    mark(score, derive((income,), score, "mul"), world.scope)
    mark(code, (income,), world.scope, form="encoded")
    assert noted(world, [value]) == {"income": rules.IDENTITY}
    assert noted(world, [text]) == {"income": rules.COMPOSED}
    assert noted(world, [score]) == {"derived": rules.COMPUTED, "income": rules.OPERAND}
    assert noted(world, [code]) == {"income": rules.CONVERTED}
