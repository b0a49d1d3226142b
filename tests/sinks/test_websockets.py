"""websockets clients against a real server: whole messages, fragments, the opening request."""

from __future__ import annotations

import asyncio
import threading
import warnings
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass, field
from queue import SimpleQueue
from typing import Any

import pytest
from websockets.asyncio.client import connect as connect_async
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect
from websockets.sync.server import ServerConnection, serve

import sst_otel
from tests.support import Tracking

MAIL = "ann.keller@example.com"
TEXT = f'{{"mail": "{MAIL}"}}'


@dataclass
class Server:
    port: int = 0
    received: SimpleQueue[str | bytes] = field(default_factory=SimpleQueue)

    @property
    def url(self) -> str:
        return f"ws://localhost:{self.port}/chat"


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    ours = Server()

    def handle(connection: ServerConnection) -> None:
        for message in connection:
            ours.received.put(message)
            connection.send(message)  # an answer to whom it serves

    with serve(handle, "127.0.0.1", 0) as running:
        ours.port = running.socket.getsockname()[1]
        thread = threading.Thread(target=running.serve_forever)
        thread.start()
        yield ours
        running.shutdown()
        thread.join()


@pytest.fixture(autouse=True)
def ann(tracking: Tracking) -> None:
    sst_otel.tag(MAIL, "email", owner_id="1")


def pieces() -> Iterator[str]:
    yield TEXT[:15]
    yield TEXT[15:]


async def later(given: Iterator[Any]) -> AsyncIterator[Any]:
    for piece in given:
        yield piece


MESSAGES: dict[str, Callable[[], Any]] = {
    "text": lambda: TEXT,
    "bytes": lambda: TEXT.encode(),
    "bytearray": lambda: bytearray(TEXT.encode()),
    "memoryview": lambda: memoryview(TEXT.encode()),
    "list": lambda: list(pieces()),
    "generator": pieces,
    "bytes in pieces": lambda: (memoryview(piece.encode()) for piece in pieces()),
}


@pytest.mark.parametrize("name", MESSAGES)
def test_a_message_is_one_event(name: str, tracking: Tracking, server: Server) -> None:
    with connect(server.url) as connection:
        connection.send(MESSAGES[name]())
        answer = connection.recv()
    assert answer == server.received.get() in (TEXT, TEXT.encode())
    (row,) = tracking.rows()
    assert row["destination"] == "localhost/chat"
    assert (row["owner_id"], row["data_types"], row["outcome"]) == ("1", ["email"], "sent")
    assert row["event_type"] == "external_api"
    assert row["metadata"]["network.protocol.name"] == "websocket"
    assert row["metadata"]["server.port"] == server.port


@pytest.mark.parametrize("name", [*MESSAGES, "async generator"])
def test_a_message_in_asyncio(name: str, tracking: Tracking, server: Server) -> None:
    async def run() -> str | bytes:
        async with connect_async(server.url) as connection:
            made = MESSAGES[name]() if name in MESSAGES else later(pieces())
            await connection.send(made)
            return await connection.recv()

    assert asyncio.run(run()) == server.received.get()
    assert tracking.shares() == [("localhost/chat", "1", ("email",))]


@pytest.mark.parametrize("name", ["text", "generator", "async generator"])
def test_a_legacy_client(name: str, tracking: Tracking, server: Server) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        from websockets.legacy.client import connect as connect_legacy

        async def run() -> None:
            async with connect_legacy(server.url) as connection:
                made = MESSAGES[name]() if name in MESSAGES else later(pieces())
                await connection.send(made)
                await connection.recv()

        asyncio.run(run())
    assert server.received.get() == TEXT
    assert tracking.shares() == [("localhost/chat", "1", ("email",))]


def test_the_opening_request_tells_too(tracking: Tracking, server: Server) -> None:
    with connect(f"{server.url}?mail={MAIL}"):
        pass
    with connect(server.url, additional_headers={"X-Mail": MAIL}):
        pass

    async def run() -> None:
        headers = [("X-Mail", MAIL)]
        async with connect_async(server.url, additional_headers=headers):
            pass

    asyncio.run(run())
    assert tracking.shares() == [("GET localhost/chat", "1", ("email",))] * 3
    paths = [row["paths"] for row in tracking.rows()]
    assert paths == [["url.query.mail"], ["header.X-Mail"], ["header.X-Mail"]]


def test_nothing_personal_is_no_event(tracking: Tracking, server: Server) -> None:
    with connect(server.url) as connection:
        for message in ("ping", b"\x00\x01", ["a", "b"], iter(())):
            connection.send(message)
        assert connection.recv() == "ping"
    assert tracking.shares() == []
    while not server.received.empty():
        server.received.get()


def test_errors_are_the_library_s_own(tracking: Tracking, server: Server) -> None:
    with connect(server.url) as connection:
        with pytest.raises(TypeError, match="dict-like"):
            connection.send({"mail": MAIL})
        connection.close()
        with pytest.raises(ConnectionClosed):
            connection.send(TEXT)

    async def run() -> None:
        async with connect_async(server.url) as later:
            await later.close()
            await later.send(TEXT)

    with pytest.raises(ConnectionClosed):
        asyncio.run(run())
    assert [row["outcome"] for row in tracking.rows()] == ["failed", "failed"]


def test_a_connection_from_before_is_seen(
    tracking: Tracking, server: Server, tmp_path: Any
) -> None:
    sst_otel.stop_tracking()
    with connect(server.url) as connection:
        sst_otel.start_tracking(database_url=f"sqlite:///{tmp_path / 'audit.db'}", lineage="off")
        sst_otel.tag(MAIL, "email", owner_id="1")
        connection.send(TEXT)
        connection.recv()
    assert server.received.get() == TEXT
    assert len(tracking.shares()) == 1
