"""confluent-kafka as a sink: a subclass in the place of its producer, which is a C type.

``from confluent_kafka import Producer`` gives the subclass once tracking runs; a class that was
imported before, or from ``confluent_kafka.cimpl``, is not seen.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import ModuleType
from typing import Any

from sst_otel.patching import Patches
from sst_otel.shares import Call, Part
from sst_otel.sinks.messages import first_server, message_call, message_parts
from sst_otel.sinks.outgoing import Outgoing
from sst_otel.sinks.ownership import Server
from sst_otel.sinks.wrapping import Args, Kwargs, door
from sst_otel.tracebacks import drop_own_entry

_PLACE = "sink.confluent_kafka"
_ARGUMENTS = ("topic", "value", "key")


def install(emit: Outgoing) -> Patches:
    """Watch what is published through confluent-kafka."""
    patches = Patches(_PLACE)
    one = door(_PLACE, emit, lambda producer, args, kwargs: _one(emit, producer, args, kwargs))
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
    patches.wrap(serializing, "SerializingProducer.__init__", _configured, optional=True)
    patches.wrap(serializing, "SerializingProducer.produce", one, optional=True)
    return patches


def _subclass(theirs: Any, patches: Patches, one: Any, many: Any) -> type:
    def __init__(self: Any, *args: Any, **kwargs: Any) -> None:
        _remember(self, args, kwargs)
        try:
            theirs.__init__(self, *args, **kwargs)
        except BaseException as error:
            del self, args, kwargs
            drop_own_entry(error)
            raise

    def watched(name: str, watch: Any) -> Any:
        def method(self: Any, *args: Any, **kwargs: Any) -> Any:
            bound = getattr(super(ours, self), name)
            try:
                if not patches.active:
                    return bound(*args, **kwargs)
                return watch(bound, self, args, kwargs)
            except BaseException as error:
                del self, args, kwargs
                drop_own_entry(error)
                raise

        method.__name__ = name
        return method

    methods = {"__init__": __init__, "produce": watched("produce", one)}
    if hasattr(theirs, "produce_batch"):
        methods["produce_batch"] = watched("produce_batch", many)
    shown = {"__module__": theirs.__module__, "__qualname__": theirs.__qualname__, "__doc__": None}
    ours = type(theirs.__name__, (theirs,), {**shown, **methods})
    return ours


def _configured(wrapped: Any, instance: Any, args: Args, kwargs: Kwargs) -> Any:
    _remember(instance, args, kwargs)
    return wrapped(*args, **kwargs)


def _remember(producer: Any, args: Args, kwargs: Kwargs) -> None:
    """Keep where a producer sends: its own type does not tell."""
    given = args[0] if args else kwargs
    servers = given.get("bootstrap.servers") if isinstance(given, Mapping) else None
    producer._sst_servers = servers or kwargs.get("bootstrap.servers") or ""


def _server(producer: Any) -> Server:
    return first_server("kafka", getattr(producer, "_sst_servers", ""))


def _one(emit: Outgoing, producer: Any, args: Args, kwargs: Kwargs) -> Call:
    given = {**dict(zip(_ARGUMENTS, args, strict=False)), **kwargs}
    parts = message_parts(given.get("value"), given.get("key"), given.get("headers"))
    return message_call(emit, _server(producer), given.get("topic"), parts)


def _many(emit: Outgoing, producer: Any, args: Args, kwargs: Kwargs) -> Call:
    given = {**dict(zip(("topic", "messages"), args, strict=False)), **kwargs}
    messages = [one for one in given["messages"] if isinstance(one, dict)]
    parts: list[Part] = []
    for one in messages:
        parts += message_parts(one.get("value"), one.get("key"), one.get("headers"))
    return message_call(emit, _server(producer), given.get("topic"), parts, total=len(messages))
