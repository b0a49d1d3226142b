"""Calls that are broken into, and connections that are used again: all as without us."""

from __future__ import annotations

import asyncio
import http.client
import io
import json
import socket
import socketserver
import struct
import urllib.request
import warnings
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import suppress
from typing import Any

import aiohttp
import httpx
import pytest
import requests
import urllib3
from websockets.asyncio.client import connect
from websockets.asyncio.server import serve

import sst_otel
from tests.serving import StandIn, serving
from tests.sinks.unruly import OURS, come_of
from tests.support import Tracking, Vendor

ANN, BEA = "ann.keller@example.com", "bea.moser@example.com"
BODY = json.dumps({"mail": ANN}).encode()


@pytest.fixture
def people(tracking: Tracking) -> Tracking:
    sst_otel.tag(ANN, "email", owner_id="1")
    sst_otel.tag(BEA, "email", owner_id="2")
    return tracking


def by_requests(url: str, body: Any) -> Any:
    return requests.post(url, data=body, timeout=20)


def by_urllib3(url: str, body: Any) -> Any:
    with urllib3.PoolManager(retries=False) as pool:
        return pool.request("POST", url, body=body)


def by_httpx(url: str, body: Any) -> Any:
    return httpx.post(url, content=body, trust_env=False)


class TestInterrupted:
    """What breaks into a call passes through us."""

    @pytest.mark.parametrize("kind", [KeyboardInterrupt, SystemExit, GeneratorExit])
    def test_in_the_body(self, kind: type[BaseException], people: Tracking, vendor: Vendor) -> None:
        thrown = kind("stop")

        def body() -> Iterator[bytes]:
            yield BODY
            raise thrown

        for post in (by_requests, by_httpx, by_urllib3):
            with pytest.raises(kind) as caught:
                post(vendor.url, body())
            assert caught.value is thrown
        assert [row["outcome"] for row in people.rows()] == ["failed"] * 3

    def test_a_cancelled_task(self, people: Tracking) -> None:
        async def main() -> None:
            arrived = asyncio.Event()
            ended = asyncio.Event()

            async def hold(_reader: Any, writer: asyncio.StreamWriter) -> None:
                arrived.set()
                await ended.wait()
                writer.close()

            server = await asyncio.start_server(hold, "127.0.0.1", 0)
            url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
            async with (
                aiohttp.ClientSession() as session,
                httpx.AsyncClient(trust_env=False) as client,
            ):

                async def by_aiohttp() -> None:
                    async with session.post(url, data=BODY):
                        pass

                for call in (lambda: client.post(url, content=BODY), by_aiohttp):
                    arrived.clear()
                    task = asyncio.ensure_future(call())
                    await arrived.wait()
                    task.cancel("enough")
                    with pytest.raises(asyncio.CancelledError):
                        await task
            ended.set()
            server.close()

        with warnings.catch_warnings():
            warnings.simplefilter("error")
            asyncio.run(main())
        assert {row["outcome"] for row in people.rows()} == {"failed"}

    def test_before_it_began(self, people: Tracking, vendor: Vendor) -> None:
        async def main() -> BaseException:
            async with httpx.AsyncClient(trust_env=False) as client:
                task = asyncio.ensure_future(client.post(vendor.url, content=BODY))
                await asyncio.sleep(0)  # the event is being written
                task.cancel()
                with pytest.raises(asyncio.CancelledError) as caught:
                    await task
                return caught.value

        error = asyncio.run(main())
        entry, files = error.__traceback__, []
        while entry is not None:
            files.append(entry.tb_frame.f_code.co_filename)
            entry = entry.tb_next
        assert not [file for file in files if file.startswith(OURS)]
        assert vendor.received == []
        assert {row["outcome"] for row in people.rows()} <= {"failed"}

    def test_a_stream_closed_early(self, people: Tracking, vendor: Vendor) -> None:
        closed: list[str] = []

        async def body() -> AsyncIterator[bytes]:
            try:
                yield BODY
                raise OSError("gone")
            finally:
                closed.append("async")

        async def main() -> None:
            async with httpx.AsyncClient(trust_env=False) as client:
                with pytest.raises(OSError, match="gone"):
                    await client.post(vendor.url, content=body())
                with suppress(OSError):
                    async with client.stream("POST", vendor.url, content=BODY) as answer:
                        async for _ in answer.aiter_bytes(1):
                            break

        asyncio.run(main())
        assert closed == ["async"]
        assert [row["outcome"] for row in people.rows()] == ["failed", "sent"]


def _by_urllib(url: str, body: Any) -> Any:
    return urllib.request.urlopen(url, body, timeout=20)


def _by_http_client(url: str, body: Any) -> Any:
    connection = http.client.HTTPConnection(url.removeprefix("http://"), timeout=20)
    try:
        connection.request("POST", "/", body)
        return connection.getresponse()
    finally:
        connection.close()


def _by_socket(url: str, body: bytes) -> Any:
    host, port = url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=20) as connection:
        connection.sendall(body)


def _by_aiohttp(url: str, body: bytes) -> Any:
    async def post() -> None:
        async with aiohttp.ClientSession() as session, session.post(url, data=io.BytesIO(body)):
            pass

    asyncio.run(post())


@pytest.fixture(scope="module")
def resetting() -> Iterator[str]:
    """A server that resets each connection once a piece of the body has come."""

    class Handler(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            self.request.recv(4_096)
            self.request.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.request.close()

    server = StandIn(Handler)
    with serving(server) as port:
        yield f"http://127.0.0.1:{port}"


@pytest.mark.parametrize(
    "post",
    [
        *(by_requests, by_urllib3, by_httpx, _by_urllib, _by_http_client, _by_socket),
        _by_aiohttp,
    ],
)
def test_a_connection_that_fails_while_it_sends(
    post: Callable[[str, Any], Any], people: Tracking, resetting: str
) -> None:
    body = json.dumps({"mail": ANN, "rest": "x" * 12_000_000}).encode()
    came = come_of(lambda: post(resetting, body))
    assert came.error
    assert came.frames
    assert [(row["owner_id"], row["outcome"]) for row in people.rows()] == [("1", "failed")]


class TestOneConnection:
    """A connection that is used again belongs to nobody."""

    def test_each_person_is_told(self, people: Tracking, vendor: Vendor) -> None:
        async def by_aiohttp() -> None:
            async with aiohttp.ClientSession() as session:
                for mail in (ANN, BEA):
                    async with session.post(vendor.url, json={"mail": mail}) as answer:
                        await answer.read()

        with requests.Session() as session, httpx.Client(trust_env=False) as client:
            for one in (session, client):
                for mail in (ANN, BEA):
                    one.post(vendor.url, json={"mail": mail})
        asyncio.run(by_aiohttp())
        assert [owner for _, owner, _ in people.shares()] == ["1", "2"] * 3

    def test_messages_keep_their_order(self, people: Tracking) -> None:
        sent = [ANN, "nobody", BEA, "nobody else"]
        received: list[Any] = []

        async def main() -> None:
            ended = asyncio.Event()

            async def keep(connection: Any) -> None:
                async for message in connection:
                    received.append(message)
                ended.set()

            async with serve(keep, "127.0.0.1", 0) as server:
                port = next(iter(server.sockets)).getsockname()[1]
                async with connect(f"ws://127.0.0.1:{port}", proxy=None) as connection:
                    await asyncio.gather(*map(connection.send, sent))
                await ended.wait()

        asyncio.run(main())
        assert received == sent
        assert [owner for _, owner, _ in people.shares()] == ["1", "2"]
