"""Which one table log-ins use: its rows are people by their plain key, all others' after a name.

Told from names and declared columns alone, never from what happens to be read first, so that every
process of an application that declares the same tables says the same. At most one name qualifies:
doctor 1 and patient 1 must never be the same person.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

_RANKS = ("users", "user", "auth_user", "accounts", "account", "members", "member")
LOGIN_NAMES = frozenset(_RANKS)
"""Names of tables that log-ins usually use."""
_USERS = frozenset({"users", "user", "auth_user"})
_ACCOUNT_COLUMNS = ("user_id", "account_id")
_POSTAL = frozenset({"city", "postal_code", "region", "country"})
LOGIN = "sst_login"
"""Key in ``Table.info`` by which a framework has said that log-ins use a table."""
_PASSWORD = re.compile(r"passw|pwd|passhash|pass_hash|^pw_|_pw$|^pin_hash$", re.IGNORECASE)


def login_table(tables: Iterable[Any], is_person: Callable[[Any], bool]) -> str | None:
    """Return the lower-case name of the table that log-ins use, None where it cannot be told.

    ``tables``: ``sqlalchemy.Table`` or what looks like one. In this order: the one a framework has
    declared; one named after users; one with a password, the best-named of several; one named
    after accounts or members; the only one of people. Of equally good ones none: each then needs
    its name before its keys.
    """
    tables = list(tables)
    declared = {str(table.name).lower() for table in tables if _is_declared(table)}
    if len(declared) == 1:
        return declared.pop()
    people: dict[str, None] = {}
    secured: dict[str, None] = {}
    certain = True
    for table in tables:
        if is_person(table):
            people[table.name.lower()] = None
        if has_password(table):
            home = _account_of(table)
            if is_person(home):
                secured[home.name.lower()] = None
        certain = certain and getattr(table, "declared", True)
    users = [name for name in _RANKS if name in people and name in _USERS]
    if users:
        return next((name for name in users if name in secured), users[0])
    if secured:
        return _best(secured)
    if any(name in LOGIN_NAMES for name in people):
        return _best(people)
    # Of tables that only statements named, others may follow.
    return next(iter(people)) if len(people) == 1 and certain else None


def has_password(table: Any) -> bool:
    """Whether people log in with what a row of the table holds."""
    return any(_PASSWORD.search(column.name) for column in table.columns)


def addressed(types: Mapping[str, str]) -> list[str]:
    """Return the columns called ``address`` in which an account's e-mail stands, given its types.

    That is what trackers and list servers call it: where no other column has an e-mail and none
    the rest of a postal address.
    """
    if "email" in types.values() or _POSTAL.intersection(types.values()):
        return []
    streets = [column for column, data_type in types.items() if data_type == "street_address"]
    named = [column for column in streets if column.strip("_").lower() == "address"]
    return named if all("address" in column.lower() for column in streets) else []


def is_account(table: Any) -> bool:
    """Whether a table's rows are accounts by themselves, not parts of another table's."""
    named = has_password(table) or table.name.lower() in LOGIN_NAMES
    return _is_declared(table) or (named and _account_of(table) is table)


def _is_declared(table: Any) -> bool:
    return bool((getattr(table, "info", None) or {}).get(LOGIN))


def target_of(table: Any, column_name: str) -> Any:
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


def _account_of(table: Any) -> Any:
    """Return the table whose rows own this one's: its parent class's, or that of its account."""
    keys = [column.name for column in table.primary_key.columns]
    for name in (*(keys if len(keys) == 1 else ()), *_ACCOUNT_COLUMNS):
        target = target_of(table, name)
        if target is not None and target is not table:
            return target
    return table


def _best(names: Iterable[str]) -> str | None:
    found = list(names)
    if len(found) == 1:
        return found[0]
    named = [name for name in _RANKS if name in found]
    if named:
        return named[0]
    users = [name for name in found if name.endswith(("_user", "_users"))]
    return users[0] if len(users) == 1 else None
