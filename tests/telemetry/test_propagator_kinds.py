"""Whatever ``OTEL_PROPAGATORS`` names: requests are unharmed, and a trace is what telling needs."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import flask
import pytest
import requests
from opentelemetry import context as contexts
from opentelemetry import propagate, trace
from opentelemetry.baggage.propagation import W3CBaggagePropagator
from opentelemetry.context import Context
from opentelemetry.instrumentation.flask import FlaskInstrumentor
from opentelemetry.instrumentation.requests import RequestsInstrumentor
from opentelemetry.propagators.aws import AwsXRayPropagator
from opentelemetry.propagators.composite import CompositePropagator
from opentelemetry.propagators.textmap import TextMapPropagator, default_getter, default_setter
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.trace import NonRecordingSpan, SpanContext, TraceFlags
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

import sst_otel
from sst_otel import semconv
from sst_otel.telemetry.propagator import SstPropagator
from tests.support import Tracking, Vendor, tracking_in, vendor_server

MAIL = "ann.keller@example.com"


class B3(TextMapPropagator):
    """The single header of Zipkin (https://github.com/openzipkin/b3-propagation)."""

    def extract(
        self, carrier: Any, context: Context | None = None, getter: Any = default_getter
    ) -> Context:
        context = Context() if context is None else context
        found = getter.get(carrier, "b3")
        if not found:
            return context
        trace_id, span_id, *_ = found[0].split("-")
        said = SpanContext(int(trace_id, 16), int(span_id, 16), True, TraceFlags(1))
        return trace.set_span_in_context(NonRecordingSpan(said), context)

    def inject(
        self, carrier: Any, context: Context | None = None, setter: Any = default_setter
    ) -> None:
        said = trace.get_current_span(context).get_span_context()
        setter.set(carrier, "b3", f"{said.trace_id:032x}-{said.span_id:016x}-1")

    @property
    def fields(self) -> set[str]:
        return {"b3"}


W3C, BAGGAGE = TraceContextTextMapPropagator, W3CBaggagePropagator
XRAY, SST = AwsXRayPropagator, SstPropagator
KINDS: dict[str, tuple[list[type[TextMapPropagator]], bool]] = {
    "none": ([], False),
    "tracecontext": ([W3C], True),
    "baggage": ([BAGGAGE], False),
    "sst": ([SST], False),
    "tracecontext,baggage": ([W3C, BAGGAGE], True),
    "baggage,tracecontext": ([BAGGAGE, W3C], True),
    "tracecontext,sst": ([W3C, SST], True),
    "sst,tracecontext": ([SST, W3C], True),
    "tracecontext,baggage,sst": ([W3C, BAGGAGE, SST], True),
    "b3": ([B3], True),
    "b3,baggage": ([B3, BAGGAGE], True),
    "xray": ([XRAY], True),
    "xray,baggage": ([XRAY, BAGGAGE], True),
    "b3,tracecontext,xray": ([B3, W3C, XRAY], True),
}
"""Names → propagators, and whether the called service learns anything."""


@pytest.fixture(scope="module")
def server() -> Iterator[Vendor]:
    with vendor_server() as server:
        yield server


@pytest.fixture
def tracking(tmp_path: Path) -> Iterator[Tracking]:
    with tracking_in(tmp_path, trusted_hosts=("127.0.0.1",)) as tracking:
        yield tracking
        assert tracking.errors() == {}


@pytest.fixture(params=KINDS)
def told(request: Any, tracking: Tracking) -> Iterator[bool]:
    """Have these propagators be the global ones; whether they tell anything."""
    made, tells = KINDS[request.param]
    before = propagate.get_global_textmap()
    propagate.set_global_textmap(CompositePropagator([kind() for kind in made]))
    provider = TracerProvider(shutdown_on_exit=False)
    requests_of, flask_of = RequestsInstrumentor(), FlaskInstrumentor()
    requests_of.instrument(tracer_provider=provider)
    flask_of.instrument(tracer_provider=provider)
    yield tells
    flask_of.uninstrument()
    requests_of.uninstrument()
    propagate.set_global_textmap(before)


def test_a_call_to_a_trusted_host(told: bool, server: Vendor, tracking: Tracking) -> None:
    """A calls B, and B somebody else; B knows the person by A's word alone."""
    with sst_otel.scope(1, name="job"):
        sst_otel.tag(MAIL, "email")
        assert requests.get(f"{server.url}/in").ok
    headers = {name.lower(): value for name, value in server.messages.get(timeout=10)[3].items()}
    assert ("sst.mac=" in headers.get("baggage", "")) is told

    app = flask.Flask("b")

    @app.post("/in")
    def take_in() -> str:
        requests.post(f"http://localhost:{server.port}/crm", json={"v": flask.request.json["x"]})
        return "ok"

    carried = {name: value for name, value in headers.items() if name not in _OF_THE_CLIENT}
    answer = app.test_client().post("/in", json={"x": MAIL}, headers=carried)
    assert (answer.status_code, answer.text) == (200, "ok")
    onward = {name.lower(): value for name, value in server.messages.get(timeout=10)[3].items()}
    assert "sst" not in str(onward)
    (row,) = [row for row in tracking.rows() if "/crm" in row["destination"]]
    assert (semconv.RECEIVED_TAG_IDS in row["metadata"]) is told
    assert trace.get_current_span(contexts.get_current()) is trace.INVALID_SPAN


_OF_THE_CLIENT = ("host", "content-length", "content-type", "accept", "user-agent", "connection")
