"""The corpus tells the truth about its programs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from tests.corpus.cases import Case, load_cases
from tests.corpus.interference import idle_implicit, problems
from tests.corpus.people import Cast, load_cast
from tests.corpus.stage import Stage
from tests.support import vendor_server

pytestmark = pytest.mark.filterwarnings("ignore:unclosed database:ResourceWarning")
"""Programs leave connections to the collector, as people's do; Python 3.13 began to warn of it."""


@pytest.fixture(scope="module")
def cases() -> list[Case]:
    return load_cases()


@pytest.fixture(scope="module")
def cast() -> Cast:
    return load_cast()


@pytest.fixture(scope="module")
def stage(cases: list[Case], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    directory = tmp_path_factory.mktemp("site")
    with vendor_server() as vendor, Stage(directory, cases, vendor) as opened:
        yield opened


def test_payloads_depend_on_what_the_cases_name_and_on_nothing_else(
    stage: Stage, cases: list[Case], cast: Cast
) -> None:
    wrong = []
    for persona, people in cast.personas.items():
        for case in cases:
            found = problems(stage, case, people, cast.strangers)
            wrong += [f"{case.name} [{persona}] {words}" for words in found]
    assert not wrong, "\n".join(wrong)


def test_declared_implicit_flows_are_some(stage: Stage, cases: list[Case], cast: Cast) -> None:
    wrong = []
    for case in cases:
        idle = [
            idle_implicit(stage, case, people, cast.strangers) for people in cast.personas.values()
        ]
        never = frozenset.intersection(*idle)
        wrong += [f"{case.name}: {name} decides nothing for anybody" for name in sorted(never)]
    assert not wrong, "\n".join(wrong)


def test_a_wrong_expectation_is_noticed(tmp_path: Path, cast: Cast) -> None:
    """What is named too much, and what is not named, in programs made for that."""
    good = next(case for case in load_cases() if case.name == "string/two_fields_fstring")
    wrong = replace(good, expected={"self": (frozenset({"email", "phone"}), frozenset())})
    with vendor_server() as vendor, Stage(tmp_path, [wrong], vendor) as opened:
        people = cast.personas["ordinary"]
        found = list(problems(opened, wrong, people, cast.strangers))
    assert found == ["does not depend on phone of self", "depends on name of self"]
