"""Whose data is in play stands on every span and log record that begins once it is known."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from fastapi import FastAPI, Request
from flask import Flask
from flask import request as flask_request
from opentelemetry import _logs, trace
from opentelemetry.instrumentation.fastapi import FastAPIInstrumentor
from opentelemetry.instrumentation.flask import FlaskInstrumentor
from opentelemetry.sdk._logs import LoggerProvider
from opentelemetry.sdk._logs.export import InMemoryLogRecordExporter, SimpleLogRecordProcessor
from opentelemetry.sdk.trace import ConcurrentMultiSpanProcessor, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import SpanKind, Tracer
from opentelemetry.util._once import Once
from starlette.middleware.sessions import SessionMiddleware

import sst_otel
from sst_otel.telemetry.processors import LOGS, SPANS
from tests.support import Tracking

MAIL = "ann.keller@example.com"
OTHER = "ben.moser@example.com"


class Pipeline:
    """A tracer and a log provider made by hand, passed on by hand, never set globally."""

    def __init__(self) -> None:
        self.tracers = TracerProvider(shutdown_on_exit=False)
        self.loggers = LoggerProvider(shutdown_on_exit=False)
        self._spans = InMemorySpanExporter()
        self._logs = InMemoryLogRecordExporter()  # type: ignore[no-untyped-call]
        self.tracers.add_span_processor(SimpleSpanProcessor(self._spans))
        self.loggers.add_log_record_processor(SimpleLogRecordProcessor(self._logs))
        self.tracer: Tracer = self.tracers.get_tracer("test")

    def spans(self) -> dict[str, dict[str, Any]]:
        """Return the attributes of ours of each finished span, by its name."""
        return {span.name: ours(span.attributes) for span in self._spans.get_finished_spans()}

    def records(self) -> dict[str, dict[str, Any]]:
        """Return the same of each log record, by its text."""
        found = [each.log_record for each in self._logs.get_finished_logs()]
        return {str(one.body): ours(one.attributes) for one in found}

    def log(self, text: str) -> None:
        self.loggers.get_logger("test").emit(_logs.LogRecord(body=text, attributes={"a": 1}))


def ours(attributes: Any) -> dict[str, Any]:
    names = ("enduser.", "sst.")
    return {name: value for name, value in (attributes or {}).items() if name.startswith(names)}


@pytest.fixture
def pipeline(tracking: Tracking) -> Pipeline:
    return Pipeline()


def in_play(tracking: Tracking, owner: str, *mails: str) -> dict[str, Any]:
    tagger = tracking.tracker.tagger
    person = tagger.owner(owner)
    data = [tagger.registry.add(person, "email", mail, "") for mail in mails]
    tags = tuple(tagger.tag(datum).tag_id for datum in data)
    return {"enduser.pseudo.id": person.ref, "sst.tag.ids": tags}


def test_spans_and_records_of_a_job_are_stamped_once_it_is_known(
    tracking: Tracking, pipeline: Pipeline
) -> None:
    with (
        sst_otel.scope(1, name="job"),
        pipeline.tracer.start_as_current_span("message", kind=SpanKind.CONSUMER),
        pipeline.tracer.start_as_current_span("before"),
    ):
        pipeline.log("before")
        sst_otel.tag(MAIL, "email")
        pipeline.log("with one")
        with pipeline.tracer.start_as_current_span("one"):
            pass
        sst_otel.tag(OTHER, "email")
        with pipeline.tracer.start_as_current_span("two"):
            pipeline.log("with two")
    pipeline.log("after")
    with pipeline.tracer.start_as_current_span("after"):
        pass
    one = in_play(tracking, "1", MAIL)
    two = in_play(tracking, "1", MAIL, OTHER)
    assert pipeline.spans() == {"message": two, "before": {}, "one": one, "two": two, "after": {}}
    assert pipeline.records() == {"before": {}, "with one": one, "with two": two, "after": {}}


def test_beyond_twenty_tags_an_id_stands_for_the_set(
    tracking: Tracking, pipeline: Pipeline
) -> None:
    mails = [f"person{number}@example.com" for number in range(25)]
    for name, some in (("all", mails), ("again", mails), ("fewer", mails[:24])):
        with sst_otel.scope(1, name="job"):
            for mail in some:
                sst_otel.tag(mail, "email")
            with pipeline.tracer.start_as_current_span(name):
                pass
    spans = pipeline.spans()
    assert len(spans["all"]["sst.tag.ids"]) == 20
    assert spans["all"] == spans["again"]
    assert spans["all"]["sst.tag.set"] != spans["fewer"]["sst.tag.set"]


def test_processors_that_run_in_other_threads(tracking: Tracking) -> None:
    tracers = TracerProvider(
        active_span_processor=ConcurrentMultiSpanProcessor(), shutdown_on_exit=False
    )
    tracer = tracers.get_tracer("test")
    with (
        sst_otel.scope(1),
        tracer.start_as_current_span("request", kind=SpanKind.SERVER) as request,
    ):
        sst_otel.tag(MAIL, "email")
        with tracer.start_as_current_span("child") as child:
            pass
    tracers.shutdown()
    assert [ours(getattr(span, "attributes", {})) for span in (request, child)] == [
        in_play(tracking, "1", MAIL)
    ] * 2


def test_an_attribute_of_the_application_stays(tracking: Tracking, pipeline: Pipeline) -> None:
    with sst_otel.scope(1):
        sst_otel.tag(MAIL, "email")
        record = _logs.LogRecord(body="own", attributes={"enduser.pseudo.id": "mine"})
        pipeline.loggers.get_logger("test").emit(record)
    assert pipeline.records()["own"]["enduser.pseudo.id"] == "mine"


def test_a_job_in_a_request_leaves_the_requests_span_to_it(
    tracking: Tracking, pipeline: Pipeline
) -> None:
    with (
        sst_otel.scope(1, name="outer"),
        pipeline.tracer.start_as_current_span("request", kind=SpanKind.SERVER),
    ):
        sst_otel.tag(MAIL, "email")
        with sst_otel.scope(2, name="inner"):
            sst_otel.tag(OTHER, "email")
            with pipeline.tracer.start_as_current_span("child"):
                pass
    assert pipeline.spans() == {
        "request": in_play(tracking, "1", MAIL),
        "child": in_play(tracking, "2", OTHER),
    }


def test_a_provider_has_one_processor_of_each(tracking: Tracking, pipeline: Pipeline) -> None:
    settings = tracking.tracker.settings
    for _ in range(2):  # once more is what a reloader or a second call does
        sst_otel.stop_tracking()
        sst_otel.start_tracking(database_url=settings.database_url, key=settings.key)
    spans: Any = pipeline.tracers._active_span_processor
    records: Any = pipeline.loggers._multi_log_record_processor
    assert spans._span_processors.count(SPANS) == 1
    assert records._log_record_processors.count(LOGS) == 1


def test_after_stopping_nothing_is_stamped(tracking: Tracking, pipeline: Pipeline) -> None:
    with sst_otel.scope(1):
        with pipeline.tracer.start_as_current_span("request", kind=SpanKind.SERVER) as span:
            sst_otel.stop_tracking()
            sst_otel.tag(MAIL, "email")
            pipeline.log("late")
        assert "end" not in vars(span)
    assert pipeline.spans() == {"request": {}}
    assert pipeline.records() == {"late": {}}


def test_a_forked_child_goes_on(tracking: Tracking, pipeline: Pipeline) -> None:
    with sst_otel.scope(1):
        sst_otel.tag(MAIL, "email")
        child = os.fork()
        if child == 0:
            with pipeline.tracer.start_as_current_span("child"):
                pass
            os._exit(0 if pipeline.spans()["child"].get("sst.tag.ids") else 1)
        assert os.waitpid(child, 0)[1] == 0


class TestRequests:
    """The span of the request, whether it began before our scope or ends before it."""

    @pytest.fixture
    def flask_app(self, pipeline: Pipeline) -> Iterator[Flask]:
        app = Flask("shop")
        instrumentor: Any = FlaskInstrumentor()
        instrumentor.instrument_app(app, tracer_provider=pipeline.tracers)

        @app.post("/join")
        def join() -> str:
            with pipeline.tracer.start_as_current_span("before"):
                pass
            mail = flask_request.form["email"]
            with pipeline.tracer.start_as_current_span("after"):
                return str(len(mail))

        @app.get("/plain")
        def plain() -> str:
            return "nothing"

        yield app
        instrumentor.uninstrument_app(app)

    def test_flask(self, tracking: Tracking, pipeline: Pipeline, flask_app: Flask) -> None:
        flask_app.test_client().post("/join", data={"email": MAIL})
        spans = pipeline.spans()
        assert spans["before"] == {}
        assert len(spans["after"]["sst.tag.ids"]) == 1
        assert spans["POST /join"] == spans["after"]
        assert MAIL not in str(spans)

    def test_nothing_personal_nothing_set(self, pipeline: Pipeline, flask_app: Flask) -> None:
        flask_app.test_client().get("/plain")
        assert pipeline.spans() == {"GET /plain": {}}

    def test_fastapi(self, tracking: Tracking, pipeline: Pipeline) -> None:
        app = FastAPI()

        @app.post("/join")
        async def join(customer: dict[str, str]) -> int:
            with pipeline.tracer.start_as_current_span("after"):
                return len(customer)

        FastAPIInstrumentor.instrument_app(
            app, tracer_provider=pipeline.tracers, exclude_spans=["receive", "send"]
        )

        asyncio.run(posted(app, {"email": MAIL}))
        spans = pipeline.spans()
        assert len(spans["after"]["sst.tag.ids"]) == 1
        assert spans["POST /join"] == spans["after"]

    def test_who_logs_in_within_the_request(self, tracking: Tracking, pipeline: Pipeline) -> None:
        app = FastAPI()

        @app.post("/join")
        async def join(request: Request) -> None:
            await request.json()
            with pipeline.tracer.start_as_current_span("before"):
                request.session["user_id"] = 7

        app.add_middleware(SessionMiddleware, secret_key="s" * 20)
        FastAPIInstrumentor.instrument_app(
            app, tracer_provider=pipeline.tracers, exclude_spans=["receive", "send"]
        )
        answer = asyncio.run(posted(app, {"email": MAIL}))
        assert answer.status_code == 200
        spans = pipeline.spans()
        assert spans["POST /join"] == in_play(tracking, "7", MAIL)
        assert spans["before"] != spans["POST /join"]


async def posted(app: FastAPI, document: dict[str, str]) -> httpx.Response:
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://t") as client:
        return await client.post("/join", json=document)


@pytest.mark.parametrize("how", ["set before", "set after", "handed on"])
def test_the_providers_that_were_made_before_us(
    how: str, tracking: Tracking, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = tracking.tracker.settings
    sst_otel.stop_tracking()
    before = Pipeline()
    monkeypatch.setattr(trace, "_TRACER_PROVIDER", None)
    monkeypatch.setattr(trace, "_TRACER_PROVIDER_SET_ONCE", Once())
    monkeypatch.setattr("opentelemetry._logs._internal._LOGGER_PROVIDER", None)
    monkeypatch.setattr("opentelemetry._logs._internal._LOGGER_PROVIDER_SET_ONCE", Once())
    early: Any = trace.get_tracer("early") if how != "handed on" else None
    if how == "set before":
        trace.set_tracer_provider(before.tracers)
        _logs.set_logger_provider(before.loggers)
    sst_otel.start_tracking(database_url=settings.database_url, key=settings.key)
    if how == "set after":
        trace.set_tracer_provider(before.tracers)
        _logs.set_logger_provider(before.loggers)
    tracer = early or before.tracers.get_tracer("late")
    with sst_otel.scope(1):
        sst_otel.tag(MAIL, "email")
        with tracer.start_as_current_span("child"):
            before.log("said")
    assert before.spans()["child"] == before.records()["said"] != {}
