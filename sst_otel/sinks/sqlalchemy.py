"""SQLAlchemy as a sink: what INSERT and UPDATE write, by table and column.

Listens on the ``Engine`` class, so engines made earlier and SQLAlchemy 2.1 (which the OpenTelemetry
instrumentation skips) are covered. The event goes on that instrumentation's span when the statement
has run; nothing is executed by us, the application's transaction is not touched.
"""

from __future__ import annotations

import re
from types import ModuleType
from typing import Any

from sst_otel import semconv
from sst_otel.guard import guard
from sst_otel.patching import Patches
from sst_otel.shares import Call, Part
from sst_otel.sinks.outgoing import Outgoing
from sst_otel.sinks.share import Share
from sst_otel.sinks.statements import written_columns

_PLACE = "sink.sqlalchemy"
_guarded = guard(_PLACE)
_ROW_NUMBER = re.compile(r"_m\d+\Z")
_WRITES = re.compile(r"\s*(insert|update|replace|merge)\b", re.IGNORECASE)
_MAX_ROWS = 1_000


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
            if self._emit.idle():
                return
            found = _rows(statement, parameters, context)
            if found is None:
                return
            share = self._emit(_call(connection, *found))
            if share.events:
                context._sst_share = share.write()

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
            share = _take(context)
            if share is not None:
                share.done(span=_open_span(context))

    def error(self, exception_context: Any) -> None:
        """Note that the statement failed."""
        with _guarded:
            context = exception_context.execution_context
            share = _take(context)
            if share is not None:
                share.failed(exception_context.original_exception, span=_open_span(context))


def _take(context: Any) -> Share | None:
    share: Share | None = vars(context).pop("_sst_share", None) if context is not None else None
    return share


def _open_span(context: Any) -> Any:
    span = getattr(context, "_otel_span", None)
    return span if span is not None and span.is_recording() else None


def _call(
    connection: Any, table: str, operation: str, rows: list[dict[str, Any]], total: int
) -> Call:
    url = connection.engine.url
    attributes = {
        "db.system.name": connection.dialect.name,
        "db.operation.name": operation,
        "db.collection.name": table,
    }
    if url.database and connection.dialect.name != "sqlite":
        attributes["db.namespace"] = url.database
    if total > 1:
        attributes["db.operation.batch.size"] = total
    if total > len(rows):
        attributes["sst.rows.unread"] = total - len(rows)
    return Call(
        kind=semconv.DATABASE_WRITE,
        destination=f"{connection.dialect.name} {table}",
        host=url.host or "",
        port=url.port,
        method="",
        path="",
        parts=tuple(Part(f"table:{table}", row) for row in rows),
        attributes=attributes,
    )


def _rows(
    statement: str, parameters: Any, context: Any
) -> tuple[str, str, list[dict[str, Any]], int] | None:
    """Return table, operation, the written rows (column → value, 1,000 at most) and their number.

    None for other statements.
    """
    compiled = getattr(context, "compiled", None)
    if compiled is not None and (context.isinsert or context.isupdate):
        table = compiled.statement.table
        columns = {column.key: column.name for column in table.columns}
        rows = []
        for given in context.compiled_parameters[:_MAX_ROWS]:
            row: dict[str, Any] = {}
            for name, value in given.items():
                column = columns.get(name) or columns.get(_ROW_NUMBER.sub("", name))
                if column is not None:
                    row[column] = value
            rows.append(row)
        operation = "INSERT" if context.isinsert else "UPDATE"
        total = len(context.compiled_parameters)
        return getattr(table, "name", str(table)), operation, rows, total
    if compiled is not None and not getattr(context, "is_text", False):
        return None
    if not _WRITES.match(statement):
        return None
    written = written_columns(statement)
    if written is None:
        return None
    # Drivers take a list or a tuple of sets, by SQLAlchemy version: the flag tells, not the type.
    sets = parameters if context.executemany else [parameters]
    rows = [written.row(given) for given in sets[:_MAX_ROWS]]
    return written.table, written.operation, rows, len(sets)
