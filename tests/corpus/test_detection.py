"""What the engine finds on the corpus, and that its programs do the same with and without it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.corpus.cases import load_cases
from tests.corpus.judge import judge
from tests.corpus.modes import PLAIN, Outcome, modes, play
from tests.corpus.people import load_cast
from tests.corpus.report import Results, figures, misses
from tests.support import vendor_server

pytestmark = pytest.mark.filterwarnings("ignore:unclosed database:ResourceWarning")
"""Programs leave connections to the collector, as people's do; Python 3.13 began to warn of it."""
Runs = dict[str, tuple[list[Outcome], dict[str, int]]]
THRESHOLDS: dict[str, Any] = yaml.safe_load(
    Path(__file__).with_name("thresholds.yaml").read_text(encoding="utf-8")
)


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Runs:
    """Every case for every persona, without tracking and in every mode."""
    cases, cast = load_cases(), load_cast()
    with vendor_server() as vendor:
        return {
            mode: play(mode, cases, cast, tmp_path_factory.mktemp("run"), vendor)
            for mode in (PLAIN, *modes())
        }


@pytest.fixture(scope="module")
def results(runs: Runs) -> Results:
    cast = load_cast()
    return {
        mode: [judge(outcome, cast.personas[outcome.persona]) for outcome in outcomes]
        for mode, (outcomes, _) in runs.items()
    }


@pytest.mark.parametrize("mode", [PLAIN, *modes()])
def test_every_program_runs(mode: str, runs: Runs) -> None:
    outcomes, errors = runs[mode]
    failed = {f"{one.case.name} [{one.persona}]": one.error for one in outcomes if one.error}
    assert failed == {}
    assert errors == {}


@pytest.mark.parametrize("mode", modes())
def test_the_vendor_receives_the_same_bytes(mode: str, runs: Runs) -> None:
    plain, tracked = runs[PLAIN][0], runs[mode][0]
    differ = [
        f"{one.case.name} [{one.persona}]"
        for one, other in zip(plain, tracked, strict=True)
        if one.sent != other.sent
    ]
    assert differ == []
    assert all(one.sent for one in plain)


@pytest.mark.parametrize("mode", [mode for mode in modes() if mode in THRESHOLDS["floors"]])
def test_found(mode: str, results: Results) -> None:
    counted = figures(results[mode])
    reached = {**counted.shares(), "elsewhere": counted.elsewhere}
    floor = THRESHOLDS["floors"][mode]
    short = {name for name in ("found", "types", "owners") if reached[name] < floor[name]}
    short |= {name for name in ("flagged", "elsewhere") if reached[name] > floor[name]}
    assert not short, f"{reached}\n{misses(results[mode])}"


def test_floors_do_not_ask_for_more_than_the_goal() -> None:
    goal = THRESHOLDS["goal"]
    for floor in THRESHOLDS["floors"].values():
        assert floor.keys() == goal.keys()
        assert all(floor[name] <= goal[name] for name in ("found", "types", "owners"))
        assert all(floor[name] >= goal[name] for name in ("flagged", "elsewhere"))
