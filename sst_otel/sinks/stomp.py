"""stomp.py as a sink: what its connections send, in each version of the protocol."""

from __future__ import annotations

from typing import Any

from sst_otel.patching import Patches
from sst_otel.sinks.messages import Message, message_parts, publishing
from sst_otel.sinks.outgoing import Outgoing
from sst_otel.sinks.ownership import Server
from sst_otel.sinks.wrapping import door

_PLACE = "sink.stomp"
ARGUMENTS = ("destination", "body", "content_type", "headers")


def install(emit: Outgoing) -> Patches:
    """Watch what is sent through stomp.py."""
    patches = Patches(_PLACE)
    described = publishing(emit, ARGUMENTS, message_of)
    for version in ("Protocol10", "Protocol11"):  # what is newer has the method of 1.1
        patches.wrap(
            "stomp.protocol",
            f"{version}.send",
            door(_PLACE, emit, described),
        )
    return patches


def message_of(protocol: Any, given: dict[str, Any]) -> Message:
    """Return broker, destination and parts of what a connection sends."""
    host, port = protocol.transport.current_host_and_port or ("", None)
    more = {name: value for name, value in given.items() if name not in ARGUMENTS}
    headers = {**(given.get("headers") or {}), **more}
    server = Server("stomp", host.lower(), port)
    return server, given["destination"], message_parts(given["body"], headers=headers)
