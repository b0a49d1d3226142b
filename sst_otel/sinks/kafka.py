"""kafka-python as a sink: a record as the application hands it over, before it is queued."""

from __future__ import annotations

from typing import Any

from sst_otel.beside import watching
from sst_otel.patching import Patches, Wrapper
from sst_otel.sinks.messages import Message, first_server, message_call, message_parts, publishing
from sst_otel.sinks.outgoing import Outgoing
from sst_otel.sinks.wrapping import Args, Kwargs, door

_PLACE = "sink.kafka"
ARGUMENTS = ("topic", "value", "key", "headers")
_SEEN = (dict, list, tuple, str, bytes, bytearray, memoryview, type(None), int, float)


def install(emit: Outgoing) -> Patches:
    """Watch what is published through kafka-python."""
    patches = Patches(_PLACE)
    send = door(_PLACE, emit, publishing(emit, ARGUMENTS, message_of))
    patches.wrap("kafka.producer.kafka", "KafkaProducer.send", send)
    serialize = _serialized(emit)
    patches.wrap("kafka.producer.kafka", "KafkaProducer._serialize", serialize, optional=True)
    return patches


def message_of(producer: Any, given: dict[str, Any]) -> Message:
    """Return cluster, topic and parts of a record."""
    server = first_server("kafka", producer.config["bootstrap_servers"])
    parts = message_parts(given.get("value"), given.get("key"), given.get("headers"))
    return server, given["topic"], parts


def _serialized(emit: Outgoing) -> Wrapper:
    """Look at what a serializer makes of the application's own classes, which tell us nothing."""

    def look(producer: Any, made: Any, args: Args, _kwargs: Kwargs) -> None:
        if len(args) > 2 and not isinstance(args[-1], _SEEN):
            server = first_server("kafka", producer.config["bootstrap_servers"])
            share = emit(message_call(emit, server, args[1], message_parts(made)))
            if share.events:
                share.write().done()

    return watching(_PLACE, look, emit.idle)
