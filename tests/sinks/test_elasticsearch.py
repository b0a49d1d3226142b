"""elasticsearch as a sink: its own client, sync and async, against a server on loopback."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest
from elastic_transport import ConnectionError, RequestsHttpNode, Urllib3HttpNode
from elasticsearch import ApiError, AsyncElasticsearch, Elasticsearch
from elasticsearch.helpers import bulk

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
    assert {row["outcome"] for row in rows} <= {"sent"}
    return sorted((row["event_type"], row["destination"], row["owner_id"]) for row in rows)


@pytest.mark.parametrize("node", [Urllib3HttpNode, RequestsHttpNode])
@pytest.mark.parametrize("compress", [False, True])
def test_documents(url: str, tracking: Tracking, node: Any, compress: bool) -> None:
    with Elasticsearch(url, node_class=node, http_compress=compress) as client:
        client.index(index="leads", id="1", document={"who": {"mail": ANN}, "n": 1})
        client.update(index="leads", id="1", doc={"note": f"call {BEA}"})
        client.index(index="leads", document={"n": 1})
        client.search(index="leads", query={"term": {"mail": ANN}})
        client.delete(index="leads", id=ANN)
    assert _told(tracking) == [
        ("database_write", "elasticsearch leads(doc.note)", "2"),
        ("database_write", "elasticsearch leads(who.mail)", "1"),
    ]


def test_bulk(url: str, tracking: Tracking) -> None:
    with Elasticsearch(url) as client:
        actions = [{"_index": "leads", "mail": mail} for mail in (ANN, BEA, "x")]
        assert bulk(client, iter(actions)) == (3, [])
    assert _told(tracking) == [
        ("database_write", "elasticsearch bulk(mail)", "1"),
        ("database_write", "elasticsearch bulk(mail)", "2"),
    ]


def test_failures(url: str, tracking: Tracking) -> None:
    with Elasticsearch(url) as client, pytest.raises(ApiError):
        client.index(index="nope", document={"mail": ANN})
    with (
        Elasticsearch("http://127.0.0.1:1", max_retries=2) as client,
        pytest.raises(ConnectionError),
    ):
        client.index(index="leads", document={"mail": ANN})
    assert [row["outcome"] for row in tracking.rows()] == ["sent", "failed"]


def test_asynchronous(url: str, tracking: Tracking) -> None:
    async def write() -> None:
        async with AsyncElasticsearch(url) as client:
            await client.index(index="leads", document={"mail": ANN})

    asyncio.run(write())
    assert _told(tracking) == [("database_write", "elasticsearch leads(mail)", "1")]


def test_another_server(url: str, tracking: Tracking, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tracking.tracker.emit.ownership, "is_own", lambda server: not server)
    with Elasticsearch(url) as client:
        client.search(index="leads", query={"term": {"mail": ANN}})
        client.get(index="leads", id=BEA)
    assert _told(tracking) == [
        ("database_read", "elasticsearch leads", "2"),
        ("database_read", "elasticsearch leads(query.term.mail)", "1"),
    ]
