"""The roll-up is the sum over the rows, whatever came, came twice, or went."""

from __future__ import annotations

import random
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from alembic.operations import Operations
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import text

from sst_otel.audit import flows, views
from sst_otel.audit.decoding import decode
from sst_otel.audit.records import Record, outcome_record, share_record
from sst_otel.audit.schema import MIGRATIONS
from sst_otel.audit.store import Store
from sst_otel.shares import Recipient
from tests.audit.by_hand import by_hand
from tests.audit.helpers import GROQ, META, NOW, share
from tests.audit.rolled import by_rows, rolled_up
from tests.postgres import Server
from tests.postgres import postgres_server as postgres_server

DAY = flows.DAY
TYPES = ("email", "phone", "income", "city")
SOMEBODY = Recipient("unknown", "", "third_party", "")


@contextmanager
def _sqlite(folder: Path, _request: Any) -> Iterator[str]:
    yield f"sqlite:///{folder}/audit.db"


@contextmanager
def _postgres(_folder: Path, request: Any) -> Iterator[str]:
    server: Server = request.getfixturevalue("postgres_server")
    with server.database() as database:
        yield database.url("psycopg")


@pytest.fixture(
    params=[
        pytest.param(_sqlite, id="sqlite"),
        pytest.param(_postgres, id="postgres", marks=pytest.mark.stack),
    ]
)
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    with request.param(tmp_path, request) as url:
        store = Store(url, connections=4)
        store.upgrade()
        yield store
        store.close()


def batch(chance: random.Random, count: int) -> list[Record]:
    """Return shares of the last forty days, some with the same datum twice, and outcomes."""
    records: list[Record] = []
    for number in range(count):
        event = share(
            str(number % 7),
            *chance.choices(TYPES, k=chance.randint(1, 4)),
            at=round(NOW - chance.random() * 40 * DAY, 6),
            recipient=chance.choice((GROQ, META, SOMEBODY)),
            service=chance.choice(("shop", "desk")),
            host=chance.choice(("", "a.example", "b.example")),
        )
        records.append(decode(share_record(event)))
        outcome = chance.choice(("sent", "failed"))
        records.append(decode(outcome_record(event.event_id, outcome, event.at)))
    return records


def test_random_batches_redelivered_at_once_and_forgotten(store: Store) -> None:
    chance = random.Random(7)
    batches = [batch(chance, chance.randint(1, 30)) for _ in range(12)]
    jobs = batches + [chance.choice(batches)[::-1] + chance.choice(batches) for _ in range(8)]
    chance.shuffle(jobs)
    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(store.append, jobs)) == [[]] * 20
    assert rolled_up(store) == by_rows(store)
    events = sum(len(records) // 2 for records in batches)
    assert sum(row[2] for key, row in rolled_up(store).items() if key[5] == "") == events
    for days in (30.5, 12.25, 1.0):
        assert store.apply_retention(1, NOW - (days - 1) * DAY) > 0
        assert rolled_up(store) == by_rows(store)
    store.apply_retention(1, NOW + 2 * DAY)
    assert rolled_up(store) == {}


def test_the_view_sums_the_days_up(store: Store) -> None:
    for days in (0, 3, 1):
        event = share("42", "email", "phone", "email", at=NOW - days * DAY)
        store.append([decode(share_record(event))])
    query = text("SELECT service, recipient, data_type, events FROM audit_flow ORDER BY data_type")
    with store.reading() as connection:
        rows = [tuple(row) for row in connection.execute(query)]
    assert rows == [("budget", "Groq", "email", 3), ("budget", "Groq", "phone", 3)]


def test_what_was_there_before_the_roll_up_is_counted(store: Store) -> None:
    store.append(batch(random.Random(3), 40))
    before = rolled_up(store)
    with by_hand(store) as connection:
        for view in (*views.NAMES, "audit_flow"):
            connection.execute(text(f"DROP VIEW {view}"))
        connection.execute(text("DROP TABLE audit_flow_days"))
        if connection.dialect.name == "postgresql":
            connection.execute(text("SET TIME ZONE 'Asia/Tokyo'"))
        revision = ScriptDirectory(str(MIGRATIONS)).get_revision("0004")
        revision.module.upgrade(Operations(MigrationContext.configure(connection=connection)))
        connection.commit()
    assert rolled_up(store) == before
    store.apply_retention(1, NOW - 9 * DAY)
    assert rolled_up(store) == by_rows(store)


def test_a_refused_event_is_not_counted(store: Store) -> None:
    with by_hand(store) as connection:
        postgres = connection.dialect.name == "postgresql"
        connection.execute(
            text(
                "ALTER TABLE audit_logs ADD CHECK (route <> '/bad')"
                if postgres
                else "CREATE TRIGGER no BEFORE INSERT ON audit_logs WHEN NEW.route = '/bad' "
                "BEGIN SELECT RAISE(ABORT, 'no'); END"
            )
        )
        connection.commit()
    good = [decode(share_record(share("42"))) for _ in range(3)]
    bad = decode(share_record(share("42", route="/bad")))
    assert store.append([good[0], bad, *good[1:]]) == [bad]
    assert store.append([good[1], bad]) == [bad]
    assert rolled_up(store) == by_rows(store)
    assert [row[2] for row in rolled_up(store).values()] == [3, 3]
