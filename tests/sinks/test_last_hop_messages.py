"""Messages as brokers get them: with what is ours for trusted brokers and queues, without it else.

Each library's headers, read off the wire.
"""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import aio_pika
import nats
import paho.mqtt.client
import pika  # type: ignore[import-untyped]
import pytest
import stomp  # type: ignore[import-untyped]
from kombu.connection import Connection
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from sst_otel.telemetry import baggage
from tests.sinks.amqp_server import amqp_server
from tests.sinks.brokers import Mqtt, Nats, Stomp, broker
from tests.sinks.recording import Wire, listening_to
from tests.support import Tracking, job_of, tracking_in

OURS = "sst.owner=abc,sst.mac=def"
MIXED = f"a=1,{OURS},b=2"
PLAIN = "a=1,b=2"
PARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
MAIL = "ann.keller@example.com"
BODY = b"the-end-of-it"

Headers = dict[str, str]


def by_pika(port: int, queue: str, headers: Headers) -> None:
    properties = pika.BasicProperties(headers=headers)
    connection = pika.BlockingConnection(pika.ConnectionParameters("127.0.0.1", port))
    connection.channel().basic_publish("", queue, BODY, properties)
    connection.process_data_events(0)
    connection.close()
    assert properties.headers is headers


def by_aio_pika(port: int, queue: str, headers: Headers) -> None:
    async def publish() -> None:
        async with await aio_pika.connect(f"amqp://guest:guest@127.0.0.1:{port}/") as connection:
            exchange = (await connection.channel()).default_exchange
            message = aio_pika.Message(BODY, headers=dict(headers))
            await exchange.publish(message, queue)
            assert message.headers == headers

    asyncio.run(publish())


def by_kombu(port: int, queue: str, headers: Headers) -> None:
    made: Any = Connection(f"amqp://guest:guest@127.0.0.1:{port}//")  # type: ignore[no-untyped-call]
    with made as connection:
        producer = connection.Producer()
        producer.publish(BODY, queue, headers=headers, content_encoding="binary", retry=False)


def by_nats(port: int, queue: str, headers: Headers) -> None:
    async def publish() -> None:
        client = await nats.connect(f"nats://127.0.0.1:{port}")
        await client.publish(queue, BODY, headers=headers)
        await client.close()

    asyncio.run(publish())


def by_paho(port: int, queue: str, headers: Headers) -> None:
    client = paho.mqtt.client.Client(
        CallbackAPIVersion.VERSION2, protocol=paho.mqtt.client.MQTTv5, client_id="c"
    )
    client.connect("127.0.0.1", port)
    client.loop_start()
    properties: Any = Properties(PacketTypes.PUBLISH)  # type: ignore[no-untyped-call]
    properties.UserProperty = list(headers.items())
    client.publish(queue, BODY, qos=1, properties=properties).wait_for_publish(20)
    client.disconnect()
    client.loop_stop()
    assert properties.UserProperty == list(headers.items())


def by_stomp(port: int, queue: str, headers: Headers, kind: Any = stomp.Connection12) -> None:
    connection = kind([("127.0.0.1", port)])
    connection.connect(wait=True)
    connection.send(queue, BODY, headers=headers)
    connection.disconnect()


def by_old_stomp(port: int, queue: str, headers: Headers) -> None:
    by_stomp(port, queue, headers, stomp.Connection10)


def by_names_of_stomp(port: int, queue: str, headers: Headers) -> None:
    connection = stomp.Connection11([("127.0.0.1", port)])
    connection.connect(wait=True)
    connection.send(queue, BODY, **headers)
    connection.disconnect()


LIBRARIES: list[tuple[Callable[[int, str, Headers], None], str]] = [
    (by_pika, "amqp"),
    (by_aio_pika, "amqp"),
    (by_kombu, "amqp"),
    (by_nats, "nats"),
    (by_paho, "mqtt"),
    (by_stomp, "stomp"),
    (by_old_stomp, "stomp"),
    (by_names_of_stomp, "stomp"),
]
Wires = dict[str, tuple[Wire, Wire]]


