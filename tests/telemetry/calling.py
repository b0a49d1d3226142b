"""One call that carries an address, by each client library that OpenTelemetry instruments."""

from __future__ import annotations

import asyncio
import json
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import aiohttp
import httpx
import openai
import pytest
import requests
import sqlalchemy
import urllib3
from opentelemetry.instrumentation import _semconv
from opentelemetry.instrumentation.aiohttp_client import AioHttpClientInstrumentor
from opentelemetry.instrumentation.httpx import HTTPX2ClientInstrumentor, HTTPXClientInstrumentor
from opentelemetry.instrumentation.requests import RequestsInstrumentor
from opentelemetry.instrumentation.sqlalchemy import SQLAlchemyInstrumentor
from opentelemetry.instrumentation.urllib import URLLibInstrumentor
from opentelemetry.instrumentation.urllib3 import URLLib3Instrumentor

MAIL = "ann.keller@example.com"
BODY = {"mail": MAIL}
INSTRUMENTORS = (
    RequestsInstrumentor,
    URLLib3Instrumentor,
    URLLibInstrumentor,
    HTTPXClientInstrumentor,
    HTTPX2ClientInstrumentor,
    AioHttpClientInstrumentor,
    SQLAlchemyInstrumentor,
)


@contextmanager
def instrumented(mode: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Instrument all clients; ``mode``: of ``OTEL_SEMCONV_STABILITY_OPT_IN``, read once a process.

    Ends with the mode unread again.
    """
    stability = _semconv._OpenTelemetrySemanticConventionStability
    monkeypatch.setenv("OTEL_SEMCONV_STABILITY_OPT_IN", mode)
    stability._initialized = False
    instrumentors = [made() for made in INSTRUMENTORS]
    for instrumentor in instrumentors:
        instrumentor.instrument()
    try:
        yield
    finally:
        for instrumentor in instrumentors:
            instrumentor.uninstrument()
        stability._initialized = False


def by_requests(url: str, folder: Path) -> None:
    requests.post(f"{url}/v1/contact", json=BODY)


def by_urllib3(url: str, folder: Path) -> None:
    with urllib3.PoolManager() as pool:
        pool.request("POST", f"{url}/v1/contact", json=BODY)


def by_urllib(url: str, folder: Path) -> None:
    headers = {"Content-Type": "application/json"}
    request = urllib.request.Request(f"{url}/v1/contact", json.dumps(BODY).encode(), headers)
    with urllib.request.urlopen(request):
        pass


def by_httpx(url: str, folder: Path) -> None:
    httpx.post(f"{url}/v1/contact", json=BODY)


def by_aiohttp(url: str, folder: Path) -> None:
    async def post() -> None:
        async with (
            aiohttp.ClientSession() as session,
            session.post(f"{url}/v1/contact", json=BODY) as response,
        ):
            await response.read()

    asyncio.run(post())


def by_openai(url: str, folder: Path) -> None:
    with openai.OpenAI(api_key="k", base_url=f"{url}/v1") as client:
        client.responses.create(model="m", input=f"Write to {MAIL}")


def by_sqlalchemy(url: str, folder: Path) -> None:
    engine = sqlalchemy.create_engine(f"sqlite:///{folder / 'app.db'}")
    with engine.connect() as connection:
        connection.execute(sqlalchemy.text("CREATE TABLE people (mail TEXT)"))
        connection.execute(sqlalchemy.text("INSERT INTO people (mail) VALUES (:m)"), {"m": MAIL})
        connection.commit()
    engine.dispose()
