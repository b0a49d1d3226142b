"""Sites that logfire is configured in: its providers get ours once, its exporters no values."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from opentelemetry.proto.trace.v1.trace_pb2 import Span

from tests.beside.forty import FORTY, SOUGHT
from tests.support import Vendor
from tests.system.canary import leaks
from tests.system.collected import KINDS, Telemetry
from tests.system.launch import APPS, OTEL, Launched, launched, wait_until

pytestmark = pytest.mark.stack  # half a minute
VALUES = FORTY[0]
SERVERS = {
    "flask": ("flask", "--app", "observed", "run", "--port", "{port}"),
    "fastapi": ("uvicorn", "--log-level", "critical", "--port", "{port}", "observed:app"),
}
RUNS = (
    ("flask", "launcher"),
    ("flask", "before"),
    ("flask", "after"),
    ("fastapi", "launcher"),
    ("fastapi", "after"),
)


@dataclass
class Run:
    """What a run of the club's site left behind."""

    app: Launched
    telemetry: Telemetry
    processors: list[int]
    file: str
    rows: list[dict[str, Any]]

    def spans(self) -> Iterator[Any]:
        """Yield the spans that the collector got."""
        for body in self.telemetry.raw()["/v1/traces"]:
            for resource in KINDS["/v1/traces"].FromString(body).resource_spans:
                for scope in resource.scope_spans:
                    yield from scope.spans

    def records(self) -> Iterator[Any]:
        """Yield the log records that the collector got."""
        for body in self.telemetry.raw()["/v1/logs"]:
            for resource in KINDS["/v1/logs"].FromString(body).resource_logs:
                for scope in resource.scope_logs:
                    yield from scope.log_records


@pytest.fixture(params=RUNS, ids=" ".join)
def run(
    request: pytest.FixtureRequest,
    binaries: Path,
    telemetry: Telemetry,
    vendor: Vendor,
    tmp_path: Path,
) -> Run:
    """Join the club and be looked up; whichever framework, whenever tracking starts."""
    framework, start = request.param
    file = tmp_path / "spans.ndjson"
    environ = {
        **telemetry.environ(),
        **{f"OTEL_{signal}_EXPORTER": "otlp" for signal in ("TRACES", "LOGS", "METRICS")},
        "FRAMEWORK": framework,
        "PYTHONPATH": str(APPS),
        "SPANS": str(file),
        "START": start,
    }
    command = ((OTEL,) if start == "launcher" else ()) + SERVERS[framework]
    with (
        launched(tmp_path, vendor.url, command, environ, binaries=binaries) as app,
        app.client() as client,
    ):
        processors = client.get(f"{app.url}/health").json()["processors"]
        given = {name: VALUES[name] for name in ("email", "phone", "full_name")}
        assert client.post(f"{app.url}/join", json=given).status_code == 201
        assert client.get(f"{app.url}/members/{VALUES['email']}").status_code == 500
        rows = app.rows()
        client.get(f"{app.url}/the-last-one")
        found = Run(app, telemetry, processors, "", rows)
        wait_until(lambda: any("the-last-one" in str(span) for span in found.spans()))
        wait_until(lambda: any("hello" in str(record.body) for record in found.records()))
    found.file = file.read_text()
    return found


def test_ours_stands_beside_it(run: Run) -> None:
    assert run.processors == [1, 1]
    assert run.app.ours() == []
    _nothing_leaks(run)
    _everything_is_stamped(run)
    _the_share_is_told(run)


def _nothing_leaks(run: Run) -> None:
    raw = {path: leaks(b"\n".join(bodies), SOUGHT) for path, bodies in run.telemetry.raw().items()}
    found = {
        **raw,
        "their own exporter": leaks(run.file.encode(), SOUGHT),
        "console": leaks(run.app.log_file.read_bytes(), SOUGHT),
    }
    assert found == {where: [] for where in found}
    assert "greeting {email:tag_" in run.file
    assert "greeting {email:tag_" in run.app.log()
    assert any("LookupError" in str(event) for span in run.spans() for event in span.events)


def _everything_is_stamped(run: Run) -> None:
    spans = [json.loads(line) for line in run.file.splitlines()]
    (greeting,) = (span for span in spans if span["name"].startswith("greeting "))
    ids = greeting["attributes"]["sst.tag.ids"]
    assert len(ids) == 3
    trace_id = int(greeting["context"]["trace_id"], 16).to_bytes(16, "big")
    in_trace = [span for span in run.spans() if span.trace_id == trace_id]
    stamped = {
        span.kind for span in in_trace if any(one.key == "sst.tag.ids" for one in span.attributes)
    }
    assert {Span.SPAN_KIND_SERVER, Span.SPAN_KIND_CLIENT} <= stamped
    (hello,) = (record for record in run.records() if "hello" in str(record.body))
    assert any(one.key == "sst.tag.ids" for one in hello.attributes)
    assert "{name:tag_" in hello.body.string_value


def _the_share_is_told(run: Run) -> None:
    (row,) = run.rows
    assert sorted(row["data_types"]) == ["email", "name", "phone"]
    in_spans = {
        (span.span_id.hex(), one.value.string_value)
        for span in run.spans()
        for event in span.events
        if event.name == "sst.data.share"
        for one in event.attributes
        if one.key == "sst.event.id"
    }
    assert in_spans == {(row["span_id"], row["event_id"])}
    assert [
        one.value.string_value
        for record in run.records()
        if record.event_name == "sst.data.share"
        for one in record.attributes
        if one.key == "sst.event.id"
    ] == [row["event_id"]]
