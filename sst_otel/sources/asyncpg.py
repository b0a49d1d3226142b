"""asyncpg as a source: the records that its protocol objects return, whoever asked for them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from sst_otel.asyncpg_connections import connection_of
from sst_otel.beside import async_watching
from sst_otel.patching import Patches, named_arguments
from sst_otel.pooled import called_by_sqlalchemy, pooled
from sst_otel.sources.row_tagging import Given, RowTagger
from sst_otel.sources.text_inserts import in_turn
from sst_otel.sources.text_plans import TextPlans
from sst_otel.suppress import is_suppressed

_PLACE = "source.asyncpg"
_DIALECT = "postgresql"
_EXECUTED = ("state", "args", "portal_name", "limit", "return_extra", "timeout")
_CONTINUED = ("state", "portal_name", "limit", "return_extra", "timeout")
_EXECUTED_MANY = ("state", "args", "portal_name", "timeout", "return_rows")


def install(rows: RowTagger, texts: TextPlans) -> Patches:
    """Tag the records of every statement that is run through asyncpg."""
    patches = Patches(_PLACE)
    source = _AsyncpgSource(rows, texts)
    for name, after in (
        ("query", source.queried),
        ("bind_execute", source.executed(_EXECUTED)),
        ("bind_execute_many", source.executed(_EXECUTED_MANY)),
        ("execute", source.executed(_CONTINUED)),
    ):
        patches.wrap("asyncpg.protocol", f"Protocol.{name}", async_watching(_PLACE, after))
    return patches


class _AsyncpgSource:
    def __init__(self, rows: RowTagger, texts: TextPlans) -> None:
        self._rows = rows
        self._texts = texts

    def queried(self, _protocol: Any, _result: Any, args: Any, kwargs: Any) -> None:
        """Learn from a text that was run as it is, which gives no records."""
        if not is_suppressed():
            self._texts.executed(args[0] if args else kwargs["query"], _DIALECT)

    def executed(self, names: tuple[str, ...]) -> Callable[..., None]:
        """Return what looks at the result of a prepared statement's run; ``names``: its arguments.

        The result is a list of records, or that with a status and whether there are more.
        """

        def look(protocol: Any, result: Any, args: Any, kwargs: Mapping[str, Any]) -> None:
            call = named_arguments(names, args, kwargs)
            statement = call["state"].query
            if is_suppressed() or self._texts.is_silent(statement):
                return
            if pooled(connection_of(protocol)) and called_by_sqlalchemy():
                return
            status = ""
            if type(result) is tuple:
                result, status = result[0], result[1].decode() if result[1] else ""
            several = names is _EXECUTED_MANY
            self._read(statement, call["state"], result, None if several else _given(call), status)

        return look

    def _read(self, statement: str, state: Any, records: Any, given: Given, status: str) -> None:
        if not records:
            if not state._get_attributes():
                written = None if status.endswith(" 0") else given
                self._texts.executed(statement, _DIALECT, written)
            return
        from asyncpg import Record

        names = tuple(Record.keys(records[0]))
        plan = self._texts.plan(statement, names, _DIALECT)
        new = self._texts.returned(statement, _DIALECT, given)
        read = in_turn(new, None if plan is None else self._rows.reader(plan, given))
        if read is not None:
            for record in records:
                read(tuple(Record.values(record)))


def _given(call: Mapping[str, Any]) -> Given:
    given = call.get("args")
    return given if isinstance(given, (tuple, list)) else None
