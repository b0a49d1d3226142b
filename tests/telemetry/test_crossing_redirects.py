"""Redirects from a trusted host to a stranger and back, by clients under OpenTelemetry's spans.

``127.0.0.1`` and ``localhost`` are two hosts, of which the first is trusted.
"""

from __future__ import annotations

import asyncio
import urllib.request
from collections.abc import Callable, Iterator
from typing import Any

import aiohttp
import httpx
import httpx2
import pytest
import requests
import urllib3
from opentelemetry import baggage, context
from opentelemetry.instrumentation.aiohttp_client import AioHttpClientInstrumentor
from opentelemetry.instrumentation.httpx import HTTPX2ClientInstrumentor, HTTPXClientInstrumentor
from opentelemetry.instrumentation.requests import RequestsInstrumentor
from opentelemetry.instrumentation.urllib import URLLibInstrumentor
from opentelemetry.instrumentation.urllib3 import URLLib3Instrumentor
from opentelemetry.sdk.trace import TracerProvider

from tests.support import Tracking, Vendor, job_of, tracking_in, vendor_server

MAIL = "ann.keller@example.com"
TOLD = ["team", "sst.tags", "sst.t", "sst.owner", "sst.fp", "sst.mac"]
STRANGER = ["team"]


def by_requests(url: str, headers: dict[str, str]) -> None:
    requests.get(url, headers=headers)


def by_session(url: str, headers: dict[str, str]) -> None:
    with requests.Session() as session:
        session.headers.update(headers)
        session.get(url)


def by_urllib3(url: str, headers: dict[str, str]) -> None:
    with urllib3.PoolManager() as pool:
        pool.request("GET", url, headers=headers)


def by_urllib(url: str, headers: dict[str, str]) -> None:
    urllib.request.urlopen(urllib.request.Request(url, None, headers)).close()


def by_client(library: Any) -> Callable[[str, dict[str, str]], None]:
    def get(url: str, headers: dict[str, str]) -> None:
        with library.Client(follow_redirects=True) as client:
            client.get(url, headers=headers)

    return get


def by_async_client(library: Any) -> Callable[[str, dict[str, str]], None]:
    def get(url: str, headers: dict[str, str]) -> None:
        async def get() -> None:
            async with library.AsyncClient(follow_redirects=True) as client:
                await client.get(url, headers=headers)

        asyncio.run(get())

    return get


def by_aiohttp(url: str, headers: dict[str, str]) -> None:
    async def get() -> None:
        async with aiohttp.ClientSession() as session, session.get(url, headers=headers) as answer:
            await answer.read()

    asyncio.run(get())


CLIENTS: dict[str, tuple[Callable[[str, dict[str, str]], None], Any]] = {
    "requests": (by_requests, RequestsInstrumentor),
    "requests.Session": (by_session, RequestsInstrumentor),
    "urllib3": (by_urllib3, URLLib3Instrumentor),
    "urllib": (by_urllib, URLLibInstrumentor),
    "httpx": (by_client(httpx), HTTPXClientInstrumentor),
    "httpx.AsyncClient": (by_async_client(httpx), HTTPXClientInstrumentor),
    "httpx2": (by_client(httpx2), HTTPX2ClientInstrumentor),
    "httpx2.AsyncClient": (by_async_client(httpx2), HTTPX2ClientInstrumentor),
    "aiohttp": (by_aiohttp, AioHttpClientInstrumentor),
}


@pytest.fixture(scope="module")
def server() -> Iterator[Vendor]:
    with vendor_server() as server:
        other = f"http://localhost:{server.port}"
        server.redirects["/away"] = f"{other}/there"
        server.redirects["/there-and-back"] = f"{other}/back"
        server.redirects["/back"] = f"{server.url}/again"
        yield server


@pytest.fixture(scope="module")
def tracking(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tracking]:
    directory = tmp_path_factory.mktemp("redirects")
    with tracking_in(directory, trusted_hosts=("127.0.0.1",)) as tracking:
        yield tracking


@pytest.fixture(autouse=True)
def job(tracking: Tracking) -> Iterator[None]:
    token = context.attach(baggage.set_baggage("team", "blue"))
    with job_of(tracking, MAIL):
        yield
    context.detach(token)


@pytest.fixture(params=CLIENTS)
def client(request: pytest.FixtureRequest) -> Iterator[Callable[[str, dict[str, str]], None]]:
    send, instrumentor = CLIENTS[request.param]
    made = instrumentor()
    made.instrument(tracer_provider=TracerProvider(shutdown_on_exit=False))
    yield send
    made.uninstrument()


def said_to(server: Vendor) -> list[str]:
    """Return the names in the baggage of the request that has come."""
    headers = server.messages.get(timeout=10)[3]
    found = {name.lower(): value for name, value in headers.items()}.get("baggage", "")
    return [one.partition("=")[0] for one in found.split(",") if one]


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("/away", [TOLD, STRANGER]),
        ("/there-and-back", [TOLD, STRANGER, TOLD]),
    ],
)
def test_each_hop_is_told_what_its_host_may_know(
    client: Callable[[str, dict[str, str]], None], server: Vendor, path: str, said: list[list[str]]
) -> None:
    client(f"{server.url}{path}", {})
    assert [said_to(server) for _ in said] == said


def test_a_stranger_who_sends_on_to_a_trusted_host(
    client: Callable[[str, dict[str, str]], None], server: Vendor
) -> None:
    client(f"http://localhost:{server.port}/back", {})
    assert [said_to(server) for _ in range(2)] == [STRANGER, TOLD]


@pytest.mark.parametrize("name", CLIENTS)
def test_headers_that_a_program_hands_on(server: Vendor, name: str) -> None:
    """No instrumentation: what was received from somebody else of ours is in the headers."""
    send, _ = CLIENTS[name]
    send(f"{server.url}/there-and-back", {"baggage": "team=blue,sst.owner=x,sst.mac=y"})
    said = [said_to(server) for _ in range(3)]
    assert said[1] == STRANGER
    assert said[0] == said[2] == ["team", "sst.owner", "sst.mac"]
