"""How rows of one table are tagged: which columns are personal, and which name the person."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


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
    names: tuple[str, ...] = ()
    """Columns that tell the row's person apart as well as the key does: an e-mail, a user name."""
    texts: frozenset[str] = frozenset()
    """Columns of text that say nothing by their name; a value may."""
    constants: frozenset[str] = frozenset()
    """Columns whose values are the same objects in every row: enumerations."""
    row: tuple[str, str] | None = None
    """(key, prefix) by which other tables refer to rows that are somebody else's here."""
    things: bool = False
    """Whether rows are things that one can write to: what addresses they have are nobody's."""
    through: tuple[str, str] | None = None
    """(column, prefix) of what refers to such a row, where nothing else names the person."""

    def may_tell(self, column: str) -> bool:
        """Whether a column holds something personal, or text in which there could be some."""
        return column in self.types or column in self.texts

    def named_by(self, row: Mapping[str, Any]) -> tuple[str, Any] | None:
        """Return (prefix, key) of what names the person of a row, given its columns.

        A column that was not loaded could have named somebody: then nobody is named.
        """
        for column, prefix in self.owners:
            if column not in row:
                return None
            if row[column] is not None:
                return prefix, row[column]
        return None

    def owner_id(self, row: Mapping[str, Any]) -> str | None:
        """Return the application's id of the person of a row, given its columns."""
        found = self.named_by(row)
        return None if found is None else f"{found[0]}{found[1]}"

    def own_id(self, row: Mapping[str, Any]) -> str | None:
        """Return the id of the person that the row itself is, None where it is somebody else's."""
        if self.login or not self.owners:
            return None
        column, prefix = self.owners[-1]
        found = self.owner_id(row)
        return found if prefix == f"{self.table}:" and found == f"{prefix}{row[column]}" else None
