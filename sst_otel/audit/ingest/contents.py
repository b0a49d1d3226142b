"""What a request holds: audit records, records that are none although they say so, and others'."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.logs.v1.logs_pb2 import LogRecord

from sst_otel.audit.decoding import CorruptRecord
from sst_otel.audit.otlp import EVENTS, attributes_of, record_of
from sst_otel.audit.records import Record


@dataclass(slots=True)
class Contents:
    """A request, sorted."""

    records: list[Record] = field(default_factory=list)
    bad: list[bytes] = field(default_factory=list)
    """Log records, serialised, that have a name of ours and cannot be read."""
    others: int = 0
    """Log records and spans that tell nothing of ours."""


def of_logs(request: ExportLogsServiceRequest) -> Contents:
    """Sort the log records of a request, in their order."""
    found = Contents()
    for logs in request.resource_logs:
        resource = attributes_of(logs.resource.attributes)
        for scope in logs.scope_logs:
            for log in scope.log_records:
                _sort(log, resource, found)
    return found


def of_traces(request: ExportTraceServiceRequest) -> Contents:
    """Sort the events of the spans of a request.

    A span event says less than the log record of the same id: no sealed owner, no frames.
    """
    found = Contents()
    for spans in request.resource_spans:
        resource = attributes_of(spans.resource.attributes)
        for scope in spans.scope_spans:
            for span in scope.spans:
                logs = list(_events(span))
                found.others += not logs
                for log in logs:
                    _sort(log, resource, found)
    return found


def _events(span: Any) -> Iterator[LogRecord]:
    for event in span.events:
        if event.name in EVENTS:
            yield LogRecord(
                event_name=event.name,
                time_unix_nano=event.time_unix_nano,
                attributes=event.attributes,
                trace_id=span.trace_id,
                span_id=span.span_id,
            )


def _sort(log: LogRecord, resource: Mapping[str, Any], found: Contents) -> None:
    if log.event_name not in EVENTS:
        found.others += 1
        return
    try:
        found.records.append(record_of(log, resource))
    except CorruptRecord:
        found.bad.append(log.SerializeToString(deterministic=True))
