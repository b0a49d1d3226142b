"""Every question of the dashboards and rules, asked of PostgreSQL, gives what is in the store."""

from __future__ import annotations

import time
from collections import Counter
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest

from sst_otel.audit.store import Store
from tests.audit.helpers import NOW
from tests.grafana.asking import DAY, QUERIES, Asked, table
from tests.grafana.troubled import ADA, GRACE, QUOTED, fill
from tests.postgres import Database
from tests.postgres import postgres as postgres

pytestmark = pytest.mark.stack

OVERVIEW, NEW, PERSON = "sst-overview / ", "sst-new-flows / ", "sst-person / "
EVENTS, PIPELINE = "sst-events / ", "sst-pipeline / "


def day(days_ago: float) -> datetime:
    moment = datetime.fromtimestamp(NOW, timezone.utc) - timedelta(days=days_ago)
    return moment.replace(hour=0, minute=0, second=0, microsecond=0)


@pytest.mark.parametrize("name", QUERIES)
def test_runs_on_an_empty_store(empty: Asked, name: str) -> None:
    rows = empty(name)
    assert len(rows) <= 1
    assert not any(isinstance(value, int) and value for row in rows for value in row.values())


@pytest.mark.parametrize("name", [name for name, one in QUERIES.items() if one.format != "table"])
def test_series_and_variables_have_the_columns_that_grafana_wants(
    troubled: Asked, name: str
) -> None:
    rows = troubled(name, person=[ADA.ref])
    assert rows
    if QUERIES[name].format == "variable":
        assert {len(row) for row in rows} == {1}
        return
    assert {tuple(row)[:2] for row in rows} == {("time", "metric")}
    times = [row["time"] for row in rows]
    assert times == sorted(times)
    assert all(isinstance(value, int) for row in rows for value in list(row.values())[2:])


@pytest.mark.parametrize("name", [name for name in QUERIES if name.startswith("alert")])
def test_an_alert_gives_labels_and_one_number(troubled: Asked, name: str) -> None:
    for row in troubled(name):
        *labels, number = row.values()
        assert all(isinstance(label, str) for label in labels)
        assert isinstance(number, int)
        assert number > 0


class TestWhatIsNew:
    """Against the table in :func:`tests.grafana.troubled.events`."""

    def test_flows_by_their_first_event(self, troubled: Asked) -> None:
        rows = troubled(NEW + "Which flows are new? / A", days=7)
        assert table(rows, "service", "recipient", "data_type", "events") == [
            ("shop", "unknown", "religion", 1),
            ("shop", "unknown", "email", 1),
            ("shop", "Example Clinic", "health", 1),
            ("shop", "Meta", "email", 2),
            ("shop", "Meta", "health", 1),
            (QUOTED, "Groq", "email", 1),
            ("shop", "Groq", "phone", 1),
        ]
        assert troubled.one(NEW + "How many flows are new? / A", days=7) == 7
        over_time: Counter[str] = Counter()
        for row in troubled(NEW + "When did new flows begin? / A", days=7):
            over_time[row["metric"]] += row["flows"]
        assert over_time == {"unknown": 2, "Example Clinic": 1, "Meta": 2, "Groq": 2}

    def test_of_the_chosen_service(self, troubled: Asked) -> None:
        rows = troubled(NEW + "Which flows are new? / A", days=7, service=[QUOTED])
        assert table(rows, "service", "recipient") == [(QUOTED, "Groq")]
        both = troubled(NEW + "Which flows are new? / A", days=7, service=["shop", QUOTED])
        assert len(both) == 7

    def test_unknown_recipients_by_host(self, troubled: Asked) -> None:
        rows = troubled(NEW + "Who are the unknown recipients? / A", days=7)
        assert table(rows, "host", "data_types", "services", "events") == [
            ("x.example", "email, religion", "shop", 2)
        ]
        assert troubled.one(NEW + "How many hosts does nobody know? / A", days=7) == 1
        assert troubled.one(NEW + "How many hosts does nobody know? / A", days=0.1) == 0

    def test_protected_data_at_whoever_is_no_processor(self, troubled: Asked) -> None:
        name = NEW + "Who got data that Art. 9 or 10 GDPR protects? / A"
        rows = troubled(name, days=7)
        assert table(rows, "recipient", "role", "data_type", "events") == [
            ("unknown", "unknown", "religion", 1),
            ("Meta", "third_party", "health", 1),
        ]


class TestOverview:
    def test_counts_the_days_asked_for(self, troubled: Asked) -> None:
        name = OVERVIEW + "How often was something shared? / A"
        assert troubled.one(name) == 8
        assert troubled.one(name, days=365) == 9
        assert troubled.one(name, days=30, service=[QUOTED]) == 1
        assert troubled.one(OVERVIEW + "How many hosts nobody knows? / A") == 1

    def test_a_day_that_the_range_begins_in_counts_whole(self, troubled: Asked) -> None:
        last_second = day(4).timestamp() - 1  # of the day of the event, whatever time it is now
        rows = troubled(
            OVERVIEW + "Who got how much over time? / A", days=(NOW - last_second) / DAY
        )
        assert (day(5), "Groq", 1) in table(rows, "time", "metric", "events")


