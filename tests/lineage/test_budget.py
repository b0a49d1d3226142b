"""Following values ends where it would cost too much, and says so."""

from __future__ import annotations

import sys
from collections.abc import Iterator

import pytest

from sst_otel.guard import error_counts
from sst_otel.registry.identity import IDS
from sst_otel.scope import MARKS_PER_SCOPE, OPERATIONS_PER_SCOPE, exhausted
from tests.lineage.support import describe, fresh, marked, run, scope, source_value

LOOP = """
def build(name, rounds):
    out = ""
    for number in range(rounds):
        out += f"{number}: {name}\\n"
    return out

def build_by_sum(name, rounds):
    out = name
    for number in range(rounds):
        out = out + "."
    return out

def rows(name, rounds):
    return [f"{number}: {name}" for number in range(rounds)]

def keep(name, rounds):
    out, all_of_them = "", []
    for number in range(rounds):
        out += name
        all_of_them.append(out)
    return all_of_them
"""


@pytest.fixture(autouse=True)
def _nothing_left() -> Iterator[None]:
    yield
    assert not IDS
    assert not error_counts()


class TestBudget:
    @pytest.mark.parametrize("function", ["build", "build_by_sum"])
    def test_a_text_that_grows_holds_one_mark(self, function: str) -> None:
        with scope() as opened:
            name = fresh("Ada Lovelace")
            source_value(name, "name", opened)
            before = exhausted()
            text = run(LOOP)[function](name, 2_000)
            assert describe(marked(text)) == "composed name:ada"
            assert len(IDS) < 2_010  # the lines of one loop; of the growing text only the last
            assert exhausted() == before
            if function == "build_by_sum":
                assert len(IDS) == 2

    def test_a_text_somebody_else_holds_keeps_its_mark(self) -> None:
        with scope() as opened:
            name = fresh("Ada Lovelace")
            source_value(name, "name", opened)
            for text in run(LOOP)["keep"](name, 20)[1:]:
                assert describe(marked(text)) == "composed name:ada"

    def test_marks_run_out(self) -> None:
        before = exhausted()["marks"]
        with scope() as opened:
            name = fresh("Ada Lovelace")
            source_value(name, "name", opened)
            texts = run(LOOP)["rows"](name, 2 * MARKS_PER_SCOPE)
            assert marked(texts[10]) is not None
            assert marked(texts[-1]) is None
            assert len(IDS) == MARKS_PER_SCOPE
            assert opened.exhausted == "marks"
            assert not opened.live
            assert texts[-1] == f"{2 * MARKS_PER_SCOPE - 1}: Ada Lovelace"
        assert exhausted()["marks"] == before + 1

    def test_operations_run_out(self, monkeypatch: pytest.MonkeyPatch) -> None:
        # The package has a function of the same name as the module.
        monkeypatch.setattr(sys.modules["sst_otel.scope"], "OPERATIONS_PER_SCOPE", 100)
        before = exhausted()["operations"]
        with scope() as opened:
            name = fresh("Ada Lovelace")
            source_value(name, "name", opened)
            text = run(LOOP)["build_by_sum"](name, 300)
            assert text == "Ada Lovelace" + "." * 300
            assert opened.exhausted == "operations"
            assert marked(name) is not None  # what sources marked stays
            other = fresh("another name")
            source_value(other, "name", opened)
            assert not opened.live
        assert exhausted()["operations"] == before + 1
        assert OPERATIONS_PER_SCOPE > 1_000

    def test_a_long_text_costs_more_operations(self) -> None:
        """Copying a marked text at every step ends before it is felt."""
        with scope() as opened:
            name = fresh("Ada Lovelace" * 1_000)
            source_value(name, "name", opened)
            text = run(LOOP)["keep"](name, 1_000)[-1]
            assert opened.exhausted
            assert len(text) == 12_000_000
