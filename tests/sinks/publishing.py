"""What tests of messages share: two people, what was told of them, a cluster of Kafka."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import confluent_kafka

import sst_otel
from tests.support import Tracking

ANN, BEA = "ann.arbor@example.com", "bea.berlin@example.com"


def tag_both() -> None:
    """Tag the addresses of the two."""
    sst_otel.tag(ANN, "email", owner_id="1")
    sst_otel.tag(BEA, "email", owner_id="2")


def told(tracking: Tracking) -> list[tuple[str, str]]:
    """Return destination and owner of each event; all are messages to an own service, sent."""
    rows = tracking.rows()
    assert {row["event_type"] for row in rows} <= {"message_publish"}
    assert {row["recipient"] for row in rows} <= {"own service"}
    assert {row["outcome"] for row in rows} <= {"sent"}
    assert {tuple(row["data_types"]) for row in rows} <= {("email",)}
    return sorted((row["destination"], row["owner_id"]) for row in rows)


@contextmanager
def kafka_cluster() -> Iterator[str]:
    """Give the address of the cluster that librdkafka stands in for."""
    quiet = logging.getLogger("tests.kafka")
    quiet.setLevel(logging.CRITICAL)
    cluster = confluent_kafka.Producer({"test.mock.num.brokers": 1}, logger=quiet)
    (broker,) = cluster.list_topics(timeout=10).brokers.values()
    yield f"{broker.host}:{broker.port}"
    del cluster


def last_header(cluster: str, topic: str, name: str) -> str:
    """Return a header of the last record of a topic."""
    settings = {"bootstrap.servers": cluster, "group.id": "test", "enable.auto.commit": False}
    consumer = confluent_kafka.Consumer(settings)
    partitions = []
    for number in consumer.list_topics(topic, timeout=10).topics[topic].partitions:
        partition = confluent_kafka.TopicPartition(topic, number)
        low, high = consumer.get_watermark_offsets(partition, timeout=10)
        if high > low:
            partitions.append(confluent_kafka.TopicPartition(topic, number, high - 1))
    consumer.assign(partitions)
    found: list[Any] = [consumer.poll(10) for _ in partitions]
    consumer.close()
    latest = max(found, key=lambda one: int(one.timestamp()[1]))
    return str(dict(latest.headers())[name].decode())
