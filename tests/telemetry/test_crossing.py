"""Calls under OpenTelemetry's own instrumentations: told where trusted, silent elsewhere."""

from __future__ import annotations

import asyncio
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import aiohttp
import httpx
import pytest
import requests
import urllib3
from opentelemetry import baggage, context
from opentelemetry.instrumentation.aiohttp_client import AioHttpClientInstrumentor
from opentelemetry.instrumentation.httpx import HTTPXClientInstrumentor
from opentelemetry.instrumentation.requests import RequestsInstrumentor
from opentelemetry.instrumentation.urllib import URLLibInstrumentor
from opentelemetry.instrumentation.urllib3 import URLLib3Instrumentor
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.sampling import ALWAYS_OFF

import sst_otel
from tests.support import Tracking, Vendor, tracking_in, vendor_server

MAIL = "ann.keller@example.com"
TRACERS = TracerProvider(shutdown_on_exit=False)


def by_requests(url: str) -> None:
    requests.get(url)


def by_urllib3(url: str) -> None:
    with urllib3.PoolManager() as pool:
        pool.request("GET", url)


def by_urllib(url: str) -> None:
    urllib.request.urlopen(url).close()


def by_httpx(url: str) -> None:
    with httpx.Client(follow_redirects=True) as client:
        client.get(url)


def by_aiohttp(url: str) -> None:
    async def get() -> None:
        async with aiohttp.ClientSession() as session, session.get(url) as answer:
            await answer.read()

    asyncio.run(get())


Client = tuple[Callable[[str], None], Any]
CLIENTS: list[Client] = [
    (by_requests, RequestsInstrumentor),
    (by_urllib3, URLLib3Instrumentor),
    (by_urllib, URLLibInstrumentor),
    (by_httpx, HTTPXClientInstrumentor),
    (by_aiohttp, AioHttpClientInstrumentor),
]


@pytest.fixture(scope="module")
def servers() -> Iterator[tuple[Vendor, Vendor]]:
    """One that is trusted, and another."""
    with ExitStack() as stack:
        yield stack.enter_context(vendor_server()), stack.enter_context(vendor_server())


@pytest.fixture(params=CLIENTS, ids=[client.__name__[3:] for client, _ in CLIENTS])
def client(request: pytest.FixtureRequest) -> Iterator[Callable[[str], None]]:
    send, instrumentor = request.param
    made = instrumentor()
    made.instrument(tracer_provider=TRACERS)
    yield send
    made.uninstrument()


@pytest.fixture(autouse=True)
def tracking(tmp_path: Path, servers: tuple[Vendor, Vendor]) -> Iterator[Tracking]:
    with tracking_in(tmp_path, trusted_hosts=(f"127.0.0.1:{servers[0].port}",)) as tracking:
        token = context.attach(baggage.set_baggage("team", "blue"))
        with sst_otel.scope(1, name="job"):
            sst_otel.tag(MAIL, "email")
            yield tracking
        context.detach(token)
        assert tracking.errors() == {}


def said_to(server: Vendor) -> list[str]:
    """Return the names in the baggage of the request that has come."""
    headers = server.messages.get(timeout=10)[3]
    found = {name.lower(): value for name, value in headers.items()}["baggage"]
    return [one.partition("=")[0] for one in found.split(",")]


TOLD = ["team", "sst.tags", "sst.t", "sst.owner", "sst.fp", "sst.mac"]


def test_the_trusted_host_and_no_other(
    client: Callable[[str], None], servers: tuple[Vendor, Vendor]
) -> None:
    trusted, other = servers
    client(f"{trusted.url}/a")
    assert said_to(trusted) == TOLD
    client(f"{other.url}/a")
    assert said_to(other) == ["team"]


def test_a_redirect_away_takes_nothing_along(
    client: Callable[[str], None], servers: tuple[Vendor, Vendor]
) -> None:
    trusted, other = servers
    trusted.redirects["/away"] = f"{other.url}/there"
    client(f"{trusted.url}/away")
    assert said_to(trusted) == TOLD
    assert said_to(other) == ["team"]


@pytest.mark.parametrize(("send", "instrumentor"), CLIENTS)
def test_where_a_span_is_not_recorded_the_connection_tells_the_host(
    send: Callable[[str], None], instrumentor: Any, servers: tuple[Vendor, Vendor]
) -> None:
    made = instrumentor()
    made.instrument(tracer_provider=TracerProvider(sampler=ALWAYS_OFF, shutdown_on_exit=False))
    send(f"{servers[0].url}/a")
    send(f"{servers[1].url}/a")
    made.uninstrument()
    assert said_to(servers[0]) == TOLD
    assert said_to(servers[1]) == ["team"]
