"""Messages: Celery's tasks, pika, kafka-python and confluent-kafka, to brokers on loopback."""

from __future__ import annotations

import json
import socket
import warnings
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

import confluent_kafka
import pika  # type: ignore[import-untyped]
import pytest
import redis
from celery import Celery
from fakeredis import TcpFakeServer
from kombu.connection import Connection
from opentelemetry import trace

import sst_otel
from sst_otel import guard
from tests.serving import serving
from tests.sinks.amqp_server import AmqpServer, amqp_server
from tests.sinks.publishing import ANN, BEA, kafka_cluster, tag_both, told
from tests.support import Tracking

with warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)  # of its own imports
    from kafka import KafkaProducer  # type: ignore[import-untyped]


@pytest.fixture(autouse=True)
def people(tracking: Tracking) -> None:
    tag_both()


@pytest.fixture(scope="module")
def redis_url() -> Iterator[str]:
    server = TcpFakeServer(("127.0.0.1", 0), server_type="redis")
    server.daemon_threads = True
    with serving(server) as port:
        yield f"redis://127.0.0.1:{port}/0"


@pytest.fixture(scope="module")
def server() -> Iterator[AmqpServer]:
    with amqp_server() as running:
        yield running


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    with kafka_cluster() as address:
        yield address


class TestCelery:
    """Arguments of tasks leave when they are sent, once, whatever the broker is."""

    @pytest.fixture
    def app(self, redis_url: str) -> Iterator[Celery]:
        app = Celery("shop", broker=redis_url, set_as_current=False)
        yield app
        app.close()

    def test_tasks(self, app: Celery, tracking: Tracking) -> None:
        @app.task(name="shop.remind", shared=False)  # type: ignore[untyped-decorator]
        def remind(*_args: Any, **_kwargs: Any) -> None:
            return None

        remind.delay(ANN)
        remind.apply_async(kwargs={"to": BEA}, countdown=3600)
        app.send_task("shop.other", args=[{"to": [ANN]}])
        remind.delay("nobody")
        assert told(tracking) == [
            ("celery shop.other", "1"),
            ("celery shop.remind", "1"),
            ("celery shop.remind", "2"),
        ]

    def test_the_broker_takes_no_place_from_the_cache(
        self, redis_url: str, tracking: Tracking, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        port, look_up = redis_url.split("/")[2].rpartition(":")[2], socket.getaddrinfo
        monkeypatch.setattr(
            socket, "getaddrinfo", lambda _, *args, **kwargs: look_up("127.0.0.1", *args, **kwargs)
        )
        app = Celery("shop", broker=f"redis://broker.example:{port}/1", set_as_current=False)
        app.send_task("shop.other", args=[ANN], queue="unheard")  # workers of other tests listen
        app.close()
        for host in ("cache.example", "partner.example"):
            with redis.Redis(host, int(port)) as client:
                client.set("k", ANN)
        assert [row["recipient"] for row in tracking.rows()] == [
            "own service",
            "own database",
            "unknown",
        ]

    def test_eager_tasks_stay(self, tracking: Tracking) -> None:
        app = Celery("shop", broker="memory://", set_as_current=False)
        app.conf.task_always_eager = True

        @app.task(name="shop.now", shared=False)  # type: ignore[untyped-decorator]
        def now(_mail: str) -> None:
            return None

        now.delay(ANN)
        assert tracking.rows() == []

    def test_on_the_producers_span(self, app: Celery, tracking: Tracking) -> None:
        producing = trace.get_tracer("celery").start_as_current_span(
            "apply_async", kind=trace.SpanKind.PRODUCER
        )
        with producing:
            app.send_task("shop.other", args=[ANN])
        assert len(tracking.rows()) == 1

    def test_other_messages(self, redis_url: str, tracking: Tracking) -> None:
        with Connection(redis_url) as connection:  # type: ignore[no-untyped-call]
            queue = connection.SimpleQueue("letters")
            queue.put({"to": ANN})
            assert queue.get(timeout=5).payload == {"to": ANN}
            queue.close()
        assert told(tracking) == [("redis letters", "1")]

    def test_a_queue_of_this_process_is_none(self, tracking: Tracking) -> None:
        app = Celery("shop", broker="memory://", set_as_current=False)
        app.send_task("shop.other", args=[ANN], queue="unheard")  # workers of other tests listen
        app.close()
        assert tracking.rows() == []


class TestPika:
    """Every adapter's channel publishes by the same function."""

    def test_published(self, server: AmqpServer, tracking: Tracking) -> None:
        connection = pika.BlockingConnection(pika.ConnectionParameters("127.0.0.1", server.port))
        channel = connection.channel()
        body = json.dumps({"to": ANN}).encode()
        channel.basic_publish("", "letters", body)
        headers = pika.BasicProperties(headers={"to": BEA})
        channel.basic_publish(exchange="post", routing_key="a", body=b"x", properties=headers)
        channel.basic_publish("post", "a", b"nobody")
        connection.process_data_events(0)
        assert server.bodies.get(timeout=10) == body
        connection.close()
        assert told(tracking) == [("rabbitmq letters", "1"), ("rabbitmq post", "2")]

    def test_failures(self, server: AmqpServer, tracking: Tracking) -> None:
        connection = pika.BlockingConnection(pika.ConnectionParameters("127.0.0.1", server.port))
        channel = connection.channel()
        connection.close()
        with pytest.raises(pika.exceptions.ChannelWrongStateError):
            channel.basic_publish("", "letters", ANN.encode())
        with pytest.raises(TypeError):
            channel._impl.basic_publish("", "letters", ANN.encode(), wrong=True)
        assert {row["outcome"] for row in tracking.rows()} == {"failed"}

    def test_another_broker(
        self, server: AmqpServer, tracking: Tracking, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(tracking.tracker.emit.ownership, "is_own", lambda server: not server)
        connection = pika.BlockingConnection(pika.ConnectionParameters("127.0.0.1", server.port))
        connection.channel().basic_publish("", f"mail:{ANN}", b"x")
        connection.close()
        (row,) = tracking.rows()
        assert (row["event_type"], row["recipient"]) == ("message_publish", "unknown")
        assert row["destination"] == "rabbitmq {key}"


_SPOKEN = (2, 3)
"""What librdkafka's cluster understands."""


@dataclass
class Letter:
    to: str


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # of kafka-python's own
class TestKafka:
    """kafka-python and confluent-kafka, at a real protocol's end."""

    def test_kafka_python(self, address: str, tracking: Tracking) -> None:
        plain = KafkaProducer(bootstrap_servers=address, api_version=_SPOKEN)
        plain.send("letters", ANN.encode(), key=b"k").get(timeout=10)
        plain.send("letters", b"nobody", headers=[("to", BEA.encode())]).get(timeout=10)
        plain.send("letters", b"nobody").get(timeout=10)
        plain.close(timeout=1)
        made = KafkaProducer(
            bootstrap_servers=[address],
            api_version=_SPOKEN,
            value_serializer=lambda one: json.dumps(
                one if isinstance(one, dict) else asdict(one)
            ).encode(),
        )
        made.send("shop.letters", {"to": ANN}).get(timeout=10)
        made.send("shop.letters", Letter(BEA)).get(timeout=10)
        made.close(timeout=1)
        assert told(tracking) == [
            ("kafka letters", "1"),
            ("kafka letters", "2"),
            ("kafka shop.letters", "1"),
            ("kafka shop.letters", "2"),
        ]

    def test_confluent_kafka(self, address: str, tracking: Tracking) -> None:
        delivered: list[Any] = []
        producer = confluent_kafka.Producer({"bootstrap.servers": address})
        assert type(producer).__name__ == "Producer"
        producer.produce("cards", ANN, on_delivery=lambda error, _: delivered.append(error))
        producer.produce(topic="cards", value=b"x", key=BEA)
        producer.produce("cards", b"nobody")
        assert producer.flush(10) == 0
        assert delivered == [None]
        assert len(producer) == 0
        with pytest.raises(TypeError):
            producer.produce()  # type: ignore[call-arg]
        assert told(tracking) == [("kafka cards", "1"), ("kafka cards", "2")]

    def test_serializing(self, address: str, tracking: Tracking) -> None:
        producer = confluent_kafka.SerializingProducer(
            {
                "bootstrap.servers": address,
                "value.serializer": lambda one, _: json.dumps(one).encode(),
            }
        )
        producer.produce("cards", value={"to": ANN})
        assert producer.flush(10) == 0
        assert told(tracking) == [("kafka cards", "1")]

    def test_the_stop(self, address: str) -> None:
        producer = confluent_kafka.Producer({"bootstrap.servers": address})
        sst_otel.stop_tracking()
        assert confluent_kafka.Producer.__mro__[1] is object
        producer.produce("cards", ANN)
        assert producer.flush(10) == 0
        assert guard.error_counts() == {}
