"""redis as a sink: each command, pipeline or transaction, its keys, its fields and its values.

The wrapped functions have the connection and lie inside the span that OpenTelemetry makes around
``execute_command``. What only reads is looked at where the server is somebody else's.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from sst_otel import semconv
from sst_otel.matching.parts import TABLE
from sst_otel.matching.shown import shown_key
from sst_otel.patching import Patches
from sst_otel.shares import Call, Part
from sst_otel.sinks.claims import is_claimed
from sst_otel.sinks.layers import Layer
from sst_otel.sinks.messages import message_call, message_parts
from sst_otel.sinks.outgoing import Outgoing
from sst_otel.sinks.ownership import Server
from sst_otel.sinks.servers import database_call, words
from sst_otel.sinks.statements import MAX_ROWS
from sst_otel.sinks.wrapping import (
    Args,
    Describe,
    Kwargs,
    async_door,
    async_layer,
    door,
    layer,
)

_PLACE = "sink.redis"
_SILENT = words(
    "AUTH HELLO CLIENT SELECT PING ECHO INFO CONFIG COMMAND SCRIPT MULTI EXEC DISCARD WATCH "
    "UNWATCH SUBSCRIBE PSUBSCRIBE SSUBSCRIBE UNSUBSCRIBE PUNSUBSCRIBE SUNSUBSCRIBE QUIT CLUSTER "
    "READONLY ASKING FLUSHDB FLUSHALL DBSIZE TIME WAIT ACL DEBUG MEMORY SLOWLOG LATENCY MODULE"
)
_READS = words(
    "GET MGET GETRANGE STRLEN EXISTS TTL PTTL TYPE KEYS SCAN DUMP OBJECT DEL UNLINK EXPIRE PEXPIRE "
    "EXPIREAT PEXPIREAT PERSIST TOUCH RANDOMKEY HGET HMGET HGETALL HEXISTS HKEYS HVALS HLEN HSCAN "
    "HDEL LRANGE LINDEX LLEN LPOS LPOP RPOP BLPOP BRPOP LREM LTRIM SMEMBERS SISMEMBER SMISMEMBER "
    "SCARD SRANDMEMBER SPOP SREM SSCAN SINTER SUNION SDIFF ZRANGE ZRANGEBYSCORE ZREVRANGE ZSCORE "
    "ZMSCORE ZRANK ZREVRANK ZCARD ZCOUNT ZREM ZSCAN XREAD XREADGROUP XRANGE XREVRANGE XLEN XACK "
    "XDEL XINFO XPENDING GETDEL GETEX BITCOUNT GETBIT GEOPOS GEODIST GEOSEARCH PFCOUNT"
)
_PUBLISHES = frozenset({"PUBLISH", "SPUBLISH"})
"""What goes to whoever listens; nothing of it is put away."""
_FIELDS = {"HSET": 2, "HMSET": 2, "HSETNX": 2, "MSET": 1, "MSETNX": 1}
"""Commands of names and values in turn, and where those begin."""


def install(emit: Outgoing) -> Patches:
    """Watch what redis is sent, sync and async, single servers and clusters."""
    patches = Patches(_PLACE)
    for module, watch, around in (
        ("redis.client", door, layer),
        ("redis.asyncio.client", async_door, async_layer),
    ):
        patches.wrap(module, "Redis.execute_command", around(_PLACE, emit, _layer))
        patches.wrap(module, "Pipeline.execute", around(_PLACE, emit, _layer))
        patches.wrap(
            module,
            "Redis._send_command_parse_response",
            watch(_PLACE, emit, _of(emit, lambda _, args: (args[0], [args[2:]]))),
        )
        for method in ("_execute_pipeline", "_execute_transaction"):
            patches.wrap(
                module,
                f"Pipeline.{method}",
                watch(_PLACE, emit, _of(emit, lambda _, args: (args[0], _first(args[1])))),
            )
    for module, path, watch, sent in (
        ("cluster", "RedisCluster._execute_command", door, lambda _, args: (args[0], [args[1:]])),
        ("cluster", "NodeCommands.write", door, lambda n, _: (n.connection, _queued(n.commands))),
        ("asyncio.cluster", "ClusterNode.execute_command", async_door, lambda n, args: (n, [args])),
        (
            "asyncio.cluster",
            "ClusterNode.execute_pipeline",
            async_door,
            lambda node, args: (node, _queued(args[0])),
        ),
    ):
        patches.wrap(f"redis.{module}", path, watch(_PLACE, emit, _of(emit, sent)), optional=True)
    return patches


def _layer(_client: Any, _args: Args, _kwargs: Kwargs) -> Layer:
    """Make the attempts of one command one event."""
    return Layer(attributes={semconv.DB_SYSTEM: "redis"})


def _first(queue: Iterable[Any]) -> list[Any]:
    """Return the arguments of queued ``(arguments, options)``."""
    return [one[0] for one in queue]


def _queued(commands: Iterable[Any]) -> list[Any]:
    return [one.args for one in commands]


def _of(emit: Outgoing, sent: Any) -> Describe:
    """``sent(instance, args)`` → connection or node, and the commands' arguments."""

    def describe(instance: Any, args: Args, _kwargs: Kwargs) -> Call | None:
        connection, commands = sent(instance, args)
        names = [_name(command) for command in commands]
        server = _server(connection)
        # What kombu says below its own door is not the application's: a broker is no cache.
        if not (_SILENT.issuperset(names) or is_claimed(server.host) or _is_kombus(connection)):
            emit.ownership.connected(server)
        if names and _PUBLISHES.issuperset(names):
            return _published(emit, server, commands)
        return _call(server, emit.ownership.is_own(server), names, commands)

    return describe


