"""What a request brought is known for half an hour of idleness, and forgotten after the horizon."""

from __future__ import annotations

import hashlib
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import requests
from flask import Flask, request, session
from flask.testing import FlaskClient

from sst_otel.lifetime import sweep
from sst_otel.registry.identity import IDS
from sst_otel.scope import exhausted
from tests.support import Tracking, Vendor, tracking_in

ANN = {"email": "ann.keller@example.com", "phone": "+49 171 5550123", "city": "Oldenburg"}
BEA = {"email": "bea.moser@example.org", "phone": "+49 171 7734561", "city": "Oldenburg"}
MINUTE = 60.0
Share = tuple[str, tuple[str, ...]]


class Clock:
    """The process's monotonic clock, set forward."""

    def __init__(self) -> None:
        self._real = time.monotonic
        self.ahead = 0.0

    def __call__(self) -> float:
        return self._real() + self.ahead

    def idle(self, minutes: int, tracking: Tracking) -> None:
        """Let nothing happen for so long but housekeeping."""
        for _ in range(minutes):
            self.ahead += MINUTE
            tracking.tracker.registry.sweep()
            sweep(self())


@dataclass
class Site:
    """Keeps what it was given and sends it when asked to, in whatever thread."""

    app: Flask
    tell: Callable[[dict[str, str]], None]
    kept: dict[str, dict[str, str]] = field(default_factory=dict)
    go: threading.Event = field(default_factory=threading.Event)
    waiting: list[threading.Thread] = field(default_factory=list)

    def send_later(self, document: dict[str, str]) -> None:
        self.go.wait()
        self.tell(document)

    def client(self, owner: int) -> FlaskClient:
        client = self.app.test_client()
        with client.session_transaction() as opened:
            opened["user_id"] = owner
        return client


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(time, "monotonic", clock)
    return clock


@pytest.fixture
def tracked(clock: Clock, tmp_path: Path) -> Iterator[Tracking]:
    with tracking_in(tmp_path) as tracking:
        yield tracking
        assert tracking.errors() == {}


@pytest.fixture
def site(tracked: Tracking, vendor: Vendor) -> Iterator[Site]:
    def tell(document: dict[str, str]) -> None:
        requests.post(f"{vendor.url}/v1/leads", json=document, timeout=20)

    site = Site(Flask("letters"), tell)
    site.app.secret_key = "a key"

    @site.app.post("/profile")
    def profile() -> str:
        # Texts as a cache on disk would give them back: equal, other objects.
        given = {name: "".join(list(text)) for name, text in request.form.items()}
        site.kept[str(session["user_id"])] = given
        if request.args.get("later"):
            thread = threading.Thread(target=site.send_later, args=(given,))
            site.waiting.append(thread)
            thread.start()
        return ""

    @site.app.post("/newest")
    def newest() -> str:
        tell({"mail": site.kept["1"]["email"]})
        return ""

    yield site
    site.go.set()
    for thread in site.waiting:
        thread.join()


def shares(tracked: Tracking) -> list[Share]:
    return [(owner, types) for _, owner, types in tracked.shares()]


def in_a_thread(work: Callable[[], object]) -> None:
    thread = threading.Thread(target=work)
    thread.start()
    thread.join()


class TestHalfAnHourLater:
    """Nobody asked for anything in between."""

    @pytest.fixture(autouse=True)
    def _idle(self, site: Site, tracked: Tracking, clock: Clock) -> None:
        site.client(1).post("/profile?later=1", data=ANN)
        clock.idle(30, tracked)

    def test_a_thread_of_the_process_sends(self, site: Site, tracked: Tracking) -> None:
        in_a_thread(lambda: site.tell({"a": site.kept["1"]["email"], "b": site.kept["1"]["phone"]}))
        assert shares(tracked) == [("1", ("email", "phone"))]

    def test_the_request_of_somebody_else_sends(self, site: Site, tracked: Tracking) -> None:
        client = site.client(2)
        client.post("/profile", data=BEA)
        client.post("/newest")
        assert shares(tracked) == [("1", ("email",))]

    def test_the_thread_that_the_request_started_sends(self, site: Site, tracked: Tracking) -> None:
        site.go.set()
        site.waiting[0].join()
        assert shares(tracked) == [("1", ("city", "email", "phone"))]

    def test_a_digest_is_sent(self, site: Site, tracked: Tracking) -> None:
        digest = hashlib.sha256(site.kept["1"]["email"].encode()).hexdigest()
        in_a_thread(lambda: site.tell({"em": digest}))
        assert shares(tracked) == [("1", ("email",))]

    def test_a_town_that_two_people_live_in_says_nothing(
        self, site: Site, tracked: Tracking
    ) -> None:
        site.client(2).post("/profile", data=BEA)
        in_a_thread(lambda: site.tell({"town": site.kept["1"]["city"]}))
        assert shares(tracked) == []


class TestAfterTheHorizon:
    """An hour by default: memory is no store."""

    def test_nothing_is_known_any_more(self, site: Site, tracked: Tracking, clock: Clock) -> None:
        site.client(1).post("/profile", data=ANN)
        clock.idle(61, tracked)
        assert len(tracked.tracker.registry) == 0
        assert IDS == {}
        site.client(2).post("/newest")
        in_a_thread(lambda: site.tell(site.kept["1"]))
        assert shares(tracked) == []

    def test_a_process_that_slept_through_it_knows_nothing_either(
        self, site: Site, tracked: Tracking, clock: Clock
    ) -> None:
        site.client(1).post("/profile", data=ANN)
        clock.ahead += 61 * MINUTE  # not even housekeeping ran: a stopped container
        site.client(2).post("/newest")
        assert shares(tracked) == []

    def test_a_thread_that_waits_longer_is_given_up_and_counted(
        self, site: Site, tracked: Tracking, clock: Clock
    ) -> None:
        given_up = exhausted()["scopes"]
        site.client(1).post("/profile?later=1", data=ANN)
        clock.idle(61, tracked)
        assert exhausted()["scopes"] == given_up + 1
        assert IDS == {}
        site.go.set()
        site.waiting[0].join()
        assert shares(tracked) == []

    def test_who_comes_again_is_known_again(
        self, site: Site, tracked: Tracking, clock: Clock
    ) -> None:
        client = site.client(1)
        client.post("/profile", data=ANN)
        clock.idle(61, tracked)
        client.post("/profile", data=ANN)
        in_a_thread(lambda: site.tell({"a": site.kept["1"]["email"]}))
        assert shares(tracked) == [("1", ("email",))]
