"""The application's own telemetry is not a share; an exporter that a vendor brings is one."""

from __future__ import annotations

from pathlib import Path

import pytest
import requests
from opentelemetry.instrumentation.utils import suppress_instrumentation

import sst_otel
from sst_otel.telemetry.own_exporter import own_endpoints
from tests.support import Vendor, tracking_in

MAIL = "ann.keller@example.com"


@pytest.mark.parametrize("own", [True, False])
def test_exports(
    own: bool, vendor: Vendor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if own:
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", vendor.url)
    with tracking_in(tmp_path) as tracking:
        sst_otel.tag(MAIL, "email", owner_id="1")
        with suppress_instrumentation():  # as every OTLP exporter does around its call
            requests.post(f"{vendor.url}/v1/traces", json={"attributes": [MAIL]})
        assert len(vendor.received) == 1
        assert [share[2] for share in tracking.shares()] == ([] if own else [("email",)])


@pytest.mark.parametrize(
    ("environ", "endpoints"),
    [
        ({}, {("localhost", 4317), ("localhost", 4318)}),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": "https://otel.example"}, {("otel.example", 443)}),
        (
            {
                "OTEL_EXPORTER_OTLP_ENDPOINT": "https://otlp.vendor.example",
                "OTEL_EXPORTER_OTLP_LOGS_ENDPOINT": "https://otel.example",
            },
            {("otel.example", 443)},
        ),
        ({"OTEL_EXPORTER_OTLP_LOGS_ENDPOINT": "http://c:4318/v1/logs"}, {("c", 4318)}),
        (
            {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://c:port"},
            {("localhost", 4317), ("localhost", 4318)},
        ),
    ],
)
def test_endpoints(environ: dict[str, str], endpoints: set[tuple[str, int]]) -> None:
    assert own_endpoints(environ, lambda host, _path: host == "otlp.vendor.example") == endpoints
