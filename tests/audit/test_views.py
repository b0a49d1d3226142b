"""The views for readers, on SQLite and on PostgreSQL: the same rows, and nothing sealed."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from sst_otel.audit import views
from sst_otel.audit.decoding import decode
from sst_otel.audit.records import GapRecord, alias_record, gap_record, share_record
from sst_otel.audit.store import Store
from sst_otel.shares import Finding
from tests.audit.helpers import KEYS, META, MINTER, NOW, sealed, share, tag
from tests.postgres import postgres as postgres
from tests.postgres import postgres_server as postgres_server

PERSON, VISITOR = MINTER.owner("42"), MINTER.visitor()


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.stack)])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    url = f"sqlite:///{tmp_path}/audit.db"
    if request.param == "postgresql":
        url = request.getfixturevalue("postgres").url("psycopg")
    store = Store(url)
    yield store
    store.close()


def rows(store: Store, view: str) -> list[dict[str, Any]]:
    with store.reading() as connection:
        return [dict(row._mapping) for row in connection.execute(text(f"SELECT * FROM {view}"))]


def moment(value: Any) -> float:
    """Return a time as epoch seconds; SQLite gives views' times as text, in UTC."""
    if isinstance(value, str):
        value = datetime.fromisoformat(f"{value}+00:00")
    return float(value.timestamp())


class TestShares:
    def test_a_row_for_each_event_and_type(self, store: Store) -> None:
        twice = tuple(
            Finding(tag(PERSON, "email", value), "exact", f"body.{value}") for value in "ab"
        )
        both = share("42", "email", "phone", at=NOW, event_id="both")
        store.append(
            [
                decode(share_record(both)),
                decode(share_record(share("42", event_id="twice", findings=twice, recipient=META))),
            ]
        )
        store.outcome("both", "sent", NOW + 1)
        store.outcome("both", "failed", NOW + 2)
        found = {(row["event_id"], row["data_type"]): row for row in rows(store, "report_shares")}
        assert sorted(found) == [("both", "email"), ("both", "phone"), ("twice", "email")]
        row = found["both", "phone"]
        assert moment(row.pop("ts")) == pytest.approx(NOW, abs=0.001)
        assert len(row.pop("subject")) == 32
        assert row == {
            "event_type": "external_api",
            "service": "budget",
            "route": "/advice",
            "destination": "OpenAI/Groq:responses.create",
            "recipient": "Groq",
            "purpose": "llm",
            "country": "US",
            "role": "processor",
            "data_type": "phone",
            "event_id": "both",
            "trace_id": "a" * 32,
            "outcome": "failed",
            "owner_ref": PERSON.ref,
        }
        assert found["twice", "email"]["outcome"] is None

    def test_a_visitor_is_the_person_they_turned_out_to_be(self, store: Store) -> None:
        known = decode(alias_record(VISITOR.ref, PERSON.ref, sealed(PERSON), NOW))
        events = [decode(share_record(share(owner))) for owner in (VISITOR, PERSON)]
        store.append([*events, known])
        found = rows(store, "report_shares")
        assert [row["owner_ref"] for row in found] == [PERSON.ref] * 2
        assert len({row["subject"] for row in found}) == 1
        theirs = rows(store, "report_person_events")
        assert {row["owner_ref"] for row in theirs} == {PERSON.ref}
        assert sorted(row["event_id"] for row in theirs) == sorted(row["event_id"] for row in found)


def test_the_roll_up_by_day_and_as_a_whole(store: Store) -> None:
    store.append([decode(share_record(share("42", "email"))) for _ in range(3)])
    days = {row["data_type"]: row for row in rows(store, "report_flow_days")}
    assert {name: row["events"] for name, row in days.items()} == {"": 3, "email": 3}
    assert days["email"]["host"] == "api.groq.com"
    [flow] = rows(store, "report_flows")
    assert (flow["recipient"], flow["data_type"], flow["events"]) == ("Groq", "email", 3)


class TestPipeline:
    def test_one_row_of_an_empty_store(self, store: Store) -> None:
        store.upgrade()
        [row] = rows(store, "report_pipeline")
        assert {name for name, value in row.items() if value is not None} == {
            "dead_letters",
            "gaps",
        }
        assert (row["dead_letters"], row["gaps"]) == (0, 0)

    def test_tells_what_is_behind_and_what_is_missing(self, store: Store) -> None:
        gap = GapRecord("g", "shop", NOW - 9, NOW - 5, {"share": 2}, "disk full")
        late = share("42", at=NOW - 60)
        store.append([decode(share_record(late)), decode(gap_record(gap))], unreadable=[b"x"])
        store.append([decode(share_record(share("42", at=NOW - 3600)))])
        for at, problems in ((NOW - 9, 3), (NOW - 2, 1)):
            store.note_verification(at, problems, None)
        [row] = rows(store, "report_pipeline")
        assert moment(row["last_verified"]) == pytest.approx(NOW - 2, abs=0.001)
        assert row["verified_problems"] == 1
        assert (row["dead_letters"], row["gaps"]) == (1, 1)
        assert moment(row["last_gap"]) == pytest.approx(NOW - 5, abs=0.001)
        assert moment(row["last_event"]) == pytest.approx(NOW - 60, abs=0.001)
        behind = moment(row["last_received"]) - moment(row["last_event"])
        assert row["lag_seconds"] == pytest.approx(behind, abs=0.01)
        assert behind >= 60


def test_nothing_that_is_sealed_is_shown(store: Store) -> None:
    store.append([decode(share_record(share("42")))])
    shown = str([rows(store, view) for view in views.NAMES])
    assert "report_shares" in views.NAMES
    assert KEYS.seal("42") not in shown
