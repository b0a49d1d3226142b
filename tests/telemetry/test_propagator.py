"""The fence: nothing of ours to anybody who is not trusted, everything else as it was."""

from __future__ import annotations

import copy
import subprocess
import sys
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from opentelemetry import baggage, propagate, trace
from opentelemetry.baggage.propagation import W3CBaggagePropagator
from opentelemetry.context import Context
from opentelemetry.propagators.composite import CompositePropagator
from opentelemetry.propagators.textmap import TextMapPropagator
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.trace import SpanKind
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

import sst_otel
from sst_otel.telemetry.propagator import Fence, SstPropagator
from tests.support import Tracking, tracking_in

MAIL = "ann.keller@example.com"
TRACER = TracerProvider(shutdown_on_exit=False).get_tracer("test")
URLS: dict[str, dict[str, Any]] = {
    "old names": {"http.url": "http://orders.internal:8080/x"},
    "new names": {"url.full": "http://orders.internal:8080/x"},
    "address": {"server.address": "orders.internal", "server.port": 8080},
    "queue": {"messaging.destination.name": "orders.internal"},
    "queue of another's broker": {
        "server.address": "mq",
        "messaging.destination": "orders.internal",
    },
    "broker of another queue": {"net.peer.name": "mq.internal", "messaging.destination.name": "x"},
    "topic of Amazon's": {"messaging.destination.name": "arn:aws:sns:eu-west-1:1:orders.internal"},
}


@pytest.fixture
def trusting(tmp_path: Any) -> Iterator[Tracking]:
    with tracking_in(tmp_path, trusted_hosts=("*.internal",)) as tracking:
        yield tracking
        assert tracking.errors() == {}


def sent(
    attributes: dict[str, Any],
    propagator: TextMapPropagator | None = None,
    kind: SpanKind = SpanKind.CLIENT,
    own: dict[str, str] | None = None,
) -> dict[str, str]:
    """Return what a call in a scope with one e-mail carries; ``own``: other baggage."""
    with sst_otel.scope(1, name="job"):
        sst_otel.tag(MAIL, "email")
        return injected(attributes, propagator, kind, own)


def injected(
    attributes: dict[str, Any],
    propagator: TextMapPropagator | None = None,
    kind: SpanKind = SpanKind.CLIENT,
    own: dict[str, str] | None = None,
) -> dict[str, str]:
    """Return what a call in the scope that is open carries."""
    carrier: dict[str, str] = {}
    context = Context()
    for name, value in (own or {}).items():
        context = baggage.set_baggage(name, value, context)
    with TRACER.start_as_current_span("call", context, kind=kind, attributes=attributes) as span:
        within = trace.set_span_in_context(span, context)
        (propagator or propagate.get_global_textmap()).inject(carrier, within)
    return carrier


@pytest.mark.parametrize("attributes", URLS.values(), ids=list(URLS))
def test_a_trusted_host_is_told(trusting: Tracking, attributes: dict[str, Any]) -> None:
    carrier = sent(attributes, own={"own": "mine"})
    names = [one.partition("=")[0] for one in carrier["baggage"].split(",")]
    assert names == ["own", "sst.tags", "sst.t", "sst.owner", "sst.fp", "sst.mac"]
    assert MAIL not in str(carrier)
    assert "traceparent" in carrier


def test_of_many_the_first_and_the_latest_are_named(trusting: Tracking) -> None:
    mails = [f"person{number}@example.com" for number in range(60)]
    with sst_otel.scope(1, name="job"):
        for mail in mails:
            sst_otel.tag(mail, "email")
        header = injected(URLS["old names"])["baggage"]
    said = dict(one.split("=") for one in header.split(","))
    tags = said["sst.tags"].split(".")
    tagger = trusting.tracker.tagger
    owner = tagger.owner(1)
    known = [tagger.minter.tag_id(owner.ref, "email", mail) for mail in mails]
    assert set(tags) <= {*known[:20], *known[-20:]}
    assert len(tags) > 30
    assert len(header) <= 2_048


