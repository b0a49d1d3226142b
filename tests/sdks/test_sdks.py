"""What vendors' own SDKs send, and what is told of it: who, whose, what, in which form."""

from __future__ import annotations

import json
import shutil
import subprocess
from functools import lru_cache
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.isolated import ROOT, installed
from tests.sdks.base import PEOPLE
from tests.sdks.environments import HERE, environment, requirements

ENTRIES: dict[str, dict[str, Any]] = yaml.safe_load(
    (HERE / "sdks.yaml").read_text(encoding="utf-8")
)
TRACKED = ("tracked", "beside sentry")
_NAMES = ("first_name", "last_name")
_PLAIN = frozenset({"exact", "normalized", "field", "composed"})
"""For everybody to read; which of them it is hangs on what the SDK does with the objects."""


def _by_parts(types: list[str]) -> set[str]:
    """Return the types, a full name as the first and the last name that it is."""
    return {part for kind in types for part in (_NAMES if kind == "name" else (kind,))}


@pytest.fixture(scope="session")
def told(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """Run an environment's programs, all in one process; what each of them did, by name."""

    @lru_cache
    def run(name: str) -> dict[str, Any]:
        folder = tmp_path_factory.mktemp(name)
        ignored = shutil.ignore_patterns("__pycache__", "locks")
        shutil.copytree(ROOT / "examples", folder / "examples", ignore=ignored)
        shutil.copytree(HERE, folder / "tests" / "sdks", ignore=ignored)
        (folder / "tests" / "__init__.py").touch()  # recurly brings a package of that name
        entries = {key: entry for key, entry in ENTRIES.items() if entry["environment"] == name}
        with installed(environment(name), wheel) as python:
            done = subprocess.run(
                [str(python), "-m", "tests.sdks.probe", str(folder / "work"), json.dumps(entries)],
                cwd=folder,
                capture_output=True,
                text=True,
                check=False,
                timeout=300,
            )
        assert done.returncode == 0, done.stderr
        answer: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
        return answer

    return run


@pytest.fixture(params=list(ENTRIES))
def name(request: pytest.FixtureRequest) -> str:
    """Every program."""
    chosen: str = request.param
    return chosen


@pytest.fixture
def entry(name: str) -> dict[str, Any]:
    """What the program has to be told of."""
    return ENTRIES[name]


@pytest.fixture
def runs(name: str, entry: dict[str, Any], told: Any) -> dict[str, Any]:
    """What it did: without us, tracked, beside sentry-sdk."""
    found: dict[str, Any] = told(entry["environment"])["programs"][name]
    for each in found.values():
        assert "failed" not in each, each["failed"]
    return found


@pytest.mark.parametrize("run", TRACKED)
def test_each_person_is_told_of_with_exactly_their_types(
    runs: dict[str, Any], entry: dict[str, Any], run: str
) -> None:
    shares = runs[run]["send"]["shares"]
    assert {share["owner"] for share in shares} == {person["id"] for person in PEOPLE}
    for share in shares:
        assert _by_parts(share["types"]) == set(entry["shares"])


@pytest.mark.parametrize("run", TRACKED)
def test_once_a_call_and_person(runs: dict[str, Any], run: str) -> None:
    shares = runs[run]["send"]["shares"]
    assert len(shares) == len(PEOPLE)  # batched or not, everybody is in one upload


@pytest.mark.parametrize("run", TRACKED)
def test_in_the_form_it_was_sent(runs: dict[str, Any], entry: dict[str, Any], run: str) -> None:
    for share in runs[run]["send"]["shares"]:
        evidence = {
            part: "plain" if how in _PLAIN else how
            for kind, how in share["evidence"].items()
            for part in _by_parts([kind])
        }
        assert evidence == entry["shares"]


@pytest.mark.parametrize("run", TRACKED)
def test_by_the_name_of_who_got_it(runs: dict[str, Any], entry: dict[str, Any], run: str) -> None:
    for share in runs[run]["send"]["shares"]:
        assert share["recipient"] == entry["recipient"]
        assert share["host"] in entry["hosts"]
        assert share["event_type"] == "external_api"
        assert share["outcome"] == "sent"


@pytest.mark.parametrize("run", TRACKED)
def test_nothing_where_nobody_is_in_it(runs: dict[str, Any], run: str) -> None:
    assert runs[run]["nothing"]["calls"], "the program has to send something"
    assert runs[run]["nothing"]["shares"] == []


@pytest.mark.parametrize("run", TRACKED)
def test_the_sdk_does_what_it_does_without_us(runs: dict[str, Any], run: str) -> None:
    for act in ("send", "nothing"):
        mine, plain = runs[run][act], runs["plain"][act]
        assert mine["result"] == plain["result"]
        # How many uploads a batch becomes is a matter of the SDK's threads.
        assert {tuple(call) for call in mine["calls"]} == {tuple(call) for call in plain["calls"]}


@pytest.mark.parametrize("group", list(requirements()))
def test_nothing_of_ours_failed(told: Any, group: str) -> None:
    assert told(group)["failures"] == [{}, {}]


def test_there_is_a_program_for_every_pinned_sdk() -> None:
    assert len(ENTRIES) >= 30
    assert {entry["environment"] for entry in ENTRIES.values()} == set(requirements())
