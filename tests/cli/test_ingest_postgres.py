"""``sst-otel ingest`` on PostgreSQL: two of them, killed in the middle, each event once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from sst_otel.audit.log import open_reader
from sst_otel.settings import Settings
from tests.audit.helpers import KEYS, settings_in
from tests.cli.test_ingest import ingesting, shared, stored
from tests.postgres import Database
from tests.postgres import postgres as postgres
from tests.postgres import postgres_server as postgres_server

pytestmark = pytest.mark.stack


def test_two_at_once(postgres: Database, tmp_path: Path) -> None:
    url = postgres.url("psycopg")
    with ingesting(url) as (first, _), ingesting(url) as (second, _):

        def application(number: int) -> list[str]:
            endpoint = first if number % 2 else second
            folder = tmp_path / str(number)
            return shared(settings_in(folder, audit_endpoint=endpoint), 100)

        with ThreadPoolExecutor(4) as pool:
            events = [event for found in pool.map(application, range(4)) for event in found]
    reader = open_reader(Settings(database_url=url, spool_dir=tmp_path / "none"), KEYS)
    assert stored(reader) == sorted(events)
    reader.close()


def test_what_a_killed_one_left_comes_again(postgres: Database, tmp_path: Path) -> None:
    url = postgres.url("psycopg")
    events = []
    for number in range(3):
        with ingesting(url) as (endpoint, process):
            settings = settings_in(tmp_path, audit_endpoint=endpoint)
            events += shared(settings, 30)
            process.kill()
            events += shared(settings, 30)  # nobody takes these yet
        assert number or process.returncode != 0
    with ingesting(url) as (endpoint, _):
        events += shared(settings_in(tmp_path, audit_endpoint=endpoint), 1)
    reader = open_reader(Settings(database_url=url, spool_dir=tmp_path / "none"), KEYS)
    assert stored(reader) == sorted(events)
    reader.close()
