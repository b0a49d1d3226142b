"""Whose a database row is: which tables describe people, and which column names the person.

Pure reading of SQLAlchemy table metadata; the result is planned once per table. Owner ids are the
application's own: the plain primary key in the table that log-ins use, ``table:key`` elsewhere, so
that customer 5 is never user 5.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from sst_otel.selection import UNTRACKED
from sst_otel.sources import references
from sst_otel.sources.accounts import (
    LOGIN_NAMES,
    addressed,
    has_password,
    is_account,
    login_table,
    target_of,
)
from sst_otel.sources.mailboxes import (
    is_configuration,
    is_sender,
    is_site,
    is_things,
    names_several,
    without_mailboxes,
)
from sst_otel.sources.nouns import WITH_ACCOUNT, WITHOUT_ACCOUNT, noun_of
from sst_otel.sources.table_columns import alternate_keys, is_enumeration, may_hold, may_tell
from sst_otel.sources.table_plan import TablePlan

Classify = Callable[[str, tuple[str, ...], str], "str | None"]
"""``classify(column, sibling columns, table)`` → data type or None."""

_IDENTIFYING = frozenset({"email", "phone", "username", "name", "first_name", "last_name"})
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


class People:
    """Plans tables. ``override_of(table)`` gives the ``models`` entry of sst.yaml, if any.

    ``learn(source, handling)`` is told of the columns that are not simply tracked; ``others()``
    gives the tables of the same application that stand in other ``MetaData``.
    """

    def __init__(
        self,
        classify: Classify,
        override_of: Callable[[Any], Mapping[str, Any] | None] = lambda _table: None,
        learn: Callable[[str, int], None] = lambda _source, _handling: None,
        others: Callable[[], Iterable[Any]] = tuple,
    ) -> None:
        self._classify = classify
        self._override_of = override_of
        self._learn = learn
        self._others = others
        self._plans: dict[tuple[Any, bool], TablePlan] = {}

    def plan(self, table: Any, override: Mapping[str, Any] | None = None) -> TablePlan:
        """Return the plan of a ``sqlalchemy.Table``; ``override`` as ``override_of`` has it."""
        table = getattr(table, "current", table)
        key = (table, bool(override))
        found = self._plans.get(key)
        if found is None:
            if override is None:
                override = self._override_of(table)
            found = self._make(table, override or {})
            if getattr(table, "declared", None) is None:  # what statements tell still grows
                self._plans[key] = found
        return found

    def _make(self, table: Any, override: Mapping[str, Any]) -> TablePlan:
        types = self._types(table)
        things = not override and self._is_things(table, types)
        if things:
            configured = is_configuration(table, self.is_personal)
            types = {} if configured else without_mailboxes(types)
        for column, data_type in (override.get("fields") or {}).items():
            if data_type in ("off", False):
                types.pop(column, None)
            else:
                types[column] = data_type
        owners = []
        column = override.get("owner") or self._person_key(table)
        if column is not None:
            owners.append((column, self._referred_prefix(table, column)))
        keys = [key.name for key in table.primary_key.columns]
        if keys[:1] != [column] and self._is_person(table, types):
            owners.append((keys[0], self._prefix(table)))  # a guest's order names its own person
        through = None if owners else references.through(table, self._is_somebodys)
        login = self._is_login(table) and (column is None or target_of(table, column) is None)
        names = (
            alternate_keys(table, types) if keys and [name for name, _ in owners] == keys else ()
        )
        texts = frozenset(
            column.name
            for column in table.columns
            if not things
            and column.name not in types
            and may_tell(column)
            and not column.foreign_keys
            and not is_sender(column.name)
        )
        constants = frozenset(column.name for column in table.columns if is_enumeration(column))
        for column, handling in (override.get("handling") or {}).items():
            self._learn(f"db:{table.name}.{column}", handling)
            if handling == UNTRACKED:
                types.pop(column, None)
        if not (owners or through or override) and self._is_of_places(table, types):
            types = {}
        row = (keys[0], f"{table.name}:") if self._is_meant(table, keys, owners, types) else None
        return TablePlan(
            table.name, types, tuple(owners), login, names, texts, constants, row, things, through
        )

    def _is_meant(self, table: Any, keys: list[str], owners: list[Any], types: Any) -> bool:
        elsewhere = len(keys) == 1 and owners and owners[0][0] != keys[0]
        return bool(elsewhere) and (self._is_person(table, types) or references.is_target(table))

    def _is_of_places(self, table: Any, types: Mapping[str, str]) -> bool:
        found = references.tells_of_places(table, types, self._is_person)
        return found and not self.is_personal(table.name)

    def _is_somebodys(self, table: Any) -> bool:
        return self._person_key(table) not in (None, "owner_id")

    def _types(self, table: Any) -> dict[str, str]:
        names = tuple(column.name for column in table.columns)
        found = {}
        for name in names:
            data_type = self._classify(name, names, table.name)
            if data_type is not None and may_hold(table.columns[name], data_type):
                found[name] = data_type
        if has_password(table):
            found.update(dict.fromkeys(addressed(found), "email"))
        return found

    def _person_key(self, table: Any) -> str | None:
        """Return the column that refers to a person in another table."""
        keys = [column.name for column in table.primary_key.columns]
        parent = target_of(table, keys[0]) if len(keys) == 1 else None
        if parent is not None and parent is not table and self._is_person(parent):
            return str(keys[0])  # one row of both is one person
        if is_account(table) and self._is_person(table):
            return None  # a user is no part of the company that the row refers to
        noun = noun_of(table.name)
        if noun in WITHOUT_ACCOUNT and self._is_person(table):
            return None
        if noun in WITH_ACCOUNT and self._is_person(table):
            return next((name for name in _ACCOUNT_COLUMNS if name in table.columns), None)
        named: dict[str, int] = {}
        for column in table.columns:
            if references.is_actor(column.name):
                continue
            target = target_of(table, column.name)
            if target is not None and target is not table and self._is_person(target):
                known = column.name in _OWNER_COLUMNS
                last = 60 if references.is_own_address(column.name) else 50
                named[column.name] = _OWNER_COLUMNS.index(column.name) if known else last
            elif (
                target is None
                and column.name in _OWNER_COLUMNS
                and not column.primary_key
                and column.name != f"{noun}_id"  # the row's own, as others know it
            ):
                named[column.name] = 100 + _OWNER_COLUMNS.index(column.name)
        return min(named, key=lambda name: named[name]) if named else None

    def _referred_prefix(self, table: Any, column: str) -> str:
        """Return the prefix of the people a column names, by its foreign key or its own name."""
        target = target_of(table, column)
        if target is not None:
            return self._prefix(target)
        noun = column.lower().removesuffix("_id")
        if column not in _OWNER_COLUMNS:
            return self._prefix(table)
        tables = list(table.metadata.tables.values())
        named = [other for other in tables if noun_of(other.name) == noun and other is not table]
        if len(named) == 1 and self._is_person(named[0]):
            return self._prefix(named[0])
        return "" if noun in LOGIN_NAMES or noun == "owner" else f"{noun}s:"

    def prefixes(self, tables: Iterable[Any]) -> tuple[dict[str, str], bool]:
        """Return what the ids of each kind of people begin with, and whether log-ins are tied.

        That is: noun → prefix of the tables that are nobody else's; and whether several of them
        have log-ins, none before the others.
        """
        own = [t for t in tables if self._is_person(t) and self._person_key(t) is None]
        described = [table for table in own if getattr(table, "declared", None) is None]
        logins = {login_table(described, self._is_person) or login_table(own, self._is_person)}
        found: dict[str, set[str]] = {}
        for table in own:
            prefix = "" if table.name.lower() in logins else f"{table.name}:"
            found.setdefault(noun_of(table.name), set()).add(prefix)
        secured = {table.name.lower() for table in own if is_account(table)}
        tied = len(secured) > 1 and not secured & logins
        return {noun: told.pop() for noun, told in found.items() if len(told) == 1}, tied

    def is_personal(self, table_name: str) -> bool:
        """Whether a table's name says that its rows are people."""
        return self._classify("name", (), table_name) is not None

    def _is_person(self, table: Any, types: Mapping[str, str] | None = None) -> bool:
        if len(table.primary_key.columns) != 1:
            return False
        if not getattr(table, "declared", True) and self.is_personal(table.name):
            return True  # what tells the person may be in columns that nothing has named yet
        types = types or self._types(table)
        told = {kind for column, kind in types.items() if not names_several(column)}
        return bool(_IDENTIFYING & told) and not self._is_things(table, types)

    def _is_things(self, table: Any, types: Mapping[str, str]) -> bool:
        if is_things(table, types, _IDENTIFYING, self.is_personal(table.name)):
            return True
        if is_site(table, types, _IDENTIFYING, self.is_personal):
            return not references.is_target(table, lambda other: self.is_personal(other.name))
        return is_configuration(table, self.is_personal)

    def _is_login(self, table: Any) -> bool:
        """Whether log-ins use this table, of all that the application has."""
        if not self._is_person(table):
            return False
        described = list(self._others())
        if getattr(table, "declared", None) is None:
            found = login_table([*described, *table.metadata.tables.values()], self._is_person)
            return bool(found == table.name.lower())
        # What statements tell comes second: it is learnt bit by bit.
        found = login_table(described, self._is_person)
        if found is None:
            found = login_table([*described, *table.metadata.tables.values()], self._is_person)
        return bool(found == table.name.lower())

    def _prefix(self, table: Any) -> str:
        return "" if self._is_login(table) else f"{table.name}:"
