"""What tracking does, as a reader of the real SDK's metrics sees it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
from opentelemetry.metrics import NoOpHistogram, NoOpMeter, set_meter_provider
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader

import sst_otel
from sst_otel import guard
from sst_otel.shares import Recipient
from sst_otel.telemetry import metrics
from sst_otel.telemetry.metrics import Metrics
from tests.audit import helpers
from tests.support import Tracking, Vendor, tracking_in

MAIL = "ann.keller@example.com"
Points = dict[tuple[tuple[str, Any], ...], Any]


class Reader:
    """Reads every instrument of ours at once."""

    def __init__(self) -> None:
        self._reader = InMemoryMetricReader()
        self.provider = MeterProvider([self._reader])

    def read(self) -> dict[str, tuple[str, Points]]:
        """Return unit and points of each instrument that has any, by its name."""
        data: Any = self._reader.get_metrics_data()
        resources = data.resource_metrics if data is not None else ()
        scopes = [scope for one in resources for scope in one.scope_metrics]
        return {
            metric.name: (
                str(metric.unit),
                {tuple(sorted(p.attributes.items())): p for p in metric.data.data_points},
            )
            for scope in scopes
            if scope.scope.name == "sst_otel"
            for metric in scope.metrics
        }

    def values(self, name: str) -> dict[tuple[Any, ...], Any]:
        """Return the value of each point of a counter, by the values of its attributes."""
        _unit, points = self.read().get(name, ("", {}))
        return {tuple(value for _key, value in key): p.value for key, p in points.items()}


@pytest.fixture(scope="module")
def reader() -> Iterator[Reader]:
    made = Reader()
    set_meter_provider(made.provider)
    yield made
    made.provider.shutdown()


def share(vendor: Vendor) -> None:
    requests.post(f"{vendor.url}/v1/contact", json={"mail": MAIL})


def test_one_share_in_every_metric(reader: Reader, vendor: Vendor, tmp_path: Path) -> None:
    before = reader.values("sst.shares")
    with tracking_in(tmp_path):
        sst_otel.tag(MAIL, "email", owner_id="1")
        share(vendor)
        found = reader.read()
    assert {name: unit for name, (unit, _points) in found.items()} == {
        "sst.shares": "{share}",
        "sst.tags": "{tag}",
        "sst.match.duration": "s",
        "sst.registry.size": "{value}",
        "sst.outbox.buffered": "By",
        "sst.outbox.size": "By",
    }
    attributes = {
        "sst.data.type": "email",
        "sst.recipient.name": "unknown",
        "sst.recipient.purpose": "unknown",
    }
    share_of_it = found["sst.shares"][1][tuple(attributes.items())]
    assert share_of_it.value == before.get(tuple(attributes.values()), 0) + 1
    assert found["sst.tags"][1][("sst.data.type", "email"),].value == 1
    duration = found["sst.match.duration"][1][("sst.event.type", "external_api"),]
    assert 0 < duration.sum < 60
    assert found["sst.registry.size"][1][()].value == 1
    assert found["sst.outbox.size"][1][()].value > 0


def test_a_call_that_is_not_looked_at_is_not_timed(
    reader: Reader, vendor: Vendor, tracking: Tracking
) -> None:
    def timed() -> int:
        _unit, points = reader.read().get("sst.match.duration", ("", {}))
        return sum(point.count for point in points.values())

    before = timed()
    share(vendor)
    assert timed() == before
    sst_otel.tag("bob.meier@example.org", "email", owner_id="2")
    shares = reader.values("sst.shares")
    share(vendor)
    assert timed() == before + 1
    assert reader.values("sst.shares") == shares


def test_what_has_stopped_has_no_size(reader: Reader, tmp_path: Path) -> None:
    with tracking_in(tmp_path):
        assert reader.values("sst.registry.size") == {(): 0}
    assert reader.values("sst.registry.size") == {}


def test_our_failures_by_place(reader: Reader) -> None:
    guard.reset()
    for place in ("sink.requests", "sink.requests", "audit.journal"):
        guard.count_error(place, "OSError")
    assert reader.values("sst.errors") == {("sink.requests",): 2, ("audit.journal",): 1}
    guard.reset()


def test_recipients_beyond_two_hundred_are_one() -> None:
    mine = Reader()
    made = Metrics(mine.provider.get_meter("sst_otel"))
    for number in range(250):
        recipient = Recipient(f"vendor {number}", f"purpose {number}")
        for _again in range(2):
            made.shared(helpers.share("1", "email", "email", recipient=recipient))
    counted = mine.values("sst.shares")
    assert len(counted) == 201
    assert counted["email", "vendor 0", "purpose 0"] == 2
    assert counted["email", "other", "other"] == 100
    mine.provider.shutdown()


class FailingHistogram(NoOpHistogram):
    def record(self, *_: Any, **__: Any) -> None:
        raise OSError(MAIL)


class FailingMeter(NoOpMeter):
    """What somebody's own provider makes."""

    def create_histogram(self, name: str, *_: Any, **__: Any) -> NoOpHistogram:
        return FailingHistogram(name)


def test_a_meter_that_fails_costs_no_share(caplog: pytest.LogCaptureFixture) -> None:
    guard.reset()
    Metrics(FailingMeter("sst_otel")).matched("rpc", 0.1)
    assert guard.error_counts() == {"telemetry.metrics": 1}
    assert MAIL not in caplog.text
    guard.reset()


def test_a_provider_that_makes_none(monkeypatch: pytest.MonkeyPatch) -> None:
    def failing(*_: Any, **__: Any) -> Any:
        raise TypeError

    guard.reset()
    monkeypatch.setattr(metrics, "get_meter", failing)
    made = metrics.process_metrics.__wrapped__()
    made.matched("rpc", 0.1)
    made.shared(helpers.share("1", "email"))
    assert guard.error_counts() == {"telemetry.metrics": 1}
    guard.reset()
