from __future__ import annotations

import json
from typing import Any

import pytest

from sst_otel import missed
from sst_otel.cli import gaps, main
from sst_otel.settings import Settings
from sst_otel.status import StatusFile

Capture = pytest.CaptureFixture[str]
RECORD = {"started": 1.0, "command": "gunicorn", "hooks": ["requests:Session.send"]}


def details(capsys: Capture) -> list[str]:
    assert main(["doctor", "--format", "json"]) == 0
    report = json.loads(capsys.readouterr().out)
    return [row["detail"] for row in report["findings"] if row["area"] == gaps.AREA]


def test_the_most_frequent_comes_first_with_what_to_do(settings: Settings, capsys: Capture) -> None:
    StatusFile(settings.spool_dir).write(
        {
            **RECORD,
            "missed": {
                "marks": {"": 12},
                "lost": {"pandas.read_csv": 700, "shop.maths.score": 2},
                "evicted": {"": 50_000},
            },
            "modules_skipped": {f"shop.part{n}": "imported before tracking started" for n in "12"},
        }
    )
    first, second, third, fourth = details(capsys)
    assert first.startswith("50,000 values were forgotten")
    assert first.endswith("raise SST_REGISTRY_VALUES")
    assert second.startswith("702 results of functions that are unknown here (pandas.read_csv 700")
    assert "sst_otel.tag(" in second
    assert third.startswith("12 requests tagged more values than are kept at once")
    assert fourth.startswith("2 modules are not followed (imported before tracking started)")
    assert "opentelemetry-instrument" in fourth


def test_many_names_become_a_number(settings: Settings, capsys: Capture) -> None:
    lost = {f"f{n:02}": 1 for n in range(30)}
    StatusFile(settings.spool_dir).write({**RECORD, "missed": {"lost": lost}})
    (said,) = details(capsys)
    assert "(f00 1, f01 1, f02 1, f03 1, f04 1 and 25 more)" in said


@pytest.mark.parametrize(
    "odd",
    [None, [], {"lost": None}, {"lost": {"f": "many"}}, {"lost": {"f": True}}, {"marks": {"": 0}}],
)
def test_a_record_of_another_version_is_read_as_far_as_it_goes(
    odd: Any, settings: Settings, capsys: Capture
) -> None:
    record = {**RECORD, "missed": odd, "modules_skipped": odd and None}
    StatusFile(settings.spool_dir).write(record)
    assert details(capsys) == []
    StatusFile(settings.spool_dir).write({**RECORD, "missed": {"of tomorrow": {"": 3}}})
    assert details(capsys) == ["3 times: of tomorrow"]


def test_people_get_a_section_in_80_columns(settings: Settings, capsys: Capture) -> None:
    assert main(["doctor"]) == 0
    assert "What was not followed" not in capsys.readouterr().out

    kinds = [getattr(missed, name) for name in dir(missed) if name.isupper() and name[0] != "_"]
    names = {kind: {"shop.some.module.with_a_long_name:function": 3} for kind in kinds}
    StatusFile(settings.spool_dir).write({**RECORD, "missed": names})
    assert main(["doctor"]) == 0
    section = capsys.readouterr().out.split("\nWhat was not followed\n")[1].split("\n\n")[0]
    lines = section.splitlines()
    assert lines[0].startswith("  gunicorn ")
    assert sum(line.startswith("    - ") for line in lines) == len(kinds) > 0
    assert max(map(len, lines)) <= 80
    assert "times:" not in section


class TestCounting:
    """``sst_otel.missed`` keeps numbers and names of code."""

    @pytest.fixture(autouse=True)
    def _anew(self) -> None:
        missed.forget()

    def test_names_are_bounded(self) -> None:
        for n in range(1_000):
            missed.missed(missed.FACTORY, f"shop.{n}", 2)
        names = missed.counts()[missed.FACTORY]
        assert len(names) == 201
        assert sum(names.values()) == 2_000

    def test_what_scopes_and_lineage_count_joins(self) -> None:
        missed.missed(missed.UNREAD, count=3)
        report = {"dropped": {"marks": 2, "odd": "x"}, "lost": {"f": 4, "g": 0}}
        assert missed.all_counts({"marks": 1, "operations": 0}, report) == {
            "unread": {"": 3},
            "marks": {"": 2},
            "lost": {"f": 4},
        }
        assert missed.all_counts({}, {"rewritten": 3}) == {"unread": {"": 3}}
