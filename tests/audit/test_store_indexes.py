"""What is asked of one person, and of the last days, is found by indexes among many events."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import text

from sst_otel.audit.log import open_reader
from sst_otel.audit.queries import Reader
from sst_otel.audit.store import Store
from sst_otel.settings import Settings
from tests.audit.filling import DAY, fill
from tests.audit.helpers import KEYS, MINTER
from tests.audit.rolled import by_rows, rolled_up
from tests.grafana.committed import sql
from tests.grafana.macros import expanded
from tests.postgres import Server
from tests.postgres import postgres_server as postgres_server

pytestmark = pytest.mark.stack

OVERVIEWS = {
    name: question
    for name, question in sql().items()
    if name.startswith(("sst-overview", "sst-new-flows", "alert"))
    and "report_pipeline" not in question.text
}
"""Grafana's questions about many people at once."""
PERSON = {name: one for name, one in sql().items() if name.startswith("sst-person")}
EVENTS, PEOPLE, DAYS = 12_000, 600, 45
UNTIL = 1_795_132_800.0
"""20 November 2026: two months with thousands of events each, none so small that reading it whole
is right."""


@pytest.fixture(scope="module")
def filled(postgres_server: Server) -> Iterator[Store]:
    with postgres_server.database() as database:
        store = Store(database.url("psycopg"))
        fill(store, EVENTS, PEOPLE, DAYS, UNTIL)
        yield store
        store.close()


@pytest.fixture
def reader(filled: Store, tmp_path: Path) -> Iterator[Reader]:
    url = str(filled._database.engine.url)
    reader = open_reader(Settings(database_url=url, spool_dir=tmp_path / "none"), KEYS)
    yield reader
    reader.close()


def scans(store: Store) -> tuple[int, int]:
    """Return how often tables of events, or outcomes, were read by an index, and as a whole."""
    query = text(
        "SELECT sum(idx_scan), sum(seq_scan) FROM pg_stat_user_tables "
        "JOIN pg_class ON oid = relid WHERE reltuples > 0 "
        "AND pg_stat_user_tables.relname SIMILAR TO '(audit_log|outcomes)%'"
    )
    with store.reading() as connection:
        [row] = connection.execute(query)
    return int(row[0]), int(row[1])


def settled(store: Store) -> tuple[int, int]:
    """Return :func:`scans` when what ended sessions did has been counted."""
    pause = threading.Event()
    deadline = time.monotonic() + 30
    last = scans(store)
    while time.monotonic() < deadline:
        pause.wait(0.2)
        now = scans(store)
        if now == last:
            return now
        last = now
    raise AssertionError("the server's counters do not come to rest")


def test_the_filled_rows_are_those_that_the_roll_up_counts(filled: Store) -> None:
    assert rolled_up(filled) == by_rows(filled)
    assert sum(row[2] for key, row in rolled_up(filled).items() if key[5] == "") == (
        EVENTS + PEOPLE
    )


@pytest.mark.parametrize(
    "ask",
    [
        pytest.param(lambda reader: len(reader.audit_logs(viewer="42", limit=500)[0]), id="events"),
        pytest.param(lambda reader: len(reader.audit_logs(viewer=None)[0]), id="newest"),
        pytest.param(
            lambda reader: len(reader.audit_logs(viewer=None, owner_id="42", limit=500)[0]),
            id="by staff",
        ),
        pytest.param(lambda reader: len(reader.recipients(viewer="42")), id="recipients"),
        pytest.param(lambda reader: len(reader.summary("42")["recipients"]), id="summary"),
    ],
)
def test_no_table_of_events_is_read_as_a_whole(
    filled: Store, reader: Reader, ask: Callable[[Reader], int]
) -> None:
    reader.gaps()  # the tables are looked at once
    by_index, whole = settled(filled)
    assert ask(reader) > 1
    pause = threading.Event()
    deadline = time.monotonic() + 30
    while scans(filled)[0] == by_index and time.monotonic() < deadline:
        pause.wait(0.05)
    now = settled(filled)
    assert now[0] > by_index
    assert now[1] == whole


@pytest.mark.parametrize("name", OVERVIEWS)
def test_overviews_read_the_roll_up_alone(filled: Store, name: str) -> None:
    query = text(expanded(OVERVIEWS[name].text, UNTIL - 30 * DAY, UNTIL).replace(":", "\\:"))
    with filled.reading() as connection:
        connection.execute(query)
        plan = connection.execute(text(f"EXPLAIN {query.text}")).scalars().all()
    assert "audit_flow_days" in "\n".join(plan)
    assert "audit_log" not in "\n".join(plan)


@pytest.mark.parametrize("name", PERSON)
def test_one_persons_dashboard_reads_no_table_of_events_as_a_whole(
    filled: Store, name: str
) -> None:
    chosen = {"person": [MINTER.owner("42").ref]}
    query = expanded(PERSON[name].text, UNTIL - 365 * DAY, UNTIL, chosen).replace(":", "\\:")
    with filled.reading() as connection:
        assert connection.execute(text(query)).fetchall()
        plan = connection.execute(text(f"EXPLAIN {query}")).scalars().all()
    whole = [line for line in plan if "Seq Scan on audit_log" in line]
    assert all("(cost=0.00..0.00 " in line for line in whole), whole  # months with nothing in them
