"""Rows that SQLAlchemy Core inserts: the visitor who signed up becomes an account's owner.

The ORM's own inserts are its mapper events' business (:mod:`sst_otel.sources.sqlalchemy`).
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from types import ModuleType
from typing import Any

from sst_otel.guard import guard
from sst_otel.patching import Patches
from sst_otel.scope import current_scope
from sst_otel.sources.core_updates import CoreUpdates
from sst_otel.sources.people import People
from sst_otel.sources.row_changes import RowChanges
from sst_otel.sources.row_tagging import only_given
from sst_otel.sources.signup import wrote_account, wrote_themselves
from sst_otel.sources.text_plans import TextPlans
from sst_otel.suppress import is_suppressed
from sst_otel.tagging import Tagger

_PLACE = "source.sqlalchemy"
_guarded = guard(_PLACE)
_MOST_ROWS = 100
"""Of one statement; an import of more is no form that somebody has typed."""


def install(tagger: Tagger, people: People, changes: RowChanges, texts: TextPlans) -> Patches:
    """Notice what is written without the ORM's objects: new accounts, and changes."""
    patches = Patches(_PLACE)
    source = _CoreWrites(tagger, people, changes, texts)

    def listen(engine: ModuleType) -> None:
        from sqlalchemy import event

        for name, act in (
            ("before_cursor_execute", source.executing),
            ("after_cursor_execute", source.ended),
            ("after_execute", source.executed),
        ):
            event.listen(engine.Engine, name, act)
            patches.installed.append(f"sqlalchemy.engine:Engine {name}")
            patches.on_undo(partial(event.remove, engine.Engine, name, act))

    patches.when_imported("sqlalchemy.engine", listen)
    return patches


class _CoreWrites:
    def __init__(
        self, tagger: Tagger, people: People, changes: RowChanges, texts: TextPlans
    ) -> None:
        self._tagger = tagger
        self._people = people
        self._changes = changes
        self._texts = texts
        self._updates = CoreUpdates(people, changes)

    def executing(
        self,
        _connection: Any,
        _cursor: Any,
        _statement: str,
        _parameters: Any,
        context: Any,
        _several: bool,
    ) -> None:
        """Look at a change of rows before it leaves: the statement itself is a share of theirs."""
        with _guarded:
            if context is None or not self._changes.may_matter():
                return
            compiled = context.compiled
            if compiled is None or context.is_text:
                given = only_given(context.parameters)
                self._texts.executing(context.statement, context.dialect.name, given)
            elif context.isupdate:
                self._updates.executing(compiled.statement.table, context)

    def ended(
        self, _connection: Any, cursor: Any, _statement: str, _parameters: Any, *_: Any
    ) -> None:
        """Look whether there was a row to change."""
        with _guarded:
            self._changes.settled(getattr(cursor, "rowcount", -1) != 0)

    def executed(
        self,
        _connection: Any,
        statement: Any,
        _multiparams: Any,
        _params: Any,
        execution_options: Any,
        result: Any,
    ) -> None:
        """Look at an ``insert()`` whose keys are known now."""
        with _guarded:
            if not getattr(statement, "is_insert", False) or is_suppressed():
                return
            scope = current_scope()
            if not scope.data or "compiled_cache" in execution_options:  # the unit of work's own
                return
            plan = self._people.plan(statement.table)
            for row in _rows(statement.table, result.context):
                owner_id = plan.owner_id(row) if plan.login else None
                if owner_id is not None:
                    wrote_account(self._tagger, scope, self._tagger.owner(owner_id), plan, row)
                    continue
                own = plan.own_id(row)
                if own is not None:
                    wrote_themselves(self._tagger, scope, self._tagger.owner(own), plan.types, row)


def _rows(table: Any, context: Any) -> Iterator[dict[str, Any]]:
    """Yield column → value of the rows that were written, their keys included.

    None where the database has not told the keys: of many rows it does if it is asked for some.
    """
    keys = getattr(context, "inserted_primary_key_rows", None) or ()
    if not 0 < len(keys) == len(context.compiled_parameters) <= _MOST_ROWS:
        return
    names = [column.name for column in table.primary_key]
    columns = [(column.name, column.key) for column in table.columns]
    for given, key in zip(context.compiled_parameters, keys, strict=True):
        if None not in tuple(key):
            row = {name: given[parameter] for name, parameter in columns if parameter in given}
            yield {**row, **dict(zip(names, key, strict=False))}
