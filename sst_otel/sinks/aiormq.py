"""aiormq as a sink, and aio-pika, which stands on it: its channels publish every message."""

from __future__ import annotations

from typing import Any

from sst_otel.patching import Patches
from sst_otel.sinks.messages import Message, message_parts, publishing
from sst_otel.sinks.outgoing import Outgoing
from sst_otel.sinks.ownership import Server
from sst_otel.sinks.wrapping import async_door

_PLACE = "sink.aiormq"
ARGUMENTS = ("body",)


def install(emit: Outgoing) -> Patches:
    """Watch what is published through aiormq."""
    patches = Patches(_PLACE)
    wrapper = async_door(_PLACE, emit, publishing(emit, ARGUMENTS, message_of), in_order=True)
    patches.wrap("aiormq.channel", "Channel.basic_publish", wrapper)
    return patches


def message_of(channel: Any, given: dict[str, Any]) -> Message:
    """Return broker, exchange or routing key, and parts of what a channel publishes."""
    url = channel.connection.url
    server = Server("rabbitmq", (url.host or "").lower(), url.port)
    headers = getattr(given.get("properties"), "headers", None)
    key = given.get("routing_key")
    return server, given.get("exchange") or key, message_parts(given["body"], key, headers)
