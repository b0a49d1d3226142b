"""What exporters get: spans, log records and metrics in which personal values are replaced."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import Any

import pytest
from opentelemetry._logs import LogRecord
from opentelemetry.sdk._logs import LoggerProvider
from opentelemetry.sdk._logs.export import (
    BatchLogRecordProcessor,
    ConsoleLogRecordExporter,
    InMemoryLogRecordExporter,
    SimpleLogRecordProcessor,
)
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import ConsoleMetricExporter, PeriodicExportingMetricReader
from opentelemetry.sdk.trace import ReadableSpan, SpanLimits, SpanProcessor, TracerProvider
from opentelemetry.sdk.trace.export import (
    SimpleSpanProcessor,
    SpanExporter,
    SpanExportResult,
)
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import Link, SpanContext, StatusCode

import sst_otel
from tests.support import Tracking

MAIL = "ann.keller@example.com"


@pytest.fixture(autouse=True)
def person(tracking: Tracking) -> None:
    sst_otel.tag(MAIL, "email", owner_id="1")
    sst_otel.tag("F", "gender", owner_id="1")


def _tracers(*processors: SpanProcessor, **options: Any) -> TracerProvider:
    provider = TracerProvider(shutdown_on_exit=False, **options)
    for processor in processors:
        provider.add_span_processor(processor)
    return provider


def _same(items: Sequence[Any], others: Sequence[Any]) -> bool:
    return all(one is other for one, other in zip(items, others, strict=True))


def test_everything_of_a_span() -> None:
    memory = InMemorySpanExporter()
    provider = _tracers(SimpleSpanProcessor(memory), span_limits=SpanLimits(max_span_attributes=3))
    link = Link(SpanContext(1, 2, True), {"about": MAIL, "n": 1})
    tracer = provider.get_tracer("app")
    with tracer.start_as_current_span(f"GET {MAIL}", links=[link]) as span:
        for number in range(3):
            span.set_attribute(f"some.{number}", number)
        span.set_attribute("user.gender", "F")
        span.set_attribute("headers", [f"X: {MAIL}", "Y: 1"])
        span.set_attribute("body", {"to": {MAIL: [1]}})
        span.record_exception(LookupError(f"no {MAIL}"))
        span.set_status(StatusCode.ERROR, f"no {MAIL}")
    (exported,) = memory.get_finished_spans()
    assert MAIL not in exported.to_json()
    assert MAIL in f"{span.name} {span.attributes} {span.events[0].attributes}"  # type: ignore[attr-defined]
    assert exported.name.startswith("GET {email:tag_")
    assert exported.attributes is not None
    assert str(exported.attributes["user.gender"]).startswith("{gender:tag_")
    assert exported.dropped_attributes == 3
    assert exported.links[0].attributes is not None
    assert str(exported.links[0].attributes["about"]).startswith("{email:tag_")
    assert exported.links[0].context is link.context
    assert str(exported.status.description).startswith("no {email:tag_")
    assert exported.events[0].name == "exception"
    assert exported.context is span.get_span_context()
    assert (exported.start_time, exported.end_time) == (span.start_time, span.end_time)  # type: ignore[attr-defined]


def test_without_personal_values_the_very_objects_are_exported() -> None:
    class Keeping(SpanExporter):
        def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
            batches.append(spans)
            return SpanExportResult.SUCCESS

    batches: list[Any] = []
    ended: list[ReadableSpan] = []

    class Noting(SpanProcessor):
        def on_end(self, span: ReadableSpan) -> None:
            ended.append(span)

    provider = _tracers(Noting(), SimpleSpanProcessor(Keeping()))
    with provider.get_tracer("app").start_as_current_span("GET /") as span:
        span.set_attribute("url.path", "/orders/7")
        span.set_attribute("net.peer.port", 4_000)
    assert batches == [(ended[0],)]
    assert _same(batches[0], ended)


def test_bodies_and_attributes_of_log_records() -> None:
    memory = InMemoryLogRecordExporter()  # type: ignore[no-untyped-call]
    console = io.StringIO()
    provider = LoggerProvider(shutdown_on_exit=False)
    provider.add_log_record_processor(SimpleLogRecordProcessor(memory))
    provider.add_log_record_processor(BatchLogRecordProcessor(ConsoleLogRecordExporter(console)))
    logger = provider.get_logger("app")
    records = [
        LogRecord(body=f"{MAIL} has paid", attributes={"to": MAIL, "user.gender": "F"}),
        LogRecord(body={"who": [MAIL, 7]}, event_name="paid"),
        LogRecord(body="nothing", attributes={"n": 1}),
    ]
    for record in records:
        logger.emit(record)
    provider.shutdown()
    shown = [entry.log_record for entry in memory.get_finished_logs()]
    assert [type(record.body) for record in shown] == [str, dict, str]
    assert str(shown[0].body).startswith("{email:tag_")
    assert shown[0].attributes is not None
    assert str(shown[0].attributes["user.gender"]).startswith("{gender:tag_")
    assert MAIL not in str([shown[0].body, shown[0].attributes, shown[1].body])
    assert shown[2] is records[2]
    assert records[0].body == f"{MAIL} has paid"
    assert MAIL not in console.getvalue()
    assert "has paid" in console.getvalue()


def test_attributes_of_metrics() -> None:
    console = io.StringIO()
    reader = PeriodicExportingMetricReader(ConsoleMetricExporter(out=console))
    provider = MeterProvider([reader], shutdown_on_exit=False)
    counter = provider.get_meter("app").create_counter("mails")
    counter.add(1, {"to": MAIL, "n": 1})
    counter.add(1, {"to": "nobody"})
    provider.shutdown()
    assert MAIL not in console.getvalue()
    assert '"to": "{email:tag_' in console.getvalue()
    assert '"to": "nobody"' in console.getvalue()
