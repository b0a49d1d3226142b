from __future__ import annotations

import csv
import io
import json
from dataclasses import replace

import pytest

from sst_otel.audit import AuditLog
from sst_otel.cli import main
from sst_otel.cli.lineage import FIELDS
from sst_otel.settings import Settings
from sst_otel.shares import Finding
from sst_otel.tags import Tag
from tests.pages.sample import ADA, KEYS, START, Sample

Capture = pytest.CaptureFixture[str]


def derived(sample: Sample, value: str, *parents: Tag) -> Tag:
    owner = sample.minter.owner(ADA)
    tag_id = sample.minter.tag_id(owner.ref, "derived", value)
    return Tag(
        tag_id, owner.ref, "derived", "", tuple(one.tag_id for one in parents), ("mul", "round")
    )


@pytest.fixture
def line(settings: Settings) -> tuple[Tag, Tag, Tag]:
    """An income that Groq got as it is, a ratio of it, and a score of that, which Meta got."""
    sample = Sample(made=50)
    income = sample.tag(ADA, "income", f"{ADA} income")
    ratio = derived(sample, "ratio", income)
    score = derived(sample, "score", ratio)
    to_groq, to_meta = sample.events()[-1], sample.events()[2]
    audit = AuditLog(settings, KEYS)
    for tag in (income, ratio, score):
        audit.tag(tag, KEYS.seal(ADA), START)
    for event, tag in ((to_groq, income), (to_meta, score)):
        audit.share(replace(event, findings=(Finding(tag, "derived", "body"),)))
    audit.close()
    return income, ratio, score


def test_the_tree_goes_both_ways(line: tuple[Tag, Tag, Tag], capsys: Capture) -> None:
    income, ratio, score = line
    assert main(["lineage", ratio.tag_id]) == 0
    out = capsys.readouterr().out
    assert max(map(len, out.splitlines())) <= 80
    assert out.startswith(f"computed value {ratio.tag_id} by multiply, round, of {ADA}\n")
    above, below = out.split("Shared, and made into\n")
    assert f"Made of\nincome {income.tag_id} from form_field:income\n" in above
    first, second = below.splitlines()[:2]
    assert first == f"computed value {score.tag_id} by multiply, round"
    assert second.startswith("└─ 2026-11-22 ")
    assert "to Meta: POST" in second


def test_a_source_leads_to_every_share(line: tuple[Tag, Tag, Tag], capsys: Capture) -> None:
    income, ratio, score = line
    assert main(["lineage", income.tag_id]) == 0
    out = capsys.readouterr().out
    assert "nothing else: this is a source" in out
    shares, made = out.split(f"computed value {ratio.tag_id}")
    assert shares.count("to Groq") == 2  # the sample's own share of it, and this one
    assert f"└─ computed value {score.tag_id} by multiply, round\n   └─ 2026" in made


def test_one_way_only(line: tuple[Tag, Tag, Tag], capsys: Capture) -> None:
    _, ratio, _ = line
    assert main(["lineage", ratio.tag_id, "--ancestors"]) == 0
    assert "Shared" not in capsys.readouterr().out
    assert main(["lineage", ratio.tag_id, "--descendants"]) == 0
    assert "Made of" not in capsys.readouterr().out
    assert main(["lineage", ratio.tag_id, "--descendants", "--ancestors"]) == 2


def test_formats_for_programs(line: tuple[Tag, Tag, Tag], capsys: Capture) -> None:
    income, ratio, score = line
    assert main(["lineage", ratio.tag_id, "--format", "json"]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert set(answer) == {
        "tag",
        "ancestors",
        "descendants",
        "shares",
        "truncated",
        "next_cursor",
    }
    assert [one["tag_id"] for one in answer["descendants"]] == [score.tag_id]

    assert main(["lineage", ratio.tag_id, "--format", "ndjson"]) == 0
    rows = [json.loads(row) for row in capsys.readouterr().out.splitlines()]
    assert [row["relation"] for row in rows] == ["self", "ancestor", "descendant", "share"]
    assert rows[1]["tag_id"] == income.tag_id
    assert rows[3]["recipient"] == "Meta"

    assert main(["lineage", ratio.tag_id, "--format", "csv"]) == 0
    table = list(csv.DictReader(io.StringIO(capsys.readouterr().out)))
    assert list(table[0]) == list(FIELDS)
    assert table[3]["tag_ids"] == score.tag_id


def test_the_limit_counts_shares(line: tuple[Tag, Tag, Tag], capsys: Capture) -> None:
    income = line[0].tag_id
    assert main(["lineage", income, "--limit", "1"]) == 0
    assert "Only the newest 1 share is shown" in capsys.readouterr().out
    assert main(["lineage", income, "--limit", "2", "--format", "json"]) == 0
    assert len(json.loads(capsys.readouterr().out)["shares"]) == 2
    for wrong in ("0", "many"):
        assert main(["lineage", income, "--limit", wrong]) == 2


def test_a_circle_and_a_deep_line_are_drawn(settings: Settings, capsys: Capture) -> None:
    sample = Sample()
    one, two = derived(sample, "one"), derived(sample, "two")
    deep = [derived(sample, "0")]
    for number in range(1, 990):
        deep.append(derived(sample, str(number), deep[-1]))
    audit = AuditLog(settings, KEYS)
    for tag in (derived(sample, "one", two), derived(sample, "two", one), *deep):
        audit.tag(tag, KEYS.seal(ADA), START)
    audit.close()
    assert main(["lineage", one.tag_id]) == 0
    assert capsys.readouterr().out.count(two.tag_id) == 2
    assert main(["lineage", deep[0].tag_id]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert deep[-1].tag_id in "".join(lines)
    assert max(map(len, lines)) <= 80


@pytest.mark.usefixtures("settings")
def test_an_unknown_tag_is_1(capsys: Capture) -> None:
    assert main(["lineage", "tag_unknown"]) == 1
    assert capsys.readouterr().err == "sst-otel: there is no such tag\n"
    assert main(["lineage"]) == 2
