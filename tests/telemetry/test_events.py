"""The share as OpenTelemetry has it: on the client span and as a log event, in any load order."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import requests
from opentelemetry import _logs, context, trace
from opentelemetry.instrumentation.httpx import HTTPXClientInstrumentor
from opentelemetry.instrumentation.requests import RequestsInstrumentor
from opentelemetry.instrumentation.sqlalchemy import SQLAlchemyInstrumentor
from opentelemetry.sdk._logs import LoggerProvider
from opentelemetry.sdk._logs.export import InMemoryLogRecordExporter, SimpleLogRecordProcessor
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import SpanKind
from sqlalchemy import create_engine, text

import sst_otel
from tests.support import Vendor, tracking_in

MAIL = "ann.keller@example.com"


class Exported:
    """What in-memory exporters of the real SDK got."""

    def __init__(self) -> None:
        self.spans = InMemorySpanExporter()
        self.logs = InMemoryLogRecordExporter()  # type: ignore[no-untyped-call]

    def clients(self) -> list[ReadableSpan]:
        return [span for span in self.spans.get_finished_spans() if span.kind == SpanKind.CLIENT]

    def log_events(self) -> list[Any]:
        return [entry.log_record for entry in self.logs.get_finished_logs()]


EXPORTED = Exported()


@pytest.fixture(scope="module", autouse=True)
def _providers() -> None:
    tracers = TracerProvider()
    tracers.add_span_processor(SimpleSpanProcessor(EXPORTED.spans))
    trace.set_tracer_provider(tracers)
    loggers = LoggerProvider()
    loggers.add_log_record_processor(SimpleLogRecordProcessor(EXPORTED.logs))
    _logs.set_logger_provider(loggers)


@pytest.fixture
def exported() -> Exported:
    EXPORTED.spans.clear()
    EXPORTED.logs.clear()
    return EXPORTED


INSTRUMENTORS = (RequestsInstrumentor, HTTPXClientInstrumentor)


@pytest.fixture(params=["sst first", "sst last", "sst alone"])
def order(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """Both orders of installation, each taken down in the other order too."""
    others = [made() for made in INSTRUMENTORS] if request.param != "sst alone" else []
    if request.param == "sst first":
        with tracking_in(tmp_path):
            for other in others:
                other.instrument()
            yield request.param
            for other in others:
                other.uninstrument()
    else:
        for other in others:
            other.instrument()
        with tracking_in(tmp_path):
            yield request.param
        for other in others:
            other.uninstrument()


@pytest.mark.parametrize("library", [requests, httpx], ids=["requests", "httpx"])
def test_one_event_on_the_client_span_and_one_log_event(
    library: Any, order: str, exported: Exported, vendor: Vendor
) -> None:
    sst_otel.tag(MAIL, "email", owner_id="1")
    with trace.get_tracer("test").start_as_current_span("request", kind=SpanKind.SERVER) as server:
        library.post(f"{vendor.url}/v1/contact", json={"mail": MAIL})
    (span,) = exported.clients()
    (event,) = span.events
    (log,) = exported.log_events()
    assert event.name == log.event_name == "sst.data.share"
    assert event.attributes is not None
    assert event.attributes["sst.event.id"] == log.attributes["sst.event.id"]
    assert event.attributes["sst.data.types"] == ("email",)
    assert event.attributes["server.port"] == vendor.port
    assert len(event.attributes["sst.tag.ids"]) == len(event.attributes["sst.evidence"]) == 1  # type: ignore[arg-type]
    assert log.timestamp == event.timestamp
    assert log.span_id == span.context.span_id
    assert span.context.trace_id == server.get_span_context().trace_id
    assert span.attributes is not None
    assert span.attributes["sst.outcome"] == "sent"
    assert "sst.owner.sealed" not in event.attributes
    assert MAIL not in f"{span.to_json()} {log}"


def test_after_stopping_nothing_of_ours_is_left(
    order: str, exported: Exported, vendor: Vendor
) -> None:
    sst_otel.tag(MAIL, "email", owner_id="1")
    sst_otel.stop_tracking()
    response = requests.post(vendor.url, json={"mail": MAIL})
    assert response.ok
    assert exported.log_events() == []
    assert all(not span.events for span in exported.clients())


def test_an_unsampled_request_is_still_logged(
    exported: Exported, vendor: Vendor, tmp_path: Path
) -> None:
    parent = trace.SpanContext(1, 2, True, trace.TraceFlags(0))
    within = trace.set_span_in_context(trace.NonRecordingSpan(parent))
    with tracking_in(tmp_path) as tracking:
        sst_otel.tag(MAIL, "email", owner_id="1")
        token = context.attach(within)
        requests.post(vendor.url, json={"mail": MAIL})
        context.detach(token)
        assert len(tracking.rows()) == 1
    assert exported.clients() == []
    (log,) = exported.log_events()
    assert log.trace_id == 1


@pytest.mark.parametrize(
    ("name", "attribute"), [("/orders/<id>", "http.route"), ("task shop.remind", "sst.job")]
)
def test_a_job_is_no_http_route(
    name: str, attribute: str, exported: Exported, vendor: Vendor, tmp_path: Path
) -> None:
    with tracking_in(tmp_path), sst_otel.scope(1, name=name):
        sst_otel.tag(MAIL, "email")
        requests.post(vendor.url, json={"mail": MAIL})
    (log,) = exported.log_events()
    assert log.attributes is not None
    told = {key: log.attributes.get(key) for key in ("http.route", "sst.job")}
    assert told == {"http.route": None, "sst.job": None, attribute: name}


class TestDatabase:
    """The statement's own span where there is one, ours where not."""

    @pytest.mark.parametrize("instrumented", [True, False])
    def test_write(self, instrumented: bool, exported: Exported, tmp_path: Path) -> None:
        instrumentor = SQLAlchemyInstrumentor()
        engine = create_engine(f"sqlite:///{tmp_path / 'app.db'}")
        if instrumented:
            instrumentor.instrument(engine=engine)
        with tracking_in(tmp_path):
            sst_otel.tag(MAIL, "email", owner_id="1")
            with engine.begin() as connection:
                connection.execute(text("CREATE TABLE t (email TEXT)"))
                connection.execute(text("INSERT INTO t (email) VALUES (:m)"), {"m": MAIL})
        engine.dispose()
        if instrumented:
            instrumentor.uninstrument()
        with_event = [span for span in exported.clients() if span.events]
        assert len(with_event) == 1
        (event,) = with_event[0].events
        assert event.attributes is not None
        assert event.attributes["sst.destination"] == "sqlite t(email)"
        assert event.attributes["db.collection.name"] == "t"
        assert MAIL not in with_event[0].to_json()
