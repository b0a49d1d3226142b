"""The last place before a message leaves for a broker or a queue, or a transfer of curl's begins.

A broker is trusted by its host or by the name of the queue, topic or subject: who names the host
trusts all that read there.
"""

from __future__ import annotations

import weakref
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from sst_otel.beside import noting, watching
from sst_otel.guard import guard
from sst_otel.patching import Patches, Wrapper, named_arguments
from sst_otel.sinks import aiormq, confluent_kafka, kafka, kombu, nats, paho, pika, pycurl, stomp
from sst_otel.sinks.carriers import without
from sst_otel.sinks.curl_options import call_of
from sst_otel.sinks.last_hop_amazon import to_amazon
from sst_otel.sinks.messages import Reading, first_server
from sst_otel.sinks.ownership import Server
from sst_otel.sinks.wrapping import Args, Kwargs
from sst_otel.tracebacks import drop_own_entry

if TYPE_CHECKING:
    from sst_otel.sinks.last_hop import LastHop, Targets, Where

_PLACE = "sink.last_hop"
_guarded = guard(_PLACE)
_CONFLUENT = "confluent_kafka.serializing_producer"
_SERIALIZED = ("topic", "key", "value")
_BROKER = "_sst_broker"
"""Where a batch of aiokafka's has the broker that it is for."""


def install(patches: Patches, hop: LastHop) -> None:
    """Keep what is ours from messages for others, and have trusted readers told."""
    basic, client = "Channel.basic_publish", "Client.publish"
    serializing, by = "SerializingProducer.produce", confluent_kafka.message_of
    for module, path, where, name, position, inside in (
        ("kafka.producer.kafka", "KafkaProducer.send", _by(kafka), "headers", 3, ""),
        ("aiokafka.producer.producer", "AIOKafkaProducer.send", _aiokafka, "headers", 5, ""),
        ("confluent_kafka", "Producer.produce", _by(confluent_kafka), "headers", 6, ""),
        (_CONFLUENT, serializing, _reading(_SERIALIZED, by), "headers", 6, ""),
        ("kombu.messaging", "Producer.publish", _kombu, "headers", 9, ""),
        ("pika.channel", basic, _by(pika), "properties", 3, "headers"),
        ("aiormq.channel", basic, _by(aiormq), "properties", 1, "headers"),
        ("nats.aio.client", client, _by(nats), "headers", 3, ""),
        ("paho.mqtt.client", client, _by(paho), "properties", 4, "UserProperty"),
        ("stomp.protocol", "Protocol10.send", _by(stomp), "headers", 3, ""),
        ("stomp.protocol", "Protocol11.send", _by(stomp), "headers", 3, ""),
    ):
        patches.wrap(module, path, hop.given(name, position, where, inside), optional=True)
    for version in ("Protocol10", "Protocol11"):
        patches.wrap("stomp.protocol", f"{version}.send", noting(_PLACE, _keywords(hop)))
    patches.wrap(
        "aiokafka.producer.producer",
        "AIOKafkaProducer.create_batch",
        watching(_PLACE, _made_batch),
    )
    patches.wrap(
        "aiokafka.producer.message_accumulator",
        "BatchBuilder.append",
        noting(_PLACE, _to_batch(hop)),
    )
    aws = noting(_PLACE, to_amazon(hop))
    patches.wrap("botocore.client", "BaseClient._convert_to_request_dict", aws)
    patches.wrap("aiobotocore.client", "AioBaseClient._convert_to_request_dict", aws, optional=True)
    for name in ("perform", "perform_rb", "perform_rs"):
        curl = noting(_PLACE, _curl(hop, lambda curl, _args: curl))
        patches.wrap("pycurl", f"Curl.{name}", curl, optional=True)
    added = noting(_PLACE, _curl(hop, lambda _multi, args: args[0]))
    patches.wrap("pycurl", "CurlMulti.add_handle", added)
    for name in ("to_dict", "save_meta"):
        patches.wrap("rq.job", f"Job.{name}", _rq(hop))


def _by(sink: Any) -> Where:
    return _reading(sink.ARGUMENTS, sink.message_of)


