"""nats-py as a sink: what is published, by requests, JetStream and key-value stores as well."""

from __future__ import annotations

from typing import Any

from sst_otel.patching import Patches
from sst_otel.sinks.messages import Message, message_parts, publishing
from sst_otel.sinks.outgoing import Outgoing
from sst_otel.sinks.ownership import Server
from sst_otel.sinks.wrapping import async_door

_PLACE = "sink.nats"
ARGUMENTS = ("subject", "payload", "reply", "headers")


def install(emit: Outgoing) -> Patches:
    """Watch what is published through nats-py."""
    patches = Patches(_PLACE)
    wrapper = async_door(_PLACE, emit, publishing(emit, ARGUMENTS, message_of), in_order=True)
    patches.wrap("nats.aio.client", "Client.publish", wrapper)
    return patches


def message_of(client: Any, given: dict[str, Any]) -> Message:
    """Return server, subject and parts of what a client publishes."""
    current = client._current_server
    server = Server("nats")
    if current is not None:
        server = Server("nats", (current.uri.hostname or "").lower(), current.uri.port)
    subject = given["subject"]
    return server, subject, message_parts(given.get("payload"), subject, given.get("headers"))
