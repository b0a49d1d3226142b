"""Servers of gRPC: what comes in calls is somebody's, and goes on from there."""

from __future__ import annotations

import asyncio
import threading
import traceback
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import grpc  # type: ignore[import-untyped]
import grpc.aio  # type: ignore[import-untyped]
import pytest
import requests

import sst_otel
from sst_otel import semconv
from sst_otel.scope import PROCESS, current_scope
from tests.sinks.test_grpc import Person
from tests.sources.sender import Sender
from tests.support import Tracking, Vendor, tracking_in

MAIL = "ann.keller@example.com"
OTHER = "ben.moser@example.com"
MEMBER = "QX-774-19-KLP-2"
KINDS = ("unary_unary", "unary_stream", "stream_unary", "stream_stream")


class Methods:
    """A server's methods: what they are asked goes on to somebody else."""

    def __init__(self, vendor: Vendor) -> None:
        self._vendor = vendor

    def forward(self, message: Any) -> Any:
        if message.email == "broken@example.com":
            raise LookupError("nobody is called that")
        requests.post(f"{self._vendor.url}/crm", json={"v": message.email})
        return message

    def unary_unary(self, message: Any, context: Any) -> Any:
        return self.forward(message)

    def unary_stream(self, message: Any, context: Any) -> Iterator[Any]:
        yield message
        yield self.forward(message)

    def stream_unary(self, messages: Any, context: Any) -> Any:
        return [self.forward(message) for message in messages][-1]

    def stream_stream(self, messages: Any, context: Any) -> Iterator[Any]:
        for message in messages:
            yield self.forward(message)


class AsyncMethods(Methods):
    async def unary_unary(self, message: Any, context: Any) -> Any:
        return await asyncio.to_thread(self.forward, message)

    async def unary_stream(self, message: Any, context: Any) -> AsyncIterator[Any]:  # type: ignore[override]
        yield message
        yield await asyncio.to_thread(self.forward, message)

    async def stream_unary(self, messages: Any, context: Any) -> Any:
        last = None
        async for message in messages:
            last = await asyncio.to_thread(self.forward, message)
        return last

    async def stream_stream(self, messages: Any, context: Any) -> AsyncIterator[Any]:  # type: ignore[override]
        async for message in messages:
            yield await asyncio.to_thread(self.forward, message)


class WritingMethods(AsyncMethods):
    """What streams by ``context.write``."""

    async def unary_stream(self, message: Any, context: Any) -> None:  # type: ignore[override]
        await context.write(await asyncio.to_thread(self.forward, message))

    async def stream_stream(self, messages: Any, context: Any) -> None:  # type: ignore[override]
        async for message in messages:
            await context.write(await asyncio.to_thread(self.forward, message))


def handlers_of(methods: Methods) -> Any:
    made = {}
    for kind in KINDS:
        make = getattr(grpc, f"{kind}_rpc_method_handler")
        made[kind] = make(getattr(methods, kind), Person.FromString, Person.SerializeToString)
    return grpc.method_handlers_generic_handler("shop.Crm", made)


@contextmanager
def blocking(methods: Methods) -> Iterator[str]:
    server = grpc.server(ThreadPoolExecutor(2), handlers=[handlers_of(methods)])
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    yield f"127.0.0.1:{port}"
    server.stop(None).wait()


@contextmanager
def in_asyncio(methods: Methods) -> Iterator[str]:
    ready = threading.Event()
    found: list[Any] = []

    async def serve() -> None:
        server = grpc.aio.server(ThreadPoolExecutor(2), handlers=[handlers_of(methods)])
        port = server.add_insecure_port("127.0.0.1:0")
        stop = asyncio.Event()
        found.extend((port, asyncio.get_running_loop(), stop))
        await server.start()
        ready.set()
        await stop.wait()
        await server.stop(None)

    thread = threading.Thread(target=lambda: asyncio.run(serve()))
    thread.start()
    assert ready.wait(20)
    port, loop, stop = found
    yield f"127.0.0.1:{port}"
    loop.call_soon_threadsafe(stop.set)
    thread.join()


SERVERS: dict[str, tuple[Callable[[Methods], Any], type[Methods]]] = {
    "threads": (blocking, Methods),
    "asyncio": (in_asyncio, AsyncMethods),
    "asyncio by write": (in_asyncio, WritingMethods),
    "threads of asyncio": (in_asyncio, Methods),
}


