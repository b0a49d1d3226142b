"""OpenTelemetry's own exporters, set up for a vendor: what their spans and logs carry is a share.

Vendors of LLM observability bring an ``OTLPSpanExporter`` of their own (langfuse), which suppresses
instrumentation while it sends, from a thread of its own, for everybody at once.
"""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import grpc  # type: ignore[import-untyped]
import pytest
from opentelemetry._logs import LogRecord
from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter as GrpcExporter
from opentelemetry.exporter.otlp.proto.http import Compression
from opentelemetry.exporter.otlp.proto.http._log_exporter import OTLPLogExporter
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk._logs import LoggerProvider
from opentelemetry.sdk._logs.export import BatchLogRecordProcessor
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SimpleSpanProcessor, SpanExporter

import sst_otel
from tests.support import Tracking, Vendor, tracking_in

PEOPLE = {"1": "ann.keller@example.com", "2": "bob.meyer@example.org"}
BOTH = [("1", ("email",)), ("2", ("email",))]
PRODUCT = {"host": "127.0.0.1", "name": "Watcher", "purpose": "llm-observability"}
"""What is exported to it is its business, and not redacted."""


@pytest.fixture
def tracking(tmp_path: Path) -> Iterator[Tracking]:
    with tracking_in(tmp_path, recipients=(PRODUCT,)) as tracked:
        yield tracked
        assert tracked.errors() == {}


@pytest.fixture(autouse=True)
def people(tracking: Tracking) -> None:
    _tag_people()


def _tag_people() -> None:
    for owner, mail in PEOPLE.items():
        sst_otel.tag(mail, "email", owner_id=owner)


def _spans(processor: Any, texts: list[str]) -> None:
    provider = TracerProvider(shutdown_on_exit=False)
    provider.add_span_processor(processor)
    with provider.get_tracer("llm").start_as_current_span("chat") as span:
        for number, text in enumerate(texts):
            span.add_event("message", {"gen_ai.input.messages": f'[{{"{number}": "{text}"}}]'})
    provider.shutdown()


def _over_http(url: str, compression: Compression) -> SpanExporter:
    return OTLPSpanExporter(f"{url}/api/public/otel/v1/traces", compression=compression)


EXPORTS: dict[str, Callable[[str, list[str]], None]] = {
    "in a batch": lambda url, texts: _spans(
        BatchSpanProcessor(_over_http(url, Compression.NoCompression)), texts
    ),
    "in a batch, gzip": lambda url, texts: _spans(
        BatchSpanProcessor(_over_http(url, Compression.Gzip)), texts
    ),
    "at once, deflate": lambda url, texts: _spans(
        SimpleSpanProcessor(_over_http(url, Compression.Deflate)), texts
    ),
}


@pytest.mark.parametrize("export", [pytest.param(EXPORTS[name], id=name) for name in EXPORTS])
def test_spans_with_personal_data_are_shared_by_exporting_them(
    export: Callable[[str, list[str]], None], tracking: Tracking, vendor: Vendor
) -> None:
    export(vendor.url, ["How much is the fish?"])
    assert tracking.rows() == []
    export(vendor.url, [f"Write to {mail}, please." for mail in PEOPLE.values()])
    rows = tracking.rows()
    assert sorted((row["owner_id"], tuple(row["data_types"])) for row in rows) == BOTH
    assert {row["event_type"] for row in rows} == {"external_api"}
    assert {row["outcome"] for row in rows} == {"sent"}
    assert {row["metadata"]["server.address"] for row in rows} == {"127.0.0.1"}
    assert len(vendor.received) == 2


def test_log_records(tracking: Tracking, vendor: Vendor) -> None:
    provider = LoggerProvider(shutdown_on_exit=False)
    exporter = OTLPLogExporter(f"{vendor.url}/v1/logs")
    provider.add_log_record_processor(BatchLogRecordProcessor(exporter))
    provider.get_logger("app").emit(LogRecord(body=f"{PEOPLE['1']} has paid"))
    provider.shutdown()
    assert [share[1:] for share in tracking.shares()] == BOTH[:1]


@pytest.fixture
def collector() -> Iterator[int]:
    """A gRPC server that takes every export; its port."""

    def export(request: bytes, _context: Any) -> bytes:
        return request[:0]

    running = grpc.server(ThreadPoolExecutor(1))
    service = "opentelemetry.proto.collector.trace.v1.TraceService"
    method = grpc.unary_unary_rpc_method_handler(export)
    handler = grpc.method_handlers_generic_handler(service, {"Export": method})
    running.add_generic_rpc_handlers((handler,))
    port = running.add_insecure_port("127.0.0.1:0")
    running.start()
    yield port
    running.stop(None).wait()


def test_over_grpc(tracking: Tracking, collector: int) -> None:
    exporter = GrpcExporter(f"127.0.0.1:{collector}", insecure=True)
    _spans(BatchSpanProcessor(exporter), list(PEOPLE.values()))
    rows = tracking.rows()
    assert sorted((row["owner_id"], tuple(row["data_types"])) for row in rows) == BOTH
    assert {row["event_type"] for row in rows} == {"rpc"}


@pytest.mark.parametrize("known", [False, True], ids=["own collector", "a known organisation"])
def test_the_address_in_the_environment(
    known: bool, vendor: Vendor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A hosted backend is a recipient, whoever named its address."""
    sst_otel.stop_tracking()
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", vendor.url)
    watcher = {"host": "127.0.0.1", "name": "Watcher", "role": "processor"}
    with tracking_in(tmp_path, recipients=(watcher,) if known else ()) as tracked:
        _tag_people()
        EXPORTS["in a batch"](vendor.url, [PEOPLE["1"]])
        assert [row["recipient"] for row in tracked.rows()] == (["Watcher"] if known else [])
    assert len(vendor.received) == 1


def test_a_vendor_that_is_down_is_a_share_that_failed(tracking: Tracking) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        exporter = OTLPSpanExporter(f"http://127.0.0.1:{closed.getsockname()[1]}", timeout=0.1)
        _spans(SimpleSpanProcessor(exporter), [PEOPLE["1"]])
    assert {row["outcome"] for row in tracking.rows()} == {"failed"}
