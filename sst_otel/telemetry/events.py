"""``sst.data.share`` as OpenTelemetry has it: a log event first, then an event on the client span.

Only the API is used. Where no instrumentation made a client span, one of our own is made, so that
the share hangs where it belongs in the trace.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

from opentelemetry import context, trace
from opentelemetry._logs import LogRecord, SeverityNumber, get_logger
from opentelemetry.trace import Span, SpanKind

from sst_otel import semconv
from sst_otel.shares import Call, SharingEvent

_SCOPE = "sst_otel"
_OUTGOING = (SpanKind.CLIENT, SpanKind.PRODUCER)
_LEAVING = frozenset({SpanKind.CLIENT, SpanKind.PRODUCER})
"""Kinds of the spans that stand for a call going out."""


class _OwnSpan:
    """A client span that we made and must end."""

    __slots__ = ("span",)

    def __init__(self, span: Span) -> None:
        self.span = span


class Telemetry:
    """Emits events by whatever providers the application has configured."""

    def ids(self, span: Any = None) -> tuple[str, str]:
        """Return trace and span id in hex of ``span`` or the current one; empty when there is none.

        For a client span that is still to be made by us this is its parent.
        """
        found = (span or trace.get_current_span()).get_span_context()
        if not found.is_valid:
            return "", ""
        return format(found.trace_id, "032x"), format(found.span_id, "016x")

    def announce(self, events: Sequence[SharingEvent], call: Call, span: Any, begun: int) -> Any:
        """Emit all events of one call; returns what :meth:`finish` takes.

        ``begun``: start of the call in nanoseconds since the epoch.
        """
        span = span or call.span
        ours = None
        if span is None and call.kind != semconv.FILE_WRITE:
            current = trace.get_current_span()
            if getattr(current, "kind", None) in _LEAVING and current.is_recording():
                span = current
        if span is None:
            ours = _OwnSpan(_client_span(events[0], call, begun))
            span = ours.span
        logger = get_logger(_SCOPE)
        within = trace.set_span_in_context(span, context.get_current())
        for event in events:
            attributes = share_attributes(event, call)
            logger.emit(
                LogRecord(
                    timestamp=int(event.at * 1e9),
                    observed_timestamp=time.time_ns(),
                    context=within,
                    severity_number=SeverityNumber.INFO,
                    event_name=semconv.EVENT_SHARE,
                    attributes={**attributes, semconv.OWNER_SEALED: event.owner_sealed},
                )
            )
            if span.is_recording():
                span.add_event(semconv.EVENT_SHARE, attributes, int(event.at * 1e9))
        return ours or span

    def finish(self, span: Any, outcome: str) -> None:
        """Note the outcome, and end the span if it is ours."""
        if isinstance(span, _OwnSpan):
            span.span.set_attribute(semconv.OUTCOME, outcome)
            span.span.end()
        elif span.is_recording():
            span.set_attribute(semconv.OUTCOME, outcome)


def share_attributes(event: SharingEvent, call: Call) -> dict[str, Any]:
    """Return the attributes of design 4.3; flat, ours last."""
    attributes: dict[str, Any] = {
        name: value
        for name, value in event.metadata.items()
        if isinstance(value, (str, bool, int, float)) and not name.startswith("sst.")
    }
    if event.host:
        attributes["server.address"] = event.host
    if call.port:
        attributes["server.port"] = call.port
    if event.route.startswith("/"):
        attributes["http.route"] = event.route
    elif event.route:
        attributes[semconv.JOB] = event.route
    if event.code is not None:
        attributes["code.file.path"] = event.code.file
        attributes["code.line.number"] = event.code.line
        attributes["code.function.name"] = event.code.function
    attributes[semconv.EVENT_ID] = event.event_id
    attributes[semconv.EVENT_TYPE] = event.kind
    attributes[semconv.OWNER_REF] = event.owner_ref
    attributes[semconv.DESTINATION] = event.destination
    attributes[semconv.RECIPIENT_NAME] = event.recipient.name
    attributes[semconv.RECIPIENT_PURPOSE] = event.recipient.purpose
    attributes[semconv.RECIPIENT_COUNTRY] = event.recipient.country
    attributes[semconv.RECIPIENT_ROLE] = event.recipient.role
    attributes[semconv.DATA_TYPES] = tuple(f.tag.data_type for f in event.findings)
    attributes[semconv.TAG_IDS] = tuple(f.tag.tag_id for f in event.findings)
    attributes[semconv.EVIDENCE] = tuple(f.evidence for f in event.findings)
    attributes[semconv.PAYLOAD_PATHS] = tuple(f.path for f in event.findings)
    attributes[semconv.KEY_ID] = event.key_id
    return attributes


def _client_span(event: SharingEvent, call: Call, begun: int) -> Span:
    attributes: dict[str, Any] = dict(call.attributes)
    if event.host:
        attributes["server.address"] = event.host
    if call.port:
        attributes["server.port"] = call.port
    if call.method:
        attributes["http.request.method"] = call.method
    name = call.method or event.destination
    # What is written to a file or a log does not leave for a server.
    kind = SpanKind.INTERNAL if call.kind == semconv.FILE_WRITE else SpanKind.CLIENT
    return trace.get_tracer(_SCOPE).start_span(
        name, kind=kind, attributes=attributes, start_time=begun
    )
