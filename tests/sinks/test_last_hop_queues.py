"""Records of Kafka and messages of SQS and SNS: nothing of ours where nobody is trusted."""

from __future__ import annotations

import asyncio
import json
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import unquote_plus

import aiokafka  # type: ignore[import-untyped]
import confluent_kafka
import pytest
from aiobotocore.session import get_session  # type: ignore[import-untyped]
from opentelemetry import context, propagate
from opentelemetry.instrumentation.botocore import BotocoreInstrumentor
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.trace import (
    NonRecordingSpan,
    SpanContext,
    TraceFlags,
    TraceState,
    set_span_in_context,
)
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

import sst_otel
from tests.serving import serving
from tests.sinks.amazon import Endpoint
from tests.sinks.publishing import kafka_cluster, last_header
from tests.support import Tracking, tracking_in

with warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)  # of its own imports
    from kafka import KafkaProducer  # type: ignore[import-untyped]

OURS = "sst.owner=abc,sst.mac=def"
MIXED = f"a=1,{OURS},b=2"
PLAIN = "a=1,b=2"
MAIL = "ann.keller@example.com"
QUEUE = "https://sqs.eu-west-1.amazonaws.com/1234/"
TOPIC = "arn:aws:sns:eu-west-1:1234:"


@pytest.fixture(scope="module")
def cluster() -> Iterator[str]:
    with kafka_cluster() as address:
        yield address


@pytest.fixture(scope="module")
def endpoint() -> Iterator[Endpoint]:
    made = Endpoint()
    with serving(made):
        yield made


class TestKafka:
    @pytest.fixture(params=["a stranger", "a trusted broker"])
    def header(self, request: Any, cluster: str, tmp_path: Path) -> Iterator[str]:
        trusted = request.param == "a trusted broker"
        with tracking_in(tmp_path, trusted_hosts=(cluster,) if trusted else ()) as tracking:
            yield MIXED if trusted else PLAIN
            assert tracking.errors() == {}

    @pytest.mark.parametrize("library", ["kafka-python", "aiokafka", "confluent-kafka", "batch"])
    def test_a_record(self, cluster: str, header: str, library: str) -> None:
        headers = [("baggage", MIXED.encode()), ("x", b"sst.x=1")]
        topic = f"letters-{library}"
        if library == "kafka-python":
            producer = KafkaProducer(bootstrap_servers=cluster, api_version=(2, 3))
            producer.send(topic, b"x", headers=headers).get(timeout=10)
            producer.close(timeout=1)
        elif library == "confluent-kafka":
            confluent: Any = confluent_kafka.Producer({"bootstrap.servers": cluster})
            confluent.produce(topic, b"x", headers=headers)
            confluent.flush(10)
        else:
            asyncio.run(_by_aiokafka(cluster, topic, headers, library == "batch"))
        assert headers == [("baggage", MIXED.encode()), ("x", b"sst.x=1")]
        assert last_header(cluster, topic, "baggage") == header
        assert last_header(cluster, topic, "x") == "sst.x=1"


async def _by_aiokafka(cluster: str, topic: str, headers: Any, batched: bool) -> None:
    async with aiokafka.AIOKafkaProducer(bootstrap_servers=cluster) as producer:
        if not batched:
            await producer.send_and_wait(topic, b"x", headers=headers)
            return
        batch = producer.create_batch()
        batch.append(key=None, value=b"x", timestamp=None, headers=headers)
        batch.close()
        await (await producer.send_batch(batch, topic, partition=0))


def attributes(header: str) -> dict[str, Any]:
    return {
        "baggage": {"DataType": "String", "StringValue": header},
        "other": {"DataType": "String", "StringValue": "sst.owner=mine"},
    }


def send(client: Callable[[str], Any], name: str) -> None:
    sqs = client("sqs")
    sqs.send_message(
        QueueUrl=f"{QUEUE}{name}", MessageBody="x", MessageAttributes=attributes(MIXED)
    )


def send_batch(client: Callable[[str], Any], name: str) -> None:
    entries: list[dict[str, Any]] = [
        {"Id": "1", "MessageBody": "x", "MessageAttributes": attributes(MIXED)},
        {"Id": "2", "MessageBody": "y"},
        {"Id": "3", "MessageBody": "z", "MessageAttributes": attributes(PLAIN)},
    ]
    client("sqs").send_message_batch(QueueUrl=f"{QUEUE}{name}", Entries=entries)
    assert entries[0]["MessageAttributes"] == attributes(MIXED)


