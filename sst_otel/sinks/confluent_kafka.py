"""confluent-kafka as a sink: a subclass in the place of its producer, which is a C type.

``from confluent_kafka import Producer`` gives the subclass once tracking runs; a class that was
imported before, or from ``confluent_kafka.cimpl``, is not seen.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import ModuleType
from typing import Any

from sst_otel.beside import noting
from sst_otel.guard import guard
from sst_otel.patching import Patches, named_arguments
from sst_otel.shares import Call, Part
from sst_otel.sinks.messages import Message, first_server, message_call, message_parts, publishing
from sst_otel.sinks.outgoing import Outgoing
from sst_otel.sinks.ownership import Server
from sst_otel.sinks.wrapping import Args, Kwargs, door
from sst_otel.tracebacks import unseen

_PLACE = "sink.confluent_kafka"
_guarded = guard(_PLACE)
ARGUMENTS = ("topic", "value", "key")


def install(emit: Outgoing) -> Patches:
    """Watch what is published through confluent-kafka."""
    patches = Patches(_PLACE)
    one = door(_PLACE, emit, publishing(emit, ARGUMENTS, message_of))
    many = door(_PLACE, emit, lambda producer, args, kwargs: _many(emit, producer, args, kwargs))

    def replace(module: ModuleType) -> None:
        theirs: Any = module.Producer
        ours = _subclass(theirs, patches, one, many)
        module.Producer = ours  # type: ignore[attr-defined]
        patches.installed.append("confluent_kafka:Producer")

        def restore() -> None:
            if module.Producer is ours:
                module.Producer = theirs  # type: ignore[attr-defined]

        patches.on_undo(restore)

    patches.when_imported("confluent_kafka", replace)
    serializing = "confluent_kafka.serializing_producer"
    patches.wrap(
        serializing, "SerializingProducer.__init__", noting(_PLACE, _remember), optional=True
    )
    patches.wrap(serializing, "SerializingProducer.produce", one, optional=True)
    return patches


def _subclass(theirs: Any, patches: Patches, one: Any, many: Any) -> type:
    @unseen
    def __init__(self: Any, *args: Any, **kwargs: Any) -> None:
        with _guarded:
            _remember(self, args, kwargs)
        theirs.__init__(self, *args, **kwargs)

    def watched(name: str, watch: Any) -> Any:
        def method(self: Any, *args: Any, **kwargs: Any) -> Any:
            bound = getattr(super(ours, self), name)
            return watch(bound, self, args, kwargs) if patches.active else bound(*args, **kwargs)

        method.__name__ = name
        return unseen(method)

    methods = {"__init__": __init__, "produce": watched("produce", one)}
    if hasattr(theirs, "produce_batch"):
        methods["produce_batch"] = watched("produce_batch", many)
    shown = {"__module__": theirs.__module__, "__qualname__": theirs.__qualname__, "__doc__": None}
    ours = type(theirs.__name__, (theirs,), {**shown, **methods})
    return ours


def _remember(producer: Any, args: Args, kwargs: Kwargs) -> None:
    """Keep where a producer sends: its own type does not tell."""
    given = args[0] if args else kwargs
    servers = given.get("bootstrap.servers") if isinstance(given, Mapping) else None
    producer._sst_servers = servers or kwargs.get("bootstrap.servers") or ""


def _server(producer: Any) -> Server:
    return first_server("kafka", getattr(producer, "_sst_servers", ""))


def message_of(producer: Any, given: dict[str, Any]) -> Message:
    """Return cluster, topic and parts of a record."""
    parts = message_parts(given.get("value"), given.get("key"), given.get("headers"))
    return _server(producer), given.get("topic"), parts


def _many(emit: Outgoing, producer: Any, args: Args, kwargs: Kwargs) -> Call:
    given = named_arguments(("topic", "messages"), args, kwargs)
    messages = [one for one in given["messages"] if isinstance(one, dict)]
    parts: list[Part] = []
    for one in messages:
        parts += message_parts(one.get("value"), one.get("key"), one.get("headers"))
    return message_call(emit, _server(producer), given.get("topic"), parts, total=len(messages))
