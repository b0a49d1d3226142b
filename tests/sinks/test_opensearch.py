"""opensearch-py as a sink: its own client, sync and async, against a server on loopback."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest
from opensearchpy import (
    AsyncHttpConnection,
    AsyncOpenSearch,
    OpenSearch,
    RequestsHttpConnection,
    TransportError,
    Urllib3HttpConnection,
)
from opensearchpy import ConnectionError as Unreachable
from opensearchpy._async.http_aiohttp import AIOHttpConnection
from opensearchpy.helpers import bulk

import sst_otel
from tests.sinks.search_server import search_server
from tests.support import Tracking

ANN, BEA = "ann.arbor@example.com", "bea.berlin@example.com"


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with search_server() as running:
        yield running


@pytest.fixture(autouse=True)
def people(tracking: Tracking) -> None:
    sst_otel.tag(ANN, "email", owner_id="1")
    sst_otel.tag(BEA, "email", owner_id="2")


def _told(tracking: Tracking) -> list[tuple[str, str, str]]:
    rows = tracking.rows()
    return sorted((row["event_type"], row["destination"], row["owner_id"]) for row in rows)


@pytest.mark.parametrize("kind", [Urllib3HttpConnection, RequestsHttpConnection])
@pytest.mark.parametrize("compress", [False, True])
def test_documents(url: str, tracking: Tracking, kind: Any, compress: bool) -> None:
    client = OpenSearch(url, connection_class=kind, http_compress=compress)
    client.index(index="leads", id="1", body={"who": {"mail": ANN}, "n": 1})
    client.update(index="leads", id="1", body={"doc": {"note": f"call {BEA}"}})
    client.index(index="leads", body={"n": 1})
    client.search(index="leads", body={"query": {"term": {"mail": ANN}}})
    client.delete(index="leads", id=ANN)
    actions = [{"_index": "leads", "mail": mail} for mail in (ANN, BEA, "x")]
    assert bulk(client, iter(actions)) == (3, [])
    client.close()
    assert _told(tracking) == [
        ("database_write", "opensearch bulk(mail)", "1"),
        ("database_write", "opensearch bulk(mail)", "2"),
        ("database_write", "opensearch leads(doc.note)", "2"),
        ("database_write", "opensearch leads(who.mail)", "1"),
    ]
    assert {row["outcome"] for row in tracking.rows()} == {"sent"}


def test_failures(url: str, tracking: Tracking) -> None:
    client = OpenSearch(url)
    with pytest.raises(TransportError):
        client.index(index="nope", body={"mail": ANN})
    nowhere = OpenSearch("http://127.0.0.1:1", max_retries=2)
    with pytest.raises(Unreachable):
        nowhere.index(index="leads", body={"mail": ANN})
    assert [row["outcome"] for row in tracking.rows()] == ["failed", "failed"]


@pytest.mark.parametrize("kind", [AIOHttpConnection, AsyncHttpConnection])
def test_asynchronous(url: str, tracking: Tracking, kind: Any) -> None:
    async def write() -> None:
        async with AsyncOpenSearch(url, connection_class=kind) as client:
            await client.index(index="leads", body={"mail": ANN})

    asyncio.run(write())
    assert _told(tracking) == [("database_write", "opensearch leads(mail)", "1")]


def test_another_server(url: str, tracking: Tracking, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tracking.tracker.emit.ownership, "is_own", lambda server: not server)
    client = OpenSearch(url)
    client.search(index="leads", body={"query": {"term": {"mail": ANN}}})
    client.search(index="leads", params={"q": f"mail:{BEA}"})
    client.close()
    assert _told(tracking) == [
        ("database_read", "opensearch leads", "2"),
        ("database_read", "opensearch leads(query.term.mail)", "1"),
    ]
