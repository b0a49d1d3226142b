"""redis as a sink: the real client against a server on loopback."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from typing import Any

import pytest
import redis
import redis.asyncio
from fakeredis import TcpFakeServer

import sst_otel
from tests.serving import serving
from tests.support import Tracking

ANN, BEA = "ann.arbor@example.com", "bea.berlin@example.com"


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    server = TcpFakeServer(("127.0.0.1", 0), server_type="redis")
    server.daemon_threads = True
    with serving(server) as port:
        yield port


@pytest.fixture
def client(port: int, tracking: Tracking) -> Iterator[Any]:
    sst_otel.tag(ANN, "email", owner_id="1")
    sst_otel.tag(BEA, "email", owner_id="2")
    with redis.Redis("127.0.0.1", port, decode_responses=True) as connected:
        yield connected


COMMANDS: list[tuple[tuple[Any, ...], list[str]]] = [
    (("SET", "k", ANN), ["redis SET(value)"]),
    (("SET", f"user:{ANN}", "x"), ["redis SET(key)"]),
    (("SET", "k", json.dumps({"mail": ANN}), "EX", 60), ["redis SET(value.mail)"]),
    (("HSET", "user:1", "email", ANN, "n", 5), ["redis HSET(email)"]),
    (("HSET", "people", ANN, "x"), ["redis HSET(fields)"]),
    (("MSET", "k", ANN, "j", "x"), ["redis MSET(k)"]),
    (("XADD", "events", "MAXLEN", "~", 1000, "*", "mail", ANN), ["redis XADD(mail)"]),
    (("LPUSH", "queue", "x", ANN.encode()), ["redis LPUSH(value)"]),
    (("SADD", "mails", ANN), ["redis SADD(value)"]),
    (("SET", "k", "some text of nobody"), []),
    (("GET", f"user:{ANN}"), []),
    (("DEL", f"user:{ANN}"), []),
    (("ECHO", ANN), []),
]


@pytest.mark.parametrize(("command", "destinations"), COMMANDS)
def test_commands(
    client: Any, tracking: Tracking, command: tuple[Any, ...], destinations: list[str]
) -> None:
    client.execute_command(*command)
    assert [row["destination"] for row in tracking.rows()] == destinations
    for row in tracking.rows():
        assert (row["event_type"], row["outcome"], row["owner_id"]) == (
            "database_write",
            "sent",
            "1",
        )
        assert row["recipient"] == "own database"
        assert row["metadata"]["db.operation.name"] == command[0]


@pytest.mark.parametrize("transaction", [True, False])
def test_pipelines(client: Any, tracking: Tracking, transaction: bool) -> None:
    with client.pipeline(transaction=transaction) as pipeline:
        pipeline.set("a", ANN).set("b", BEA).set("c", "x").get("a")
        assert pipeline.execute() == [True, True, True, ANN]
    rows = sorted(tracking.rows(), key=lambda row: row["owner_id"])
    assert [(row["destination"], row["owner_id"]) for row in rows] == [
        ("redis SET(value)", "1"),
        ("redis SET(value)", "2"),
    ]
    assert {row["metadata"]["db.operation.batch.size"] for row in rows} == {3}


def test_watched_pipelines_and_failures(client: Any, tracking: Tracking) -> None:
    client.set("number", "x")
    with client.pipeline() as pipeline:
        pipeline.watch("number")
        pipeline.set("now", ANN)
        pipeline.multi()
        pipeline.set("then", ANN)
        pipeline.execute()
    with pytest.raises(redis.ResponseError):
        client.hset("number", "email", ANN)
    assert [row["outcome"] for row in tracking.rows()] == ["sent", "sent", "failed"]


def test_asynchronous(client: Any, port: int, tracking: Tracking) -> None:
    async def write() -> list[Any]:
        async with redis.asyncio.Redis(host="127.0.0.1", port=port) as there:
            await asyncio.gather(there.set("a", ANN), there.hset("h", "email", BEA))
            async with there.pipeline() as pipeline:
                pipeline.set("b", ANN)
                pipeline.get("b")
                result: list[Any] = await pipeline.execute()
            with pytest.raises(redis.ResponseError):
                await there.hset("a", "email", ANN)
        return result

    assert asyncio.run(write()) == [True, ANN.encode()]
    found = sorted((row["destination"], row["owner_id"], row["outcome"]) for row in tracking.rows())
    assert found == [
        ("redis HSET(email)", "1", "failed"),
        ("redis HSET(email)", "2", "sent"),
        ("redis SET(value)", "1", "sent"),
        ("redis SET(value)", "1", "sent"),
    ]


def test_channels(client: Any, tracking: Tracking) -> None:
    client.publish("news", json.dumps({"hello": ANN}))
    client.publish(f"mailbox:{BEA}", "ping")
    client.publish("prices", json.dumps({"factor": 1.4}))
    with client.pipeline(transaction=False) as pipeline:
        pipeline.publish("news", ANN).publish("more", BEA).execute()
    assert sorted(
        (row["event_type"], row["destination"], row["recipient"], row["owner_id"], row["paths"])
        for row in tracking.rows()
    ) == [
        ("message_publish", "redis", "own service", "1", ["body"]),
        ("message_publish", "redis", "own service", "2", ["body"]),
        ("message_publish", "redis news", "own service", "1", ["body.hello"]),
        ("message_publish", "redis {key}", "own service", "2", ["key.key"]),
    ]


def test_another_server(client: Any, port: int, tracking: Tracking) -> None:
    class Elsewhere(redis.Connection):
        def _connect(self) -> Any:
            self.host, name = "127.0.0.1", self.host
            try:
                return super()._connect()  # type: ignore[no-untyped-call]
            finally:
                self.host = name

    for host in ("cache.example", "partner.example"):
        pool = redis.ConnectionPool(Elsewhere, host=host, port=port)
        with redis.Redis(connection_pool=pool) as there:
            there.set("k", ANN)
            there.get(f"user:{ANN}")
        pool.disconnect()
    assert [(row["event_type"], row["recipient"]) for row in tracking.rows()] == [
        ("database_write", "own database"),
        ("database_write", "unknown"),
        ("database_read", "unknown"),
    ]