@pytest.mark.parametrize(
    "attributes",
    [
        {"http.url": "http://internal.evil.example/"},
        {"http.url": "http://other/", "server.address": "orders.internal"},
        {"server.address": "other", "messaging.destination.name": "x"},
        {"server.address": "other"},
        {},
    ],
)
def test_nobody_else_is(trusting: Tracking, attributes: dict[str, Any]) -> None:
    assert sent(attributes, own={"own": "mine"})["baggage"] == "own=mine"
    assert "baggage" not in sent(attributes)


def test_a_span_that_does_not_leave_says_nothing(trusting: Tracking) -> None:
    assert "baggage" not in sent(URLS["old names"], kind=SpanKind.INTERNAL)


def test_without_trusted_hosts_nobody_is(tracking: Tracking) -> None:
    assert sent(URLS["old names"], own={"own": "mine"})["baggage"] == "own=mine"


def test_what_was_set_by_hand_under_our_name_goes_nowhere(tracking: Tracking) -> None:
    carrier = sent(URLS["old names"], own={"sst.owner": "forged", "a": "1"})
    assert carrier["baggage"] == "a=1"


@pytest.mark.parametrize(
    "inner",
    [
        SstPropagator,
        lambda: CompositePropagator([W3CBaggagePropagator(), SstPropagator()]),
        lambda: Fence(CompositePropagator([TraceContextTextMapPropagator(), SstPropagator()])),
    ],
    ids=["alone", "after baggage", "fenced twice"],
)
def test_the_entry_point_writes_once(
    trusting: Tracking, inner: Callable[[], TextMapPropagator]
) -> None:
    header = sent(URLS["old names"], inner(), own={"own": "mine"})["baggage"]
    assert header.startswith("own=mine,sst.")
    assert header.count("sst.mac=") == 1


def test_a_header_without_room_keeps_what_it_has(trusting: Tracking) -> None:
    full = {f"name{number}": "x" * 20 for number in range(179)}
    header = sent(URLS["old names"], own=full)["baggage"]
    assert header.count(",") == 178
    assert "sst." not in header


def test_inbound_baggage_of_ours_is_taken_out(tracking: Tracking) -> None:
    carrier = {"baggage": "a=1,sst.owner=x,SST.tags=y,b=2"}
    assert dict(baggage.get_all(propagate.extract(carrier))) == {"a": "1", "b": "2"}


def test_an_empty_composite_gives_a_context(tracking: Tracking) -> None:
    fence = Fence(CompositePropagator([]))
    assert fence.extract({"traceparent": "x"}) == {}
    given = baggage.set_baggage("a", "1")
    assert fence.extract({}, given) is given
    carrier: dict[str, str] = {}
    fence.inject(carrier)
    assert carrier == {}


def test_the_global_one_is_fenced_while_tracking_is_on(tracking: Tracking) -> None:
    fenced = propagate.get_global_textmap()
    assert type(fenced) is Fence
    assert copy.copy(fenced).inner is fenced.inner
    own = CompositePropagator([W3CBaggagePropagator()])
    propagate.set_global_textmap(own)
    found: Any = propagate.get_global_textmap()
    assert type(found) is Fence
    assert found.inner is own
    assert found.fields == own.fields
    propagate.set_global_textmap(fenced)
    sst_otel.stop_tracking()
    assert type(propagate.get_global_textmap()) is not Fence


def test_importing_it_imports_no_instrumentation() -> None:
    """``opentelemetry-instrument`` loads it in its launcher, where that would be a circle."""
    program = (
        "import sys, sst_otel.telemetry.propagator\n"
        "names = ('opentelemetry.instr', 'opentelemetry.sdk')\n"
        "print([name for name in sys.modules if name.startswith(names)])"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"