@pytest.fixture
def tracking(tmp_path: Path) -> Iterator[Tracking]:
    """The caller is a service of ours too: it leaves in its headers what it says."""
    with tracking_in(tmp_path, trusted_hosts=("127.0.0.1",)) as tracking:
        yield tracking
        assert tracking.errors() == {}


@pytest.fixture(params=SERVERS)
def target(request: Any, tracking: Tracking, vendor: Vendor) -> Iterator[str]:
    serve, methods = SERVERS[request.param]
    with serve(methods(vendor)) as target:
        yield target


def ask(target: str, kind: str, *mails: str, **headers: str) -> list[Any]:
    """Return what a method answers to messages with these addresses."""
    people = [Person(email=mail) for mail in mails]
    metadata = tuple(headers.items())
    with grpc.insecure_channel(target) as channel:
        make = getattr(channel, kind)
        call = make(f"/shop.Crm/{kind}", Person.SerializeToString, Person.FromString)
        given = iter(people) if kind.startswith("stream") else people[0]
        answer = call(given, metadata=metadata, timeout=20)
        return list(answer) if kind.endswith("stream") else [answer]


@pytest.mark.parametrize("kind", KINDS)
def test_what_comes_in_is_somebodys(target: str, kind: str, tracking: Tracking) -> None:
    answers = ask(target, kind, MAIL)
    assert {type(answer) for answer in answers} == {Person}
    assert {answer.email for answer in answers} == {MAIL}
    (row,) = [row for row in tracking.rows() if row["event_type"] == "external_api"]
    assert (row["data_types"], row["route"]) == (["email"], f"/shop.Crm/{kind}")
    assert tracking.sources() == {"message:email"}
    assert current_scope() is PROCESS


@pytest.mark.parametrize("kind", ["unary_stream", "stream_unary"])
def test_what_a_trusted_service_says_of_it(target: str, kind: str, tracking: Tracking) -> None:
    sender = Sender(tracking)
    ask(target, kind, MAIL, **sender.headers(email=MAIL))
    (row,) = [row for row in tracking.rows() if row["event_type"] == "external_api"]
    assert row["tag_ids"] == [sender.tag_id("email", MAIL)]
    assert row["metadata"][semconv.RECEIVED_TAG_IDS] == row["tag_ids"]


def test_a_value_is_the_same_datum_under_another_name(target: str, tracking: Tracking) -> None:
    """Nothing about a field of another type says that it is a member's number."""
    sender = Sender(tracking)
    ask(target, "unary_unary", MEMBER, **sender.headers(user_id=MEMBER))
    (row,) = [row for row in tracking.rows() if row["event_type"] == "external_api"]
    assert (row["data_types"], row["tag_ids"]) == (["user_id"], [sender.tag_id("user_id", MEMBER)])


@pytest.mark.parametrize("changed", ["baggage", "traceparent"])
def test_what_does_not_verify_says_nothing(target: str, changed: str, tracking: Tracking) -> None:
    sender = Sender(tracking)
    headers = sender.headers(user_id=MEMBER)
    headers[changed] = headers[changed].replace("sst.t=1", "sst.t=2").replace("0af7", "1af7")
    ask(target, "unary_unary", MEMBER, **headers)
    assert tracking.rows() == []


@pytest.mark.parametrize("kind", ["stream_unary", "stream_stream"])
def test_each_message_of_a_stream(target: str, kind: str, tracking: Tracking) -> None:
    ask(target, kind, MAIL, OTHER)
    tags = [row["tag_ids"] for row in tracking.rows() if row["event_type"] == "external_api"]
    assert len({tag for ids in tags for tag in ids}) == 2


@pytest.mark.parametrize("kind", ["unary_unary", "stream_stream"])
def test_what_a_method_raises_is_what_the_caller_is_told(
    target: str, kind: str, caplog: pytest.LogCaptureFixture
) -> None:
    with pytest.raises(grpc.RpcError) as caught:
        ask(target, kind, "broken@example.com")
    error: Any = caught.value
    assert error.code() is grpc.StatusCode.UNKNOWN
    assert "nobody is called that" in error.details()
    logged = [record.exc_info for record in caplog.records if record.exc_info]
    for _, _, entries in logged:
        files = [frame.filename for frame in traceback.extract_tb(entries)]
        assert not [name for name in files if "sst_otel" in name]


def test_without_tracking_servers_go_on(target: str, tracking: Tracking) -> None:
    sst_otel.stop_tracking()
    assert ask(target, "stream_stream", MAIL, OTHER)[0].email == MAIL
    sst_otel.start_tracking(
        database_url=f"sqlite:///{tracking.directory / 'audit.db'}", lineage="off"
    )
