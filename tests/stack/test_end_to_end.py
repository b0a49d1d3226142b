"""The demo's site in front of the real collector, Jaeger, PostgreSQL and Prometheus."""

from __future__ import annotations

from pathlib import Path

import psycopg
import pytest
import requests

from examples.demo.people import live_a_day
from examples.demo.run import audit_logs
from examples.demo.truth import compare, expected_rows
from tests.stack.jaeger import shares_in
from tools.stack.ports import Ports
from tools.stack.postgres import QUICK
from tools.stack.running import Stack, running, site
from tools.stack.services import local
from tools.stack.waiting import wait_until

pytestmark = pytest.mark.stack


def stored(stack: Stack) -> list[tuple[str, str]]:
    """Return event id and trace id of each share."""
    with psycopg.connect(stack.database.dsn) as connection:
        query = "SELECT event_id::text, trace_id FROM audit_logs ORDER BY event_id"
        return connection.execute(query).fetchall()


def test_a_share_is_in_postgresql_and_in_its_trace(folder: Path) -> None:
    with running(folder, Ports.free(), QUICK, observed=True) as stack:
        jaeger = local(stack.ports.jaeger)
        # Up until all has arrived: spans that a killed process has not sent yet are lost.
        with site(stack, folder / "site") as (application, _):
            journey = live_a_day(application.url)
            wait_until(lambda: len(stored(stack)) >= len(expected_rows()))
            rows = stored(stack)
            for event_id, trace_id in rows:
                wait_until(lambda: event_id in shares_in(jaeger, trace_id))  # noqa: B023
                assert shares_in(jaeger, trace_id).count(event_id) == 1
        assert len({trace_id for _, trace_id in rows}) > 1
        assert compare(audit_logs(stack.pages_environ("staff")), journey).ok

        def scraped() -> dict[str, str]:
            address = local(stack.ports.prometheus, "/api/v1/query?query=up")
            found = requests.get(address, timeout=20).json()["data"]["result"]
            return {one["metric"]["job"]: one["value"][1] for one in found}

        wait_until(lambda: scraped() == {"collector": "1", "ingest": "1"})
    assert [part.name for part in stack.parts if part.is_running] == []


def test_a_trace_of_nobody_is_none(folder: Path) -> None:
    with running(folder / "nobody", Ports.free(), QUICK, observed=False) as stack:
        assert shares_in(local(stack.ports.jaeger), "f" * 32) == []
