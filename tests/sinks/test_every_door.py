"""What holds at every door alike: early clients, background batches, nobody's data."""

from __future__ import annotations

import queue
import random
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import sst_otel
from tests.matching.nobody import TREES
from tests.sinks.doors import DOORS, Send, Servers, running_servers
from tests.support import Tracking, tracking_in

ANN, BEA = "ann.keller@example.com", "bea.moser@example.com"
PLAIN = {"order": 4711, "total": 12}
UNSEEN_BEFORE = {"socket", "pycurl", "sqlite3"}
"""What was opened before tracking began and has no methods in Python that could be watched."""


@pytest.fixture(scope="module")
def servers() -> Iterator[Servers]:
    with running_servers() as running:
        yield running


def told(tracking: Tracking) -> list[tuple[str, tuple[str, ...]]]:
    assert {row["outcome"] for row in tracking.rows()} <= {"sent"}
    return sorted((owner, types) for _, owner, types in tracking.shares(databases=True))


@pytest.mark.parametrize("name", DOORS)
def test_a_client_from_before_tracking(name: str, servers: Servers, tmp_path: Path) -> None:
    with DOORS[name](servers) as send:
        send(PLAIN)  # its connection is open, or in a pool
        with tracking_in(tmp_path) as tracking:
            sst_otel.tag(ANN, "email", owner_id="1")
            sst_otel.tag(BEA, "email", owner_id="2")
            send({"mail": ANN})
            send(PLAIN)
            send({"mail": BEA})
            expected = [] if name in UNSEEN_BEFORE else [("1", ("email",)), ("2", ("email",))]
            assert told(tracking) == expected
            assert tracking.errors() == {}
        send({"mail": ANN})


def _batcher(send: Send, batch: queue.Queue[Any], go: threading.Event) -> threading.Thread:
    def work() -> None:
        go.wait()
        send({"events": list(iter(batch.get, None))})

    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    return thread


@pytest.mark.parametrize("name", DOORS)
def test_a_batch_sent_in_the_background(name: str, servers: Servers, tracking: Tracking) -> None:
    """Two people's requests have ended; a third one's is running while their data leave."""
    people = {"1": (ANN, "+4915123456701"), "2": (BEA, "+4915123456702")}
    with DOORS[name](servers) as send:
        batch: queue.Queue[Any] = queue.Queue()
        go = threading.Event()
        with sst_otel.scope(owner="3"):
            sst_otel.tag("carl.stone@example.com", "email")
            thread = _batcher(send, batch, go)
        for kind in (0, 1):
            for owner, values in people.items():
                with sst_otel.scope(owner=owner):
                    value = sst_otel.tag(values[kind], ("email", "phone")[kind])
                    batch.put({"event": "seen", "value": value})
        batch.put(None)
        with sst_otel.scope(owner="3"):
            go.set()
            thread.join()
    assert told(tracking) == [("1", ("email", "phone")), ("2", ("email", "phone"))]


@pytest.mark.parametrize("name", DOORS)
def test_nobodys_data(name: str, servers: Servers, tracking: Tracking) -> None:
    dice = random.Random(name)
    with DOORS[name](servers) as send, sst_otel.scope(owner="1"):
        for data_type, value in (
            *(("email", ANN), ("name", "Rose King"), ("city", "Paris"), ("income", 52_500)),
            *(("first_name", "Rose"), ("gender", "female"), ("birthday", "1990-05-17")),
        ):
            # As a database gives it: not the very object that a constant of the program is.
            sst_otel.tag("".join(list(value)) if isinstance(value, str) else value, data_type)
        for make in dice.sample(TREES, 4):
            send(make(dice))
    assert [(row["data_types"], row["paths"]) for row in tracking.rows()] == []
