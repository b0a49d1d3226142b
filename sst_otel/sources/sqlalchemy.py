"""SQLAlchemy's ORM as a source: loaded rows are tagged as data of the person the row is about.

Only what stands in the instance's own dictionary is read: no attribute access, so nothing is
lazily loaded and no statement is ever caused by us.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import ModuleType
from typing import Any

from sst_otel.guard import guard
from sst_otel.patching import Patches
from sst_otel.registry.identity import marked
from sst_otel.scope import PROCESS, Scope, current_scope
from sst_otel.sources.cells import key_text, scalar, tag_cell
from sst_otel.sources.directory import Directory
from sst_otel.sources.known_tables import override_of_class
from sst_otel.sources.people import People, TablePlan, is_enumeration, may_tell, unique_columns
from sst_otel.sources.signup import signed_up, wrote_themselves
from sst_otel.suppress import is_suppressed
from sst_otel.tagging import Tagger
from sst_otel.tags import NOBODY, Owner

_guarded = guard("source.sqlalchemy")


@dataclass(frozen=True, slots=True)
class _MapperPlan:
    table: TablePlan
    columns: tuple[tuple[str, str, str | None, str], ...]
    """(attribute, column, data type or None, source) of each column worth looking at."""
    names: Mapping[str, str]
    """Attribute → column, of all column attributes."""
    owners: tuple[tuple[str, str], ...]
    """(attribute, column) of what names the person."""
    naming: tuple[tuple[str, str], ...]
    """(attribute, column) of what tells the row's person apart beside the key."""
    public_ids: tuple[str, ...]
    """Attributes that no two rows share: what a session may name an account by instead."""

    constants: frozenset[str]
    """Attributes whose values are the same objects in every row: enumerations."""

    def owner_id(self, values: Mapping[str, Any]) -> str | None:
        """Return the application's id of the person of a row, given its attributes."""
        row = {column: values[name] for name, column in self.owners if name in values}
        return self.table.owner_id(row)


def install(
    tagger: Tagger, people: People, directory: Directory, models: Mapping[str, Any]
) -> Patches:
    """Tag every ORM load, refresh and new account; ``models`` as in sst.yaml."""
    patches = Patches("source.sqlalchemy")
    source = _OrmSource(tagger, people, directory, models)

    def listen(orm: ModuleType) -> None:
        from sqlalchemy import event

        mapper = orm.Mapper
        listeners = (
            ("load", source.loaded),
            ("refresh", source.refreshed),
            ("after_insert", source.inserted),
        )
        for name, act in listeners:
            event.listen(mapper, name, act)
            patches.installed.append(f"sqlalchemy.orm:Mapper {name}")

        def remove() -> None:
            for name, act in listeners:
                event.remove(mapper, name, act)

        patches.on_undo(remove)

    patches.when_imported("sqlalchemy.orm", listen)
    return patches


class _OrmSource:
    def __init__(
        self, tagger: Tagger, people: People, directory: Directory, models: Mapping[str, Any]
    ) -> None:
        self._tagger = tagger
        self._people = people
        self._directory = directory
        self._models = models
        self._plans: dict[type, _MapperPlan] = {}

    def loaded(self, target: Any, _context: Any) -> None:
        """Tag a row that has just become an object."""
        if not is_suppressed():
            with _guarded:
                self._tag(target)

    def refreshed(self, target: Any, _context: Any, _attrs: Any) -> None:
        """Tag attributes that were loaded again or late."""
        if not is_suppressed():
            with _guarded:
                self._tag(target)

    def inserted(self, _mapper: Any, _connection: Any, target: Any) -> None:
        """Tag a new row's values; a new account turns the visitor who signed up into its owner."""
        if is_suppressed():
            return
        with _guarded:
            plan = self._plan(type(target))
            values = vars(target)
            # What was never set has been written as NULL, it is not a column yet to be loaded.
            row = {column: values.get(name) for name, column in plan.owners}
            owner_id = plan.table.owner_id(row)
            if owner_id is None:
                return
            owner = self._tagger.owner(owner_id)
            scope = current_scope()
            types = {name: kind for name, _, kind, _ in plan.columns if kind is not None}
            own = plan.table.own_id(row)
            row = {name: scalar(values.get(name)) for name in plan.names}
            if plan.table.login:
                signed_up(self._tagger, scope, owner, types, row)
                self._tag_values(plan, values, owner, scope)
            else:
                if own is not None:
                    wrote_themselves(self._tagger, scope, owner, types, row)
                # A copy of somebody's data into another table stays theirs.
                new = {name: value for name, value in values.items() if not _is_somebodys(value)}
                self._tag_values(plan, new, owner, scope)

    def _tag(self, target: Any) -> None:
        plan = self._plan(type(target))
        if not plan.columns:
            return
        values = vars(target)
        scope = current_scope()
        owner_id = plan.owner_id(values)
        owner = NOBODY if owner_id is None else self._tagger.owner(owner_id)
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

    def _same_person(
        self, scope: Scope, owner: Owner, plan: _MapperPlan, values: Mapping[str, Any]
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
        self, plan: _MapperPlan, values: Mapping[str, Any], owner: Owner, scope: Scope
    ) -> None:
        for attribute, _, data_type, source in plan.columns:
            stored = values.get(attribute)
            if stored is not None:
                constant = attribute in plan.constants
                tag_cell(self._tagger, stored, data_type, owner, source, scope, constant)

    def _plan(self, model: type) -> _MapperPlan:
        found = self._plans.get(model)
        if found is None:
            found = self._plans[model] = self._make_plan(model)
        return found

    def _make_plan(self, model: type) -> _MapperPlan:
        from sqlalchemy import inspect

        mapper: Any = inspect(model)
        stored = {
            attribute.key: attribute.columns[0]
            for attribute in mapper.column_attrs
            if getattr(attribute.columns[0], "table", None) is not None
        }
        names = {attribute: column.name for attribute, column in stored.items()}
        table = mapper.local_table
        override = override_of_class(model, names, self._models)
        plan = self._people.plan(table, override)
        columns = []
        for attribute, kept in stored.items():
            # A class that inherits has columns in its parents' tables too.
            home = plan if kept.table is table else self._people.plan(kept.table)
            data_type = home.types.get(kept.name)
            if data_type in ("password", "credential"):
                continue  # a secret is nobody's description, and safest where it is not kept
            if data_type is not None or may_tell(kept):
                source = f"db:{home.table}.{kept.name}"
                columns.append((attribute, kept.name, data_type, source))
        keys = {column for column, _ in plan.owners}
        owners = tuple(pair for pair in names.items() if pair[1] in keys)
        public_ids = tuple(
            attribute
            for attribute, column in names.items()
            if plan.types.get(column) in ("email", "username") or column in unique_columns(table)
        )
        constants = frozenset(
            attribute for attribute, column in stored.items() if is_enumeration(column)
        )
        naming = tuple(pair for pair in names.items() if pair[1] in plan.names)
        return _MapperPlan(plan, tuple(columns), names, owners, naming, public_ids, constants)


def _is_somebodys(value: Any) -> bool:
    found = marked(value)
    return found is not None and any(datum.owner.known for datum in found.data)