@pytest.fixture(scope="module")
def wires() -> Iterator[Wires]:
    """Two to a broker of each kind: one that is trusted, and another."""
    with ExitStack() as stack:
        ports = {"amqp": stack.enter_context(amqp_server()).port}
        for name, handler in (("nats", Nats), ("mqtt", Mqtt), ("stomp", Stomp)):
            ports[name] = stack.enter_context(broker(handler)).port
        yield {
            name: (
                stack.enter_context(listening_to(port)),
                stack.enter_context(listening_to(port)),
            )
            for name, port in ports.items()
        }


@pytest.fixture(scope="module")
def tracking(tmp_path_factory: pytest.TempPathFactory, wires: Wires) -> Iterator[Tracking]:
    hosts = [f"127.0.0.1:{trusted.port}" for trusted, _ in wires.values()]
    directory = tmp_path_factory.mktemp("messages")
    with tracking_in(directory, trusted_hosts=(*hosts, "orders")) as tracking:
        yield tracking


@pytest.fixture(autouse=True)
def job(tracking: Tracking) -> Iterator[None]:
    with job_of(tracking, MAIL):
        yield


def said(wire: Wire) -> str:
    """Return what was written for a message, colons of stomp unescaped."""
    return wire.until(BODY).decode("latin-1").replace("\\c", ":")


@pytest.mark.parametrize(("publish", "kind"), LIBRARIES)
class TestBrokers:
    def test_a_stranger(self, wires: Wires, publish: Any, kind: str) -> None:
        headers = {"baggage": MIXED, "x-other": "sst.owner=mine"}
        publish(wires[kind][1].port, "letters", headers)
        written = said(wires[kind][1])
        assert PLAIN in written
        assert OURS not in written
        assert "sst.owner=mine" in written
        assert headers == {"baggage": MIXED, "x-other": "sst.owner=mine"}

    def test_nothing_is_left_of_ours_alone(self, wires: Wires, publish: Any, kind: str) -> None:
        publish(wires[kind][1].port, "letters", {"Baggage": OURS, "x": "y"})
        assert "aggage" not in said(wires[kind][1])

    def test_everybody_elses_is_not_touched(self, wires: Wires, publish: Any, kind: str) -> None:
        theirs = "a = 1;p=2 ,,%20b=%C3%A4, sst=3"
        publish(wires[kind][1].port, "letters", {"baggage": theirs})
        assert theirs in said(wires[kind][1])

    def test_a_trusted_broker(self, wires: Wires, publish: Any, kind: str) -> None:
        publish(wires[kind][0].port, "letters", {"baggage": MIXED})
        assert MIXED in said(wires[kind][0])

    def test_a_trusted_queue(self, wires: Wires, publish: Any, kind: str) -> None:
        publish(wires[kind][1].port, "orders", {"baggage": MIXED})
        assert MIXED in said(wires[kind][1])

    def test_who_is_trusted_is_told(
        self, wires: Wires, publish: Any, kind: str, tracking: Tracking
    ) -> None:
        """The headers were injected outside of any client span: only here it is known for whom."""
        headers = {"traceparent": PARENT, "baggage": PLAIN}
        publish(wires[kind][0].port, "letters", headers)
        written = said(wires[kind][0])
        assert headers == {"traceparent": PARENT, "baggage": PLAIN}
        found = re.search(r"a=1,b=2,(sst\.[\w.=,~-]+sst\.mac=[0-9a-f]{32})", written)
        assert found is not None
        told = baggage.Wire(tracking.tracker.keys, time.time).read(found[1], PARENT)
        assert told is not None
        assert told.owner_ref == tracking.tracker.tagger.owner(1).ref
        publish(wires[kind][1].port, "letters", headers)
        assert "sst." not in said(wires[kind][1])

    def test_without_a_trace_there_is_nothing_to_tell(
        self, wires: Wires, publish: Any, kind: str
    ) -> None:
        publish(wires[kind][0].port, "letters", {"baggage": PLAIN})
        assert "sst." not in said(wires[kind][0])
