"""Work that a request hands to a thread, a timer, an executor or a queue."""

from __future__ import annotations

import asyncio
import queue
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import CancelledError, Future, ThreadPoolExecutor
from pathlib import Path
from types import FunctionType
from typing import Any

import anyio
import anyio.to_thread
import pytest
import requests

import sst_otel
from sst_otel.lifetime import KEPT_SECONDS, sweep
from sst_otel.scope import current_scope
from tests.sources.cities import CITY, another, cities
from tests.support import Tracking, Vendor, tracking_in


class TestAThread:
    def test_knows_the_weak_values_of_the_scope_it_was_started_in(
        self, tracking: Tracking, tell: Callable[[str], None]
    ) -> None:
        with sst_otel.scope(owner=7):
            sst_otel.tag(CITY, "city")
            thread = threading.Thread(target=tell, args=(another(CITY),))
            thread.start()
        thread.join()
        assert cities(tracking) == ["7"]

    def test_still_does_long_after_the_request(
        self, tracking: Tracking, tell: Callable[[str], None]
    ) -> None:
        go = threading.Event()

        def slowly() -> None:
            go.wait()
            tell(another(CITY))

        with sst_otel.scope(owner=7):
            sst_otel.tag(CITY, "city")
            scope = current_scope()
            thread = threading.Thread(target=slowly)
            thread.start()
        sweep(time.monotonic() + 10 * KEPT_SECONDS)
        go.set()
        thread.join()
        assert cities(tracking) == ["7"]
        sweep(time.monotonic() + 10 * KEPT_SECONDS)
        assert not scope.data

    def test_one_that_could_not_start_holds_nothing(self, tracking: Tracking) -> None:
        thread = threading.Thread(target=int)
        thread.start()
        thread.join()
        with sst_otel.scope(owner=7):
            with pytest.raises(RuntimeError, match="once"):
                thread.start()
            assert not current_scope().leases

    def test_a_timer_is_one(self, tracking: Tracking, tell: Callable[[str], None]) -> None:
        with sst_otel.scope(owner=7):
            sst_otel.tag(CITY, "city")
            timer = threading.Timer(0, tell, [another(CITY)])
            timer.start()
        timer.join()
        assert cities(tracking) == ["7"]

    def test_a_subclass_with_its_own_run_too(
        self, tracking: Tracking, tell: Callable[[str], None]
    ) -> None:
        class Sender(threading.Thread):
            def run(self) -> None:
                tell(another(CITY))

        with sst_otel.scope(owner=7):
            sst_otel.tag(CITY, "city")
            sender = Sender()
            sender.start()
        sender.join()
        assert cities(tracking) == ["7"]

    def test_its_own_scope_wins(self, tracking: Tracking, tell: Callable[[str], None]) -> None:
        def other_person() -> None:
            with sst_otel.scope(owner=8):
                sst_otel.tag(CITY, "city")
                tell(another(CITY))

        with sst_otel.scope(owner=7):
            sst_otel.tag(CITY, "city")
            thread = threading.Thread(target=other_person)
            thread.start()
        thread.join()
        assert cities(tracking) == ["8"]

    def test_the_scope_is_no_evidence_of_whose_a_value_is(
        self, tracking: Tracking, vendor: Vendor
    ) -> None:
        email = sst_otel.tag(another("ada.lovelace@example.org"), "email", owner_id=1)

        def tell() -> None:
            requests.post(f"{vendor.url}/v1", json={"to": another(email)}, timeout=5)

        with sst_otel.scope(owner=7):
            thread = threading.Thread(target=tell)
            thread.start()
        thread.join()
        assert [owner for _, owner, _ in tracking.shares()] == ["1"]

    def test_one_that_serves_everybody_gets_none(self, tracking: Tracking) -> None:
        with sst_otel.scope(owner=7), ThreadPoolExecutor(1) as pool:
            scope = current_scope()
            pool.submit(int).result()
            assert not scope.leases


class TestAnExecutor:
    @pytest.fixture
    def pool(self) -> Iterator[ThreadPoolExecutor]:
        with ThreadPoolExecutor(1) as pool:
            yield pool

    def test_each_call_works_for_who_submitted_it(
        self, tracking: Tracking, tell: Callable[[str], None], pool: ThreadPoolExecutor
    ) -> None:
        for owner, city in ((7, CITY), (8, "Bremen")):
            with sst_otel.scope(owner=owner):
                sst_otel.tag(city, "city")
                pool.submit(tell, another(city)).result()
        pool.submit(tell, another(CITY)).result()  # nobody's
        list(pool.map(tell, [another("Bremen")]))
        assert cities(tracking) == ["7", "8"]

    def test_exceptions_and_their_tracebacks_are_the_applications(
        self, tracking: Tracking, pool: ThreadPoolExecutor
    ) -> None:
        def fail() -> None:
            raise ZeroDivisionError

        def files(future: Future[Any]) -> list[str]:
            error = future.exception()
            assert type(error) is ZeroDivisionError
            entries, entry = [], error.__traceback__
            while entry is not None:
                entries.append(entry.tb_frame.f_code.co_filename.rpartition("/")[2])
                entry = entry.tb_next
            return entries

        with sst_otel.scope(owner=7):
            inside = files(pool.submit(fail))
        assert inside == ["thread.py", "test_threads.py"]

    def test_a_cancelled_call_stays_cancelled_and_holds_nothing(
        self, tracking: Tracking, pool: ThreadPoolExecutor
    ) -> None:
        go = threading.Event()
        with sst_otel.scope(owner=7):
            scope = current_scope()
            first = pool.submit(go.wait)
            second = pool.submit(int)
            assert second.cancel()
            go.set()
            assert first.result()
            with pytest.raises(CancelledError):
                second.result()
            pool.shutdown()
        assert not scope.leases

    def test_dropped_calls_hold_nothing(self, tracking: Tracking, pool: ThreadPoolExecutor) -> None:
        go = threading.Event()
        with sst_otel.scope(owner=7):
            scope = current_scope()
            pool.submit(go.wait)
            pool.submit(int)
            pool.shutdown(wait=False, cancel_futures=True)
            go.set()
            pool.shutdown()
        assert not scope.leases


def test_the_originals_are_back_after_tracking(tmp_path: Path) -> None:
    with tracking_in(tmp_path):
        assert type(threading.Thread.start) is not FunctionType
    for function in (threading.Thread.start, queue.Queue.put, queue.Queue.get):
        assert type(function) is FunctionType


def test_a_thread_that_runs_each_call_in_its_callers_context_keeps_no_scope(
    tracking: Tracking,
) -> None:
    seen = []

    async def serve() -> None:
        for number in (1, 2):  # the first call starts the thread, the second has it idle before
            with sst_otel.scope(owner=number):
                scope = current_scope()
                await anyio.to_thread.run_sync(lambda: seen.append(current_scope()))
            assert seen.pop() is scope
            assert scope.leases == []

    asyncio.run(serve())
    assert tracking.errors() == {}
