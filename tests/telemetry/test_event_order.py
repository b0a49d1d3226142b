"""What comes first, what is said once, and what limits and samplers must not lose."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
import requests
from flask import Flask, request
from opentelemetry import trace
from opentelemetry._logs import SeverityNumber
from opentelemetry.instrumentation.flask import FlaskInstrumentor
from opentelemetry.instrumentation.requests import RequestsInstrumentor
from opentelemetry.sdk._logs import LoggerProvider, LogRecordProcessor
from opentelemetry.sdk._logs.export import InMemoryLogRecordExporter, SimpleLogRecordProcessor
from opentelemetry.sdk.trace import ReadableSpan, Span, SpanLimits, TracerProvider
from opentelemetry.trace import SpanKind

import sst_otel
from sst_otel import guard, semconv
from sst_otel.shares import Call
from sst_otel.telemetry.events import Telemetry, share_attributes
from tests.audit import helpers
from tests.support import Tracking, Vendor, tracking_in
from tests.telemetry.exporting import Exported

MAIL = "ann.keller@example.com"
EVENT = helpers.share("1", "email", metadata={"http.request.method": "POST", "sst.unread": 1})
NEEDED = [
    semconv.TAG_IDS,
    semconv.DATA_TYPES,
    semconv.RECIPIENT_NAME,
    semconv.DESTINATION,
    semconv.EVENT_TYPE,
    semconv.OWNER_REF,
    semconv.EVENT_ID,
]
"""What an event is worth nothing without, in the order it stands in."""


def client_span(limits: SpanLimits | None = None) -> Span:
    """Return a client span that is nobody's but the test's."""
    tracer = TracerProvider(span_limits=limits).get_tracer("test")
    span = tracer.start_span("POST", kind=SpanKind.CLIENT)
    assert isinstance(span, Span)
    return span


def post(vendor: Vendor, span: Span, people: Sequence[str] = (MAIL,)) -> None:
    """Share within ``span``: no other client span is made."""
    with trace.use_span(span, end_on_exit=True):
        requests.post(f"{vendor.url}/v1/contact", json={"to": list(people)})


def shares(span: ReadableSpan) -> list[dict[str, Any]]:
    return [dict(event.attributes or {}) for event in span.events if event.name == "sst.data.share"]


class TestOrder:
    """The log record, then the event of the same id, then the outcome."""

    def test_the_record_is_out_before_the_span_has_the_event(
        self,
        exported: Exported,
        vendor: Vendor,
        tracking: Tracking,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        span = client_span()
        seen: list[tuple[int, int, bool]] = []
        vendor.on_request = lambda: seen.append(
            (len(exported.log_events()), len(span.events), "sst.outcome" in (span.attributes or {}))
        )
        before: list[int] = []
        export = exported.logs.export

        def noting(batch: Any) -> Any:
            before.append(len(span.events))
            return export(batch)

        monkeypatch.setattr(exported.logs, "export", noting)
        sst_otel.tag(MAIL, "email", owner_id="1")
        post(vendor, span)
        assert before == [0]
        assert seen == [(1, 1, False)]
        assert span.attributes is not None
        assert span.attributes["sst.outcome"] == "sent"

    def test_what_a_record_has(
        self, exported: Exported, vendor: Vendor, tracking: Tracking
    ) -> None:
        sst_otel.tag(MAIL, "email", owner_id="1")
        span = client_span()
        post(vendor, span)
        (record,) = exported.log_events()
        (row,) = tracking.rows()
        assert record.event_name == "sst.data.share"
        assert record.severity_number == SeverityNumber.INFO
        assert record.body is None
        assert record.timestamp == span.events[0].timestamp
        assert record.timestamp == pytest.approx(row["timestamp"] * 1e9, rel=1e-12)
        assert record.observed_timestamp >= record.timestamp
        assert record.span_id == span.context.span_id
        ids = [share["sst.event.id"] for share in shares(span)]
        assert ids == [record.attributes["sst.event.id"]] == [row["event_id"]]

    def test_one_event_a_person_with_all_their_data(
        self, exported: Exported, vendor: Vendor, tracking: Tracking
    ) -> None:
        mails = {"1": ["ann@example.com", "keller@example.org"], "2": ["bob@example.net"]}
        for owner, own in mails.items():
            for mail in own:
                sst_otel.tag(mail, "email", owner_id=owner)
        span = client_span()
        post(vendor, span, [*mails["1"], *mails["2"]])
        assert sorted(len(share["sst.tag.ids"]) for share in shares(span)) == [1, 2]
        assert len(exported.log_events()) == len(tracking.rows()) == 2


class TestLimits:
    """What the SDK drops is the oldest: ours comes last."""

    def test_attributes_of_an_event(self, vendor: Vendor, tracking: Tracking) -> None:
        sst_otel.tag(MAIL, "email", owner_id="1")
        span = client_span(SpanLimits(max_event_attributes=len(NEEDED)))
        post(vendor, span)
        (share,) = shares(span)
        assert list(share) == NEEDED

    def test_attributes_of_the_span(self, vendor: Vendor, tracking: Tracking) -> None:
        sst_otel.tag(MAIL, "email", owner_id="1")
        span = client_span()
        span.set_attributes({f"app.{number}": number for number in range(200)})
        post(vendor, span)
        assert span.attributes is not None
        assert span.attributes["sst.outcome"] == "sent"
        assert span.dropped_attributes > 0

    def test_events_of_the_span(self, vendor: Vendor, tracking: Tracking) -> None:
        sst_otel.tag(MAIL, "email", owner_id="1")
        span = client_span()
        for number in range(200):
            span.add_event(f"app.{number}")
        post(vendor, span)
        assert len(span.events) == 128
        assert len(shares(span)) == 1

    @pytest.mark.filterwarnings("ignore:Log record attributes were dropped")
    def test_attributes_of_a_record(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("OTEL_LOGRECORD_ATTRIBUTE_COUNT_LIMIT", str(len(NEEDED) + 1))
        records = InMemoryLogRecordExporter()  # type: ignore[no-untyped-call]
        telemetry = logging_by(SimpleLogRecordProcessor(records))
        telemetry.announce([EVENT], Call("external_api"), client_span(), 0)
        (entry,) = records.get_finished_logs()
        assert list(entry.log_record.attributes or {}) == [*NEEDED, "sst.owner.sealed"]


def logging_by(processor: LogRecordProcessor) -> Telemetry:
    provider = LoggerProvider(shutdown_on_exit=False)
    provider.add_log_record_processor(processor)
    return Telemetry(provider.get_logger("sst_otel"))


class Failing(LogRecordProcessor):
    """What somebody else put into the pipeline."""

    def on_emit(self, log_record: object) -> None:
        raise OSError(MAIL)

    def shutdown(self) -> None:
        pass

    def force_flush(self, timeout_millis: int = 0) -> bool:
        return True


class Filtering(Failing):
    """Wants none of our records, and says so."""

    def enabled(self, **_: object) -> bool:
        return False


class Unasked:
    """Written for SDKs that do not ask."""

    def __init__(self) -> None:
        self.names: list[str | None] = []

    def on_emit(self, log_record: Any) -> None:
        self.names.append(log_record.log_record.event_name)


def test_a_failing_log_pipeline_does_not_cost_the_span_its_event(
    caplog: pytest.LogCaptureFixture,
) -> None:
    guard.reset()
    span = client_span()
    logging_by(Failing()).announce([EVENT, EVENT], Call("external_api"), span, 0)
    assert len(shares(span)) == 2
    assert guard.error_counts() == {"telemetry.log": 2}
    assert MAIL not in caplog.text
    guard.reset()


def test_records_that_nobody_takes_are_not_made() -> None:
    guard.reset()
    span = client_span()
    logging_by(Filtering()).announce([EVENT], Call("external_api"), span, 0)
    assert len(shares(span)) == 1
    assert guard.error_counts() == {}


def test_a_processor_that_cannot_be_asked_gets_them() -> None:
    guard.reset()
    processor: Any = Unasked()
    telemetry = logging_by(processor)
    for _ in range(3):
        telemetry.announce([EVENT], Call("external_api"), client_span(), 0)
    assert processor.names == ["sst.data.share"] * 3
    assert guard.error_counts() == {"telemetry.log": 1}  # said once, and not asked again
    guard.reset()


def test_attributes_of_others_stand_before_ours() -> None:
    names = list(share_attributes(EVENT, Call("external_api", port=443)))
    own = [name.startswith(("sst.", "enduser.")) for name in names]
    assert own == sorted(own)
    assert names[-1] == "sst.event.id"


@pytest.fixture
def site(vendor: Vendor, exported: Exported, tmp_path: Path) -> Any:
    """An instrumented application that passes on what it gets, tracked from before it was made."""
    RequestsInstrumentor().instrument()
    with tracking_in(tmp_path) as tracking:
        app = Flask("shop")
        FlaskInstrumentor().instrument_app(app)  # type: ignore[no-untyped-call]

        @app.post("/join")
        def join() -> str:
            requests.post(f"{vendor.url}/v1/contact", json={"mail": request.form["email"]})
            return "welcome"

        yield app.test_client(), tracking
    RequestsInstrumentor().uninstrument()


@pytest.mark.parametrize(("flags", "spans"), [("00", 0), ("01", 2)])
def test_a_caller_cannot_switch_the_record_off(
    flags: str, spans: int, site: Any, exported: Exported
) -> None:
    client, tracking = site
    parent = f"00-{'ab' * 16}-{'cd' * 8}-{flags}"
    answer = client.post("/join", data={"email": MAIL}, headers={"traceparent": parent})
    assert answer.text == "welcome"
    (row,) = tracking.rows()
    (record,) = exported.log_events()
    assert row["trace_id"] == format(record.trace_id, "032x") == "ab" * 16
    assert row["event_id"] == record.attributes["sst.event.id"]
    assert row["data_types"] == ["email"]
    assert row["outcome"] == "sent"
    assert len(exported.spans.get_finished_spans()) == spans
