"""An ordinary FastAPI application under many tasks for long: every share once, its own person's.

``SST_SOAK_REQUESTS`` requests in all, by 16 tasks of one loop, for the 64 people of the other soak.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import importlib
import json
import random
import sqlite3
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import httpx
import pytest
from itsdangerous import TimestampSigner
from opentelemetry import trace
from opentelemetry.trace import NonRecordingSpan, SpanContext, TraceFlags

import sst_otel
from sst_otel.lifetime import KEPT_SECONDS, sweep
from sst_otel.registry.identity import IDS
from sst_otel.scope import PROCESS
from tests.soak.ledger import Ledger
from tests.soak.measures import APPS, REQUESTS, SLACK, VALUES, forget, memory
from tests.soak.people import EVERYBODY, Person, account
from tests.support import Tracking, Vendor, tracking_in
from tests.system.launch import wait_until

TASKS = 16
SHARES = {
    "/contact": (
        "POST 127.0.0.1/crm/contacts",
        frozenset({"email", "first_name", "city", "birthday", "income"}),
    ),
    "/conversion": ("POST 127.0.0.1/pixel/events", frozenset({"email", "phone"})),
}
PATHS = (*SHARES, "/health")


@pytest.fixture
def tracked(tmp_path: Path) -> Iterator[Tracking]:
    with tracking_in(tmp_path, lineage="guild", pages=False, registry_values=VALUES) as tracking:
        yield tracking


@pytest.fixture
def guild(
    tmp_path: Path, tracked: Tracking, vendor: Vendor, monkeypatch: pytest.MonkeyPatch
) -> Iterator[ModuleType]:
    """The application, imported while tracking is on, as it is when a server starts it."""
    monkeypatch.setenv("VENDOR", vendor.url)
    monkeypatch.setenv("SHOP_DB", f"sqlite:///{tmp_path / 'guild.db'}")
    monkeypatch.syspath_prepend(APPS)
    vendor.on_request = lambda: forget(vendor)
    yield importlib.import_module("guild")
    del sys.modules["guild"]


def _fill(database: Path) -> None:
    connection = sqlite3.connect(database)
    for person in EVERYBODY:
        secret = hashlib.sha256(person.form["email"].encode()).hexdigest()
        row = {"id": account(person), "password_hash": secret, **person.form}
        places = ", ".join("?" * len(row))
        query = f"INSERT INTO users ({', '.join(row)}) VALUES ({places})"
        connection.execute(query, tuple(row.values()))
    connection.commit()
    connection.close()


def _cookie(person: Person) -> str:
    data = base64.b64encode(json.dumps({"user_id": account(person)}).encode())
    return TimestampSigner("guild-secret-of-no-importance").sign(data).decode()


def _is_forgotten() -> bool:
    """Whether nothing is left of any request."""
    sweep(time.monotonic() + KEPT_SECONDS)
    return all(mark.scope is PROCESS for mark in list(IDS.values()))


class Visitors:
    """Sixteen tasks that ask for views as people do."""

    def __init__(self, app: object, ledger: Ledger) -> None:
        self._transport = httpx.ASGITransport(app)  # type: ignore[arg-type]
        self._ledger = ledger
        self._numbers = iter(range(1, sys.maxsize))

    async def come(self, requests: int) -> None:
        """Make ``requests`` requests in all."""
        await asyncio.gather(*(self._visit(requests // TASKS) for _ in range(TASKS)))

    async def _visit(self, requests: int) -> None:
        choice = random.Random(next(self._numbers))
        async with httpx.AsyncClient(transport=self._transport, base_url="http://guild") as client:
            for _ in range(requests):
                await self._ask(client, choice.choice(PATHS), choice.choice(EVERYBODY))

    async def _ask(self, client: httpx.AsyncClient, path: str, person: Person) -> None:
        number = next(self._numbers)
        if path in SHARES:
            destination, types = SHARES[path]
            self._ledger.expect(format(number, "032x"), (destination, account(person), types))
        context = SpanContext(number, number, is_remote=False, trace_flags=TraceFlags(1))
        # Another test of this process may have had FastAPI make spans of its own.
        parent = f"00-{number:032x}-{number:016x}-01"
        headers = {"Cookie": f"session={_cookie(person)}", "traceparent": parent}
        with trace.use_span(NonRecordingSpan(context)):
            method = "POST" if path in SHARES else "GET"
            answer = await client.request(method, path, headers=headers)
        assert answer.status_code in (200, 204), path


def test_every_share_once_and_memory_within_its_budget(
    tmp_path: Path, tracked: Tracking, guild: ModuleType
) -> None:
    ledger = Ledger(tracked.tracker.tagger)
    sst_otel.set_storage_callback(ledger.saw)
    visitors = Visitors(guild.app, ledger)
    sizes = [memory()]

    async def live() -> None:
        async with guild.lifespan(guild.app):
            _fill(tmp_path / "guild.db")
            for _ in range(4):
                await visitors.come(REQUESTS // 4)
                sizes.append(memory())

    asyncio.run(live())

    assert dict(ledger.surplus()) == {}, "told and not shared"
    assert dict(ledger.missing()) == {}, "shared and not told"
    assert ledger.ambiguous == 0
    assert ledger.told >= REQUESTS // 2
    assert tracked.errors() == {}
    assert len(tracked.tracker.registry) <= VALUES
    wait_until(_is_forgotten)  # the driver's threads end some time after their connections
    first, second = sizes[2] - sizes[0], sizes[4] - sizes[2]
    assert second <= max(first, 0) // 4 + SLACK, sizes
    tracked.tracker.registry.clear()
