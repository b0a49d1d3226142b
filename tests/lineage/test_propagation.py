from __future__ import annotations

import ast
import datetime
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from sst_otel.guard import error_counts
from sst_otel.lineage import call_sites, gates, rewrite, sites
from sst_otel.lineage.helpers import HELPERS
from sst_otel.lineage.nodes import last_name
from sst_otel.registry.identity import IDS
from sst_otel.scope import Scope
from tests.lineage.rows import CLEAN, FLOWS
from tests.lineage.support import (
    BOB,
    describe,
    fresh,
    marked,
    run,
    run_in_function,
    scope,
    source_value,
)

MAKERS = {"helper", "helper_call", "named", "_right", "_membership"}
"""Functions of the rewriting whose first argument names a helper."""


@pytest.fixture
def people() -> Iterator[dict[str, Any]]:
    with scope() as opened:
        yield values(opened)
    assert not IDS
    assert not error_counts()


def values(opened: Scope) -> dict[str, Any]:
    """Two people's values, marked as the sources mark them."""
    texts = {
        "income": fresh("50000"),
        "spent": fresh("40000.5"),
        "email": fresh("ada@example.com"),
        "phone": fresh("+49 170 1234567"),
        "name": fresh("Ada Lovelace"),
    }
    kinds = {"spent": "spending"}
    for key, value in texts.items():
        source_value(value, kinds.get(key, key), opened)
    theirs, pay = fresh("bob@mail.example"), fresh("61000")
    source_value(theirs, "email", opened, BOB)
    source_value(pay, "income", opened, BOB)
    numbers = {"inc": int(texts["income"]), "out": float(texts["spent"])}
    source_value(numbers["inc"], "income", opened)
    source_value(numbers["out"], "spending", opened)
    paid = int(pay)
    source_value(paid, "income", opened, BOB)
    dates: dict[str, datetime.date] = {
        "born": datetime.date(1990, 4, 23),
        "seen": datetime.datetime(1990, 4, 23, 8, 30),
    }
    for date in dates.values():
        source_value(date, "birthday", opened)
    own: dict[str, Any] = {**texts, **numbers, **dates}
    return {**own, "theirs": theirs, "pay": pay, "paid": paid, "user": SimpleNamespace(**own)}


@pytest.mark.parametrize(("code", "expected"), FLOWS, ids=[code for code, _ in FLOWS])
def test_result_inherits(code: str, expected: str, people: dict[str, Any]) -> None:
    names = run(code, **people)
    assert describe(marked(names["r"])) == expected


@pytest.mark.parametrize(("code", "expected"), FLOWS, ids=[code for code, _ in FLOWS])
def test_result_inherits_in_a_function(code: str, expected: str, people: dict[str, Any]) -> None:
    names = run_in_function(code, **people)
    assert describe(marked(names["r"])) == expected


@pytest.mark.parametrize("code", CLEAN)
def test_result_inherits_nothing_in_a_function(code: str, people: dict[str, Any]) -> None:
    assert describe(marked(run_in_function(code, **people)["r"])) == ""


@pytest.mark.parametrize("code", CLEAN)
def test_result_inherits_nothing(code: str, people: dict[str, Any]) -> None:
    names = run(code, **people)
    assert describe(marked(names["r"])) == ""


@pytest.mark.parametrize("code", [code for code, _ in FLOWS] + CLEAN)
def test_result_is_what_it_would_be(code: str, people: dict[str, Any]) -> None:
    rewritten, plain = run(code, **people)["r"], run(code, plain=True, **people)["r"]
    assert type(rewritten) is type(plain)
    assert repr(rewritten) == repr(plain)


def test_tables_are_large_enough() -> None:
    assert len(FLOWS) >= 80
    assert len(CLEAN) >= 40


def test_prompt_of_the_seed(people: dict[str, Any]) -> None:
    """An income far below the rarity rule reaches a prompt, and so does a rate computed from it."""
    names = run(
        "def advise(form):\n"
        "    income = int(form['income'])\n"
        "    spent = float(form['spent'])\n"
        "    rate = (income - spent) / income * 100\n"
        "    return f'''Income: {income:,.0f}\n"
        "Savings rate: {rate:.1f} %\n"
        "Give advice.'''\n"
        "r = advise({'income': income, 'spent': spent})\n",
        **people,
    )
    entry = marked(names["r"])
    assert entry is not None
    assert entry.composed
    assert describe(entry) == "composed income:ada derived(sub,truediv,mul):ada"
    rate = entry.data[1]
    assert [parent.data_type for parent in rate.parents] == ["income", "spending"]
    assert {root.data_type for root in rate.parents} == {"income", "spending"}


def test_without_marks_nothing_is_entered() -> None:
    run("r = ' '.join([f'{x:>4}' for x in 'abc']) + str(12345 * 2)[1:]")
    assert not IDS


def test_every_helper_of_the_rewriting_exists() -> None:
    named = set()
    for module in (rewrite, sites, call_sites, gates):
        for node in ast.walk(ast.parse(Path(str(module.__file__)).read_text())):
            if isinstance(node, ast.Call) and last_name(node.func) in MAKERS:
                first = node.args[0]
                if isinstance(first, ast.Constant) and isinstance(first.value, str):
                    named.add(f"_sst_{first.value}")
    assert len(named) > 20
    assert named <= set(HELPERS)
