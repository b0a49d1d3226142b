"""Which exporters get telemetry without personal values: all but a vendor's for its own product."""

from __future__ import annotations

import io
import sys
from collections.abc import Iterator, Sequence
from importlib import import_module
from pathlib import Path
from types import FunctionType, ModuleType
from typing import Any

import pytest
from opentelemetry._logs import LogRecord
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk._logs import LoggerProvider
from opentelemetry.sdk._logs.export import InMemoryLogRecordExporter, SimpleLogRecordProcessor
from opentelemetry.sdk.trace import ReadableSpan, SpanProcessor, TracerProvider
from opentelemetry.sdk.trace.export import (
    BatchSpanProcessor,
    ConsoleSpanExporter,
    SimpleSpanProcessor,
    SpanExporter,
    SpanExportResult,
)
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from wrapt import FunctionWrapper

import sst_otel
from sst_otel import guard
from sst_otel.telemetry.redaction import Redactor
from tests.support import Tracking, Vendor, tracking_in

MAIL = "ann.keller@example.com"


@pytest.fixture(autouse=True)
def tracked(tmp_path: Path) -> Iterator[Tracking]:
    with tracking_in(tmp_path) as tracked:
        sst_otel.tag(MAIL, "email", owner_id="1")
        yield tracked
    guard.reset()


def _tracers(*processors: SpanProcessor) -> TracerProvider:
    provider = TracerProvider(shutdown_on_exit=False)
    for processor in processors:
        provider.add_span_processor(processor)
    return provider


def _one_span(provider: TracerProvider) -> None:
    with provider.get_tracer("app").start_as_current_span(f"GET {MAIL}") as span:
        span.set_attribute("url.path", f"/users/{MAIL}")
    provider.shutdown()


class TestWhichExporters:
    """Those there are, those to come, and what only looks like one."""

    def test_made_and_defined_before_tracking(self, tmp_path: Path) -> None:
        sst_otel.stop_tracking()
        console = io.StringIO()
        provider = _tracers(BatchSpanProcessor(ConsoleSpanExporter(out=console)))
        with tracking_in(tmp_path):
            sst_otel.tag(MAIL, "email", owner_id="1")
            _one_span(provider)
        assert MAIL not in console.getvalue()
        assert "{email:tag_" in console.getvalue()

    @pytest.mark.parametrize(
        ("module", "name"),
        [
            ("proto.http.trace_exporter", "OTLPSpanExporter"),
            ("proto.http._log_exporter", "OTLPLogExporter"),
            ("proto.http.metric_exporter", "OTLPMetricExporter"),
            ("proto.grpc.trace_exporter", "OTLPSpanExporter"),
            ("proto.grpc._log_exporter", "OTLPLogExporter"),
            ("proto.grpc.metric_exporter", "OTLPMetricExporter"),
        ],
    )
    def test_those_of_opentelemetry(self, module: str, name: str) -> None:
        exporter = getattr(import_module(f"opentelemetry.exporter.otlp.{module}"), name)
        assert type(vars(exporter)["export"]) is FunctionWrapper

    def test_one_that_inherits_and_one_that_hands_on(self) -> None:
        names: list[str] = []

        class Keeping(SpanExporter):
            def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
                names.extend(span.name for span in spans)
                return SpanExportResult.SUCCESS

        class Below(Keeping):
            def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
                names.extend(span.name for span in spans)
                return super().export(spans)

        class Plain(Keeping):
            pass

        _one_span(_tracers(SimpleSpanProcessor(Below()), BatchSpanProcessor(Plain())))
        assert len(names) == 3
        assert {name[:15] for name in names} == {"GET {email:tag_"}

    def test_one_that_only_looks_like_one(self) -> None:
        class Looking:
            def export(self, spans: Any) -> None:
                names.extend(span.name for span in spans)

            def shutdown(self) -> None:
                """Nothing to do."""

        names: list[str] = []
        _one_span(_tracers(SimpleSpanProcessor(Looking())))  # type: ignore[arg-type]
        assert [name[:15] for name in names] == ["GET {email:tag_"]

    def test_a_vendors_own_is_not_rewritten(
        self, vendor: Vendor, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        sdk = ModuleType("langfuse")
        sdk.__dict__.update(batch=BatchSpanProcessor, exporter=OTLPSpanExporter)
        made = "def processor(url):\n    return batch(exporter(url))\n"
        exec(made, sdk.__dict__)
        monkeypatch.setitem(sys.modules, "langfuse", sdk)
        _one_span(_tracers(sdk.processor(f"{vendor.url}/v1/traces")))
        _one_span(_tracers(BatchSpanProcessor(OTLPSpanExporter(f"{vendor.url}/v1/traces"))))
        theirs, ours = (body for _, _, body in vendor.received)
        assert MAIL.encode() in theirs
        assert MAIL.encode() not in ours
        assert b"{email:tag_" in ours


def test_switched_off_or_stopped(tmp_path: Path) -> None:
    sst_otel.stop_tracking()
    off, stopped = InMemorySpanExporter(), InMemorySpanExporter()
    with tracking_in(tmp_path, redact="off"):
        sst_otel.tag(MAIL, "email", owner_id="1")
        _one_span(_tracers(SimpleSpanProcessor(off)))
    with tracking_in(tmp_path):
        sst_otel.tag(MAIL, "email", owner_id="1")
    _one_span(_tracers(SimpleSpanProcessor(stopped)))
    for memory in (off, stopped):
        assert [span.name for span in memory.get_finished_spans()] == [f"GET {MAIL}"]
    assert type(vars(InMemorySpanExporter)["export"]) is FunctionType
    assert "__init_subclass__" not in vars(SpanExporter)


class TestTrouble:
    """What cannot be looked at goes without its texts; the exporter's own errors are its own."""

    def test_an_item_that_cannot_be_looked_at(
        self, tracked: Tracking, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def fails(*_: Any) -> None:
            raise RuntimeError(MAIL)

        monkeypatch.setattr(Redactor, "swaps", fails)
        memory = InMemorySpanExporter()
        provider = _tracers(SimpleSpanProcessor(memory))
        with provider.get_tracer("app").start_as_current_span(f"GET {MAIL}") as span:
            span.set_attribute("url.path", MAIL)
            span.set_attribute("code", 7)
        (exported,) = memory.get_finished_spans()
        assert exported.name == "{unreadable}"
        assert dict(exported.attributes or {}) == {"code": 7}
        assert span.name == f"GET {MAIL}"  # type: ignore[attr-defined]
        assert set(tracked.errors()) == {"telemetry.redaction"}

    def test_an_object_of_the_application(self) -> None:
        class Order:
            def __str__(self) -> str:
                raise AssertionError("asked")

            __repr__ = __eq__ = __hash__ = __str__  # type: ignore[assignment]

        memory = InMemoryLogRecordExporter()  # type: ignore[no-untyped-call]
        provider = LoggerProvider(shutdown_on_exit=False)
        provider.add_log_record_processor(SimpleLogRecordProcessor(memory))
        provider.get_logger("app").emit(LogRecord(body={"a": Order()}))  # type: ignore[dict-item]
        (entry,) = memory.get_finished_logs()
        assert entry.log_record.body == {"a": "{unreadable}"}

    def test_an_exporter_that_fails(self) -> None:
        class Failing(SpanExporter):
            def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
                raise OSError("down")

        exporter = Failing()
        with pytest.raises(OSError, match="down") as failed:
            exporter.export(())
        frames = [entry.name for entry in failed.traceback]
        assert frames == ["test_an_exporter_that_fails", "export"]
