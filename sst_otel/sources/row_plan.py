"""How the rows of one statement are tagged: which outputs are personal, and what tells whose.

Made once per statement from its :class:`~sst_otel.sources.expressions.Selected`; pure.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from sst_otel.sources.expressions import Ref

_LONGEST_NUMBER = 20
Place = tuple[str, Any]
"""Where an owner's key stands: ``("output", index)``, ``("parameter", name or position)`` or
``("literal", value)``."""


@dataclass(frozen=True, slots=True)
class Key:
    """One column that may name the person."""

    prefix: str
    places: tuple[Place, ...]
    """Where its value is to be had, all equal where they are not NULL. Empty = nowhere."""


@dataclass(frozen=True, slots=True)
class Whose:
    """How the owner of some outputs of a row is told."""

    keys: tuple[Key, ...]
    """In order: the first that has a value names the person, as in ``TablePlan.owners``."""
    names: tuple[tuple[str, tuple[Place, ...]], ...]
    """``(column, places)`` of what tells the person apart without being the key: an e-mail."""
    table: str
    prefix: str
    login: bool
    row: Key | None = None
    """The row's own key, where others refer to it by that."""
    through: Key | None = None
    """What refers to somebody's row, where nothing else tells the person."""
    same: Ref | None = None
    """What is equal in all columns of the one person, where nothing tells who it is."""

    def is_told(self) -> bool:
        """Whether the row has all that could name its person: where it is NULL, there is nobody."""
        return bool(self.keys) and all(key.places for key in self.keys)

    def places(self) -> list[tuple[Place, ...]]:
        """Return where everything stands that is asked for the owner."""
        keys = [key for key in (*self.keys, self.row, self.through) if key is not None]
        return [*(key.places for key in keys), *(places for _, places in self.names)]


@dataclass(frozen=True, slots=True)
class Part:
    """What an output holds of one column."""

    data_type: str | None
    """None for text that is looked at for what it is."""
    source: str
    """``db:users.email``"""
    constant: bool = False
    """Whether the object is the same one in every row that has the value."""


@dataclass(frozen=True, slots=True)
class PersonalOutput:
    """One output of a statement that holds personal data."""

    index: int
    parts: tuple[Part, ...]
    how: str
    operations: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class RowPlan:
    """The personal outputs of a statement, by whose they are."""

    people: tuple[tuple[Whose | None, tuple[PersonalOutput, ...]], ...]
    """None: of nobody that could be told."""
    credentials: tuple[tuple[Place, Whose], ...] = ()
    """Where a credential was given that the rows were looked up by, and whose they are then."""

    def _askers(self) -> list[Whose]:
        told = [whose for whose, _ in self.people if whose is not None]
        return [*told, *(whose for _, whose in self.credentials)]

    def holds_a_value(self) -> bool:
        """Whether something other than a short number was written into the statement."""
        return any(
            kind == "literal" and not (where.isdecimal() and len(where) < _LONGEST_NUMBER)
            for whose in self._askers()
            for places in whose.places()
            for kind, where in places
        )

    def indexes(self) -> Collection[int]:
        """Return which outputs are looked at."""
        wanted = {output.index for _, outputs in self.people for output in outputs}
        for whose in self._askers():
            places = [place for found in whose.places() for place in found]
            wanted |= {place for kind, place in places if kind == "output"}
        return wanted
