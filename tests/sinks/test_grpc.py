"""grpcio against a real server: every kind of call, synchronous and in asyncio."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

import grpc  # type: ignore[import-untyped]
import grpc.aio  # type: ignore[import-untyped]
import pytest
from google.protobuf import (
    descriptor_pb2,
    descriptor_pool,
    message_factory,
    struct_pb2,
)
from google.protobuf.wrappers_pb2 import StringValue
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import SpanKind

import sst_otel
from sst_otel.lineage.carriers import hold
from sst_otel.protobuf import message_tree
from sst_otel.registry.identity import marked
from tests.support import Tracking

MAIL = "ann.keller@example.com"
PHONE = "+4915123456701"
PATH = "/shop.Crm/Add"


def person_class() -> Any:
    """Return the class of ``shop.Person``, as generated code has it."""
    file = descriptor_pb2.FileDescriptorProto(name="shop.proto", package="shop", syntax="proto3")
    message = file.message_type.add(name="Person")
    kinds = descriptor_pb2.FieldDescriptorProto
    for number, (name, kind, label) in enumerate(
        (
            ("email", kinds.TYPE_STRING, kinds.LABEL_OPTIONAL),
            ("age", kinds.TYPE_INT32, kinds.LABEL_OPTIONAL),
            ("phones", kinds.TYPE_STRING, kinds.LABEL_REPEATED),
            ("friends", kinds.TYPE_MESSAGE, kinds.LABEL_REPEATED),
            ("raw", kinds.TYPE_BYTES, kinds.LABEL_OPTIONAL),
        )
    ):
        message.field.add(name=name, number=number + 1, type=kind, label=label)
    message.field[3].type_name = ".shop.Person"
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    return message_factory.GetMessageClass(pool.FindMessageTypeByName("shop.Person"))


Person = person_class()


@dataclass
class Server:
    port: int = 0
    received: list[bytes] = field(default_factory=list)
    status: grpc.StatusCode = grpc.StatusCode.OK

    @property
    def target(self) -> str:
        return f"localhost:{self.port}"

    def one(self, request: bytes, context: Any) -> bytes:
        self.received.append(request)
        if self.status is not grpc.StatusCode.OK:
            context.abort(self.status, "no")
        return b""

    def many(self, requests: Iterator[bytes], context: Any) -> bytes:
        for request in requests:
            self.one(request, context)
        return b""

    def one_many(self, request: bytes, context: Any) -> Iterator[bytes]:
        yield self.one(request, context)

    def many_many(self, requests: Iterator[bytes], context: Any) -> Iterator[bytes]:
        for request in requests:
            yield self.one(request, context)


@pytest.fixture(scope="module")
def one_server() -> Iterator[Server]:
    ours = Server()
    running = grpc.server(ThreadPoolExecutor(4))
    handlers = {
        "Add": grpc.unary_unary_rpc_method_handler(ours.one),
        "AddAll": grpc.stream_unary_rpc_method_handler(ours.many),
        "Watch": grpc.unary_stream_rpc_method_handler(ours.one_many),
        "Chat": grpc.stream_stream_rpc_method_handler(ours.many_many),
    }
    running.add_generic_rpc_handlers((grpc.method_handlers_generic_handler("shop.Crm", handlers),))
    ours.port = running.add_insecure_port("127.0.0.1:0")
    running.start()
    yield ours
    running.stop(None).wait()


@pytest.fixture
def server(one_server: Server) -> Server:
    one_server.received.clear()
    one_server.status = grpc.StatusCode.OK
    return one_server


@pytest.fixture(autouse=True)
def ann(tracking: Tracking) -> None:
    sst_otel.tag(MAIL, "email", owner_id="1")
    sst_otel.tag(PHONE, "phone", owner_id="2")


def serialize(message: Any) -> bytes:
    made: bytes = message.SerializeToString()
    return made


def messages() -> Iterator[Any]:
    yield Person(age=4)
    yield Person(email=MAIL)
    yield Person(email=MAIL)


SYNC: dict[str, Callable[[grpc.Channel], object]] = {
    "Add call": lambda c: c.unary_unary(PATH, serialize)(Person(email=MAIL)),
    "Add with_call": lambda c: c.unary_unary(PATH, serialize).with_call(Person(email=MAIL)),
    "Add future": lambda c: c.unary_unary(PATH, serialize).future(Person(email=MAIL)).result(),
    "Add bytes": lambda c: c.unary_unary(PATH)(serialize(Person(email=MAIL))),
    "Add json": lambda c: c.unary_unary(PATH, lambda o: json.dumps(o).encode())({"mail": MAIL}),
    "Add opaque": lambda c: c.unary_unary(PATH, lambda o: o.text.encode())(Opaque()),
    "Add opaque future": lambda c: (
        c.unary_unary(PATH, lambda o: o.text.encode()).future(Opaque()).result()
    ),
    "Add metadata": lambda c: c.unary_unary(PATH, serialize)(Person(), metadata=[("x-mail", MAIL)]),
    "Add keyword": lambda c: c.unary_unary(PATH, serialize)(request=Person(email=MAIL)),
    "AddAll": lambda c: c.stream_unary("/shop.Crm/AddAll", serialize)(messages()),
    "AddAll future": lambda c: (
        c.stream_unary("/shop.Crm/AddAll", serialize).future(messages()).result()
    ),
    "AddAll opaque": lambda c: c.stream_unary("/shop.Crm/AddAll", lambda o: o.text.encode())(
        iter([Opaque()])
    ),
    "Watch": lambda c: list(c.unary_stream("/shop.Crm/Watch", serialize)(Person(email=MAIL))),
    "Chat": lambda c: list(c.stream_stream("/shop.Crm/Chat", serialize)(messages())),
}


class Opaque:
    text = f"to {MAIL}"


@pytest.mark.parametrize("name", SYNC)
def test_each_kind_of_call_is_one_event(name: str, tracking: Tracking, server: Server) -> None:
    with grpc.insecure_channel(server.target) as channel:
        SYNC[name](channel)
    (row,) = tracking.rows()
    method = name.partition(" ")[0]
    assert row["destination"] == f"grpc localhost/shop.Crm/{method}"
    assert (row["event_type"], row["owner_id"], row["data_types"]) == ("rpc", "1", ["email"])
    assert row["metadata"]["rpc.method"] == method
    assert row["metadata"]["server.port"] == server.port
    assert server.received


async def written(stream: Any) -> None:
    for message in messages():
        await stream.write(message)
    await stream.done_writing()


async def chat(channel: grpc.aio.Channel) -> None:
    stream = channel.stream_stream("/shop.Crm/Chat", serialize)()
    await written(stream)
    async for _ in stream:
        pass


async def add_all(channel: grpc.aio.Channel) -> None:
    async def later() -> AsyncIterator[Any]:
        for message in messages():
            yield message

    await channel.stream_unary("/shop.Crm/AddAll", serialize)(later())


async def watch(channel: grpc.aio.Channel) -> None:
    async for _ in channel.unary_stream("/shop.Crm/Watch", serialize)(Person(email=MAIL)):
        pass


async def add(channel: grpc.aio.Channel) -> None:
    await channel.unary_unary(PATH, serialize)(Person(email=MAIL), metadata=(("x", "y"),))


async def add_opaque(channel: grpc.aio.Channel) -> None:
    await channel.unary_unary(PATH, lambda o: o.text.encode())(Opaque())


AIO = {"Add": add, "Add opaque": add_opaque, "AddAll": add_all, "Watch": watch, "Chat": chat}


@pytest.mark.parametrize("name", AIO)
@pytest.mark.parametrize("intercepted", [False, True])
def test_each_kind_of_call_in_asyncio(
    name: str, intercepted: bool, tracking: Tracking, server: Server
) -> None:
    class Passing(grpc.aio.UnaryUnaryClientInterceptor):  # type: ignore[misc]
        async def intercept_unary_unary(self, go: Any, details: Any, request: Any) -> Any:
            return await go(details, request)

    async def run() -> None:
        interceptors = [Passing()] if intercepted else []
        async with grpc.aio.insecure_channel(
            f"dns:///{server.target}", interceptors=interceptors
        ) as channel:
            await AIO[name](channel)

    asyncio.run(run())
    (row,) = tracking.rows()
    method = name.partition(" ")[0]
    assert row["destination"] == f"grpc localhost/shop.Crm/{method}"
    assert (row["owner_id"], row["data_types"], row["outcome"]) == ("1", ["email"], "sent")


def test_the_fields_of_a_message_tell_what_they_hold(tracking: Tracking, server: Server) -> None:
    friend = Person(phones=[PHONE], raw=b"\xff")
    with grpc.insecure_channel(server.target) as channel:
        channel.unary_unary(PATH, serialize)(Person(email=MAIL, friends=[friend]))
    paths = {row["owner_id"]: row["paths"] for row in tracking.rows()}
    assert paths == {"1": ["message.email"], "2": ["message.friends[0].phones[0]"]}
    assert server.received == [serialize(Person(email=MAIL, friends=[friend]))]


def test_what_a_message_was_made_of(tracking: Tracking, server: Server) -> None:
    """Its fields are copies; the message is known, and what it is written as."""
    with grpc.insecure_channel(server.target) as channel, sst_otel.scope(owner="1"):
        pay = sst_otel.tag(int("73450"), "income")
        message = Person(age=pay)
        entry = marked(pay)
        assert entry is not None
        hold(message, entry.data)  # as rewritten code does where it makes one
        channel.unary_unary(PATH, request_serializer=serialize)(message)
        channel.unary_unary(PATH, request_serializer=serialize)(Person(age=73450))
    assert [types for _, _, types in tracking.shares()] == [("income",)]
    assert server.received == [serialize(Person(age=73450))] * 2


def test_well_known_messages_are_what_they_stand_for() -> None:
    struct = struct_pb2.Struct()
    struct.update({"mail": MAIL, "tags": ["a", 1.0], "in": {"x": "y"}})
    assert message_tree(struct) == {"mail": MAIL, "tags": ["a", 1.0], "in": {"x": "y"}}
    assert message_tree(StringValue(value=MAIL)) == {"value": MAIL}
    assert message_tree(object()) == {}


def test_failures_are_the_library_s_own(tracking: Tracking, server: Server) -> None:
    server.status = grpc.StatusCode.NOT_FOUND
    with grpc.insecure_channel(server.target) as channel:
        with pytest.raises(grpc.RpcError):
            channel.unary_unary(PATH, serialize)(Person(email=MAIL))
        future = channel.unary_unary(PATH, serialize).future(Person(email=MAIL))
        ended = threading.Event()
        future.add_done_callback(lambda _: ended.set())  # ours was added before
        assert future.exception().code() is grpc.StatusCode.NOT_FOUND
        assert ended.wait(10)
        with pytest.raises(grpc.RpcError):
            channel.unary_unary(PATH, lambda _: 1 / 0)({"mail": MAIL})

    async def run() -> None:
        async with grpc.aio.insecure_channel(server.target) as later:
            await later.unary_unary(PATH, serialize)(Person(email=MAIL))

    with pytest.raises(grpc.aio.AioRpcError):
        asyncio.run(run())
    assert [row["outcome"] for row in tracking.rows()] == ["failed"] * 4


def test_nothing_personal_is_no_event(tracking: Tracking, server: Server) -> None:
    with grpc.insecure_channel(server.target) as channel:
        channel.unary_unary(PATH, serialize)(Person(age=3))
        channel.stream_unary("/shop.Crm/AddAll", serialize)(iter([Person(age=3)]))
    assert len(server.received) == 2
    assert tracking.shares() == []


def test_the_event_is_on_the_span_of_an_interceptor(tracking: Tracking, server: Server) -> None:
    spans = InMemorySpanExporter()
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(spans))
    tracer = provider.get_tracer("instrumentation")

    class Tracing(grpc.UnaryUnaryClientInterceptor):  # type: ignore[misc]
        def intercept_unary_unary(self, go: Any, details: Any, request: Any) -> Any:
            with tracer.start_as_current_span(details.method, kind=SpanKind.CLIENT):
                return go(details, request)

    with grpc.insecure_channel(server.target) as channel:
        grpc.intercept_channel(channel, Tracing()).unary_unary(PATH, serialize)(Person(email=MAIL))
    (span,) = spans.get_finished_spans()
    assert [event.name for event in span.events] == ["sst.data.share"]
    assert len(tracking.shares()) == 1
