"""What a handler of signals raises is the application's, also where it breaks into our work.

rq ends its jobs by SIGALRM, Celery its tasks by SIGUSR1: by an exception raised in the main thread.
"""

from __future__ import annotations

import signal
import sqlite3
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import pytest
import requests

import sst_otel
from sst_otel.guard import error_counts, reset
from tests.sinks.unruly import OURS
from tests.support import Tracking, Vendor

MAIL = "ann.keller@example.com"


class OutOfTime(Exception):
    """The job has run for too long."""


def handler(*_: Any) -> None:
    raise OutOfTime("too long")


class Penalty:
    def handle(self, *_: Any) -> None:
        raise OutOfTime("too long")

    def __call__(self, *_: Any) -> None:
        raise OutOfTime("too long")


class Inherited(Penalty):
    pass


HANDLERS: dict[str, Callable[..., Any]] = {
    "function": handler,
    "method": Penalty().handle,
    "object": Inherited(),
    "partial": partial(handler, "job"),
}


@pytest.fixture(params=HANDLERS)
def handled(request: pytest.FixtureRequest) -> Iterator[None]:
    former = signal.signal(signal.SIGUSR1, HANDLERS[request.param])
    yield
    signal.signal(signal.SIGUSR1, former)


def breaks_into(monkeypatch: pytest.MonkeyPatch, owner: Any, method: str) -> None:
    """Have the signal come once, while we are at work."""
    original = getattr(owner, method)
    came: list[bool] = []

    def interrupted(*args: Any, **kwargs: Any) -> Any:
        if not came:
            came.append(True)
            signal.raise_signal(signal.SIGUSR1)
        return original(*args, **kwargs)

    monkeypatch.setattr(owner, method, interrupted)


def frames_of(error: BaseException) -> list[str]:
    files = []
    trace = error.__traceback__
    while trace is not None:
        files.append(trace.tb_frame.f_code.co_filename)
        trace = trace.tb_next
    return files


@pytest.mark.usefixtures("handled")
@pytest.mark.parametrize("step", ["match", "share"])
def test_a_time_limit_ends_a_call(
    step: str, tracking: Tracking, vendor: Vendor, monkeypatch: pytest.MonkeyPatch
) -> None:
    sst_otel.tag(MAIL, "email", owner_id="1")
    matching = tracking.tracker.emit._matcher
    breaks_into(monkeypatch, matching if step == "match" else tracking.tracker.audit, step)
    with pytest.raises(OutOfTime, match="too long") as caught:
        requests.post(vendor.url, json={"mail": MAIL}, timeout=10)
    assert not any(file.startswith(OURS) for file in frames_of(caught.value))
    assert error_counts() == {}
    requests.post(vendor.url, json={"mail": MAIL}, timeout=10)  # its host is not claimed any more
    assert len([row for row in tracking.rows() if row["outcome"] == "sent"]) == 1


def test_a_time_limit_ends_a_statement(
    handled: None, tracking: Tracking, monkeypatch: pytest.MonkeyPatch
) -> None:
    sst_otel.tag(MAIL, "email", owner_id="1")
    with sqlite3.connect(":memory:") as database:
        database.execute("CREATE TABLE people (mail TEXT)")
        breaks_into(monkeypatch, tracking.tracker.emit._matcher, "match")
        with pytest.raises(OutOfTime) as caught:
            database.execute("INSERT INTO people VALUES (?)", (MAIL,))
        assert database.execute("SELECT count(*) FROM people").fetchone() == (0,)
    database.close()
    assert not any(file.startswith(OURS) for file in frames_of(caught.value))
    assert error_counts() == {}


def test_our_own_error_is_none_of_a_handler(
    handled: None, tracking: Tracking, vendor: Vendor, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: Any) -> None:
        raise OutOfTime("ours")

    monkeypatch.setattr(tracking.tracker.emit._matcher, "match", broken)
    sst_otel.tag(MAIL, "email", owner_id="1")
    assert requests.post(vendor.url, json={"mail": MAIL}, timeout=10).ok
    assert error_counts() == {"sink.match": 1}
    reset()
