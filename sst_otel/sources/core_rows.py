"""Rows that SQLAlchemy fetches without making objects of them: Core, column queries, plain SQL.

A result is handed to the application as SQLAlchemy made it, unread. Its hook for logging rows is
where each row is seen, fully converted, when the application fetches it: once, in its own time,
whether it comes as row, mapping or scalar, from a buffer or a server-side cursor. Rows that become
objects are the mapper events' business (:mod:`sst_otel.sources.sqlalchemy`).
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from types import ModuleType
from typing import Any

from sst_otel.beside import watching
from sst_otel.guard import guard
from sst_otel.patching import Patches
from sst_otel.pooled import note_pooled
from sst_otel.sources.core_columns import selected_by, tables_of
from sst_otel.sources.credentials import may_look_up
from sst_otel.sources.known_tables import KnownTables
from sst_otel.sources.people import People
from sst_otel.sources.row_plan import RowPlan
from sst_otel.sources.row_planning import plan_rows
from sst_otel.sources.row_tagging import Given, RowTagger, only_given
from sst_otel.sources.text_inserts import in_turn
from sst_otel.sources.text_plans import TextPlans
from sst_otel.suppress import is_suppressed
from sst_otel.tracebacks import drop_own_entry

_PLACE = "source.sqlalchemy.rows"
_guarded = guard(_PLACE)
_NOTED = "_sst_row_plan"


def install(rows: RowTagger, people: People, texts: TextPlans, tables: KnownTables) -> Patches:
    """Tag the rows of every result that is fetched."""
    patches = Patches(_PLACE)
    source = _CoreRows(rows, people, texts, tables)
    patches.wrap(
        "sqlalchemy.engine.default",
        "DefaultExecutionContext._setup_result_proxy",
        watching(_PLACE, source.made),
    )

    def listen(_sqlalchemy: ModuleType) -> None:
        from sqlalchemy import event
        from sqlalchemy.pool import Pool

        event.listen(Pool, "connect", _connected)
        patches.installed.append("sqlalchemy.pool:Pool connect")
        patches.on_undo(lambda: event.remove(Pool, "connect", _connected))

    # All of it: events of pools are known when everything is imported.
    patches.when_imported("sqlalchemy", listen)
    return patches


def _connected(connection: Any, record: Any) -> None:
    """Mark a connection whose cursors SQLAlchemy reads: the driver's source leaves those alone."""
    driver = getattr(record, "driver_connection", None) or connection
    with _guarded:
        if type(driver).__module__.startswith("sqlalchemy."):  # before 1.4.24 it is not told
            driver = getattr(driver, "_connection", driver)
        note_pooled(driver)
        inner = getattr(driver, "_connection", None)
        if inner is not None:  # aiosqlite has a thread of its own use the connection
            note_pooled(inner, "threads")


class _CoreRows:
    def __init__(
        self, rows: RowTagger, people: People, texts: TextPlans, tables: KnownTables
    ) -> None:
        self._rows = rows
        self._people = people
        self._texts = texts
        self._tables = tables

    def made(self, context: Any, result: Any, *_: Any) -> None:
        """Look at a new result, before its first row is fetched."""
        metadata = getattr(result, "_metadata", None)
        if metadata is None or is_suppressed():
            return
        compiled = context.compiled
        if not metadata.returns_rows:
            if compiled is None or context.is_text:
                given, number = _written(context)
                self._texts.executed(context.statement, context.dialect.name, given, number)
            return
        new = None
        if compiled is None or context.is_text or not compiled._result_columns:
            plan = self._texts.plan(context.statement, tuple(metadata.keys), context.dialect.name)
            given = only_given(context.parameters)
            new = self._texts.returned(context.statement, context.dialect.name, given)
        else:
            noted = vars(compiled).get(_NOTED)
            if noted is None or noted[0] is not self:
                noted = (self, self._plan(compiled))
                vars(compiled)[_NOTED] = noted
            plan = noted[1]
            given = only_given(context.compiled_parameters)
        read = in_turn(new, None if plan is None else self._rows.reader(plan, given))
        if read is not None:
            indexes = set(plan.indexes() if plan is not None else ())
            _watch(result, metadata, read, indexes | set(range(len(metadata.keys)) if new else ()))

    def _plan(self, compiled: Any) -> RowPlan | None:
        wanted = None
        state = compiled.compile_state
        entities = getattr(state, "_entities", None)
        if entities is not None:
            wanted = _without_objects(entities, compiled._result_columns)
            if wanted is not None and not wanted and not may_look_up(compiled.string):
                return None
        selected = selected_by(compiled)
        for table in tables_of(selected):
            self._tables.note(table.metadata)
        return plan_rows(selected, self._people, wanted)


def _without_objects(entities: Sequence[Any], columns: Sequence[Any]) -> Collection[int] | None:
    """Return the indexes of the columns that do not become objects; None = cannot be told."""
    fetched = []
    for entity in entities:
        if not hasattr(entity, "mapper") or hasattr(entity, "column"):
            column = getattr(entity, "_fetch_column", None)
            if column is None:
                return None
            fetched.append(column)
    return {
        index
        for index, entry in enumerate(columns)
        if any(item is column for item in entry[2] for column in fetched)
    }


def _written(context: Any) -> tuple[Given, Any]:
    """Return what a statement that gives no rows was given, and the number of its new row."""
    count = getattr(context.cursor, "rowcount", -1)
    # PostgreSQL's number is not the row's key.
    numbered = count == 1 and context.dialect.name != "postgresql"
    number = getattr(context.cursor, "lastrowid", None) if numbered else None
    return (only_given(context.parameters) if count else None), number


def _watch(
    result: Any, metadata: Any, read: Callable[[Any], None], indexes: Collection[int]
) -> None:
    narrowed: dict[int, tuple[Any, list[int] | None]] = {}

    def seen(row: Any) -> None:
        parent = row._parent
        if parent is metadata:
            read(row._data)
            return
        # Fewer columns, or in another order: ``scalars(1)``, ``columns("email")``.
        known = narrowed.get(id(parent))
        if known is None:
            known = narrowed[id(parent)] = (parent, _positions(parent, metadata))
        positions = known[1]
        if positions is not None:
            values = dict.fromkeys(indexes)
            values.update(zip(positions, row._data, strict=False))
            read(_Row(values))

    logging = result._row_logging_fn

    def log_row(row: Any) -> Any:
        with _guarded:
            seen(row)
        return logging(row) if logging is not None else row

    result._row_logging_fn = log_row
    made = vars(result).get("_row_getter")
    if isinstance(made, tuple):  # 2.1: made when first asked for, by what it finds then
        del vars(result)["_row_getter"]
    elif made is not None:  # 2.0 has made it already, without a log

        def make_row(raw: Any) -> Any:
            try:
                row = made(raw)
            except BaseException as error:
                del raw
                drop_own_entry(error)
                raise
            with _guarded:
                seen(row)
            return row

        vars(result)["_row_getter"] = make_row


class _Row(dict[int, Any]):
    """The values of some columns by their place in the whole row; others are unknown."""

    def __missing__(self, key: int) -> None:
        return None


def _positions(parent: Any, metadata: Any) -> list[int] | None:
    """Return where in the whole row the columns of a narrowed one stand."""
    translated = getattr(parent, "_translated_indexes", None)
    if translated is not None:
        return list(translated)
    whole = list(metadata.keys)
    kept = list(parent.keys)
    if len(set(whole)) < len(whole):
        return None
    return [whole.index(name) for name in kept] if set(kept) <= set(whole) else None