def _server(connection: Any) -> Server:
    path = getattr(connection, "path", None)
    host = path if isinstance(path, str) else getattr(connection, "host", "") or ""
    port = getattr(connection, "port", None)
    number = getattr(connection, "db", None)
    return Server("redis", host.lower(), port, "" if number is None else str(number))


def _call(
    server: Server, own: bool, names: Sequence[str], commands: Sequence[Sequence[Any]]
) -> Call | None:
    told = [
        (name, command)
        for name, command in zip(names, commands, strict=True)
        if name not in _SILENT and not (own and name in _READS)
    ]
    if not told:
        return None
    rows = [Part(f"{TABLE}{name}", _row(name, command)) for name, command in told[:MAX_ROWS]]
    kinds = {name for name, _ in told}
    operation = "PIPELINE" if len(kinds) > 1 else told[0][0]
    writes = not _READS.issuperset(kinds)
    return database_call(server, own, writes, operation, "", rows, len(told), len(rows))


def _is_kombus(connection: Any) -> bool:
    """Whether it is one by which messages are taken."""
    return type(connection).__module__.startswith("kombu.")


def _published(emit: Outgoing, server: Server, commands: Sequence[Sequence[Any]]) -> Call:
    """Return the call that tells a channel; ``commands`` are channel and message each."""
    sent = [(command[1], command[2]) for command in commands[:MAX_ROWS] if len(command) > 2]
    channels = dict.fromkeys(channel for channel, _ in sent if type(channel) in (str, bytes))
    topic = next(iter(channels)) if len(channels) == 1 else ""
    parts = [part for channel, body in sent for part in message_parts(body, key=channel)]
    return message_call(emit, server, topic, parts, total=len(commands))


def _name(command: Sequence[Any]) -> str:
    name = command[0] if command else ""
    if type(name) is bytes:
        name = name.decode("ascii", "replace")
    return name.split(" ")[0].upper() if type(name) is str else ""


def _row(name: str, command: Sequence[Any]) -> dict[str, Any]:
    """Return a command's arguments by name: fields of a hash, else ``key`` and ``value``."""
    begins = _FIELDS.get(name)
    if name == "XADD":
        begins = next((at + 1 for at, one in enumerate(command) if _is_id(one) and at > 1), None)
    row: dict[str, Any] = {}
    if begins is None:
        rest = list(command[2:])
        row["value"] = rest[0] if len(rest) == 1 else rest
    else:
        for field, value in zip(command[begins::2], command[begins + 1 :: 2], strict=False):
            row[_field(field, row)] = value
            if type(field) is not str or shown_key(field) != field:
                row.setdefault("fields", []).append(field)
    if begins != 1 and len(command) > 1:
        row["key"] = command[1]
    return row


def _field(name: Any, row: dict[str, Any]) -> str:
    """Return a field's name as it may be written down, and as no other field of the row has it."""
    text = name.decode("utf-8", "replace") if type(name) is bytes else name
    shown = shown_key(text) if type(text) is str else "field"
    number, free = 2, shown
    while free in row:
        free, number = f"{shown}{number}", number + 1
    return free


def _is_id(argument: Any) -> bool:
    text = argument.decode("ascii", "replace") if type(argument) is bytes else argument
    if type(text) is not str:
        return False
    return text == "*" or (text.replace("-", "").replace("*", "").isdigit() and "-" in text)
