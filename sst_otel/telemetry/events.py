"""``sst.data.share`` as OpenTelemetry has it: a log event first, then an event on the client span.

Only the API is used. Where no instrumentation made a client span, one of our own is made, so that
the share hangs where it belongs in the trace.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

from opentelemetry import context, trace
from opentelemetry._logs import Logger, LogRecord, SeverityNumber, get_logger
from opentelemetry.context import Context
from opentelemetry.trace import Span, SpanKind

from sst_otel import semconv
from sst_otel.guard import guard
from sst_otel.shares import Call, SharingEvent

_SCOPE = "sst_otel"
_logging = guard("telemetry.log")
_LEAVING = frozenset({SpanKind.CLIENT, SpanKind.PRODUCER})
"""Kinds of the spans that stand for a call going out."""


class _OwnSpan:
    """A client span that we made and must end."""

    __slots__ = ("span",)

    def __init__(self, span: Span) -> None:
        self.span = span


class Telemetry:
    """Emits events by whatever providers the application has configured, or will.

    ``logger``: another than that of the global provider.
    """

    def __init__(self, logger: Logger | None = None) -> None:
        # Asked for once: each time the SDK (1.45) also adds a filter of warnings, upon which Python
        # forgets which of the application's warnings it has shown.
        self._logger = logger or get_logger(_SCOPE)
        self._enabled = getattr(self._logger, "enabled", None)  # not in every version
        self._tracer = trace.get_tracer(_SCOPE)

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
            ours = _OwnSpan(self._client_span(events[0], call, begun))
            span = ours.span
        within = trace.set_span_in_context(span, context.get_current())
        logging, recording = self._is_logging(within), span.is_recording()
        for event in events if logging or recording else ():
            attributes = share_attributes(event, call)
            if logging:
                with _logging:  # or a processor of log records that fails cost the span its event
                    self._logger.emit(
                        LogRecord(
                            timestamp=int(event.at * 1e9),
                            observed_timestamp=time.time_ns(),
                            context=within,
                            severity_number=SeverityNumber.INFO,
                            event_name=semconv.EVENT_SHARE,
                            attributes={**attributes, semconv.OWNER_SEALED: event.owner_sealed},
                        )
                    )
            if recording:
                span.add_event(semconv.EVENT_SHARE, attributes, int(event.at * 1e9))
        return ours or span

    def _is_logging(self, within: Context) -> bool:
        """Whether anybody takes our log records; attributes cost more than all else of an event."""
        if self._enabled is not None:
            with _logging:
                return bool(
                    self._enabled(
                        context=within,
                        severity_number=SeverityNumber.INFO,
                        event_name=semconv.EVENT_SHARE,
                    )
                )
            self._enabled = None  # somebody's processor does not know the question: asked once
        return True

    def finish(self, span: Any, outcome: str) -> None:
        """Note the outcome, and end the span if it is ours."""
        if isinstance(span, _OwnSpan):
            span.span.set_attribute(semconv.OUTCOME, outcome)
            span.span.end()
        elif span.is_recording():
            span.set_attribute(semconv.OUTCOME, outcome)

    def _client_span(self, event: SharingEvent, call: Call, begun: int) -> Span:
        attributes: dict[str, Any] = dict(call.attributes)
        if event.host:
            attributes[semconv.SERVER_ADDRESS] = event.host
        if call.port:
            attributes[semconv.SERVER_PORT] = call.port
        if call.method:
            attributes[semconv.HTTP_METHOD] = call.method
        name = call.method or event.destination
        # What is written to a file or a log does not leave for a server.
        kind = SpanKind.INTERNAL if call.kind == semconv.FILE_WRITE else SpanKind.CLIENT
        return self._tracer.start_span(name, kind=kind, attributes=attributes, start_time=begun)


def share_attributes(event: SharingEvent, call: Call) -> dict[str, Any]:
    """Return the attributes of design 4.3; flat, ours last, the id at the very end."""
    attributes: dict[str, Any] = {
        name: value
        for name, value in event.metadata.items()
        if isinstance(value, (str, bool, int, float)) and not name.startswith("sst.")
    }
    if event.host:
        attributes[semconv.SERVER_ADDRESS] = event.host
    if call.port:
        attributes[semconv.SERVER_PORT] = call.port
    if event.route.startswith("/"):
        attributes[semconv.HTTP_ROUTE] = event.route
    elif event.route:
        attributes[semconv.JOB] = event.route
    if event.code is not None:
        attributes[semconv.CODE_FILE] = event.code.file
        attributes[semconv.CODE_LINE] = event.code.line
        attributes[semconv.CODE_FUNCTION] = event.code.function
    # Limits drop the first ones: what is least needed stands first.
    received = event.metadata.get(semconv.RECEIVED_TAG_IDS)
    if received:
        attributes[semconv.RECEIVED_TAG_IDS] = tuple(received)
    attributes[semconv.KEY_ID] = event.key_id
    attributes[semconv.RECIPIENT_COUNTRY] = event.recipient.country
    attributes[semconv.RECIPIENT_ROLE] = event.recipient.role
    attributes[semconv.RECIPIENT_PURPOSE] = event.recipient.purpose
    attributes[semconv.PAYLOAD_PATHS] = tuple(f.path for f in event.findings)
    attributes[semconv.EVIDENCE] = tuple(f.evidence for f in event.findings)
    attributes[semconv.TAG_IDS] = tuple(f.tag.tag_id for f in event.findings)
    attributes[semconv.DATA_TYPES] = tuple(f.tag.data_type for f in event.findings)
    attributes[semconv.RECIPIENT_NAME] = event.recipient.name
    attributes[semconv.DESTINATION] = event.destination
    attributes[semconv.EVENT_TYPE] = event.kind
    attributes[semconv.OWNER_REF] = event.owner_ref
    attributes[semconv.EVENT_ID] = event.event_id
    return attributes
