"""An ordinary Flask application under many threads for long: every share once, its own person's.

``SST_SOAK_REQUESTS`` requests in all, by 16 threads, for 64 people of whom eight at a time have
name, city, birthday and income in common. ``make soak`` makes 5,000.
"""

from __future__ import annotations

import importlib
import random
import sqlite3
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from types import ModuleType

import pytest
from opentelemetry import trace
from opentelemetry.trace import NonRecordingSpan, SpanContext, TraceFlags

import sst_otel
from sst_otel.audit import open_reader
from sst_otel.lifetime import KEPT_SECONDS, sweep
from sst_otel.registry.identity import IDS
from sst_otel.scope import PROCESS
from tests.soak.ledger import Ledger
from tests.soak.measures import APPS, REQUESTS, SLACK, VALUES, forget, memory
from tests.soak.people import EVERYBODY, VIEWS, Person, View, account, fill
from tests.support import Tracking, Vendor, tracking_in

THREADS = 16


@pytest.fixture
def tracked(tmp_path: Path) -> Iterator[Tracking]:
    with tracking_in(tmp_path, lineage="bazaar", pages=False, registry_values=VALUES) as tracking:
        yield tracking


@pytest.fixture
def bazaar(
    tmp_path: Path, tracked: Tracking, vendor: Vendor, monkeypatch: pytest.MonkeyPatch
) -> Iterator[ModuleType]:
    """The application, imported while tracking is on, as it is when a server starts it."""
    monkeypatch.setenv("VENDOR", vendor.url)
    monkeypatch.setenv("BAZAAR_DB", f"sqlite:///{tmp_path / 'bazaar.db'}")
    monkeypatch.syspath_prepend(APPS)
    vendor.on_request = lambda: forget(vendor)
    module = importlib.import_module("bazaar")
    fill(tmp_path / "bazaar.db")
    yield module
    _finish(module)
    module.vendors.close()
    module.engine.dispose()
    del sys.modules["bazaar"]


def _finish(bazaar: ModuleType) -> None:
    """Wait for all that the application still has to send."""
    bazaar.letters.put(None)
    bazaar.worker.join()
    bazaar.pool.shutdown()
    for thread in threading.enumerate():
        if getattr(thread, "_target", None) is bazaar.tell:
            thread.join()


class Visitors:
    """Sixteen threads that ask for views as people do."""

    def __init__(self, bazaar: ModuleType, ledger: Ledger) -> None:
        self._app = bazaar.app
        self._ledger = ledger
        self._numbers = iter(range(1, sys.maxsize))

    def come(self, requests: int) -> None:
        """Make ``requests`` requests in all."""
        each, rest = divmod(requests, THREADS)
        with ThreadPoolExecutor(THREADS) as pool:
            list(pool.map(self._visit, (each + (n < rest) for n in range(THREADS))))

    def _visit(self, requests: int) -> None:
        choice = random.Random(next(self._numbers))
        for _ in range(requests):
            self._ask(choice.choice(VIEWS), choice.choice(EVERYBODY))

    def _ask(self, view: View, person: Person) -> None:
        number = next(self._numbers)
        trace_id = format(number, "032x") if view.traced else ""
        for share in view.shares(person):
            self._ledger.expect(trace_id, share)
        client = self._app.test_client()
        with client.session_transaction() as session:
            session["user_id"] = account(person)
        context = SpanContext(number, number, is_remote=False, trace_flags=TraceFlags(1))
        with trace.use_span(NonRecordingSpan(context)):
            answer = client.open(view.path, **view.ask(person))
        assert answer.status_code == 200, view.path


def test_every_share_once_and_memory_within_its_budget(
    tracked: Tracking, bazaar: ModuleType
) -> None:
    ledger = Ledger(tracked.tracker.tagger)
    sst_otel.set_storage_callback(ledger.saw)
    visitors = Visitors(bazaar, ledger)
    began = time.monotonic()
    sizes = [memory()]
    for _ in range(4):
        visitors.come(REQUESTS // 4)
        sizes.append(memory())
    _finish(bazaar)
    took = time.monotonic() - began

    assert dict(ledger.surplus()) == {}, "told and not shared"
    assert dict(ledger.missing()) == {}, "shared and not told"
    assert ledger.ambiguous == 0
    assert ledger.told >= REQUESTS // 2
    assert tracked.errors() == {}
    assert _stored(tracked) == ledger.told

    assert len(tracked.tracker.registry) <= VALUES
    sweep(time.monotonic() + KEPT_SECONDS)
    assert [mark for mark in IDS.values() if mark.scope is not PROCESS] == []
    first, second = sizes[2] - sizes[0], sizes[4] - sizes[2]
    assert second <= max(first, 0) // 4 + SLACK, sizes
    tracked.tracker.registry.clear()
    megabytes = [round(size / 1e6, 1) for size in sizes]
    print(f"{ledger.told} shares of {REQUESTS} requests in {took:.0f} s, resident MB {megabytes}")


def _stored(tracked: Tracking) -> int:
    """Return how many events of calls to others the store has."""
    running = tracked.tracker
    running.audit.flush()
    with closing(open_reader(running.settings, running.keys)) as reader:
        reader.audit_logs(viewer=None, limit=1)  # takes the journals in
    query = "SELECT count(*) FROM audit_logs WHERE event_type = 'external_api'"
    with closing(sqlite3.connect(tracked.directory / "audit.db")) as store:
        (count,) = store.execute(query).fetchone()
    return int(count)
