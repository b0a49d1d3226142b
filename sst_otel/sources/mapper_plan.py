"""How the objects of one mapped class are tagged: what is known of them before there is any."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sst_otel.sources.accounts import is_account
from sst_otel.sources.nouns import WITHOUT_ACCOUNT, noun_of
from sst_otel.sources.people import People
from sst_otel.sources.references import rows_beside
from sst_otel.sources.table_columns import is_enumeration, may_tell, unique_columns
from sst_otel.sources.table_plan import TablePlan


@dataclass(frozen=True, slots=True)
class MapperPlan:
    """How the objects of one class are tagged."""

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
    refers: tuple[str, str] | None
    """(attribute, prefix) of ``TablePlan.through``."""
    row: tuple[str, str] | None
    """(attribute, prefix) of ``TablePlan.row``."""
    addresses: tuple[tuple[str, str], ...]
    """(attribute, prefix) of rows that are this one's person's, as nothing else says of them."""
    mailboxes: tuple[str, ...]
    """Attributes of things that may hold addresses: those are nobody's."""
    guests: bool
    """Whether rows are people of their own who may turn out to be somebody with an account."""

    def named_by(self, values: Mapping[str, Any]) -> tuple[str, Any] | None:
        """Return (prefix, key) of what names the person of a row, given its attributes."""
        row = {column: values[name] for name, column in self.owners if name in values}
        return self.table.named_by(row)

    def is_unsigned(self, values: Mapping[str, Any]) -> bool:
        """Whether a row, given its attributes, could name its person and names nobody."""
        return bool(self.owners) and all(values.get(name, name) is None for name, _ in self.owners)


def mapper_plan(
    table: Any, stored: Mapping[str, Any], people: People, override: Mapping[str, Any] | None
) -> MapperPlan:
    """Return the plan of a class whose objects are rows of ``table``, a ``sqlalchemy.Table``.

    ``stored``: attribute → its ``sqlalchemy.Column``; ``override``: the class's entry in sst.yaml.
    """
    plan = people.plan(table, override)
    names = {attribute: column.name for attribute, column in stored.items()}
    columns = []
    for attribute, kept in stored.items():
        # A class that inherits has columns in its parents' tables too.
        home = plan if kept.table is table else people.plan(kept.table)
        data_type = home.types.get(kept.name)
        if data_type in ("password", "credential"):
            continue  # a secret is nobody's description, and safest where it is not kept
        referring = bool(kept.foreign_keys) and may_tell(kept)
        if data_type is not None or kept.name in home.texts or referring:
            source = f"db:{home.table}.{kept.name}"
            columns.append((attribute, kept.name, data_type, source))
    keys = {column for column, _ in plan.owners}
    owners = tuple(pair for pair in names.items() if pair[1] in keys)
    unique = unique_columns(table)
    public_ids = tuple(
        attribute
        for attribute, column in names.items()
        if plan.types.get(column) in ("email", "username") or column in unique
    )
    constants = frozenset(
        attribute for attribute, column in stored.items() if is_enumeration(column)
    )
    naming = tuple(pair for pair in names.items() if pair[1] in plan.names)
    refers, row = _attribute(names, plan.through), _attribute(names, plan.row)
    return MapperPlan(
        plan,
        tuple(columns),
        names,
        owners,
        naming,
        public_ids,
        constants,
        refers,
        row,
        tuple(rows_beside(table, names, people.plan)),
        tuple(name for name, kept in stored.items() if plan.things and may_tell(kept)),
        not is_account(table) and bool(plan.owners) and _is_own(plan, f"{plan.table}:"),
    )


def _is_own(plan: TablePlan, prefix: str) -> bool:
    return plan.owners[-1][1] == prefix and noun_of(plan.table) not in WITHOUT_ACCOUNT


def _attribute(names: Mapping[str, str], wanted: tuple[str, str] | None) -> tuple[str, str] | None:
    """Return ``wanted`` with the attribute instead of its column."""
    if wanted is None:
        return None
    return next(((name, wanted[1]) for name, column in names.items() if column == wanted[0]), None)
