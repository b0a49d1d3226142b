"""pymongo as a sink, sync and async: the command documents it is about to send.

Seen where the driver tells its command listeners of them, which all helpers, cursors and bulk
writes do, directly before the bytes go and whether or not the application has any listener.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping
from types import ModuleType
from typing import Any

from sst_otel.guard import guard
from sst_otel.patching import Patches, named_arguments
from sst_otel.shares import Call
from sst_otel.sinks.outgoing import Outgoing
from sst_otel.sinks.ownership import Server
from sst_otel.sinks.servers import database_call, row_parts
from sst_otel.sinks.share import Share
from sst_otel.sinks.statements import MAX_ROWS
from sst_otel.sinks.wrapping import Args, Kwargs
from sst_otel.tracebacks import unseen

_PLACE = "sink.pymongo"
_guarded = guard(_PLACE)
_MOST_OPEN = 10_000
_WRITES = frozenset({"insert", "update", "findAndModify", "findandmodify", "bulkWrite"})
_READS = frozenset({"find", "aggregate", "count", "distinct", "delete", "explain"})


def install(emit: Outgoing) -> Patches:
    """Watch what pymongo sends."""
    patches = Patches(_PLACE)
    sink = _MongoSink(emit)
    patches.when_imported("pymongo.monitoring", lambda module: sink.listen(module, patches))
    return patches


class _MongoSink:
    def __init__(self, emit: Outgoing) -> None:
        self._emit = emit
        self._open: OrderedDict[int, Share] = OrderedDict()
        """Request id → the share of a command that is on its way. Each change is one step."""

    def listen(self, monitoring: ModuleType, patches: Patches) -> None:
        """Have every client tell of its commands, also those that are made already."""
        listeners: Any = monitoring._EventListeners
        own: Any = listeners.enabled_for_commands
        listeners.enabled_for_commands = property(lambda self: patches.active or own.fget(self))
        patches.on_undo(lambda: setattr(listeners, "enabled_for_commands", own))
        told = own.fget
        for name, act in (
            ("publish_command_start", self._started),
            ("publish_command_success", self._ended(None)),
            ("publish_command_failure", self._ended(ConnectionError())),
        ):
            patches.wrap("pymongo.monitoring", f"_EventListeners.{name}", _before(act, told))

    def _started(self, args: Args, kwargs: Kwargs) -> None:
        given = named_arguments(_STARTED, args, kwargs)
        host, port = given["connection_id"]
        server = Server("mongodb", host.lower(), port, given["database_name"])
        self._emit.ownership.connected(server)
        if self._emit.idle():
            return
        call = _call(server, self._emit.ownership.is_own(server), given["command"])
        if call is None:
            return
        share = self._emit(call)
        if share.events:
            share.write()
            self._open[given["request_id"]] = share
            if len(self._open) > _MOST_OPEN:
                self._open.popitem(last=False)

    def _ended(self, error: BaseException | None) -> Callable[[Args, Kwargs], None]:
        def ended(args: Args, kwargs: Kwargs) -> None:
            number = args[3] if len(args) > 3 else kwargs["request_id"]
            share = self._open.pop(number, None)
            if share is not None:
                share.end(error)

        return ended


_STARTED = ("command", "database_name", "request_id", "connection_id")


def _before(act: Callable[[Args, Kwargs], None], told: Callable[[Any], bool]) -> Any:
    """Return a wrapper that runs ``act``, and the driver's own where the client has listeners."""

    @unseen
    def wrapper(wrapped: Callable[..., Any], instance: Any, args: Args, kwargs: Kwargs) -> Any:
        with _guarded:
            act(args, kwargs)
        return wrapped(*args, **kwargs) if told(instance) else None

    return wrapper


def _call(server: Server, own: bool, command: Mapping[str, Any]) -> Call | None:
    operation = next(iter(command))
    writes = operation in _WRITES
    if not writes and (own or operation not in _READS):
        return None
    collection = command[operation]
    if operation == "bulkWrite":
        spaces = [one["ns"].partition(".")[2] for one in command.get("nsInfo", ())]
        collection = spaces[0] if len(set(spaces)) == 1 else ""
    if not isinstance(collection, str):
        collection = ""
    rows: list[dict[str, Any]] = []
    total = 0
    for row in _rows(operation, command, not own):
        total += 1
        if len(rows) < MAX_ROWS:
            rows.append(row)
    if not rows:
        return None
    parts = row_parts(collection, rows)
    return database_call(server, own, writes, operation, collection, parts, total, len(rows))


def _rows(operation: str, command: Mapping[str, Any], lookups: bool) -> Iterator[dict[str, Any]]:
    """Return the documents that are written, and (``lookups``) what is asked for."""
    for document in command.get("documents", ()):
        yield _document(document)
    for update in command.get("updates", ()):
        yield {**(_document(update["q"]) if lookups else {}), **_changes(update["u"])}
    for one in command.get("ops", ()):
        if "document" in one:
            yield _document(one["document"])
        else:
            asked = _document(one.get("filter", {})) if lookups else {}
            yield {**asked, **_changes(one.get("updateMods", {}))}
    if operation.lower() == "findandmodify":
        asked = _document(command.get("query") or {}) if lookups else {}
        yield {**asked, **_changes(command.get("update") or {})}
    elif lookups:
        for name in ("filter", "query"):
            if command.get(name):
                yield _document(command[name])
        for one in command.get("deletes", ()):
            yield _document(one["q"])
        for stage in command.get("pipeline", ()):
            for asked in stage.values():
                if isinstance(asked, dict):
                    yield _document(asked)


def _document(document: Any) -> dict[str, Any]:
    if isinstance(document, dict):
        return dict(dict.items(document))
    raw = getattr(document, "raw", None)
    return {"document": raw} if isinstance(raw, bytes) else {}


def _changes(update: Any) -> dict[str, Any]:
    """Return the fields of an update: those of ``$set`` and its like, or the new document's."""
    if isinstance(update, (list, tuple)):  # a pipeline
        return {name: value for stage in update for name, value in _changes(stage).items()}
    changed: dict[str, Any] = {}
    for name, value in _document(update).items():
        changed.update(_document(value) if name.startswith("$") else {name: value})
    return changed
