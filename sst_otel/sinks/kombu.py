"""kombu as a sink, and with it Celery: tasks with their arguments, and other messages.

The broker that the application's own tasks go through is its own: its workers take them.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sst_otel.guard import guard
from sst_otel.patching import Patches
from sst_otel.shares import Call, Part
from sst_otel.sinks.claims import Claim
from sst_otel.sinks.messages import message_call, message_parts, shown_topic
from sst_otel.sinks.outgoing import Outgoing
from sst_otel.sinks.ownership import Server
from sst_otel.sinks.wrapping import Args, Describe, Kwargs, door
from sst_otel.tracebacks import drop_own_entry

_PLACE = "sink.kombu"
_guarded = guard(_PLACE)
_SYSTEMS = {"amqp": "rabbitmq", "pyamqp": "rabbitmq", "amqps": "rabbitmq", "rediss": "redis"}
_OF_CELERY = frozenset({"argsrepr", "kwargsrepr"})
"""Headers that say the arguments a second time."""


def install(emit: Outgoing) -> Patches:
    """Watch what is published through kombu."""
    patches = Patches(_PLACE)
    patches.wrap("kombu.messaging", "Producer.publish", door(_PLACE, emit, _described(emit)))
    for method in ("append", "restore_by_tag"):
        patches.wrap("kombu.transport.redis", f"QoS.{method}", _kept)
    return patches


def _described(emit: Outgoing) -> Describe:
    def describe(producer: Any, args: Args, kwargs: Kwargs) -> Call | None:
        body = args[0] if args else kwargs.get("body")
        routing_key = args[1] if len(args) > 1 else kwargs.get("routing_key")
        routing_key = routing_key or producer.routing_key or producer.exchange.name
        headers = kwargs.get("headers") or {}
        task = headers.get("task") if isinstance(headers, dict) else None
        server = _server(producer)
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


def _kept(wrapped: Callable[..., Any], instance: Any, args: Args, kwargs: Kwargs) -> Any:
    """Wrap what writes down a message that was taken, or puts it back: the broker has had it."""
    claim = None
    with _guarded:
        claim = Claim((instance.channel.connection.client.hostname or "").lower())
    try:
        return wrapped(*args, **kwargs)
    except BaseException as error:
        del wrapped, instance, args, kwargs
        drop_own_entry(error)
        raise
    finally:
        if claim is not None:
            claim.close()


def _server(producer: Any) -> Server:
    connection = getattr(producer, "__connection__", None) or producer.connection
    scheme = str(connection.transport_cls or "")
    host = connection.hostname or ""
    if scheme == "filesystem" or "://" in host:
        host = "" if scheme == "filesystem" else host.rpartition("@")[2]
    system = _SYSTEMS.get(scheme, scheme.rpartition(".")[2] or "kombu")
    host, _, port = host.partition(":") if host.count(":") == 1 else (host, "", "")
    number = connection.port or (int(port) if port.isdecimal() else None)
    return Server(system, host.lower(), number)
