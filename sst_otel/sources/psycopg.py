"""psycopg 3 as a source: where its cursors make rows, each row is seen before the row factory.

All its cursors, sync and async, client and server side, ask themselves for what makes rows once
per result (``_make_row_maker``), so iteration, ``fetch*`` and ``stream`` need nothing each.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sst_otel.guard import guard
from sst_otel.patching import Patches
from sst_otel.pooled import called_by_sqlalchemy, pooled
from sst_otel.sources.row_tagging import RowTagger
from sst_otel.sources.text_inserts import in_turn
from sst_otel.sources.text_plans import TextPlans
from sst_otel.suppress import is_suppressed
from sst_otel.tracebacks import drop_own_entry

_PLACE = "source.psycopg"
_UUID = 2950
_BINARY = 1


def install(rows: RowTagger, texts: TextPlans) -> Patches:
    """Tag the rows of every cursor of psycopg 3."""
    patches = Patches(_PLACE)
    source = _PsycopgSource(rows, texts)
    patches.wrap("psycopg", "Cursor._make_row_maker", source.row_maker)
    patches.wrap("psycopg", "AsyncCursor._make_row_maker", source.row_maker)
    return patches


class _PsycopgSource:
    def __init__(self, rows: RowTagger, texts: TextPlans) -> None:
        self._rows = rows
        self._texts = texts

    def row_maker(
        self,
        wrapped: Callable[..., Any],
        instance: Any,
        args: tuple[Any, ...],
        kwargs: Mapping[str, Any],
    ) -> Any:
        """Return the row factory's row maker, preceded by a look at the values."""
        try:
            make = wrapped(*args, **kwargs)
        except BaseException as error:
            del wrapped, instance, args, kwargs
            drop_own_entry(error)
            raise
        with guard(_PLACE):
            read = self._reader(instance)
            if read is not None:
                return _looking(make, read)
        return make

    def _reader(self, cursor: Any) -> Callable[[Any], None] | None:
        query = cursor._query
        if query is None or is_suppressed():
            return None
        statement = bytes(query.query).decode("utf-8", "replace")
        if self._texts.is_silent(statement):
            return None
        result = cursor.pgresult
        if result is None or not result.nfields:
            written = _given(query) if result is not None and result.command_tuples else None
            self._texts.executed(statement, "postgresql", written)
            return None
        if _is_sqlalchemys(cursor):
            return None
        names = tuple(
            (result.fname(index) or b"").decode("utf-8", "replace")
            for index in range(result.nfields)
        )
        plan = self._texts.plan(statement, names, "postgresql")
        new = self._texts.returned(statement, "postgresql", _given(query))
        tag = None if plan is None else self._rows.reader(plan, _given(query))
        return in_turn(new, tag)


def _is_sqlalchemys(cursor: Any) -> bool:
    # Its asynchronous cursors fetch inside of a task of their own, which has no caller.
    return bool(pooled(cursor.connection)) and (
        hasattr(type(cursor), "__aiter__") or called_by_sqlalchemy()
    )


def _looking(make: Callable[[Any], Any], read: Callable[[Any], None]) -> Callable[[Any], Any]:
    def make_row(values: Any) -> Any:
        with guard(_PLACE):
            read(values)
        try:
            return make(values)
        except BaseException as error:
            del values
            drop_own_entry(error)
            raise

    return make_row


def _given(query: Any) -> Sequence[Any] | None:
    """Return the parameters as they are sent, in order; None for those of other types than keys."""
    params = query.params
    if params is None:
        return None
    formats = query.formats or ()
    types = query.types or ()
    return [
        _sent(value, formats[index] if index < len(formats) else 0, types[index])
        if value is not None and index < len(types)
        else None
        for index, value in enumerate(params)
    ]


def _sent(value: Any, form: int, oid: int) -> str | int | None:
    data = bytes(value)
    if int(form) != _BINARY:
        return data.decode("utf-8", "replace")
    if oid == _UUID and len(data) == 16:
        return str(uuid.UUID(bytes=data))
    if oid in _INTEGERS:
        return int.from_bytes(data, "big", signed=True)
    return data.decode("utf-8", "replace") if oid in _TEXTS else None


_INTEGERS = frozenset({20, 21, 23, 26})
"""int8, int2, int4, oid"""
_TEXTS = frozenset({0, 25, 1043})
"""unknown, text, varchar"""
