"""A personal value in memory: what it is, whose, from where, and what it was computed from."""

from __future__ import annotations

from typing import Any

from sst_otel.datatypes import bits
from sst_otel.tags import Owner

DERIVED = "derived"
ROWS = "db:"
"""What the source of a value begins with that a row has."""
STRONG_BITS = 20.0
"""From here a value may be recognised by content alone (engine section 2)."""
_MAX_OPERATIONS = 12

FOLLOWED, BY_CONTENT, OPAQUE = range(3)
"""How a value is handled: followed through the program, only recognised by its content, or that and
reported by its type alone (:mod:`sst_otel.selection`). The greater is the stricter."""


class Datum:
    """One tagged value of one person; the in-memory side of a :class:`sst_otel.tags.Tag`.

    Mutable in one thing: a visitor's data gets its owner when the account appears. Identity is
    object identity, so a datum can be a dictionary key without its value ever being compared.
    """

    __slots__ = (
        "collected",
        "data_type",
        "folded",
        "handling",
        "operations",
        "owner",
        "parents",
        "senders",
        "source",
        "stored",
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
        """The source data a derived value goes back to, all of the same owner."""
        self.senders: tuple[str, ...] = ()
        """Tag ids under which trusted services have sent it here."""
        self.operations = operations
        """How it was computed, e.g. ``("sub", "truediv", "round")``."""
        self.stored = source.startswith(ROWS)
        """Whether a row that is its person's has it, wherever it was seen first."""
        self.handling = FOLLOWED
        """:data:`FOLLOWED`, :data:`BY_CONTENT` or :data:`OPAQUE`."""
        self.tag: Any = None
        """The :class:`~sst_otel.tags.Tag`, minted when it is first reported."""
        self.collected = False
        """Whether this process has had its provenance record written."""
        self.strength = -1.0
        """Bits of the value; negative = not computed yet."""
        self.folded: tuple[str, ...] | None = None
        """The phrases of its renderings, for comparing whole fields; None = not computed yet."""

    def __repr__(self) -> str:
        return f"<Datum {self.data_type}>"  # never the value: error trackers print locals


def folded_text(datum: Datum) -> str:
    """Return a datum's value as it is compared with what people have typed."""
    return str(datum.value).strip().casefold()


def strength(datum: Datum) -> float:
    """Return the bits of a datum's value, computed once."""
    if datum.strength < 0:
        datum.strength = bits(datum.data_type, datum.value)
    return datum.strength


def derive(parents: tuple[Datum, ...], value: Any, operation: str) -> tuple[Datum, ...]:
    """Return the derived data of ``value``: one per owner of its ``parents``.

    Its parents are the source data, however many steps lie between: the steps are in the
    operations, and no intermediate result is worth a record of its own.
    """
    by_owner: dict[str, tuple[dict[Datum, None], dict[str, None]]] = {}
    for parent in parents:
        sources, operations = by_owner.setdefault(parent.owner.ref, ({}, {}))
        sources.update(dict.fromkeys(parent.parents or (parent,)))
        operations.update(dict.fromkeys(parent.operations))
    derived = []
    for sources, operations in by_owner.values():
        operations[operation] = None
        steps = tuple(operations)[-_MAX_OPERATIONS:]
        owner = next(iter(sources)).owner
        derived.append(Datum(owner, DERIVED, value, "", tuple(sources), steps))
    return tuple(derived)
