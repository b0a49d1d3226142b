"""SQLAlchemy as a sink: what INSERT and UPDATE write, by table and column.

Listens on the ``Engine`` class, so engines made earlier and SQLAlchemy 2.1 (which the OpenTelemetry
instrumentation skips) are covered. The event goes on that instrumentation's span when the statement
has run; nothing is executed by us, the application's transaction is not touched. At a database that
is not the application's own, what a statement compares with counts as well.
"""

from __future__ import annotations

import re
import weakref
from types import ModuleType
from typing import Any

from sst_otel.guard import guard
from sst_otel.patching import Patches
from sst_otel.sinks.outgoing import Outgoing
from sst_otel.sinks.ownership import Server
from sst_otel.sinks.servers import shares_of, statement_call
from sst_otel.sinks.share import Share
from sst_otel.sinks.statements import MAX_ROWS, Carried, is_write

_PLACE = "sink.sqlalchemy"
_guarded = guard(_PLACE)
_ROW_NUMBER = re.compile(r"_m\d+\Z")


def install(emit: Outgoing) -> Patches:
    """Watch what SQLAlchemy writes."""
    patches = Patches(_PLACE)
    sink = _EngineSink(emit)

    def listen(engine: ModuleType) -> None:
        from sqlalchemy import event

        listeners = (
            ("before_cursor_execute", sink.before),
            ("after_cursor_execute", sink.after),
            ("handle_error", sink.error),
        )
        for name, act in listeners:
            event.listen(engine.Engine, name, act)
            patches.installed.append(f"sqlalchemy.engine:Engine {name}")

        def remove() -> None:
            for name, act in listeners:
                event.remove(engine.Engine, name, act)

        patches.on_undo(remove)

    patches.when_imported("sqlalchemy.engine", listen)
    return patches


class _EngineSink:
    def __init__(self, emit: Outgoing) -> None:
        self._emit = emit
        self._servers: weakref.WeakKeyDictionary[Any, Server] = weakref.WeakKeyDictionary()
        """Of each engine that has run a statement."""

    def before(
        self,
        connection: Any,
        _cursor: Any,
        statement: str,
        parameters: Any,
        context: Any,
        _executemany: bool,
    ) -> None:
        """Report what a write carries, before it runs."""
        with _guarded:
            server = self._server_of(connection.engine)
            if self._emit.idle():
                return
            # Drivers take a list or a tuple of sets, by SQLAlchemy version: the flag tells.
            sets = parameters if context.executemany else [parameters]
            shares = self._shares(server, statement, sets, context)
            if shares:
                for share in shares:
                    share.write()
                context._sst_shares = shares

    def _server_of(self, engine: Any) -> Server:
        server = self._servers.get(engine)
        if server is None:
            server = self._servers[engine] = server_of(engine)
            self._emit.ownership.connected(server)
        return server

    def _shares(self, server: Server, statement: str, sets: Any, context: Any) -> tuple[Share, ...]:
        emit = self._emit
        compiled = getattr(context, "compiled", None)
        if compiled is not None and (context.isinsert or context.isupdate):
            noted = vars(context)
            if "_sst_looked" in noted:
                return ()  # a further batch of the same rows, maybe with the very same statement
            noted["_sst_looked"] = True
            own = emit.ownership.is_own(server)
            written = _written(context)
            if own or context.isinsert:
                share = emit(statement_call(server, own, written))
                return (share,) if share.events else ()
        elif (
            compiled is not None
            and not getattr(context, "is_text", False)
            and (is_write(statement) or emit.ownership.is_own(server))
        ):
            return ()
        return shares_of(emit, server, statement, sets, server.system)

    def after(
        self,
        _connection: Any,
        _cursor: Any,
        _statement: str,
        _parameters: Any,
        context: Any,
        _executemany: bool,
    ) -> None:
        """Put the event on the statement's span, which is only known now."""
        with _guarded:
            for share in _take(context):
                share.done(span=_open_span(context))

    def error(self, exception_context: Any) -> None:
        """Note that the statement failed."""
        with _guarded:
            context = exception_context.execution_context
            for share in _take(context):
                share.failed(exception_context.original_exception, span=_open_span(context))


def server_of(engine: Any) -> Server:
    """Return where an engine's statements go."""
    url, system = engine.url, engine.dialect.name
    if system == "sqlite":
        return Server(system)
    host = url.host or url.query.get("host") or url.query.get("unix_socket") or ""
    if not isinstance(host, str):  # several, in a query
        host = host[0] if host else ""
    return Server(system, host.lower(), url.port, url.database or "")


def _take(context: Any) -> tuple[Share, ...]:
    shares: tuple[Share, ...] = ()
    if context is not None:
        shares = vars(context).pop("_sst_shares", ())
    return shares


def _open_span(context: Any) -> Any:
    span = getattr(context, "_otel_span", None)
    return span if span is not None and span.is_recording() else None


def _written(context: Any) -> Carried:
    """Return the rows of an INSERT or UPDATE that SQLAlchemy has a tree of."""
    table = context.compiled.statement.table
    columns = {column.key: column.name for column in table.columns}
    rows: list[dict[str, Any]] = []
    total = 0
    for given in context.compiled_parameters:
        if total >= MAX_ROWS:
            total += 1
            continue
        several: dict[str, dict[str, Any]] = {}
        for name, value in given.items():
            number = _ROW_NUMBER.search(name)  # of ``values([{…}, {…}])``
            column = columns.get(name) or (columns.get(name[: number.start()]) if number else None)
            if column is not None:
                several.setdefault(number.group() if number else "", {})[column] = value
        total += len(several)
        rows.extend(list(several.values())[: MAX_ROWS - len(rows)])
    operation = "INSERT" if context.isinsert else "UPDATE"
    return Carried(operation, getattr(table, "name", str(table)), True, rows, total)
