"""Messages by aiokafka, aio-pika, nats-py, stomp.py and paho-mqtt, to brokers on loopback."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

import aio_pika
import aiokafka  # type: ignore[import-untyped]
import nats
import paho.mqtt.client
import paho.mqtt.publish
import pytest
import stomp  # type: ignore[import-untyped]
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from tests.sinks.amqp_server import AmqpServer, amqp_server
from tests.sinks.brokers import Broker, Mqtt, Nats, Stomp, broker
from tests.sinks.publishing import ANN, BEA, kafka_cluster, tag_both, told
from tests.support import Tracking


@pytest.fixture(autouse=True)
def people(tracking: Tracking) -> None:
    tag_both()


@dataclass
class Letter:
    to: str


@pytest.fixture(scope="module")
def kafka_address() -> Iterator[str]:
    with kafka_cluster() as address:
        yield address


@pytest.fixture(scope="module")
def amqp() -> Iterator[AmqpServer]:
    with amqp_server() as running:
        yield running


@pytest.fixture(scope="module")
def nats_server() -> Iterator[Broker]:
    with broker(Nats) as running:
        yield running


@pytest.fixture(scope="module")
def stomp_server() -> Iterator[Broker]:
    with broker(Stomp) as running:
        yield running


@pytest.fixture(scope="module")
def mqtt_server() -> Iterator[Broker]:
    with broker(Mqtt) as running:
        yield running


class TestAiokafka:
    """To the cluster that librdkafka stands in for."""

    def test_records(self, kafka_address: str, tracking: Tracking) -> None:
        async def publish() -> None:
            producer = aiokafka.AIOKafkaProducer(bootstrap_servers=kafka_address)
            async with producer:
                await producer.send_and_wait("letters", ANN.encode(), key=b"k")
                headers = [("to", BEA.encode())]
                await (await producer.send("letters", b"nobody", headers=headers))
                await producer.send_and_wait("letters", b"nobody")

        asyncio.run(publish())
        assert told(tracking) == [("kafka letters", "1"), ("kafka letters", "2")]
        assert {row["metadata"]["server.port"] for row in tracking.rows()} == {
            int(kafka_address.rpartition(":")[2])
        }

    def test_the_applications_own_classes(self, kafka_address: str, tracking: Tracking) -> None:
        async def publish() -> None:
            producer = aiokafka.AIOKafkaProducer(
                bootstrap_servers=[kafka_address],
                value_serializer=lambda one: json.dumps(
                    one if isinstance(one, dict) else asdict(one)
                ).encode(),
            )
            async with producer:
                await producer.send_and_wait("shop.letters", {"to": ANN})
                await producer.send_and_wait("shop.letters", Letter(BEA))

        asyncio.run(publish())
        assert told(tracking) == [("kafka shop.letters", "1"), ("kafka shop.letters", "2")]

    def test_batches(self, kafka_address: str, tracking: Tracking) -> None:
        async def publish() -> None:
            async with aiokafka.AIOKafkaProducer(bootstrap_servers=kafka_address) as producer:
                batch = producer.create_batch()
                for value in (ANN, BEA, "nobody"):
                    batch.append(key=None, value=value.encode(), timestamp=None)
                batch.close()
                await (await producer.send_batch(batch, "letters", partition=0))

        asyncio.run(publish())
        assert told(tracking) == [("kafka letters", "1"), ("kafka letters", "2")]
        sizes = {row["metadata"]["messaging.batch.message_count"] for row in tracking.rows()}
        assert sizes == {3}

    def test_failures(self, kafka_address: str, tracking: Tracking) -> None:
        async def publish() -> None:
            async with aiokafka.AIOKafkaProducer(bootstrap_servers=kafka_address) as producer:
                await producer.send_and_wait("letters", ANN)

        with pytest.raises(TypeError):
            asyncio.run(publish())
        assert {row["outcome"] for row in tracking.rows()} <= {"failed"}


class TestAioPika:
    """And aiormq below it."""

    @pytest.mark.parametrize("confirms", [True, False])
    def test_published(self, amqp: AmqpServer, tracking: Tracking, confirms: bool) -> None:
        body = json.dumps({"to": ANN}).encode()

        async def publish() -> None:
            where = f"amqp://guest:guest@127.0.0.1:{amqp.port}/"
            async with await aio_pika.connect(where) as connection:
                channel = await connection.channel(publisher_confirms=confirms)
                exchange = channel.default_exchange
                await exchange.publish(aio_pika.Message(body), "letters")
                message = aio_pika.Message(b"x", headers={"to": BEA})
                await exchange.publish(message, routing_key="post")
                await exchange.publish(aio_pika.Message(b"nobody"), "post")

        asyncio.run(publish())
        assert amqp.bodies.get(timeout=10) == body
        assert [amqp.bodies.get(timeout=10) for _ in range(2)] == [b"x", b"nobody"]
        assert told(tracking) == [("rabbitmq letters", "1"), ("rabbitmq post", "2")]

    def test_failures(self, amqp: AmqpServer, tracking: Tracking) -> None:
        async def publish() -> None:
            where = f"amqp://guest:guest@127.0.0.1:{amqp.port}/"
            async with await aio_pika.connect(where) as connection:
                exchange = (await connection.channel()).default_exchange
            await exchange.publish(aio_pika.Message(ANN.encode()), "letters")

        with pytest.raises(Exception, match="closed"):
            asyncio.run(publish())
        assert {row["outcome"] for row in tracking.rows()} <= {"failed"}


class TestNats:
    """Subjects, requests."""

    def test_published(self, nats_server: Broker, tracking: Tracking) -> None:
        body = json.dumps({"to": ANN}).encode()

        async def publish() -> None:
            client = await nats.connect(f"nats://127.0.0.1:{nats_server.port}")
            await client.publish("shop.letters", body)
            await client.publish("shop.letters", b"x", headers={"to": BEA})
            await client.publish("shop.letters", b"nobody")
            answer = await client.request("shop.asked", ANN.encode(), timeout=10)
            assert answer.data == b"{}"
            await client.close()

        asyncio.run(publish())
        assert nats_server.next() == ("shop.letters", body)
        assert told(tracking) == [
            ("nats shop.asked", "1"),
            ("nats shop.letters", "1"),
            ("nats shop.letters", "2"),
        ]

    def test_what_a_subject_says(self, nats_server: Broker, tracking: Tracking) -> None:
        async def publish() -> None:
            client = await nats.connect(f"nats://127.0.0.1:{nats_server.port}")
            await client.publish(f"mail:{ANN}", b"x")
            await client.close()
            with pytest.raises(nats.errors.ConnectionClosedError):
                await client.publish("late", ANN.encode())

        asyncio.run(publish())
        first, late = tracking.rows()
        assert (first["destination"], first["outcome"]) == ("nats {key}", "sent")
        assert (late["destination"], late["outcome"]) == ("nats late", "failed")


class TestStomp:
    """Each version of the protocol."""

    @pytest.mark.parametrize("kind", [stomp.Connection10, stomp.Connection11, stomp.Connection12])
    def test_sent(self, stomp_server: Broker, tracking: Tracking, kind: Any) -> None:
        connection = kind([("127.0.0.1", stomp_server.port)])
        connection.connect(wait=True)
        connection.send("/queue/letters", json.dumps({"to": ANN}))
        connection.send(body="x", destination="/topic/post", headers={"to": BEA})
        connection.send("/topic/post", "x", reply=BEA)
        connection.send("/topic/post", "nobody")
        assert stomp_server.next() == ("/queue/letters", json.dumps({"to": ANN}).encode())
        assert [stomp_server.next()[1] for _ in range(3)] == [b"x", b"x", b"nobody"]
        connection.disconnect()
        with pytest.raises(stomp.exception.NotConnectedException):
            kind([("127.0.0.1", stomp_server.port)]).send("/queue/letters", BEA)
        rows = tracking.rows()
        assert [(row["destination"], row["owner_id"], row["outcome"]) for row in rows] == [
            ("stomp /queue/letters", "1", "sent"),
            ("stomp /topic/post", "2", "sent"),
            ("stomp /topic/post", "2", "sent"),
            ("stomp /queue/letters", "2", "failed"),
        ]
        assert {row["event_type"] for row in rows} == {"message_publish"}


class TestPaho:
    """Sent by a thread of the client's, told where the application publishes."""

    @pytest.mark.parametrize("version", [paho.mqtt.client.MQTTv311, paho.mqtt.client.MQTTv5])
    @pytest.mark.parametrize("qos", [0, 1])
    def test_published(
        self, mqtt_server: Broker, tracking: Tracking, version: Any, qos: int
    ) -> None:
        kind = CallbackAPIVersion.VERSION2
        client = paho.mqtt.client.Client(kind, protocol=version)
        client.connect("127.0.0.1", mqtt_server.port)
        client.loop_start()
        body = json.dumps({"to": ANN})
        sent = [client.publish("shop/letters", body, qos=qos)]
        sent += [client.publish("shop/letters", "nobody", qos)]
        for one in sent:
            one.wait_for_publish(20)
        assert mqtt_server.next() == ("shop/letters", body.encode())
        assert mqtt_server.next() == ("shop/letters", b"nobody")
        expected = [("mqtt shop/letters", "1")]
        if version == paho.mqtt.client.MQTTv5:
            properties = Properties(PacketTypes.PUBLISH)  # type: ignore[no-untyped-call]
            properties.UserProperty = [("to", BEA)]
            client.publish("shop/letters", b"x", properties=properties).wait_for_publish(20)
            assert mqtt_server.next()[1] == b"x"
            expected.append(("mqtt shop/letters", "2"))
        client.disconnect()
        client.loop_stop()
        assert told(tracking) == expected

    def test_in_one_go(self, mqtt_server: Broker, tracking: Tracking) -> None:
        paho.mqtt.publish.single("shop/letters", ANN, hostname="127.0.0.1", port=mqtt_server.port)
        assert mqtt_server.next() == ("shop/letters", ANN.encode())
        assert told(tracking) == [("mqtt shop/letters", "1")]
