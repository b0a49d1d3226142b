"""The comparison with the truth finds what a wrong audit log would hide."""

from __future__ import annotations

from typing import Any

import pytest

from examples.demo.people import PEOPLE, Journey, Step
from examples.demo.report import difference, table
from examples.demo.truth import compare, expected_rows

STEPS = ("sign-up", "expense", "goal", "insights", "tip", "settings")
JOURNEY = Journey(
    {
        f"{step}-{person.owner_id}": Step(step, person.owner_id)
        for step in STEPS
        for person in PEOPLE
    }
)


def true_log() -> list[dict[str, Any]]:
    return [
        {
            "timestamp": float(at),
            "destination": row.destination,
            "data_types": list(row.data_types),
            "owner_id": row.whose,
            "evidence": ["exact"] * len(row.data_types),
            "trace_id": f"{row.step}-{row.by}",
        }
        for at, row in enumerate(expected_rows())
    ]


class TestCompare:
    def test_the_true_log_is_right(self) -> None:
        verdict = compare(true_log(), JOURNEY)
        assert verdict.ok
        assert verdict.expected == 12

    def test_the_row_the_project_was_asked_for_is_expected_of_both(self) -> None:
        asked_for = [row for row in expected_rows() if row.destination.startswith("OpenAI/Groq")]
        assert [(row.data_types, row.whose) for row in asked_for] == [
            (("derived", "income"), "1"),
            (("derived", "income"), "2"),
        ]

    def test_swapped_owners_are_found_although_the_sums_agree(self) -> None:
        log = true_log()
        first, second = (row for row in log if row["destination"].startswith("OpenAI/Groq"))
        first["owner_id"], second["owner_id"] = second["owner_id"], first["owner_id"]
        verdict = compare(log, JOURNEY)
        assert len(verdict.missing) == len(verdict.extra) == 2
        assert "user 2 (at insights, done by user 1)" in difference(verdict)

    def test_a_lost_row_is_missing(self) -> None:
        verdict = compare(true_log()[1:], JOURNEY)
        assert (len(verdict.missing), verdict.extra) == (1, ())

    def test_a_row_told_twice_is_extra(self) -> None:
        log = true_log()
        verdict = compare([*log, log[0]], JOURNEY)
        assert (verdict.missing, len(verdict.extra)) == ((), 1)

    @pytest.mark.parametrize(
        "change",
        [
            {"data_types": ["income"]},
            {"data_types": ["income", "derived", "city"]},
            {"owner_id": None},
            {"owner_id": "a pseudonym"},
            {"destination": "POST api.groq.com/openai/v1/responses"},
            {"trace_id": ""},
        ],
    )
    def test_anything_else_is_wrong(self, change: dict[str, Any]) -> None:
        log = true_log()
        next(row for row in log if row["destination"].startswith("OpenAI/Groq")).update(change)
        verdict = compare(log, JOURNEY)
        assert (len(verdict.missing), len(verdict.extra)) == (1, 1)

    def test_the_order_of_columns_does_not_matter(self) -> None:
        log = true_log()
        log[0]["destination"] = (
            "sqlite users(first_name, last_name, email, phone, birthday, gender, city, income)"
        )
        assert compare(log, JOURNEY).ok


class TestTable:
    def test_no_line_is_over_80_columns_and_nothing_is_lost(self) -> None:
        log = true_log()
        text = table(log)
        assert max(map(len, text.splitlines())) <= 80
        squeezed = "".join(text.split())
        for row in log:
            assert row["destination"].split("/")[-1].split(",")[0].replace(" ", "") in squeezed

    def test_the_row_the_project_was_asked_for_stands_in_one_line(self) -> None:
        lines = [
            [cell.strip() for cell in line.split("|")] for line in table(true_log()).split("\n")
        ]
        wanted = ["OpenAI/Groq:responses.create", "income, derived", "user 1", "exact"]
        assert wanted in lines
