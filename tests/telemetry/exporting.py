"""The global providers of the real SDK, set once a process, and what their exporters got."""

from __future__ import annotations

from functools import cache
from typing import Any

from opentelemetry import _logs, trace
from opentelemetry.sdk._logs import LoggerProvider
from opentelemetry.sdk._logs.export import InMemoryLogRecordExporter, SimpleLogRecordProcessor
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import SpanKind


class Exported:
    """Spans and log records in the order of their ends."""

    def __init__(self) -> None:
        self.spans = InMemorySpanExporter()
        self.logs = InMemoryLogRecordExporter()  # type: ignore[no-untyped-call]

    def clear(self) -> None:
        self.spans.clear()
        self.logs.clear()

    def clients(self) -> list[ReadableSpan]:
        return [span for span in self.spans.get_finished_spans() if span.kind == SpanKind.CLIENT]

    def log_events(self) -> list[Any]:
        return [entry.log_record for entry in self.logs.get_finished_logs()]


@cache
def global_exporters() -> Exported:
    """Return what all modules of a process share, as providers can be set only once."""
    exported = Exported()
    tracers = TracerProvider()
    tracers.add_span_processor(SimpleSpanProcessor(exported.spans))
    trace.set_tracer_provider(tracers)
    loggers = LoggerProvider()
    loggers.add_log_record_processor(SimpleLogRecordProcessor(exported.logs))
    _logs.set_logger_provider(loggers)
    return exported
