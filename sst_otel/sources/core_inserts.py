"""Accounts that SQLAlchemy Core inserts: the visitor who signed up becomes their owner.

The ORM's own inserts are its mapper events' business (:mod:`sst_otel.sources.sqlalchemy`).
"""

from __future__ import annotations

from types import ModuleType
from typing import Any

from sst_otel.guard import guard
from sst_otel.patching import Patches
from sst_otel.scope import current_scope
from sst_otel.sources.people import People
from sst_otel.sources.signup import signed_up, wrote_themselves
from sst_otel.suppress import is_suppressed
from sst_otel.tagging import Tagger

_PLACE = "source.sqlalchemy"
_guarded = guard(_PLACE)


def install(tagger: Tagger, people: People) -> Patches:
    """Notice every new account that is written without the ORM."""
    patches = Patches(_PLACE)
    source = _CoreInserts(tagger, people)

    def listen(engine: ModuleType) -> None:
        from sqlalchemy import event

        event.listen(engine.Engine, "after_execute", source.executed)
        patches.installed.append("sqlalchemy.engine:Engine after_execute")
        patches.on_undo(lambda: event.remove(engine.Engine, "after_execute", source.executed))

    patches.when_imported("sqlalchemy.engine", listen)
    return patches


class _CoreInserts:
    def __init__(self, tagger: Tagger, people: People) -> None:
        self._tagger = tagger
        self._people = people

    def executed(
        self,
        _connection: Any,
        statement: Any,
        _multiparams: Any,
        _params: Any,
        execution_options: Any,
        result: Any,
    ) -> None:
        """Look at a Core ``insert()`` of one row whose key the database has just given."""
        with _guarded:
            if not getattr(statement, "is_insert", False) or is_suppressed():
                return
            scope = current_scope()
            if not scope.data or "compiled_cache" in execution_options:  # the unit of work's own
                return
            plan = self._people.plan(statement.table)
            row = _row(statement.table, result.context)
            owner_id = plan.owner_id(row) if plan.login else None
            if owner_id is not None:
                signed_up(self._tagger, scope, self._tagger.owner(owner_id), plan.types, row)
                return
            own = plan.own_id(row)
            if own is not None:
                wrote_themselves(self._tagger, scope, self._tagger.owner(own), plan.types, row)


def _row(table: Any, context: Any) -> dict[str, Any]:
    """Return column → value of the one row that was written, its key included; empty for many."""
    keys = getattr(context, "inserted_primary_key_rows", None)
    if context.executemany or len(context.compiled_parameters) != 1 or not keys:
        return {}
    given = context.compiled_parameters[0]
    row = {column.name: given[column.key] for column in table.columns if column.key in given}
    return {**row, **dict(zip((key.name for key in table.primary_key), keys[0], strict=False))}
