"""Messages that are put on a queue, a topic or an exchange, in the words of OpenTelemetry."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from sst_otel import semconv
from sst_otel.matching.shown import HIDDEN_KEY, shown_key
from sst_otel.patching import named_arguments
from sst_otel.shares import Call, Part
from sst_otel.sinks.outgoing import Outgoing
from sst_otel.sinks.ownership import Server
from sst_otel.sinks.wrapping import Args, Describe, Kwargs

_PIECES = re.compile(r"[./]")
"""Between the parts of a topic, by broker."""
_READABLE = (dict, list, tuple, str, bytes, bytearray)

Message = tuple[Server, Any, list[Part]]
"""The broker, the topic (queue, routing key), and what is said there."""
Reading = Callable[[Any, dict[str, Any]], Message]
"""``read(instance, arguments)`` → the message that a call publishes."""


def message_call(
    emit: Outgoing,
    server: Server,
    topic: Any,
    parts: Iterable[Part],
    what: str = "",
    total: int = 1,
) -> Call:
    """Return the call that publishes a message.

    ``topic``: queue, topic or routing key; ``what``: what a person reads in the place of system and
    topic; ``total``: messages sent at once.
    """
    name = shown_topic(topic)
    attributes: dict[str, Any] = {semconv.MESSAGING_SYSTEM: server.system}
    if total > 1:
        attributes[semconv.MESSAGING_BATCH] = total
    return Call(
        kind=semconv.MESSAGE_PUBLISH,
        destination=what or f"{server.system} {name}".rstrip(),
        host=server.name,
        port=server.port if server.name else None,
        parts=tuple(parts),
        attributes=attributes,
        own=emit.ownership.is_own(server),
    )


def publishing(emit: Outgoing, names: Sequence[str], read: Reading) -> Describe:
    """Return what describes a message to a door; ``names`` of the positional arguments."""

    def describe(instance: Any, args: Args, kwargs: Kwargs) -> Call:
        server, topic, parts = read(instance, named_arguments(names, args, kwargs))
        return message_call(emit, server, topic, parts)

    return describe


def shown_topic(topic: Any) -> str:
    """Return a topic as it may be written down: a routing key may hold an address or an id.

    Words of the person in it are masked when the event is made; an attribute of the call would not.
    """
    if type(topic) is bytes:
        topic = topic.decode("utf-8", "replace")
    if type(topic) is not str or not topic:
        return ""
    plain = all(shown_key(piece) == piece for piece in _PIECES.split(topic) if piece)
    return topic if plain else HIDDEN_KEY


def message_parts(value: Any, key: Any = None, headers: Any = None) -> list[Part]:
    """Return the parts of a message as the application gave it."""
    parts = [Part("body", value)] if isinstance(value, _READABLE) else []
    if isinstance(key, _READABLE):
        parts.append(Part("key", {"key": key}))
    if isinstance(headers, (list, tuple)):
        headers = {str(name): value for name, value in headers if type(name) is str}
    if isinstance(headers, dict) and headers:
        parts.append(Part("header", headers))
    return parts


def first_server(system: str, addresses: Any) -> Server:
    """Return the first of ``host:port`` in a list or a text separated by commas."""
    if isinstance(addresses, (list, tuple)):
        addresses = addresses[0] if addresses else ""
    if type(addresses) is not str:
        return Server(system)
    first = addresses.split(",")[0].strip().rpartition("//")[2]
    host, colon, port = first.rpartition(":")
    if not colon or not port.isdecimal():
        return Server(system, first.lower())
    return Server(system, host.strip("[]").lower(), int(port))
