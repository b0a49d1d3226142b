"""aiokafka as a sink: records as they are put into a batch, and what they were made of.

``send`` hands key and value to serializers of the application's own; where the record is put into
a batch it is bytes, and the topic is known.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sst_otel.beside import noting
from sst_otel.patching import Patches, named_arguments
from sst_otel.shares import Call, Part
from sst_otel.sinks.given import Given
from sst_otel.sinks.layers import Layer, current_layer
from sst_otel.sinks.messages import first_server, message_call, message_parts
from sst_otel.sinks.outgoing import Outgoing
from sst_otel.sinks.ownership import Server
from sst_otel.sinks.wrapping import Args, Describe, Kwargs, async_door, async_layer

_PLACE = "sink.aiokafka"
_SENT = ("topic", "value", "key", "partition", "timestamp_ms", "headers")
_ADDED = ("tp", "key", "value", "timeout", "timestamp_ms", "headers")
_BATCH = ("builder", "tp", "timeout")


@dataclass(slots=True)
class _Sending(Layer):
    """A call of a producer's."""

    server: Server | None = None

    __repr__ = Layer.__repr__


def install(emit: Outgoing) -> Patches:
    """Watch what is published through aiokafka."""
    patches = Patches(_PLACE)
    batches = Given()

    def appended(batch: Any, _args: Args, kwargs: Kwargs) -> None:
        for part in message_parts(kwargs.get("value"), kwargs.get("key"), kwargs.get("headers")):
            batches.note(batch, part)

    producer, accumulator = "aiokafka.producer.producer", "aiokafka.producer.message_accumulator"
    for name in ("send", "send_batch"):
        wrapper = async_layer(_PLACE, emit, _sending)
        patches.wrap(producer, f"AIOKafkaProducer.{name}", wrapper)
    patches.wrap(accumulator, "BatchBuilder.append", noting(_PLACE, appended, emit.idle))
    for name, describe in (("message", _message(emit)), ("batch", _batch(emit, batches))):
        wrapper = async_door(_PLACE, emit, describe, in_order=True)
        patches.wrap(accumulator, f"MessageAccumulator.add_{name}", wrapper)
    return patches


def _sending(producer: Any, args: Args, kwargs: Kwargs) -> Layer:
    given = named_arguments(_SENT, args, kwargs)
    parts = message_parts(given.get("value"), given.get("key"), given.get("headers"))
    return _Sending(
        parts=tuple(parts),
        server=first_server("kafka", producer.client._bootstrap_servers),
    )


def _server() -> Server:
    layer = current_layer()
    found = layer.server if isinstance(layer, _Sending) else None
    return found or Server("kafka")


def _message(emit: Outgoing) -> Describe:
    def describe(_accumulator: Any, args: Args, kwargs: Kwargs) -> Call | None:
        given = named_arguments(_ADDED, args, kwargs)
        parts = message_parts(given.get("value"), given.get("key"), given.get("headers"))
        return message_call(emit, _server(), given["tp"].topic, parts)

    return describe


def _batch(emit: Outgoing, batches: Given) -> Describe:
    def describe(_accumulator: Any, args: Args, kwargs: Kwargs) -> Call | None:
        given = named_arguments(_BATCH, args, kwargs)
        builder = given["builder"]
        parts: tuple[Part, ...] = batches.to(builder)
        total = builder.record_count()
        return message_call(emit, _server(), given["tp"].topic, parts, total=total)

    return describe
