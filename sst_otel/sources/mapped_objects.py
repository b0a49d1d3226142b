"""Objects that an object-relational mapper makes of rows: tagged as data of the row's person.

Only what stands in the object's own dictionary is read: no attribute access, so nothing is lazily
loaded and no statement is ever caused by us.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from sst_otel.guard import guard
from sst_otel.registry.identity import marked
from sst_otel.scope import PROCESS, Scope, current_scope
from sst_otel.sources.cells import key_text, scalar, tag_cell
from sst_otel.sources.directory import Directory
from sst_otel.sources.mapper_plan import MapperPlan
from sst_otel.sources.signup import (
    changed,
    copied_from,
    entering,
    signed_up,
    turned_out,
    wrote_themselves,
)
from sst_otel.suppress import is_suppressed
from sst_otel.tagging import Tagger
from sst_otel.tags import NOBODY, Owner

_MOST_GUESTS = 20_000


class MappedObjects:
    """Tags objects by the plans of their classes. ``place``: where our failures count."""

    def __init__(
        self,
        place: str,
        tagger: Tagger,
        directory: Directory,
        make_plan: Callable[[type], MapperPlan],
    ) -> None:
        self._guarded = guard(place)
        self._tagger = tagger
        self._directory = directory
        self._make_plan = make_plan
        self._plans: dict[type, MapperPlan] = {}
        self._guests: dict[str, None] = {}
        """Owners that are known by a row of theirs alone."""

    def loaded(self, target: Any, *_: Any) -> None:
        """Tag an object that a row has just become, or attributes that were loaded late."""
        if not is_suppressed():
            with self._guarded:
                self._tag(target)

    def inserted(self, target: Any) -> None:
        """Tag a new row's values; a new account turns the visitor who signed up into its owner."""
        if not is_suppressed():
            with self._guarded:
                self._tag_new(target)

    def inserting(self, target: Any) -> None:
        """Give the person of a row what somebody else has typed, before the row is written."""
        scope = current_scope()
        if scope is not PROCESS and scope.data and not is_suppressed():
            with self._guarded:
                if scope.known_owner() is None:
                    return
                plan, values = self._plan(type(target)), vars(target)
                owner = self._owner(plan, plan.named_by(values), values)
                if not owner.known and not plan.table.login:
                    return
                row = {name: scalar(values.get(name)) for name in plan.names}
                if owner.known:
                    changed(self._tagger, scope, owner, _types(plan), row)
                else:
                    entering(self._tagger, scope, _types(plan), row)

    def updated(self, target: Any) -> None:
        """Give a row's person what somebody else has typed into it, once it is written."""
        scope = current_scope()
        if scope is not PROCESS and scope.data and not is_suppressed():
            with self._guarded:
                plan, values = self._plan(type(target)), vars(target)
                owner = self._owner(plan, plan.named_by(values), values)
                if owner.known:
                    row = {name: scalar(values.get(name)) for name in plan.names}
                    changed(self._tagger, scope, owner, _types(plan), row)
                    if plan.table.login or owner != scope.known_owner():
                        turned_out(self._tagger, scope, owner, _types(plan), row)

    def _tag_new(self, target: Any) -> None:
        plan = self._plan(type(target))
        values = vars(target)
        # What was never set has been written as NULL, it is not a column yet to be loaded.
        row = {column: values.get(name) for name, column in plan.owners}
        owner = self._owner(plan, plan.table.named_by(row), values)
        if owner == NOBODY:
            self._learn_mailboxes(plan, values)
            return
        scope = current_scope()
        types = _types(plan)
        own = plan.table.own_id(row)
        row = {name: scalar(values.get(name)) for name in plan.names}
        if plan.table.login:
            signed_up(self._tagger, scope, owner, types, row)
            self._tag_values(plan, values, owner, scope)
        else:
            copied = copied_from(scope, owner, plan.table, types, row)
            if own is None:
                if copied is not None and copied.id and copied.ref in self._guests:
                    self._directory.learn_row(*_own_key(copied.id), owner)
            elif copied is None:
                wrote_themselves(self._tagger, scope, owner, types, row)
            else:
                self._directory.learn_row(*_own_key(own), copied)
                owner = copied
            # A copy of somebody's data into another table stays theirs.
            new = {name: value for name, value in values.items() if not _is_somebodys(value)}
            self._tag_values(plan, new, owner, scope)

    def _tag(self, target: Any) -> None:
        plan = self._plan(type(target))
        values = vars(target)
        self._learn_mailboxes(plan, values)
        if not plan.columns and plan.row is None:
            return
        scope = current_scope()
        owner = self._owner(plan, plan.named_by(values), values)
        if plan.table.login and scope is not PROCESS:
            self._same_person(scope, owner, plan, values)
        if owner.known:
            for attribute, column in plan.naming:
                name = key_text(values.get(attribute))
                if name:
                    self._directory.learn(owner, plan.table.table, column, name)
                    if plan.table.login:
                        self._directory.learn_account(owner, name)
        self._tag_values(plan, values, owner, scope)

    def _owner(
        self, plan: MapperPlan, named_by: tuple[str, Any] | None, values: Mapping[str, Any]
    ) -> Owner:
        """Return whose a row is, and note it for the rows that refer to it."""
        if named_by is not None:
            prefix, key = named_by
            owner = self._directory.person(prefix, f"{key}")
        else:
            found = None
            if plan.refers is not None:
                text = key_text(values.get(plan.refers[0]))
                found = text and self._directory.whose_row(plan.refers[1], text)
            owner = found or NOBODY
        if plan.row is not None and owner.known:
            text = key_text(values.get(plan.row[0]))
            if text is not None and f"{plan.row[1]}{text}" != owner.id:
                self._directory.learn_row(plan.row[1], text, owner)
        if owner.known:
            for attribute, prefix in plan.addresses:
                text = key_text(values.get(attribute))
                if text is not None:
                    self._directory.learn_row(prefix, text, owner)
            if plan.guests and (owner.id or "").startswith(f"{plan.table.table}:"):
                self._guests[owner.ref] = None
                if len(self._guests) > _MOST_GUESTS:
                    self._guests.clear()
        return owner

    def _learn_mailboxes(self, plan: MapperPlan, values: Mapping[str, Any]) -> None:
        for attribute in plan.mailboxes:
            self._tagger.registry.mailboxes.learn(values.get(attribute))

    def _same_person(
        self, scope: Scope, owner: Owner, plan: MapperPlan, values: Mapping[str, Any]
    ) -> None:
        """Join the person the session names by e-mail or a public id with the row's owner."""
        known = scope.known_owner()
        if known is None or known == owner or known.id is None or not owner.known:
            return
        if known.id.isdigit():
            return  # a key: any count in the row could be the same number
        for attribute in plan.public_ids:
            if str(values.get(attribute)) == known.id:
                self._tagger.alias(known, owner)
                return

    def _tag_values(
        self, plan: MapperPlan, values: Mapping[str, Any], owner: Owner, scope: Scope
    ) -> None:
        unsigned = not owner.ref and plan.is_unsigned(values)
        for attribute, _, data_type, source in plan.columns:
            stored = values.get(attribute)
            if stored is not None and not (unsigned and data_type == "user_content"):
                constant = attribute in plan.constants
                if data_type == "email" and owner.ref:
                    self._tagger.registry.mailboxes.concede(stored)
                tag_cell(self._tagger, stored, data_type, owner, source, scope, constant)

    def _plan(self, model: type) -> MapperPlan:
        found = self._plans.get(model)
        if found is None:
            found = self._plans[model] = self._make_plan(model)
        return found


def _types(plan: MapperPlan) -> dict[str, str]:
    return {name: kind for name, _, kind, _ in plan.columns if kind is not None}


def _own_key(own_id: str) -> tuple[str, str]:
    prefix, colon, key = own_id.partition(":")
    return prefix + colon, key


def _is_somebodys(value: Any) -> bool:
    found = marked(value)
    return found is not None and any(datum.owner.known for datum in found.data)
