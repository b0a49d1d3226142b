"""Items that requests put into queues: the worker works for who put them, and no longer."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest

import sst_otel
from sst_otel.scope import PROCESS, Scope, current_scope
from tests.sources.cities import CITY, another, cities
from tests.support import Tracking
from tests.system.launch import wait_until


@dataclass
class Notice:
    city: str


class TestAQueue:
    @pytest.fixture
    def inbox(self, tell: Callable[[str], None]) -> Iterator[queue.Queue[Any]]:
        """A queue whose worker was started long before any request."""
        inbox: queue.Queue[Any] = queue.Queue()

        def work() -> None:
            while (item := inbox.get()) is not None:
                tell(item.city if isinstance(item, Notice) else another(item))
                inbox.task_done()

        worker = threading.Thread(target=work)
        worker.start()
        yield inbox
        inbox.put(None)
        worker.join()

    def test_the_worker_works_for_who_put_the_item(
        self, tracking: Tracking, inbox: queue.Queue[Any]
    ) -> None:
        for owner, city in ((7, CITY), (8, "Bremen")):
            with sst_otel.scope(owner=owner):
                sst_otel.tag(city, "city")
                inbox.put(another(city))
                inbox.put(Notice(another(city)))
        inbox.put(another(CITY))  # nobody's
        inbox.join()
        assert cities(tracking) == ["7", "7", "8", "8"]

    def test_one_object_put_by_two_people(
        self, tracking: Tracking, inbox: queue.Queue[Any]
    ) -> None:
        for owner in (7, 8):
            with sst_otel.scope(owner=owner):
                sst_otel.tag(another(CITY), "city")
                inbox.put(CITY)
        inbox.put(CITY)
        inbox.join()
        assert cities(tracking) == ["7", "8"]

    def test_a_worker_started_in_a_request_is_not_that_persons(
        self, tracking: Tracking, tell: Callable[[str], None]
    ) -> None:
        inbox: queue.Queue[Any] = queue.Queue()
        seen: list[Scope] = []

        def work() -> None:
            while (item := inbox.get()) is not None:
                seen.append(current_scope())
                tell(another(item))

        with sst_otel.scope(owner=7):
            sst_otel.tag(CITY, "city")
            scope = current_scope()
            worker = threading.Thread(target=work)
            worker.start()
            inbox.put(another(CITY))
        with sst_otel.scope(owner=8):
            sst_otel.tag("Bremen", "city")
            inbox.put("Bremen")
        inbox.put(another(CITY))
        inbox.put(None)
        worker.join()
        assert cities(tracking) == ["7", "8"]
        assert seen[0] is scope
        assert seen[2] is PROCESS

    def test_a_worker_that_waits_keeps_no_scope(
        self, tracking: Tracking, inbox: queue.Queue[Any]
    ) -> None:
        with sst_otel.scope(owner=7):
            scope = current_scope()
            sst_otel.tag(CITY, "city")
            inbox.put(another(CITY))
        wait_until(lambda: not scope.leases)
        assert cities(tracking) == ["7"]

    def test_one_that_gathers_items_has_the_last_ones_scope_until_it_asks_again(
        self, tracking: Tracking, tell: Callable[[str], None]
    ) -> None:
        inbox: queue.Queue[Any] = queue.Queue()
        gathered: list[str] = []
        ended = threading.Event()

        def work() -> None:
            while not ended.is_set():
                try:
                    gathered.append(inbox.get(timeout=0.01))
                except queue.Empty:
                    for city in gathered:
                        tell(another(city))
                    gathered.clear()

        worker = threading.Thread(target=work)
        worker.start()
        with sst_otel.scope(owner=7):
            scope = current_scope()
            sst_otel.tag(CITY, "city")
            inbox.put(another(CITY))
        wait_until(lambda: not scope.leases)
        ended.set()
        worker.join()
        assert cities(tracking) == ["7"]

    def test_the_wait_for_an_answer_is_not_the_wait_for_the_next(
        self, tracking: Tracking, tell: Callable[[str], None]
    ) -> None:
        inbox: queue.Queue[Any] = queue.Queue()
        answers: queue.Queue[Any] = queue.Queue()
        asked = threading.Event()

        def work() -> None:
            while (city := inbox.get()) is not None:
                asked.set()
                answers.get()
                tell(another(city))

        worker = threading.Thread(target=work)
        worker.start()
        with sst_otel.scope(owner=7):
            sst_otel.tag(CITY, "city")
            inbox.put(another(CITY))
        assert asked.wait(30)
        answers.put(object())
        inbox.put(None)
        worker.join()
        assert cities(tracking) == ["7"]

    def test_pooled_objects_carry_no_scope(self, tracking: Tracking) -> None:
        pool: queue.Queue[object] = queue.LifoQueue()
        free: queue.Queue[object] = queue.Queue()
        with sst_otel.scope(owner=7):
            scope = current_scope()
            pool.put("connection 1")
            free.put(object())
            assert not scope.leases

    def test_a_full_queue_holds_nothing(self, tracking: Tracking) -> None:
        full: queue.Queue[str] = queue.Queue(1)
        with sst_otel.scope(owner=7):
            scope = current_scope()
            full.put("one")
            with pytest.raises(queue.Full):
                full.put_nowait("two")
            assert len(scope.leases) == 1
            assert full.get() == "one"
            assert not scope.leases
