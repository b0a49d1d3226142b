"""What the dashboards and rules say of the demo's site is what its source says it shares."""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import Any

import pytest

from examples.demo.people import PEOPLE
from examples.demo.truth import Row, expected_rows
from tests.grafana.asking import Asked, table

pytestmark = pytest.mark.stack

OVERVIEW, NEW, PERSON = "sst-overview / ", "sst-new-flows / ", "sst-person / "
EVENTS = "sst-events / "
RECIPIENTS = {
    "sqlite": "own database",
    "POST graph.facebook.com": "Meta",
    "OpenAI/Groq": "Groq",
    "OpenAI:": "OpenAI",
    "POST api.hubapi.com": "HubSpot",
}
TRUTH = expected_rows()


def recipient(row: Row) -> str:
    [name] = [name for begin, name in RECIPIENTS.items() if row.destination.startswith(begin)]
    return name


class TestWhatTheDemoShared:
    """Against ``examples/demo/truth.py``, which was written by reading the site's source."""

    def test_how_often(self, demo: Asked) -> None:
        assert demo.one(OVERVIEW + "How often was something shared? / A") == len(TRUTH)

    def test_over_time(self, demo: Asked) -> None:
        found: Counter[str] = Counter()
        for row in demo(OVERVIEW + "Who got how much over time? / A"):
            found[row["metric"]] += row["events"]
        assert found == Counter(map(recipient, TRUTH))

    def test_type_by_recipient(self, demo: Asked) -> None:
        rows = demo(OVERVIEW + "What did each recipient get? / A")
        truth = Counter((kind, recipient(row)) for row in TRUTH for kind in row.data_types)
        assert {(row["data_type"], row["recipient"]): row["events"] for row in rows} == truth

    def test_others(self, demo: Asked) -> None:
        others = [row for row in TRUTH if recipient(row) != "own database"]
        count = demo.one(OVERVIEW + "How many others got something? / A")
        kinds = demo.one(OVERVIEW + "How many kinds of data? / A")
        assert count == len({recipient(row) for row in others})
        assert kinds == len({kind for row in others for kind in row.data_types})
        assert demo.one(OVERVIEW + "How many hosts nobody knows? / A") == 0

    def test_graph(self, demo: Asked) -> None:
        edges = demo(OVERVIEW + "From which service to whom? / edges")
        nodes = {row["id"] for row in demo(OVERVIEW + "From which service to whom? / nodes")}
        truth = Counter(map(recipient, TRUTH))
        assert {row["target"]: row["mainstat"] for row in edges} == {
            f"recipient {name}": count for name, count in truth.items()
        }
        assert {row["source"] for row in edges} | {row["target"] for row in edges} == nodes

    @pytest.mark.parametrize("person", PEOPLE, ids=lambda person: str(person.owner_id))
    def test_one_person(self, demo: Asked, person: Any) -> None:
        # They signed up one after the other, so their first events are in that order.
        rows = demo(EVENTS + "What was shared? / A")
        refs = list(dict.fromkeys(row["owner_ref"] for row in reversed(rows)))
        ref = refs[int(person.owner_id) - 1]
        theirs = [row for row in TRUTH if row.whose == person.owner_id]
        truth: dict[str, set[str]] = defaultdict(set)
        for row in theirs:
            truth[recipient(row)].update(row.data_types)
        rows = demo(PERSON + "Who got what of this person? / A", person=[ref])
        assert {row["recipient"]: row["data_types"] for row in rows} == {
            name: ", ".join(sorted(kinds)) for name, kinds in truth.items()
        }
        assert {row["recipient"]: row["events"] for row in rows} == Counter(map(recipient, theirs))

    def test_every_event_and_type_with_its_trace(self, demo: Asked) -> None:
        rows = demo(EVENTS + "What was shared? / A")
        truth = Counter((recipient(row), kind) for row in TRUTH for kind in row.data_types)
        assert Counter(table(rows, "recipient", "data_type")) == truth
        assert all(len(row["trace_id"]) == 32 for row in rows)

    def test_all_of_it_is_new_and_none_of_it_unknown_or_protected(self, demo: Asked) -> None:
        flows = {
            (recipient(row), kind)
            for row in TRUTH
            for kind in row.data_types
            if recipient(row) != "own database"
        }
        assert set(table(demo("alert / sst-new-flow"), "recipient", "data_type")) == flows
        assert demo.one(NEW + "How many flows are new? / A") == len(flows)
        for name in ("unknown-recipient", "protected-data", "pipeline-stalled"):
            assert demo(f"alert / sst-{name}") == []
