"""A club's site that its people watch with logfire, and send it to nobody but a collector.

Its environment: ``FRAMEWORK`` (``flask`` or ``fastapi``), ``START`` (``launcher``: tracking is on
already; ``before`` or ``after``: the instrumentor is called on that side of logfire's
configuration), ``VENDOR`` (base URL of whoever gets the members), ``SPANS`` (file for an exporter
of the club's own), and where OTLP goes to, which logfire reads itself.
"""

import logging
import os
from pathlib import Path

import httpx
import logfire
from opentelemetry import _logs
from opentelemetry.sdk.trace.export import SimpleSpanProcessor, SpanExporter, SpanExportResult

START = os.environ["START"]


class ToFile(SpanExporter):
    def export(self, spans):
        with Path(os.environ["SPANS"]).open("a", encoding="utf-8") as file:
            file.writelines(f"{span.to_json(indent=None)}\n" for span in spans)
        return SpanExportResult.SUCCESS


def track():
    from sst_otel.instrumentor import SstInstrumentor

    SstInstrumentor().instrument()


if START == "before":
    track()
logfire.configure(
    send_to_logfire=False,
    additional_span_processors=[SimpleSpanProcessor(ToFile())],
    console=logfire.ConsoleOptions(verbose=True, colors="never"),
    inspect_arguments=False,
)
if START == "after":
    track()
logging.basicConfig(handlers=[logfire.LogfireLoggingHandler()], level=logging.INFO)
crm = httpx.Client(base_url=os.environ["VENDOR"], trust_env=False)
logfire.instrument_httpx(crm)


def greet(member):
    with logfire.span("greeting {mail}", mail=member["email"], member=member):
        logging.getLogger("club").info("new member: %s", member["email"])
        _logs.get_logger("club").emit(_logs.LogRecord(body=f"hello {member['full_name']}"))
        crm.post("/members", json=member)


def processors():
    """Return how often ours is among the processors of the providers that logfire has."""
    config = logfire.DEFAULT_LOGFIRE_INSTANCE.config
    tracers, loggers = config.get_tracer_provider().provider, config.get_logger_provider().provider
    held = (
        tracers._active_span_processor._span_processors,
        loggers._multi_log_record_processor._log_record_processors,
    )
    return [[type(one).__module__.split(".")[0] for one in each].count("sst_otel") for each in held]


if os.environ["FRAMEWORK"] == "flask":
    from flask import Flask, request

    app = Flask(__name__)
    logfire.instrument_flask(app)

    @app.get("/health")
    def health():
        return {"processors": processors()}

    @app.post("/join")
    def join():
        greet(request.get_json())
        return "welcome", 201

    @app.get("/members/<mail>")
    def member(mail):
        raise LookupError(f"no member {mail}")
else:
    from fastapi import FastAPI
    from pydantic import BaseModel

    class Member(BaseModel):
        email: str
        phone: str
        full_name: str

    app = FastAPI()
    logfire.instrument_fastapi(app)

    @app.get("/health")
    def health():
        return {"processors": processors()}

    @app.post("/join", status_code=201)
    def join(given: Member):
        greet(given.model_dump())
        return "welcome"

    @app.get("/members/{mail}")
    def member(mail: str):
        raise LookupError(f"no member {mail}")
