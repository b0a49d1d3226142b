"""pika as a sink: every channel, blocking or not, publishes through ``Channel.basic_publish``."""

from __future__ import annotations

from typing import Any

from sst_otel.patching import Patches
from sst_otel.shares import Call
from sst_otel.sinks.messages import message_call, message_parts
from sst_otel.sinks.outgoing import Outgoing
from sst_otel.sinks.ownership import Server
from sst_otel.sinks.wrapping import Args, Describe, Kwargs, door

_PLACE = "sink.pika"
_ARGUMENTS = ("exchange", "routing_key", "body", "properties")


def install(emit: Outgoing) -> Patches:
    """Watch what is published through pika."""
    patches = Patches(_PLACE)
    patches.wrap("pika.channel", "Channel.basic_publish", door(_PLACE, emit, _described(emit)))
    return patches


def _described(emit: Outgoing) -> Describe:
    def describe(channel: Any, args: Args, kwargs: Kwargs) -> Call | None:
        given = {**dict(zip(_ARGUMENTS, args, strict=False)), **kwargs}
        parameters = channel.connection.params
        server = Server("rabbitmq", str(parameters.host or "").lower(), parameters.port)
        headers = getattr(given.get("properties"), "headers", None)
        key = given.get("routing_key")
        parts = message_parts(given.get("body"), key, headers)
        return message_call(emit, server, given.get("exchange") or key, parts)

    return describe
