"""What is read in several statements is one state of the store, whoever writes meanwhile."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import psycopg
import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from sst_otel.audit.decoding import decode
from sst_otel.audit.log import open_reader
from sst_otel.audit.queries import Reader
from sst_otel.audit.records import share_record, tag_record
from sst_otel.audit.store import Store
from sst_otel.settings import Settings
from tests.audit.helpers import KEYS, MINTER, NOW, sealed, share, tag
from tests.audit.test_store import counts
from tests.postgres import Database
from tests.postgres import postgres as postgres
from tests.postgres import postgres_server as postgres_server

pytestmark = pytest.mark.stack

OWNER = MINTER.owner("42")
EVENT = share(OWNER, "email")
DATUM = tag(OWNER, "email")


@pytest.fixture(params=["psycopg", "psycopg2"])
def store(request: pytest.FixtureRequest, postgres: Database) -> Iterator[Store]:
    store = Store(postgres.url(request.param), connections=1)
    store.append([decode(share_record(EVENT)), decode(tag_record(DATUM, sealed(OWNER), NOW))])
    yield store
    store.close()


def waits(connection: psycopg.Connection[Any]) -> bool:
    row = connection.execute("SELECT count(*) FROM pg_locks WHERE NOT granted").fetchone()
    return row != (0,)


@pytest.mark.parametrize(
    ("ask", "second_table"),
    [
        pytest.param(lambda r: r.audit_logs(viewer=None), "provenance_records", id="events"),
        pytest.param(lambda r: r.provenance(viewer=None), "tag_sources", id="data"),
        pytest.param(lambda r: r.explain(EVENT.event_id, viewer=None), "tag_parents", id="reasons"),
    ],
)
def test_an_erasure_between_two_statements_is_not_half_seen(
    store: Store,
    postgres: Database,
    tmp_path: Path,
    ask: Callable[[Reader], Any],
    second_table: str,
) -> None:
    settings = Settings(database_url="sqlite://", spool_dir=tmp_path / "none")
    reader = open_reader(settings, KEYS, store)
    before = ask(reader)
    assert DATUM.tag_id in str(before)
    with (
        psycopg.connect(postgres.dsn) as eraser,
        psycopg.connect(postgres.dsn, autocommit=True) as watcher,
        ThreadPoolExecutor(1) as pool,
    ):
        # The reader has its first rows, and waits for this table, until the person is gone.
        eraser.execute(f"LOCK TABLE {second_table} IN ACCESS EXCLUSIVE MODE".encode())
        answer = pool.submit(ask, reader)
        pause = threading.Event()
        while not (waits(watcher) or answer.done()):
            pause.wait(0.01)
        assert not answer.done()
        for table in ("tag_sources", "tag_parents", "provenance_records", "subjects"):
            eraser.execute(f"DELETE FROM {table}".encode())
        eraser.commit()
        assert answer.result(30) == before
    assert DATUM.tag_id not in str(ask(reader))


def test_reading_writes_nothing_and_hinders_no_writing(store: Store) -> None:
    with pytest.raises(DBAPIError, match="read-only"), store.reading() as connection:
        connection.execute(text("DELETE FROM audit_logs"))
    assert store.append([decode(share_record(share(OWNER)))]) == []
    assert counts(store)["audit_logs"] == 2
