"""pymongo as a sink: the real driver, sync and async, against a server on loopback."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from typing import Any

import bson
import pytest
from bson.raw_bson import RawBSONDocument
from motor.motor_asyncio import AsyncIOMotorClient
from pymongo import AsyncMongoClient, InsertOne, MongoClient, UpdateOne
from pymongo.errors import OperationFailure
from pymongo.monitoring import CommandListener

import sst_otel
from sst_otel import guard
from sst_otel.sinks.ownership import Server
from tests.sinks.mongo_server import MongoServer, mongo_server
from tests.support import Tracking

ANN, BEA = "ann.arbor@example.com", "bea.berlin@example.com"


@pytest.fixture(scope="module")
def server() -> Iterator[MongoServer]:
    with mongo_server() as running:
        yield running


@pytest.fixture(scope="module")
def client(server: MongoServer) -> Iterator[Any]:
    """Made before tracking starts, for all tests."""
    connected: MongoClient[Any] = MongoClient("127.0.0.1", server.port)
    with connected:
        yield connected


@pytest.fixture
def leads(client: Any, server: MongoServer, tracking: Tracking) -> Any:
    server.commands.clear()
    sst_otel.tag(ANN, "email", owner_id="1")
    sst_otel.tag(BEA, "email", owner_id="2")
    return client.app.leads


RAW = RawBSONDocument(bson.encode({"m": ANN}))
ONE = [("mongodb leads(m)", "1")]
TWO = [*ONE, ("mongodb leads(m)", "2")]
Use = Callable[[Any], Any]
BULK = [InsertOne({"m": ANN}), UpdateOne({}, {"$set": {"m": BEA}})]
WAYS: list[tuple[Use, list[tuple[str, str]]]] = [
    (lambda leads: leads.insert_one({"m": ANN, "n": 1}), ONE),
    (lambda leads: leads.insert_one({"who": {"m": [ANN]}}), [("mongodb leads(who.m)", "1")]),
    (lambda leads: leads.insert_one(RAW), [("mongodb leads(document)", "1")]),
    (lambda leads: leads.insert_many([{"m": ANN}, {"m": BEA}, {"m": "x"}]), TWO),
    (lambda leads: leads.update_one({"m": BEA}, {"$set": {"m": ANN}}), ONE),
    (lambda leads: leads.replace_one({"n": 1}, {"m": ANN}), ONE),
    (lambda leads: leads.find_one_and_update({"m": BEA}, {"$set": {"m": ANN}}), ONE),
    (lambda leads: leads.bulk_write(BULK), TWO),
    (lambda leads: leads.insert_one({ANN: "x"}), [("mongodb leads({key})", "1")]),
    (lambda leads: list(leads.find({"m": ANN})), []),
    (lambda leads: leads.delete_many({"m": ANN}), []),
    (lambda leads: list(leads.aggregate([{"$match": {"m": ANN}}])), []),
    (lambda leads: leads.insert_one({"m": "text of nobody"}), []),
]


@pytest.mark.parametrize(("use", "shares"), WAYS)
def test_what_is_written(
    leads: Any, tracking: Tracking, use: Use, shares: list[tuple[str, str]]
) -> None:
    use(leads)
    assert sorted((row["destination"], row["owner_id"]) for row in tracking.rows()) == shares
    for row in tracking.rows():
        assert (row["event_type"], row["outcome"]) == ("database_write", "sent")
        assert row["metadata"]["db.namespace"] == "app"


def test_batches_are_counted(leads: Any, server: MongoServer, tracking: Tracking) -> None:
    leads.insert_many([{"m": ANN}, {"m": BEA}, {"m": "x"}])
    assert {row["metadata"]["db.operation.batch.size"] for row in tracking.rows()} == {3}
    assert [document["m"] for document in server.commands[0]["documents"]] == [ANN, BEA, "x"]


def test_failures(client: Any, leads: Any, tracking: Tracking) -> None:
    with pytest.raises(OperationFailure, match="not authorized"):
        client.app.nope.insert_one({"m": ANN})
    assert [row["outcome"] for row in tracking.rows()] == ["failed"]


def test_another_server(leads: Any, tracking: Tracking, monkeypatch: pytest.MonkeyPatch) -> None:
    ownership = tracking.tracker.emit.ownership
    monkeypatch.setattr(ownership, "is_own", lambda server: not isinstance(server, Server))
    leads.find_one({"m": ANN})
    leads.update_one({"m": ANN}, {"$set": {"n": 1}})
    leads.delete_one({"m": ANN})
    list(leads.aggregate([{"$match": {"m": ANN}}]))
    assert [row["destination"] for row in tracking.rows()] == [ONE[0][0]] * 4
    kinds = [row["event_type"] for row in tracking.rows()]
    assert kinds == ["database_read", "database_write", "database_read", "database_read"]


def test_asynchronous(leads: Any, server: MongoServer, tracking: Tracking) -> None:
    async def write() -> None:
        there: AsyncMongoClient[Any] = AsyncMongoClient("127.0.0.1", server.port)
        async with there:
            await there.app.leads.insert_many([{"m": ANN}, {"m": BEA}])
            await there.app.leads.find_one({"m": ANN})

    asyncio.run(write())
    assert sorted((row["destination"], row["owner_id"]) for row in tracking.rows()) == TWO


def test_motor(leads: Any, server: MongoServer, tracking: Tracking) -> None:
    async def write() -> None:
        there: Any = AsyncIOMotorClient("127.0.0.1", server.port)
        await there.app.leads.insert_many([{"m": ANN}, {"m": BEA}])
        await there.app.leads.find_one({"m": ANN})
        there.close()

    asyncio.run(write())
    assert sorted((row["destination"], row["owner_id"]) for row in tracking.rows()) == TWO


def test_the_applications_listeners_and_the_stop(leads: Any, server: MongoServer) -> None:
    class Listener(CommandListener):
        def __init__(self) -> None:
            self.seen: list[str] = []

        def started(self, event: Any) -> None:
            self.seen.append(f"started {event.command_name}")

        def succeeded(self, event: Any) -> None:
            self.seen.append(f"succeeded {event.command_name}")

        failed = succeeded

    listener = Listener()
    there: MongoClient[Any] = MongoClient("127.0.0.1", server.port, event_listeners=[listener])
    with there:
        there.app.leads.insert_one({"m": ANN})
        sst_otel.stop_tracking()
        there.app.leads.insert_one({"m": BEA})
        leads.insert_one({"m": BEA})
        assert listener.seen[:4] == ["started insert", "succeeded insert"] * 2
    assert guard.error_counts() == {}
