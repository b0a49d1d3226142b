"""How rows refer to rows of other tables that are somebody's: an order to a profile, to an account.

Pure reading of table metadata. A row that nothing else names a person of belongs to whom the one
row belongs that it refers to.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from sst_otel.sources.accounts import is_account, target_of
from sst_otel.sources.nouns import WITH_ACCOUNT, WITHOUT_ACCOUNT, noun_of
from sst_otel.sources.table_columns import unique_columns

_ACTOR_COLUMN = re.compile(
    r"(^|_)(by|author|editor|creator|approver|assignee|assigned(_to)?|responsible|handler|"
    r"operator|moderator|coordinator|supervisor|representative|salesperson|"
    r"(default|primary|backup|main)_owner|"
    r"reviewer|staff|agent|manager|parent|referrer|inviter|invitor|nominator|"
    r"sender|recipient|doctor|physician|"
    r"therapist|teacher|trainer|instructor|authorizer|actor|seller|vendor)(_id)?$"
)
_ADDRESS_COLUMN = re.compile(
    r"(^|_)(shipping|billing|delivery|invoice|invoicing|mailing|postal|home|residential|customer)"
    r"_?addr(ess)?(_id)?$"
)
_DEEPEST = 4
_PLACES = frozenset({"city", "country", "postal_code"})


def is_actor(column_name: str) -> bool:
    """Whether a column names who did something to the row, not whom it describes."""
    return _ACTOR_COLUMN.search(column_name) is not None


def is_own_address(column_name: str) -> bool:
    """Whether a column names an address that is the row's person's: where an order is sent."""
    return _ADDRESS_COLUMN.search(column_name.lower()) is not None


def is_part_of(table: Any, column_name: str) -> bool:
    """Whether a column that no two accounts share names what is the account's: its settings.

    An account that belongs to one other one, or to a person in somebody's care, does not own them.
    """
    target = target_of(table, column_name)
    return (
        target is not None
        and not is_actor(column_name)
        and not is_account(target)
        and noun_of(target.name) not in WITH_ACCOUNT | WITHOUT_ACCOUNT
    )


def rows_beside(
    table: Any, names: Mapping[str, str], plan: Callable[[Any], Any]
) -> Iterator[tuple[str, str]]:
    """Yield (attribute, prefix) of rows that are this one's person's: addresses and settings.

    ``names``: attribute → column; ``plan``: of a table, as ``People.plan`` has it.
    """
    single = unique_columns(table) if is_account(table) else set()
    for attribute, column in names.items():
        own = is_own_address(column) or (column in single and is_part_of(table, column))
        target = target_of(table, column) if own else None
        if target is not None and target is not table:
            prefix = f"{target.name}:"
            if [found for _, found in plan(target).owners] == [prefix]:
                yield attribute, prefix


def is_target(table: Any, of: Callable[[Any], bool] = lambda _other: True) -> bool:
    """Whether a foreign key of another table, one that ``of`` is true for, points to this one."""
    return any(
        target_of(other, column.name) is table and of(other)
        for other in list(table.metadata.tables.values())
        if other is not table
        for column in other.columns
        if column.foreign_keys
    )


def tells_of_places(table: Any, types: Mapping[str, str], is_person: Callable[[Any], bool]) -> bool:
    """Whether all that a table of nobody's has is where things are: a flat's town, a shop's.

    Of a table that is known from some statements alone the rest may tell more, rows that people's
    refer to may be where they live, and rows without a key are copies of something.
    """
    return (
        getattr(table, "declared", True)
        and len(table.primary_key.columns) == 1
        and set(types.values()) <= _PLACES
        and "address" not in table.name.lower()
        and not is_target(table, is_person)
    )


def through(table: Any, is_somebodys: Callable[[Any], bool]) -> tuple[str, str] | None:
    """Return (column, prefix) of the one foreign key that leads to somebody; of several, none.

    ``is_somebodys``: whether rows of a table are told to be somebody's by a column of theirs.
    """
    found = _leading(table, is_somebodys, 0)
    return found[0] if len(found) == 1 else None


def _leading(table: Any, is_somebodys: Callable[[Any], bool], depth: int) -> list[tuple[str, str]]:
    if depth >= _DEEPEST:
        return []
    found = []
    for column in table.columns:
        if not column.foreign_keys or is_actor(column.name):
            continue
        target = target_of(table, column.name)
        if target is None or target is table:
            continue
        if is_somebodys(target) or len(_leading(target, is_somebodys, depth + 1)) == 1:
            found.append((column.name, f"{target.name}:"))
    return found
