"""paho-mqtt as a sink: what its clients publish."""

from __future__ import annotations

from typing import Any

from sst_otel.patching import Patches
from sst_otel.sinks.messages import Message, message_parts, publishing
from sst_otel.sinks.outgoing import Outgoing
from sst_otel.sinks.ownership import Server
from sst_otel.sinks.wrapping import door

_PLACE = "sink.paho"
ARGUMENTS = ("topic", "payload", "qos", "retain", "properties")


def install(emit: Outgoing) -> Patches:
    """Watch what is published through paho-mqtt."""
    patches = Patches(_PLACE)
    described = publishing(emit, ARGUMENTS, message_of)
    patches.wrap(
        "paho.mqtt.client",
        "Client.publish",
        door(_PLACE, emit, described),
    )
    return patches


def message_of(client: Any, given: dict[str, Any]) -> Message:
    """Return broker, topic and parts of what a client publishes."""
    server = Server("mqtt", client._host.lower(), client._port)
    topic = given["topic"]
    named = getattr(given.get("properties"), "UserProperty", None)  # of version 5
    return server, topic, message_parts(given.get("payload"), topic, named)