def _reading(names: Sequence[str], read: Reading) -> Where:
    """Return what tells broker and topic of a message, as its sink reads them."""

    def where(instance: Any, args: Args, kwargs: Kwargs) -> Targets:
        server, topic, _ = read(instance, named_arguments(names, args, kwargs))
        return _both(server, topic)

    return where


def _both(server: Server, topic: Any) -> Targets:
    return ((server.name, server.port), (topic if isinstance(topic, str) else "", None))


def _kombu(producer: Any, args: Args, kwargs: Kwargs) -> Targets:
    return _both(kombu.server_of(producer), kombu.routing_key_of(producer, args, kwargs))


def _aiokafka(producer: Any, args: Args, kwargs: Kwargs) -> Targets:
    server = first_server("kafka", producer.client._bootstrap_servers)
    return _both(server, args[0] if args else kwargs.get("topic"))


def _made_batch(producer: Any, batch: Any, _args: Args, _kwargs: Kwargs) -> None:
    """Keep where a batch will go: it is not told its topic before it is full."""
    vars(batch)[_BROKER] = first_server("kafka", producer.client._bootstrap_servers)


Note = Callable[[Any, Args, Kwargs], "tuple[Args, Kwargs] | None"]


def _to_batch(hop: LastHop) -> Note:
    def note(batch: Any, args: Args, kwargs: Kwargs) -> tuple[Args, Kwargs] | None:
        headers, broker = kwargs.get("headers"), vars(batch).get(_BROKER)
        if not headers or broker is None:
            return None
        changed = hop.changed(headers, lambda: _both(broker, ""))
        return None if changed is None else (args, {**kwargs, "headers": changed})

    return note


def _keywords(hop: LastHop) -> Note:
    """Look at the headers that stomp takes by name."""

    def note(protocol: Any, args: Args, kwargs: Kwargs) -> tuple[Args, Kwargs] | None:
        if not kwargs:
            return None
        changed = hop.changed(kwargs, lambda: _by(stomp)(protocol, args, kwargs))
        return None if changed is None else (args, changed)

    return note


_altered: weakref.WeakSet[Any] = weakref.WeakSet()
"""Handles of curl whose headers are not those that the application has set."""


def _curl(hop: LastHop, handle_of: Callable[[Any, Args], Any]) -> Note:
    """Set the headers of a transfer; libcurl follows redirects with them where nobody sees it."""

    def note(instance: Any, args: Args, _kwargs: Kwargs) -> None:
        handle = handle_of(instance, args)
        options = pycurl.options_of(handle)
        headers = options.get("HTTPHEADER")
        left = without(headers) if headers else None
        alone = left is not None and not options.get("FOLLOWLOCATION")
        if alone and hop.leads_home(lambda: _curl_target(options)):
            left = None
        if left is not None:
            pycurl.set_below(handle, "HTTPHEADER", left)
            _altered.add(handle)
        elif handle in _altered:
            pycurl.set_below(handle, "HTTPHEADER", headers)
            _altered.discard(handle)

    return note


def _curl_target(options: dict[str, Any]) -> Targets:
    call = call_of(options)
    return () if call is None else ((call.host, call.port),)


def _rq(hop: LastHop) -> Wrapper:
    """Look at the notes of a job while it is written down."""

    def wrapper(wrapped: Callable[..., Any], job: Any, args: Args, kwargs: Kwargs) -> Any:
        meta = None
        with _guarded:
            meta = _set_notes(hop, job)
        try:
            return wrapped(*args, **kwargs)
        except BaseException as error:
            drop_own_entry(error)
            raise
        finally:
            if meta is not None:
                job.meta = meta
            del wrapped, job, args, kwargs, meta

    return wrapper


def _set_notes(hop: LastHop, job: Any) -> Any:
    """Give a job the notes that are to be written, and return those it had; None: they are."""
    meta = job.meta
    changed = hop.changed(meta, lambda: _rq_targets(job)) if meta else None
    if changed is None:
        return None
    job.meta = changed
    return meta


def _rq_targets(job: Any) -> Targets:
    redis = job.connection.connection_pool.connection_kwargs
    return _both(Server("redis", str(redis.get("host") or ""), redis.get("port")), job.origin)