def publish(client: Callable[[str], Any], name: str) -> None:
    client("sns").publish(
        TopicArn=f"{TOPIC}{name}", Message="x", MessageAttributes=attributes(MIXED)
    )


def publish_batch(client: Callable[[str], Any], name: str) -> None:
    entries = [{"Id": "1", "Message": "x", "MessageAttributes": attributes(MIXED)}]
    client("sns").publish_batch(TopicArn=f"{TOPIC}{name}", PublishBatchRequestEntries=entries)


class TestAmazon:
    @pytest.fixture
    def tracking(self, tmp_path: Path) -> Iterator[Tracking]:
        with tracking_in(tmp_path, trusted_hosts=("orders",)) as tracking:
            yield tracking
            assert tracking.errors() == {}

    @pytest.mark.parametrize("operation", [send, send_batch, publish, publish_batch])
    def test_a_message(self, tracking: Tracking, endpoint: Endpoint, operation: Any) -> None:
        operation(endpoint.client, "letters")
        written = _unquoted(endpoint)
        assert OURS not in written
        assert PLAIN in written
        assert "sst.owner=mine" in written
        operation(endpoint.client, "orders")
        assert MIXED in _unquoted(endpoint)

    @pytest.mark.parametrize("kind", [str, str.encode])
    def test_a_function(self, tracking: Tracking, endpoint: Endpoint, kind: Any) -> None:
        """OpenTelemetry puts its headers into what a function is called with."""
        event = {"headers": {"baggage": MIXED, "x": "sst.x=1"}, "body": "sst.owner=mine"}
        payload = kind(json.dumps(event))
        names = ("letters", "orders", "arn:aws:lambda:eu-west-1:123456789012:function:orders:1")
        for name in names:
            endpoint.client("lambda").invoke(FunctionName=name, Payload=payload)
        sent = [json.loads(body) for _, body in endpoint.received[-3:]]
        plain = {"headers": {"baggage": PLAIN, "x": "sst.x=1"}, "body": "sst.owner=mine"}
        assert sent == [plain, event, event]
        for other in ("{sst.", '["sst."]', '{"headers": "sst."}', '{ "a": "sst.owner=1"}'):
            endpoint.client("lambda").invoke(FunctionName="letters", Payload=kind(other))
            assert endpoint.received[-1][1] == other.encode()

    def test_by_asyncio(self, tracking: Tracking, endpoint: Endpoint) -> None:
        async def send() -> None:
            async with get_session().create_client(
                "sqs",
                endpoint_url=f"http://localhost:{endpoint.port}",
                region_name="eu-west-1",
                aws_access_key_id="k",
                aws_secret_access_key="s",
            ) as sqs:
                for name in ("letters", "orders"):
                    given = attributes(MIXED)
                    await sqs.send_message(
                        QueueUrl=f"{QUEUE}{name}", MessageBody="x", MessageAttributes=given
                    )

        asyncio.run(send())
        assert [OURS in body.decode() for _, body in endpoint.received[-2:]] == [False, True]

    @pytest.mark.parametrize("own", [0, 8])
    def test_no_message_gets_an_attribute_too_many(
        self, tracking: Tracking, endpoint: Endpoint, own: int
    ) -> None:
        """OpenTelemetry has counted those of its propagator: two, without baggage."""
        before = propagate.get_global_textmap()
        state = TraceState([("vendor", "x")])
        caller = NonRecordingSpan(SpanContext(1, 2, True, TraceFlags(1), state))
        token = context.attach(set_span_in_context(caller))
        propagate.set_global_textmap(TraceContextTextMapPropagator())
        instrumentor: Any = BotocoreInstrumentor()  # type: ignore[no-untyped-call]
        instrumentor.instrument(tracer_provider=TracerProvider(shutdown_on_exit=False))
        given = {f"n{n}": {"DataType": "String", "StringValue": "x"} for n in range(own)}
        try:
            with sst_otel.scope(1, name="job"):
                sst_otel.tag(MAIL, "email")
                endpoint.client("sns").publish(
                    TopicArn=f"{TOPIC}orders", Message="x", MessageAttributes=given
                )
        finally:
            instrumentor.uninstrument()
            context.detach(token)
            propagate.set_global_textmap(before)
        written = _unquoted(endpoint)
        assert "traceparent" in written
        assert "vendor=x" in written
        assert ("sst.mac=" in written) is (own == 0)
        assert written.count(".Name=") <= 10


def _unquoted(endpoint: Endpoint) -> str:
    return unquote_plus(endpoint.received[-1][1].decode())
