"""pika as a sink: every channel, blocking or not, publishes through ``Channel.basic_publish``."""

from __future__ import annotations

from typing import Any

from sst_otel.patching import Patches
from sst_otel.sinks.messages import Message, message_parts, publishing
from sst_otel.sinks.outgoing import Outgoing
from sst_otel.sinks.ownership import Server
from sst_otel.sinks.wrapping import door

_PLACE = "sink.pika"
ARGUMENTS = ("exchange", "routing_key", "body", "properties")


def install(emit: Outgoing) -> Patches:
    """Watch what is published through pika."""
    patches = Patches(_PLACE)
    described = publishing(emit, ARGUMENTS, message_of)
    patches.wrap(
        "pika.channel",
        "Channel.basic_publish",
        door(_PLACE, emit, described),
    )
    return patches


def message_of(channel: Any, given: dict[str, Any]) -> Message:
    """Return broker, exchange or routing key, and parts of what a channel publishes."""
    parameters = channel.connection.params
    server = Server("rabbitmq", str(parameters.host or "").lower(), parameters.port)
    headers = getattr(given.get("properties"), "headers", None)
    key = given.get("routing_key")
    parts = message_parts(given.get("body"), key, headers)
    return server, given.get("exchange") or key, parts
