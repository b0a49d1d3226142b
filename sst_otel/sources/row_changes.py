"""Rows that a statement changes: what staff types into one belongs to the row's person.

The statement names the row itself, by its key or by another name of its person. A statement that
changes several people's rows at once says nothing of any of them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sst_otel.scope import PROCESS, current_scope
from sst_otel.sources.cells import key_text
from sst_otel.sources.directory import Directory
from sst_otel.sources.signup import changed, strangers, unchanged
from sst_otel.sources.table_plan import TablePlan
from sst_otel.suppress import is_suppressed
from sst_otel.tagging import Tagger
from sst_otel.tags import NOBODY, Owner

_CHANGING = "what is being written to other people's rows"


class RowChanges:
    """Gives people what others have typed into their rows."""

    def __init__(self, tagger: Tagger, directory: Directory) -> None:
        self._tagger = tagger
        self._directory = directory

    @staticmethod
    def may_matter() -> bool:
        """Whether somebody who is known has typed anything that a change could be about."""
        scope = current_scope()
        return (
            scope is not PROCESS
            and bool(scope.data)
            and scope.known_owner() is not None
            and not is_suppressed()
        )

    def changed(self, plan: TablePlan, named: Mapping[str, Any], new: Mapping[str, Any]) -> None:
        """Look at one row that was changed: ``new`` by column, where ``named`` was in its columns.

        Only values of types that a database gives; others are left out before.
        """
        owner = self._owner(plan, {**named, **new}, named)
        if owner.known:
            scope = current_scope()
            moved = changed(self._tagger, scope, owner, plan.types, new)
            found = set()
            if plan.login or owner != scope.known_owner():
                found = strangers(self._tagger, scope, owner, plan.types, new)
            if moved or found:
                scope.state.setdefault(_CHANGING, []).append((moved, found, owner))

    def settled(self, written: bool) -> None:
        """Note that the statement has been executed; ``written``: whether there was such a row."""
        scope = current_scope()
        changing = scope.state.pop(_CHANGING, ()) if scope is not PROCESS else ()
        for moved, found, owner in changing:
            if not written:
                unchanged(self._tagger, scope, moved)
                continue
            for stranger in found:
                self._tagger.alias(stranger, owner)

    def _owner(self, plan: TablePlan, row: Mapping[str, Any], named: Mapping[str, Any]) -> Owner:
        found = plan.named_by(row)
        if found is None and plan.owners:
            # Its key: what the statement does not speak of may be known of the row.
            column, prefix = plan.owners[-1]
            found = (prefix, named[column]) if prefix and column in named else None
        key = found and key_text(found[1])
        if found is not None and key is not None:
            return self._directory.person(found[0], key)
        if plan.through is not None:
            text = key_text(row.get(plan.through[0]))
            owner = text and self._directory.whose_row(plan.through[1], text)
            if owner:
                return owner
        for column in plan.names:
            text = key_text(named.get(column))
            owner = text and self._directory.whose(plan.table, column, text)
            if owner:
                return owner
        return NOBODY
