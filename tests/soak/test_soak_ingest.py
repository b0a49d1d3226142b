"""The ingest under damaged requests: never 500, nor 503 from a database that is well, no half row.

Ten requests for each of ``SST_SOAK_REQUESTS``: ``make soak`` makes 50,000.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.logs.v1.logs_pb2 import LogRecord
from sqlalchemy import select

from sst_otel import guard
from sst_otel.audit import models
from sst_otel.audit.ingest import bodies, contents
from sst_otel.audit.ingest.application import MAX_PLAIN
from sst_otel.audit.records import OutcomeRecord, Record, ShareRecord
from sst_otel.audit.store import Store
from tests.audit.ingest.client import Client, letters
from tests.audit.rolled import counted, rolled_up
from tests.postgres import postgres_server as postgres_server
from tests.soak.measures import REQUESTS
from tests.soak.mutations import Body, body


@contextmanager
def _sqlite(folder: Path, _request: Any) -> Iterator[str]:
    yield f"sqlite:///{folder}/audit.db"


@contextmanager
def _postgres(_folder: Path, request: Any) -> Iterator[str]:
    with request.getfixturevalue("postgres_server").database() as database:
        yield database.url("psycopg")


@pytest.fixture(
    params=[
        pytest.param(_sqlite, id="sqlite"),
        pytest.param(_postgres, id="postgres", marks=pytest.mark.stack),
    ]
)
def client(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Client]:
    with request.param(tmp_path, request) as url:
        guard.reset()
        client = Client(url)
        yield client
        store_of(client).close()
        guard.reset()


def store_of(client: Client) -> Store:
    keeping: Any = client.app._store
    store: Store = keeping._store
    return store


def test_damaged_requests(client: Client) -> None:
    chance = random.Random(20)
    taken: set[Any] = set()
    statuses: Counter[int] = Counter()
    for _ in range(REQUESTS * 10):
        sent = body(chance)
        status, _, said = client(sent.raw, media=sent.media, HTTP_CONTENT_ENCODING=sent.encoding)
        statuses[status] += 1
        assert status in (200, 400, 413), (status, said, sent)
        if status == 200:
            taken.update(map(_key, _records(sent)))
    assert statuses[200] > statuses[400] > REQUESTS
    refused = {
        _key(record)
        for reason, letter in letters(client)
        if reason == "refused"
        for record in contents.of_logs(_wrapped(letter)).records
    }
    stored = _stored(store_of(client))
    taken.discard(None)
    assert stored - taken == set()
    assert taken - stored - refused == set()
    assert len(refused) < len(stored) / 100
    _is_whole(store_of(client))
    assert guard.error_counts() == {}


def _records(sent: Body) -> list[Record]:
    raw = bodies.plain(sent.raw, sent.encoding, MAX_PLAIN)
    return contents.of_logs(bodies.message(ExportLogsServiceRequest, raw, sent.media)).records


def _wrapped(letter: bytes) -> ExportLogsServiceRequest:
    request = ExportLogsServiceRequest()
    logs = request.resource_logs.add().scope_logs.add().log_records
    logs.append(LogRecord.FromString(letter))
    return request


def _key(record: Record) -> Any:
    if isinstance(record, ShareRecord):
        return record.event_id
    if isinstance(record, OutcomeRecord):
        return record.event_id, record.outcome
    return None


def _stored(store: Store) -> set[Any]:
    events, outcomes = models.AuditLog.__table__.c, models.Outcome.__table__.c
    with store.reading() as connection:
        found = set(connection.execute(select(events.event_id)).scalars())
        return found | {
            tuple(row) for row in connection.execute(select(outcomes.event_id, outcomes.outcome))
        }


def _is_whole(store: Store) -> None:
    """Check that every event has its data, person, stack and place in the roll-up, and no more."""
    logs, links = models.AuditLog.__table__.c, models.AuditLogRecord.__table__.c
    columns = [logs.event_id, logs.subject, logs.records, logs.data_types, logs.stack_id]
    keys = {
        column: set[str]()
        for column in (
            models.Subject.__table__.c.subject,
            models.ProvenanceRecord.__table__.c.id,
            models.Stack.__table__.c.id,
        )
    }
    with store.reading() as connection:
        events = connection.execute(select(*columns)).all()
        pairs = {tuple(row) for row in connection.execute(select(links.event_id, links.record))}
        subjects, records, stacks = (
            set(connection.execute(select(column)).scalars()) for column in keys
        )
    assert pairs == {(event[0], record) for event in events for record in event[2]}
    assert {event[1] for event in events} <= subjects | {None}
    assert {record for _, record in pairs} <= records
    assert {event[4] for event in events} <= stacks | {None}
    assert rolled_up(store) == counted(store)  # one datum may have two types in a damaged event
