from __future__ import annotations

import csv
import io
import json
from dataclasses import replace
from typing import Any

import pytest

from sst_otel.audit import AuditLog
from sst_otel.cli import main
from sst_otel.cli.recipients import FIELDS
from sst_otel.settings import Settings
from sst_otel.shares import Recipient
from tests.pages.sample import ADA, GRACE, KEYS, START, Sample, store

Capture = pytest.CaptureFixture[str]
STRANGERS = (
    ("e.unheard-of.example", GRACE, "city"),
    ("b.unheard-of.example", ADA, "email"),
    ("a.b.unheard-of.example", ADA, "phone"),
    ("shop.tracker.co.uk", ADA, "email"),
)


@pytest.fixture
def strangers(settings: Settings) -> Settings:
    """Shares with two companies that the register does not name, one of them at three hosts."""
    sample = Sample(made=100)
    events = []
    for host, owner, data_type in STRANGERS:
        found = [(data_type, "exact", "url.query.x")]
        event = sample.share(owner, Recipient(), f"POST {host}/e", found)
        events.append(replace(event, host=host))
    store(settings, events)
    return settings


def asked(capture: Capture, *arguments: str) -> list[dict[str, Any]]:
    assert main(["recipients", "--format", "json", *arguments]) == 0
    rows: list[dict[str, Any]] = json.loads(capture.readouterr().out)["recipients"]
    return rows


@pytest.mark.usefixtures("strangers")
def test_everybody_is_told_known_or_not(capsys: Capture) -> None:
    rows = asked(capsys)
    assert {row["recipient"] for row in rows} == {
        "own database",
        "Meta",
        "Example CRM",
        "Groq",
        "unknown",
    }
    assert all(set(row) == set(FIELDS) for row in rows)
    (meta,) = [row for row in rows if row["recipient"] == "Meta"]
    assert meta == {
        "recipient": "Meta",
        "purpose": "advertising",
        "role": "third_party",
        "country": "US",
        "known": True,
        "domains": ["api.example"],
        "hosts": ["api.example"],
        "data_types": ["city", "email", "phone"],
        "people": 2,
        "events": 2,
        "first_seen": START + 120,
        "last_seen": START + 180,
    }
    assert [row["last_seen"] for row in rows] == sorted(
        (row["last_seen"] for row in rows), reverse=True
    )


@pytest.mark.usefixtures("strangers")
def test_strangers_are_told_apart_by_the_domain_they_registered(capsys: Capture) -> None:
    rows = asked(capsys, "--unknown")
    assert {row["recipient"] for row in rows} == {"unknown"}
    found = {tuple(row["domains"]): row for row in rows}
    assert set(found) == {("api.example",), ("unheard-of.example",), ("tracker.co.uk",)}
    one = found["unheard-of.example",]
    assert (one["people"], one["events"], one["known"]) == (2, 3, False)
    assert one["data_types"] == ["city", "email", "phone"]
    assert len(one["hosts"]) == 3
    assert found["tracker.co.uk",]["people"] == 1


def test_strangers_without_a_host_have_people_of_their_own(
    strangers: Settings, capsys: Capture
) -> None:
    event = Sample(made=300).share(ADA, Recipient(), "socket", [("city", "exact", "body")])
    store(strangers, [replace(event, host="")])
    people = {tuple(row["domains"]): row["people"] for row in asked(capsys, "--unknown")}
    assert people[()] == 1
    assert people["unheard-of.example",] == 2


@pytest.mark.usefixtures("strangers")
def test_between_two_times(capsys: Capture) -> None:
    rows = asked(capsys, "--since", str(START + 180), "--until", str(START + 360))
    assert {row["recipient"] for row in rows} == {"Meta", "Example CRM", "unknown"}
    assert {(row["events"], row["people"]) for row in rows} == {(1, 1)}
    assert asked(capsys, "--until", str(START)) == []


def test_a_visitor_who_signs_in_is_one_person(settings: Settings, capsys: Capture) -> None:
    sample = Sample(made=200)
    visit = replace(
        sample.share(ADA, Recipient("Visited", "analytics"), "POST v.example/e", []),
        owner_ref="visit-1",
        owner_sealed="",
    )
    person = sample.share(ADA, Recipient("Visited", "analytics"), "POST v.example/e", [])
    nobody = replace(person, event_id="019ab000-0000-7000-8000-00000000ffff", owner_ref="")
    audit = AuditLog(settings, KEYS)
    for event in (visit, person, replace(nobody, owner_sealed="")):
        audit.share(event)
    assert audit.alias("visit-1", sample.minter.owner(ADA), START + 9_000)
    audit.close()
    (row,) = [row for row in asked(capsys) if row["recipient"] == "Visited"]
    assert (row["people"], row["events"]) == (1, 3)


@pytest.mark.usefixtures("strangers")
def test_the_table_fits_80_columns(capsys: Capture) -> None:
    assert main(["recipients"]) == 0
    out = capsys.readouterr().out
    assert max(map(len, out.splitlines())) <= 80
    run_together = "".join(out.split())
    for said in ("Groq", "processor", "DE", "(unknown)", "2026-11-22"):
        assert said in run_together


@pytest.mark.usefixtures("strangers")
def test_formats_for_programs(capsys: Capture) -> None:
    expected = asked(capsys)
    assert main(["recipients", "--format", "ndjson"]) == 0
    assert [json.loads(line) for line in capsys.readouterr().out.splitlines()] == expected
    assert main(["recipients", "--format", "csv"]) == 0
    table = list(csv.DictReader(io.StringIO(capsys.readouterr().out)))
    assert list(table[0]) == list(FIELDS)
    assert [row["domains"] for row in table] == ["; ".join(one["domains"]) for one in expected]


@pytest.mark.parametrize("arguments", [["--since", "soon"], ["--limit", "3"], ["--format", "xml"]])
@pytest.mark.usefixtures("settings")
def test_wrong_usage_is_2(arguments: list[str], capsys: Capture) -> None:
    assert main(["recipients", *arguments]) == 2
    assert arguments[0] in capsys.readouterr().err


def test_nothing_to_read_is_3(capsys: Capture) -> None:
    assert main(["recipients"]) == 3
    assert "SST_DATABASE_URL" in capsys.readouterr().err


@pytest.mark.usefixtures("settings")
def test_an_empty_answer_says_so(capsys: Capture) -> None:
    assert main(["recipients", "--until", "2020-01-01"]) == 0
    captured = capsys.readouterr()
    assert (captured.out, captured.err) == ("", "No row fits.\n")


def test_an_owner_may_ask_for_their_own(settings: Settings) -> None:
    from sst_otel.audit import open_reader

    reader = open_reader(settings, KEYS)
    rows = reader.recipients(viewer=GRACE)
    reader.close()
    assert {row["recipient"]: row["people"] for row in rows} == {"Meta": 1, "unknown": 1}
    assert {row["events"] for row in rows} == {1}
