"""kombu as a sink, and with it Celery: tasks with their arguments, and other messages.

The broker that the application's own tasks go through is its own: its workers take them.
"""

from __future__ import annotations

from typing import Any

from sst_otel.patching import Patches
from sst_otel.shares import Call, Part
from sst_otel.sinks.claims import Claim
from sst_otel.sinks.ending import ended
from sst_otel.sinks.messages import message_call, message_parts, shown_topic
from sst_otel.sinks.outgoing import Outgoing
from sst_otel.sinks.ownership import Server
from sst_otel.sinks.wrapping import Args, Describe, Kwargs, door

_PLACE = "sink.kombu"
_SYSTEMS = {"amqp": "rabbitmq", "pyamqp": "rabbitmq", "amqps": "rabbitmq", "rediss": "redis"}
_OF_CELERY = frozenset({"argsrepr", "kwargsrepr"})
"""Headers that say the arguments a second time."""


def install(emit: Outgoing) -> Patches:
    """Watch what is published through kombu."""
    patches = Patches(_PLACE)
    patches.wrap("kombu.messaging", "Producer.publish", door(_PLACE, emit, _described(emit)))
    for method in ("append", "restore_by_tag"):
        patches.wrap("kombu.transport.redis", f"QoS.{method}", ended(_PLACE, _kept))
    return patches


def _described(emit: Outgoing) -> Describe:
    def describe(producer: Any, args: Args, kwargs: Kwargs) -> Call | None:
        body = args[0] if args else kwargs.get("body")
        routing_key = routing_key_of(producer, args, kwargs)
        headers = kwargs.get("headers") or {}
        task = headers.get("task") if isinstance(headers, dict) else None
        server = server_of(producer)
        if server.system == "memory":
            return None  # a queue of this process: nothing leaves
        if task:
            emit.ownership.connected(server, for_tasks=True)
            task = shown_topic(task)
        own = {name: value for name, value in headers.items() if name not in _OF_CELERY}
        parts = [*message_parts(body, headers=own)]
        said = [headers[name] for name in _OF_CELERY if name in headers]
        if said:
            parts.append(Part("arguments", said))
        what = f"celery {task}" if task else ""
        return message_call(emit, server, routing_key, parts, what)

    return describe


def _kept(queue: Any, args: Args, kwargs: Kwargs) -> tuple[Claim, Args, Kwargs]:
    """Begin to write down a message that was taken, or to put it back: the broker has had it."""
    return Claim((queue.channel.connection.client.hostname or "").lower()), args, kwargs


def routing_key_of(producer: Any, args: Args, kwargs: Kwargs) -> Any:
    """Return where in its broker a producer's message goes."""
    routing_key = args[1] if len(args) > 1 else kwargs.get("routing_key")
    return routing_key or producer.routing_key or producer.exchange.name


def server_of(producer: Any) -> Server:
    """Return the broker of a producer."""
    connection = getattr(producer, "__connection__", None) or producer.connection
    scheme = str(connection.transport_cls or "")
    host = connection.hostname or ""
    if scheme == "filesystem" or "://" in host:
        host = "" if scheme == "filesystem" else host.rpartition("@")[2]
    system = _SYSTEMS.get(scheme, scheme.rpartition(".")[2] or "kombu")
    host, _, port = host.partition(":") if host.count(":") == 1 else (host, "", "")
    number = connection.port or (int(port) if port.isdecimal() else None)
    return Server(system, host.lower(), number)
