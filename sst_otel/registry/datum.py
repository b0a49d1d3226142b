"""A personal value in memory: what it is, whose, from where, and what it was computed from."""

from __future__ import annotations

from typing import Any

from sst_otel.tags import Owner

DERIVED = "derived"


class Datum:
    """One tagged value of one person; the in-memory side of a :class:`sst_otel.tags.Tag`.

    Mutable in one thing: a visitor's data gets its owner when the account appears. Identity is
    object identity, so a datum can be a dictionary key without its value ever being compared.
    """

    __slots__ = (
        "data_type",
        "folded",
        "operations",
        "owner",
        "parents",
        "source",
        "strength",
        "tag",
        "value",
    )

    def __init__(
        self,
        owner: Owner,
        data_type: str,
        value: Any,
        source: str,
        parents: tuple[Datum, ...] = (),
        operations: tuple[str, ...] = (),
    ) -> None:
        self.owner = owner
        self.data_type = data_type
        self.value = value
        self.source = source
        self.parents = parents
        """The data a derived value was computed from, all of the same owner."""
        self.operations = operations
        """How it was computed, e.g. ``("sub", "truediv", "round")``."""
        self.tag: Any = None
        """The :class:`~sst_otel.tags.Tag`, minted when it is first reported."""
        self.strength = -1.0
        """Bits of the value; negative = not computed yet."""
        self.folded: tuple[str, ...] | None = None
        """The phrases of its renderings, for comparing whole fields; None = not computed yet."""

    def __repr__(self) -> str:
        return f"<Datum {self.data_type}>"  # never the value: error trackers print locals

    def roots(self) -> tuple[Datum, ...]:
        """Return the source data this one goes back to; itself for a source value."""
        if not self.parents:
            return (self,)
        seen: dict[Datum, None] = {}
        for parent in self.parents:
            for root in parent.roots():
                seen[root] = None
        return tuple(seen)


def derive(parents: tuple[Datum, ...], value: Any, operation: str) -> tuple[Datum, ...]:
    """Return the derived data of ``value``: one per owner of its ``parents``.

    A derived parent hands on its own operations, so the chain reads from source to result.
    """
    by_owner: dict[str, list[Datum]] = {}
    for parent in parents:
        group = by_owner.setdefault(parent.owner.ref, [])
        if parent not in group:
            group.append(parent)
    derived = []
    for group in by_owner.values():
        operations: list[str] = []
        for parent in group:
            operations += [name for name in parent.operations if name not in operations]
        operations.append(operation)
        derived.append(
            Datum(group[0].owner, DERIVED, value, "", tuple(group), tuple(operations[-12:]))
        )
    return tuple(derived)
