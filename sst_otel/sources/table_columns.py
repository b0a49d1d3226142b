"""What a column of a ``sqlalchemy.Table`` can hold, by its type and by what it is unique in."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_DOCUMENTS = frozenset({"JSON", "JSONB", "ARRAY", "HSTORE"})


def is_text(column: Any) -> bool:
    """Whether a ``sqlalchemy.Column`` holds ``str``."""
    return _python_type(column) is str


_WRITTEN = frozenset({"email", "phone", "username", "name", "first_name", "last_name"})
"""Types whose values are written out: no number of a row, and no choice to be told by mail."""


def may_hold(column: Any, data_type: str) -> bool:
    """Whether a ``sqlalchemy.Column`` can hold what its name says: ``email_id`` may be a key."""
    if data_type not in _WRITTEN:
        return True
    kind = _python_type(column)
    if not isinstance(kind, type) or not issubclass(kind, (bool, int)):
        return True
    return data_type == "phone" and not issubclass(kind, bool) and not column.foreign_keys


def _python_type(column: Any) -> Any:
    """Return the type of a column's values in Python; None where SQLAlchemy's type names none."""
    try:
        return column.type.python_type
    except NotImplementedError:  # what ``TypeEngine.python_type`` raises there
        return None


def may_tell(column: Any) -> bool:
    """Whether a ``sqlalchemy.Column`` holds text or documents: they may tell of people."""
    if getattr(column.type, "__visit_name__", "") in _DOCUMENTS:
        return True  # SQLAlchemy 2.1 calls their Python type ``object``
    return is_text(column)


def is_enumeration(column: Any) -> bool:
    """Whether a ``sqlalchemy.Column`` holds one of a few constants."""
    return hasattr(column.type, "enums")


def unique_columns(table: Any) -> set[str]:
    """Return the columns each of which alone tells rows of a ``sqlalchemy.Table`` apart."""
    keys = [*table.indexes, *table.constraints]
    alone = [key for key in keys if len(getattr(key, "columns", ())) == 1]
    unique = [key for key in alone if getattr(key, "unique", False) or _is_unique(key)]
    return {column.name for key in unique for column in key.columns}


def _is_unique(key: Any) -> bool:
    return bool(getattr(key, "__visit_name__", "") == "unique_constraint")


def alternate_keys(table: Any, types: Mapping[str, str]) -> tuple[str, ...]:
    """Return the columns that tell rows apart as well as the key does: an e-mail, a user name."""
    unique = unique_columns(table)
    return tuple(
        column.name
        for column in table.columns
        if not column.primary_key
        and (types.get(column.name) in ("email", "username") or column.name in unique)
    )
