from __future__ import annotations

import csv
import io
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from sst_otel.cli import main
from sst_otel.cli.explain import FIELDS
from sst_otel.shares import Finding, SharingEvent
from sst_otel.tags import Tag
from tests.cli.conftest import use
from tests.pages.sample import ADA, Sample, settings_in, store

Capture = pytest.CaptureFixture[str]


def computed(sample: Sample) -> SharingEvent:
    """Return a prompt with an income and a score that was computed from it."""
    event = sample.events()[-1]
    income = sample.tag(ADA, "income", f"{ADA} income")
    tag_id = sample.minter.tag_id(income.owner_ref, "derived", "score")
    steps = ("sub", "truediv", "round")
    score = Tag(tag_id, income.owner_ref, "derived", "", (income.tag_id,), steps)
    return replace(
        event,
        findings=(event.findings[0], Finding(score, "derived", "body.input")),
        metadata={"why": [{"rule": "composed", "bits": 14.2}, {"rule": "computed"}]},
    )


def explained(
    event: SharingEvent, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> str:
    settings = settings_in(tmp_path)
    store(settings, [event])
    use(monkeypatch, settings)
    assert main(["explain", event.event_id]) == 0
    return capsys.readouterr().out


def test_a_share_is_told_in_words(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    out = explained(computed(Sample()), tmp_path, monkeypatch, capsys)

    assert max(map(len, out.splitlines())) <= 80
    text = " ".join(out.split())
    for said in (
        "What income and computed value",
        f"Whose {ADA}",
        "To whom Groq (AI language model · United States)",
        "OpenAI/Groq:responses.create",
        "The call was answered.",
        "insights.py:42 in ai_insights",
        "Route shop /ai-insights",
        "1. income in body.input (composed)",
        "It is part of a longer text that the program put together.",
        "2. computed value in body.input (derived)",
        "Made by subtract, divide, round",
        "From income (form_field:income)",
    ):
        assert said in text


@pytest.mark.parametrize(
    ("reason", "said"),
    [
        ({"rule": "identity"}, "This very value was followed through the program to the call."),
        ({"rule": "converted"}, "The program encoded or hashed it,"),
        ({"rule": "operand"}, "A value computed from it was shared."),
        (
            {"rule": "phrase", "bits": 26.4},
            "word for word. The value has 26.4 bits; from 20 the text alone tells it.",
        ),
        ({"rule": "script", "bits": 30.0}, "in a script without word boundaries."),
        ({"rule": "digits", "bits": 34.0}, "Its digits stand in the payload,"),
        ({"rule": "decoded", "bits": 26.4}, "once a base64 or hexadecimal text is decoded."),
        ({"rule": "digest", "bits": 26.4}, "a digest (MD5, SHA-1, SHA-256) of a normal form"),
        (
            {"rule": "key", "bits": 14.0, "key": "ct"},
            "under a key that names this type of data: ct. The value has 14 bits: too common to "
            "be told alone (20); the key decides.",
        ),
        ({"rule": "key_digest", "bits": 2.0, "key": "ge"}, "names this type of data: ge."),
        (
            {"rule": "beside", "bits": 14.0},
            "beside a value that is certainly this person's, in the same object. The value has 14 "
            "bits: too common to be told alone (20), enough there (12).",
        ),
        ({"rule": "together", "bits": 14.0}, "Several values of this person stand together"),
        ({"rule": "of tomorrow", "bits": 3}, "The rule 'of tomorrow' found it."),
        ({"rule": 7, "bits": "many", "key": []}, "It stands in the payload as it came in."),
    ],
)
def test_every_rule_has_its_sentence(
    reason: dict[str, Any],
    said: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: Capture,
) -> None:
    event = Sample().events()[4]
    event = replace(event, metadata={"why": [reason]})
    assert said in " ".join(explained(event, tmp_path, monkeypatch, capsys).split())


def test_a_name_in_two_parts_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    sample = Sample()
    recipient = sample.events()[0].recipient
    event = sample.share(ADA, recipient, "x", [("first_name", "exact", "body")])
    event = replace(event, metadata={"why": [{"rule": "phrase", "bits": 11.0}]})
    out = explained(event, tmp_path, monkeypatch, capsys)
    assert "first and last name stand together" in " ".join(out.split())


@pytest.mark.parametrize(
    ("metadata", "said"),
    [
        ({}, "written without the rules that found it"),
        ({"why": [{"rule": "key"}] * 2}, "It stands in the payload as it came in."),
        ({"why": "key"}, "It stands in the payload as it came in."),
        ({"why": [{"rule": "phrase"}], "sst.unread": 2}, "too long to be read"),
        ({"why": [{"rule": "phrase"}], "sst.exhausted": "marks"}, "some may be missed"),
        ({"why": [{"rule": "phrase"}], "sst.ambiguous": ["city"]}, "have the same city"),
    ],
)
def test_limits_are_said(
    metadata: dict[str, Any],
    said: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: Capture,
) -> None:
    event = replace(Sample().events()[4], metadata=metadata)
    assert said in " ".join(explained(event, tmp_path, monkeypatch, capsys).split())


def test_formats_for_programs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    event = computed(Sample())
    explained(event, tmp_path, monkeypatch, capsys)

    assert main(["explain", event.event_id, "--format", "json"]) == 0
    answer = json.loads(capsys.readouterr().out)
    income, score = answer["findings"]
    assert (answer["event_id"], answer["owner_id"]) == (event.event_id, ADA)
    assert (income["data_type"], income["rule"], income["bits"]) == ("income", "composed", 14.2)
    assert (score["rule"], score["bits"], score["key"]) == ("computed", None, None)
    assert score["transformations"] == ["sub", "truediv", "round"]
    assert [one["tag_id"] for one in score["ancestors"]] == [income["tag_id"]]

    assert main(["explain", event.event_id, "--format", "ndjson"]) == 0
    rows = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [set(row) for row in rows] == [set(FIELDS)] * 2
    assert rows[1]["event_id"] == event.event_id

    assert main(["explain", event.event_id, "--format", "csv"]) == 0
    table = list(csv.DictReader(io.StringIO(capsys.readouterr().out)))
    assert table[1]["ancestors"] == income["tag_id"]
    assert table[1]["transformations"] == "sub; truediv; round"


def test_an_erased_person_is_not_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    import sqlite3

    event = computed(Sample())
    explained(event, tmp_path, monkeypatch, capsys)
    with sqlite3.connect(tmp_path / "audit.db") as connection:
        for table in ("subjects", "aliases", "provenance_records"):
            connection.execute(f"DELETE FROM {table}")
    connection.close()
    assert main(["explain", event.event_id]) == 0
    out = capsys.readouterr().out
    assert "erased person" in out
    assert "erased" in out


@pytest.mark.usefixtures("settings")
def test_exit_codes(capsys: Capture) -> None:
    assert main(["explain", "019ab000-0000-7000-8000-00000000ffff"]) == 1
    captured = capsys.readouterr()
    assert (captured.out, captured.err) == ("", "sst-otel: there is no share with this id\n")
    assert main(["explain"]) == 2
    assert main(["explain", "x", "--limit", "1"]) == 2


def test_no_store_is_3(capsys: Capture) -> None:
    assert main(["explain", "x"]) == 3
