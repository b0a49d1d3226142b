"""Whose a database row is: which tables describe people, and which column names the person.

Pure reading of SQLAlchemy table metadata; the result is planned once per table. Owner ids are the
application's own: the plain primary key in the table that log-ins use, ``table:key`` elsewhere, so
that customer 5 is never user 5.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

Classify = Callable[[str, tuple[str, ...], str], "str | None"]
"""``classify(column, sibling columns, table)`` → data type or None."""

_IDENTIFYING = frozenset({"email", "phone", "username", "name", "first_name", "last_name"})
_LOGIN_NAMES = frozenset({"user", "users", "account", "accounts", "member", "members", "auth_user"})
_OWNER_COLUMNS = (
    "user_id",
    "owner_id",
    "customer_id",
    "account_id",
    "member_id",
    "person_id",
    "patient_id",
    "employee_id",
    "profile_id",
)
_ACCOUNT_COLUMNS = ("user_id", "account_id")
_WITH_ACCOUNT = frozenset(
    {"client", "customer", "driver", "employee", "member", "patient", "student", "subscriber"}
)
"""Tables whose rows are people who may have an account of their own, under another table's key."""
_WITHOUT_ACCOUNT = frozenset(
    {"applicant", "attendee", "candidate", "child", "contact", "dependent", "friend", "guest"}
    | {"lead", "participant", "passenger", "person", "recipient", "visitor"}
)
"""Tables whose rows are people in somebody's care or address book: not the ones they refer to."""
_PLURALS = {"people": "person", "children": "child"}
_PASSWORD = re.compile(r"passw|pwd|passhash", re.IGNORECASE)
_ACTOR_COLUMN = re.compile(
    r"(^|_)(by|author|editor|creator|approver|assignee|reviewer|staff|agent|manager|parent|"
    r"referrer|sender|recipient|doctor|physician|therapist|teacher|seller|vendor)(_id)?$"
)
"""Columns that name who did something to the row, not whom it describes."""


@dataclass(frozen=True, slots=True)
class TablePlan:
    """How rows of one table are tagged."""

    table: str
    types: Mapping[str, str]
    """Column name → data type, for the personal columns."""
    owners: tuple[tuple[str, str], ...]
    """(column, prefix) in order: the first that has a value names the person, after the prefix;
    ``""`` is that of the table which log-ins use. Empty when nothing names anybody."""
    login: bool
    """Whether a row *is* an account of the application (its insertion creates a person)."""

    def owner_id(self, row: Mapping[str, Any]) -> str | None:
        """Return the application's id of the person of a row, given its columns.

        A column that was not loaded could have named somebody: then nobody is named.
        """
        for column, prefix in self.owners:
            if column not in row:
                return None
            if row[column] is not None:
                return f"{prefix}{row[column]}"
        return None


class People:
    """Plans tables. ``models`` are overrides by table name (from ``models`` of sst.yaml)."""

    def __init__(self, classify: Classify) -> None:
        self._classify = classify
        self._plans: dict[tuple[Any, bool], TablePlan] = {}

    def plan(self, table: Any, override: Mapping[str, Any] | None = None) -> TablePlan:
        """Return the plan of a ``sqlalchemy.Table``; ``override``: ``{owner, fields}``."""
        key = (table, bool(override))
        found = self._plans.get(key)
        if found is None:
            found = self._plans[key] = self._make(table, override or {})
        return found

    def _make(self, table: Any, override: Mapping[str, Any]) -> TablePlan:
        types = self._types(table)
        for column, data_type in (override.get("fields") or {}).items():
            if data_type in ("off", False):
                types.pop(column, None)
            else:
                types[column] = data_type
        owners = []
        column = override.get("owner") or self._person_key(table)
        if column is not None:
            target = _target(table, column)
            owners.append((column, self._prefix(target if target is not None else table)))
        keys = [key.name for key in table.primary_key.columns]
        if len(keys) == 1 and keys[0] != column and _IDENTIFYING & set(types.values()):
            owners.append((keys[0], self._prefix(table)))  # a guest's order names its own person
        login = self._is_login(table) and (column is None or _target(table, column) is None)
        return TablePlan(table.name, types, tuple(owners), login)

    def _types(self, table: Any) -> dict[str, str]:
        names = tuple(column.name for column in table.columns)
        found = {}
        for name in names:
            data_type = self._classify(name, names, table.name)
            if data_type is not None:
                found[name] = data_type
        return found

    def _person_key(self, table: Any) -> str | None:
        """Return the column that refers to a person in another table."""
        noun = _noun(table.name)
        if noun in _WITHOUT_ACCOUNT and self._is_person(table):
            return None
        if noun in _WITH_ACCOUNT and self._is_person(table):
            return next((name for name in _ACCOUNT_COLUMNS if name in table.columns), None)
        named: dict[str, int] = {}
        for column in table.columns:
            if _ACTOR_COLUMN.search(column.name):
                continue
            target = _target(table, column.name)
            if target is not None and target is not table and self._is_person(target):
                known = column.name in _OWNER_COLUMNS
                named[column.name] = _OWNER_COLUMNS.index(column.name) if known else 50
            elif target is None and column.name in _OWNER_COLUMNS and not column.primary_key:
                named[column.name] = 100 + _OWNER_COLUMNS.index(column.name)
        return min(named, key=lambda name: named[name]) if named else None

    def _is_person(self, table: Any) -> bool:
        return (
            bool(_IDENTIFYING & set(self._types(table).values()))
            and len(table.primary_key.columns) == 1
        )

    def _is_login(self, table: Any) -> bool:
        """Whether log-ins use this table: it has a password, is called so, or is the only one."""
        if not self._is_person(table):
            return False
        people = [other for other in table.metadata.tables.values() if self._is_person(other)]
        with_password = [other for other in people if _has_password(other)]
        if with_password:
            return table in with_password
        named = [other for other in people if other.name.lower() in _LOGIN_NAMES]
        if named:
            return table in named
        return len(people) == 1

    def _prefix(self, table: Any) -> str:
        return "" if self._is_login(table) else f"{table.name}:"


def unique_columns(table: Any) -> set[str]:
    """Return the columns each of which alone tells rows of a ``sqlalchemy.Table`` apart."""
    keys = [*table.indexes, *table.constraints]
    alone = [key for key in keys if len(getattr(key, "columns", ())) == 1]
    unique = [key for key in alone if getattr(key, "unique", False) or _is_unique(key)]
    return {column.name for key in unique for column in key.columns}


def _is_unique(key: Any) -> bool:
    return bool(getattr(key, "__visit_name__", "") == "unique_constraint")


def _noun(table_name: str) -> str:
    """Return what one row of a table is called: ``crm_contacts`` → ``contact``."""
    last = table_name.lower().rpartition("_")[2]
    return _PLURALS.get(last) or last.removesuffix("s")


def _has_password(table: Any) -> bool:
    return any(_PASSWORD.search(column.name) for column in table.columns)


def _target(table: Any, column_name: str) -> Any:
    """Return the table that a column's foreign key points to, or None."""
    column = table.columns.get(column_name)
    if column is None:
        return None
    for key in column.foreign_keys:
        schema, _, name = key.target_fullname.rpartition(".")[0].rpartition(".")
        for candidate in table.metadata.tables.values():
            if candidate.name == name and (not schema or candidate.schema == schema):
                return candidate
    return None