class TestOnePerson:
    def test_what_a_visitor_shared_is_the_persons(self, troubled: Asked) -> None:
        rows = troubled(PERSON + "Who got what of this person? / A", days=365, person=[ADA.ref])
        assert table(rows, "recipient", "purpose", "country", "role", "data_types", "events") == [
            ("Meta", "advertising", "US", "third_party", "email", 1),
            ("unknown", "unknown", "unknown", "unknown", "email", 1),
            ("own database", "storage", "unknown", "first_party", "email", 1),
            ("Groq", "llm", "US", "processor", "email, phone", 2),
        ]
        assert rows[-1]["last"] - rows[-1]["first"] == timedelta(days=195)
        others = PERSON + "How many others got this person's data? / A"
        assert troubled.one(others, days=365, person=[ADA.ref]) == 3

    def test_by_type_and_by_event(self, troubled: Asked) -> None:
        types = troubled(PERSON + "Where did each kind of data go? / A", person=[GRACE.ref])
        assert table(types, "data_type", "recipients", "events") == [
            ("email", "Groq, Meta", 2),
            ("health", "Example Clinic, Meta", 2),
            ("religion", "unknown", 1),
        ]
        rows = troubled(PERSON + "Which events were it? / A", person=[GRACE.ref])
        assert table(rows, "event_id", "data_type", "outcome") == [
            ("event-7", "religion", None),
            ("event-4", "email", "sent"),
            ("event-4", "health", "sent"),
            ("event-5", "health", None),
            ("event-3", "email", None),
        ]

    def test_nobody_is_shown_before_somebody_is_named(self, troubled: Asked) -> None:
        for name in QUERIES:
            if name.startswith(PERSON):
                rows = troubled(name, days=365)
                assert rows in ([], [{"recipients": 0}])


class TestEvents:
    @pytest.mark.parametrize(
        ("chosen", "events"),
        [
            ({"service": [QUOTED]}, {"event-3"}),
            ({"recipient": ["Meta", "unknown"]}, {"event-4", "event-6", "event-7", "event-8"}),
            ({"data_type": ["phone"]}, {"event-1"}),
            ({"trace_id": ["1" * 32]}, {"event-1"}),
            ({"event_id": ["event-5"]}, {"event-5"}),
            ({"service": [QUOTED], "data_type": ["phone"]}, set()),
        ],
    )
    def test_filters(self, troubled: Asked, chosen: dict[str, Any], events: set[str]) -> None:
        rows = troubled(EVENTS + "What was shared? / A", **chosen)
        assert {row["event_id"] for row in rows} == events

    def test_the_newest_comes_first(self, troubled: Asked) -> None:
        times = [row["ts"] for row in troubled(EVENTS + "What was shared? / A")]
        assert times == sorted(times, reverse=True)


class TestPipeline:
    def test_what_the_store_says_of_itself(self, troubled: Asked) -> None:
        [row] = troubled(PIPELINE + "What does the store say of itself? / A")
        assert (row["dead_letters"], row["gaps"]) == (1, 1)
        assert row["last_event"].timestamp() == pytest.approx(NOW - 0.2 * 86_400, abs=0.001)
        assert row["last_gap"].timestamp() == pytest.approx(NOW - 60, abs=0.001)
        for panel, name in (
            ("How late did the newest event come?", "lag_seconds"),
            ("How many records were put aside?", "dead_letters"),
            ("How many gaps are there?", "gaps"),
        ):
            assert troubled.one(f"{PIPELINE}{panel} / A") == row[name]
        assert troubled.one(PIPELINE + "Since when did nothing come? / A") > 0


class TestAlerts:
    def test_new_flow(self, troubled: Asked) -> None:
        rows = troubled("alert / sst-new-flow")
        assert table(rows, "service", "recipient", "data_type", "events") == [
            ("shop", "Example Clinic", "health", 1),
            ("shop", "Meta", "email", 2),
            ("shop", "Meta", "health", 1),
            ("shop", "unknown", "email", 1),
            ("shop", "unknown", "religion", 1),
        ]

    def test_unknown_recipient(self, troubled: Asked) -> None:
        rows = troubled("alert / sst-unknown-recipient")
        assert table(rows, "service", "host", "events") == [("shop", "x.example", 2)]

    def test_protected_data(self, troubled: Asked) -> None:
        rows = troubled("alert / sst-protected-data")
        assert table(rows, "service", "recipient", "data_type", "events") == [
            ("shop", "Meta", "health", 1),
            ("shop", "unknown", "religion", 1),
        ]

    def test_pipeline_stalled(self, troubled: Asked) -> None:
        rows = troubled("alert / sst-pipeline-stalled")
        assert table(rows, "trouble", "troubles") == [
            ("events come late", 1),
            ("records were lost", 1),
            ("records were put aside", 1),
        ]

    def test_verification_failed(self, empty: Asked) -> None:
        name = "alert / sst-verification-failed"
        store = Store(empty.database.url("psycopg"))
        for problems, told in ((0, []), (2, [("the audit log", 2)]), (0, [])):
            store.note_verification(time.time(), problems, None)
            assert table(empty(name), "store", "problems") == told

    def test_seals_that_stopped(self, empty: Asked, monkeypatch: pytest.MonkeyPatch) -> None:
        name = "alert / sst-pipeline-stalled"
        for ago, said in (("2 hours", ["nothing is sealed any more"]), ("2 minutes", [])):
            text = QUERIES[name].text.replace("last_seal", f"(now() - interval '{ago}')")
            monkeypatch.setitem(empty.questions, name, replace(QUERIES[name], text=text))
            assert [row["trouble"] for row in empty(name)] == said

    @pytest.mark.parametrize(
        ("hours", "said"), [(None, []), (29, []), (31, ["nothing is verified any more"])]
    )
    def test_verifications_that_stopped(
        self, postgres: Database, hours: float | None, said: list[str]
    ) -> None:
        fill(postgres, empty=True)
        if hours is not None:
            store = Store(postgres.url("psycopg"))
            store.note_verification(time.time() - hours * 3_600, 0, None)
            store.close()
        rows = Asked(postgres)("alert / sst-pipeline-stalled")
        assert [row["trouble"] for row in rows] == said
