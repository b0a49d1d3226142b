"""Calls by gRPC: no span of theirs names a host, so the channel tells who is trusted."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import Any

import grpc  # type: ignore[import-untyped]
import grpc.aio  # type: ignore[import-untyped]
import pytest
from opentelemetry import propagate
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.sampling import ALWAYS_OFF, ALWAYS_ON
from opentelemetry.trace import SpanKind, Tracer

from tests.support import Tracking, job_of, tracking_in

MAIL = "ann.keller@example.com"
KINDS = ("unary_unary", "unary_stream", "stream_unary", "stream_stream")
TRACE, SPAN = "5759e988bd862e3fe1be46a994272793", "53995c3f42cd8ad8"
TOLD = ["sst.tags", "sst.t", "sst.owner", "sst.fp", "sst.mac"]


@dataclass
class Server:
    target: str = ""
    metadata: list[dict[str, str]] = field(default_factory=list)

    def note(self, given: Any, context: Any) -> bytes:
        self.metadata.append(dict(context.invocation_metadata()))
        return b""

    def notes(self, given: Any, context: Any) -> Iterator[bytes]:
        yield self.note(given, context)

    def said(self) -> list[str]:
        """Return the names in the baggage of the call that has come."""
        header = self.metadata.pop().get("baggage", "")
        return [one.partition("=")[0] for one in header.split(",") if one]


@contextmanager
def served() -> Iterator[Server]:
    ours = Server()
    methods = {
        kind: getattr(grpc, f"{kind}_rpc_method_handler")(
            ours.notes if kind.endswith("stream") else ours.note
        )
        for kind in KINDS
    }
    handlers = [grpc.method_handlers_generic_handler("shop.Crm", methods)]
    server = grpc.server(ThreadPoolExecutor(2), handlers=handlers)
    ours.target = f"127.0.0.1:{server.add_insecure_port('127.0.0.1:0')}"
    server.start()
    yield ours
    server.stop(None).wait()


@pytest.fixture(scope="module")
def servers() -> Iterator[tuple[Server, Server]]:
    """One that is trusted, and another."""
    with ExitStack() as stack:
        yield stack.enter_context(served()), stack.enter_context(served())


@pytest.fixture(scope="module")
def tracking(
    tmp_path_factory: pytest.TempPathFactory, servers: tuple[Server, Server]
) -> Iterator[Tracking]:
    directory = tmp_path_factory.mktemp("grpc")
    with tracking_in(directory, trusted_hosts=(servers[0].target,)) as tracking:
        yield tracking


@pytest.fixture(autouse=True)
def job(tracking: Tracking) -> Iterator[None]:
    with job_of(tracking, MAIL):
        yield


def carried(tracer: Tracer) -> dict[str, str]:
    """Return what OpenTelemetry's instrumentation (0.66b1) adds to the metadata of a call."""
    carrier: dict[str, str] = {}
    attributes = {"rpc.system": "grpc", "rpc.service": "shop.Crm", "rpc.method": "Add"}
    with tracer.start_as_current_span("call", kind=SpanKind.CLIENT, attributes=attributes):
        propagate.inject(carrier)
    return carrier


def called(target: str, kind: str, metadata: Any) -> None:
    with grpc.insecure_channel(target) as channel:
        given = iter([b"1"]) if kind.startswith("stream") else b"1"
        answer = getattr(channel, kind)(f"/shop.Crm/{kind}")(given, metadata=metadata, timeout=20)
        if kind.endswith("stream"):
            list(answer)


def called_in_asyncio(target: str, kind: str, metadata: Any) -> None:
    async def call() -> None:
        async with grpc.aio.insecure_channel(target) as channel:
            given = iter([b"1"]) if kind.startswith("stream") else b"1"
            make = getattr(channel, kind)(f"/shop.Crm/{kind}")
            answer = make(given, metadata=metadata, timeout=20)
            if kind.endswith("stream"):
                async for _ in answer:
                    pass
            else:
                await answer

    asyncio.run(call())


@pytest.mark.parametrize("sampler", [ALWAYS_ON, ALWAYS_OFF], ids=["sampled", "not sampled"])
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("call", [called, called_in_asyncio])
def test_a_call(
    servers: tuple[Server, Server], call: Callable[..., None], kind: str, sampler: Any
) -> None:
    trusted, other = servers
    tracer = TracerProvider(sampler=sampler, shutdown_on_exit=False).get_tracer("test")
    added = carried(tracer)
    assert list(added) == ["traceparent"]
    metadata = (*added.items(), ("x", "y"))
    call(trusted.target, kind, metadata)
    assert trusted.said() == TOLD
    call(other.target, kind, metadata)
    assert other.said() == []
    call(trusted.target, kind, (*metadata, ("baggage", "team=blue")))
    assert trusted.said() == ["team", *TOLD]
    assert metadata == (*added.items(), ("x", "y"))


def test_metadata_of_asyncio(servers: tuple[Server, Server]) -> None:
    trusted, other = servers
    added = carried(TracerProvider(shutdown_on_exit=False).get_tracer("test"))
    for server, said in ((trusted, TOLD), (other, [])):
        called_in_asyncio(server.target, "unary_unary", grpc.aio.Metadata(*added.items()))
        assert server.said() == said


@pytest.mark.parametrize(
    ("header", "value", "told"),
    [
        ("b3", f"{TRACE}-{SPAN}-1", True),
        ("b3", f"{TRACE[16:]}-{SPAN}-1-{SPAN}", True),
        ("x-b3-traceid", TRACE, True),
        ("x-amzn-trace-id", f"Root=1-{TRACE[:8]}-{TRACE[8:]};Parent={SPAN};Sampled=1", True),
        ("b3", "0", False),
        ("x-b3-spanid", SPAN, False),
        ("x-amzn-trace-id", f"Self=1-{TRACE[:8]}-{TRACE[8:]}", False),
    ],
)
def test_traces_of_other_formats(
    servers: tuple[Server, Server], header: str, value: str, told: bool
) -> None:
    trusted, other = servers
    for call in (called, called_in_asyncio):
        call(trusted.target, "unary_unary", ((header, value),))
        assert trusted.said() == (TOLD if told else [])
        call(other.target, "unary_unary", ((header, value),))
        assert other.said() == []


def test_without_a_trace_nobody_could_believe_it(servers: tuple[Server, Server]) -> None:
    called(servers[0].target, "unary_unary", (("x", "y"),))
    assert servers[0].said() == []
    called(servers[0].target, "unary_unary", None)
    assert servers[0].said() == []
