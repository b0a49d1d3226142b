"""What others do while one process migrates a PostgreSQL store: the ingest says 503, none fails."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import psycopg
import pytest

from sst_otel.audit.schema import HEAD, stored_version
from sst_otel.audit.store import Store
from tests.audit.helpers import NOW
from tests.audit.ingest.client import Client, some
from tests.audit.test_partitions import older, shared
from tests.audit.test_store import counts
from tests.postgres import Database
from tests.postgres import postgres as postgres
from tests.postgres import postgres_server as postgres_server

pytestmark = pytest.mark.stack


def wait_for_lock(connection: psycopg.Connection, kind: str) -> None:
    """Wait until somebody waits for a lock of a kind."""
    query = b"SELECT count(*) FROM pg_locks WHERE locktype = %s AND NOT granted"
    found = None
    while found != (1,):
        found = connection.execute(query, [kind]).fetchone()


def test_others_wait_or_come_again(postgres: Database) -> None:
    url = postgres.url("psycopg")
    first, second = Store(url), Store(url)
    older(first, shared(NOW))
    client, body = Client(url, patience=0.2), some().SerializeToString()
    with (
        ThreadPoolExecutor(3) as pool,
        psycopg.connect(postgres.dsn, autocommit=True) as watching,
        psycopg.connect(postgres.dsn) as reading,
    ):
        reading.execute(b"SELECT count(*) FROM audit_logs")  # holds the first up in the middle
        migrating = pool.submit(first.upgrade)
        wait_for_lock(watching, "relation")
        starting = pool.submit(second.upgrade)
        wait_for_lock(watching, "advisory")
        status, headers, _ = pool.submit(client, body).result(60)
        assert (status, headers["Retry-After"]) == (503, "5")
        assert client(path="/healthz", method="GET")[0] == 503
        assert not migrating.done()
        assert not starting.done()
        reading.rollback()
        assert migrating.result(60) is starting.result(60) is None
    assert client(body)[0] == 200
    assert client(path="/healthz", method="GET")[0] == 200
    kept: Any = client.app._store
    kept._store.close()
    assert counts(first)["audit_logs"] == 4
    with first.reading() as connection:
        assert stored_version(connection) == HEAD
