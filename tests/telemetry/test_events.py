"""The share as OpenTelemetry has it: on the client span and as a log event, in any load order."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import flask
import httpx
import pytest
import requests
from opentelemetry import context, trace
from opentelemetry.instrumentation.httpx import HTTPXClientInstrumentor
from opentelemetry.instrumentation.requests import RequestsInstrumentor
from opentelemetry.instrumentation.sqlalchemy import SQLAlchemyInstrumentor
from opentelemetry.trace import SpanKind
from sqlalchemy import create_engine, text

import sst_otel
from tests.sources.sender import Sender
from tests.support import Vendor, tracking_in
from tests.telemetry.exporting import Exported

MAIL = "ann.keller@example.com"


INSTRUMENTORS = (RequestsInstrumentor, HTTPXClientInstrumentor)


@pytest.fixture(params=["sst first", "sst last", "sst alone"])
def order(request: pytest.FixtureRequest, exported: Exported, tmp_path: Path) -> Iterator[str]:
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


def test_what_a_trusted_service_called_the_data_is_in_both(
    exported: Exported, vendor: Vendor, tmp_path: Path
) -> None:
    app = flask.Flask("b")
    app.add_url_rule("/in", view_func=lambda: _forwarded(vendor), methods=["POST"])
    with tracking_in(tmp_path) as tracking:
        sender = Sender(tracking)
        headers = sender.headers(email=MAIL)
        app.test_client().post("/in", json={"x17": MAIL}, headers=headers)
        (span,) = exported.clients()
        (log,) = exported.log_events()
        for attributes in (span.events[0].attributes, log.attributes):
            assert attributes is not None
            assert attributes["sst.received.tag.ids"] == (sender.tag_id("email", MAIL),)


def _forwarded(vendor: Vendor) -> str:
    return requests.post(f"{vendor.url}/crm", json=flask.request.get_json()).text
