"""No personal value leaves through us: not in a file, a log line, an event or a span of ours."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import requests
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from tests.support import Vendor, vendor_server
from tests.system.canary import CANARY, leaks, leaks_below, needles
from tests.system.launch import FLASK, OTEL, Launched, launched, wait_until
from tests.system.people import sign_in

SOUGHT = needles()
EXPORTERS = {
    f"OTEL_{signal}_EXPORTER": kind
    for signal, kind in (("TRACES", "otlp"), ("LOGS", "otlp"), ("METRICS", "none"))
}


def use_everything(app: Launched, client: requests.Session) -> list[int]:
    """Send the canary through every view of the shop; return the answers' status codes."""
    sign_in(client, app.url, CANARY)
    form = CANARY.form()
    codes = []

    def post(path: str, **kwargs: Any) -> None:
        codes.append(client.post(app.url + path, **kwargs).status_code)
        found = leaks_below(app.audit, SOUGHT)
        assert found == [], path

    post("/advice", data={"saved": "5000"})
    for path in ("/conversion", "/contact", "/move", "/lookup", "/keyed", "/vendor-down"):
        post(path, data=form)
    for path in ("/stream-out", "/false-gzip", "/odd-body", "/broken-insert", "/signup"):
        post(path, data=form)
    post("/orders", json={"item": CANARY.email, "contact": {"email": CANARY.email}})
    post("/people", json={CANARY.email: {"phone": CANARY.phone}, CANARY.phone: form})
    post("/people", json={f"{CANARY.first_name} {CANARY.last_name}": {"email": CANARY.email}})
    post("/people", json={CANARY.first_name: {"phone": CANARY.phone}, CANARY.city: form})
    post(
        "/upload",
        data={CANARY.email: CANARY.email, "note": CANARY.email},
        files={
            "document": (f"{CANARY.email}.txt", f"mail: {CANARY.email}\nphone: {CANARY.phone}"),
        },
    )
    post("/echo", json={CANARY.email: {CANARY.phone: [form]}})
    post("/echo", data=b'{"email": "' + CANARY.email.encode() + b'"', headers=JSON)
    post("/raw", data=f"email={CANARY.email}".encode())
    return codes


JSON = {"Content-Type": "application/json"}
CODES = [200, 204, 204, 200, 200, 200, 503, 200, 200, 502, 409, 409, 201, *[200] * 7]


def test_the_search_finds_what_it_looks_for(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b'{"x": "ZEPH.quackenb+shop@canary-mail.example"}')
    (tmp_path / CANARY.phone).touch()
    found = leaks_below(tmp_path, SOUGHT)
    assert "a: email in clear" in found
    assert f"{CANARY.phone}: phone in clear" in found
    assert leaks(b"nothing of anybody's, 73219845", SOUGHT) == []


def test_nothing_in_files_and_output(vendor: Vendor, tmp_path: Path) -> None:
    with launched(tmp_path, vendor.url) as app, app.client() as client:
        assert use_everything(app, client) == CODES
        rows = app.rows()
        assert leaks_below(app.audit, SOUGHT) == []
    assert leaks_below(app.audit, SOUGHT) == []
    assert leaks(app.log_file.read_bytes(), SOUGHT) == []
    assert leaks(str(rows).encode(), SOUGHT) == []
    assert len(rows) >= len(CODES) - 4
    assert leaks(str(vendor.received).encode(), SOUGHT) != []


def test_nothing_in_journals_of_a_killed_process(vendor: Vendor, tmp_path: Path) -> None:
    with launched(tmp_path, vendor.url) as app, app.client() as client:
        sign_in(client, app.url, CANARY)
        client.post(f"{app.url}/people", json={CANARY.email: CANARY.form()})
        client.post(f"{app.url}/contact")
        app.kill()
    assert list(app.audit.rglob("*.journal")) != []
    assert leaks_below(app.audit, SOUGHT) == []


def test_nothing_in_events_and_spans_of_ours(vendor: Vendor, tmp_path: Path) -> None:
    with vendor_server() as collector:
        environ = {
            **EXPORTERS,
            "OTEL_EXPORTER_OTLP_ENDPOINT": collector.url,
            "OTEL_EXPORTER_OTLP_PROTOCOL": "http/protobuf",
            "OTEL_BSP_SCHEDULE_DELAY": "50",
            "OTEL_BLRP_SCHEDULE_DELAY": "50",
        }
        with launched(tmp_path, vendor.url, environ=environ) as app, app.client() as client:
            assert use_everything(app, client) == CODES
            ids = {row["event_id"] for row in app.rows()}
            wait_until(lambda: _logged(collector).keys() >= ids)
            wait_until(lambda: _traced(collector)[0].keys() >= ids)
        logged, (in_spans, own_spans) = _logged(collector), _traced(collector)
    assert logged.keys() == in_spans.keys() == ids
    for content in (*logged.values(), *in_spans.values(), *own_spans):
        assert leaks(content.encode(), SOUGHT) == []


@pytest.mark.parametrize(
    "environ",
    [
        {"SST_RETENTION_DAYS": "often"},
        {"SST_DATABASE_URL": "sqlite:////proc/nowhere/audit.db", "SST_KEY": "k" * 32},
    ],
    ids=["wrong setting", "no place to write"],
)
def test_nothing_in_the_words_about_our_troubles(
    environ: dict[str, str], vendor: Vendor, tmp_path: Path
) -> None:
    with launched(tmp_path, vendor.url, (OTEL, *FLASK), environ) as app, app.client() as client:
        assert use_everything(app, client) == CODES
    assert len(app.ours()) >= 1
    assert leaks(app.log_file.read_bytes(), SOUGHT) == []


def _logged(collector: Vendor) -> dict[str, str]:
    """Return event id → text of the log events of ours that the collector got."""
    found = {}
    for _, path, body in list(collector.received):
        if path == "/v1/logs":
            for resource in ExportLogsServiceRequest.FromString(body).resource_logs:
                for scope in resource.scope_logs:
                    for record in scope.log_records:
                        if record.event_name.startswith("sst."):
                            found[_event_id(record.attributes)] = str(record)
    return found


def _traced(collector: Vendor) -> tuple[dict[str, str], list[str]]:
    """Return event id → text of our events in any span, and the text of our own spans."""
    events, spans = {}, []
    for _, path, body in list(collector.received):
        if path == "/v1/traces":
            for resource in ExportTraceServiceRequest.FromString(body).resource_spans:
                for scope in resource.scope_spans:
                    spans += [str(span) for span in scope.spans if scope.scope.name == "sst_otel"]
                    for span in scope.spans:
                        for event in span.events:
                            if event.name.startswith("sst."):
                                events[_event_id(event.attributes)] = str(event)
    return events, spans


def _event_id(attributes: Any) -> str:
    return next(str(pair.value.string_value) for pair in attributes if pair.key == "sst.event.id")
