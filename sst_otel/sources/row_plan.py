"""How the rows of one statement are tagged: which outputs are personal, and what tells whose.

Made once per statement from its :class:`~sst_otel.sources.expressions.Selected`; pure.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Any

from sst_otel.sources.expressions import SAME, Ref, Selected, Value
from sst_otel.sources.people import People, TablePlan

_UNTOLD = frozenset({"password", "credential"})
"""Secrets are nobody's description, and safest where they are not kept."""
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

    def holds_a_value(self) -> bool:
        """Whether something other than a short number was written into the statement."""
        return any(
            kind == "literal" and not (where.isdecimal() and len(where) < _LONGEST_NUMBER)
            for whose, _ in self.people
            if whose is not None
            for places in (*(key.places for key in whose.keys), *(at for _, at in whose.names))
            for kind, where in places
        )

    def indexes(self) -> Collection[int]:
        """Return which outputs are looked at."""
        wanted = {output.index for _, outputs in self.people for output in outputs}
        for whose, _ in self.people:
            if whose is not None:
                places = [place for key in whose.keys for place in key.places]
                places += [place for _, found in whose.names for place in found]
                wanted |= {place for kind, place in places if kind == "output"}
        return wanted


def plan_rows(
    selected: Selected, people: People, wanted: Collection[int] | None = None
) -> RowPlan | None:
    """Return the plan of a statement's rows, None where nothing in them is personal.

    ``wanted``: the outputs to tag, where others are tagged elsewhere; None = all.
    """
    return _Planner(selected, people).plan(wanted)


class _Planner:
    def __init__(self, selected: Selected, people: People) -> None:
        self._selected = selected
        self._people = people
        self._equal = _Classes(selected.equal)
        self._constant = {self._equal.of(ref) for ref in selected.grouped}

    def plan(self, wanted: Collection[int] | None) -> RowPlan | None:
        groups: dict[Whose | None, list[PersonalOutput]] = {}
        for index, value in enumerate(self._selected.outputs):
            if not value.refs or (wanted is not None and index not in wanted):
                continue
            for whose, output in self._outputs(index, value):
                groups.setdefault(whose, []).append(output)
        personal = any(
            part.data_type is not None
            for outputs in groups.values()
            for output in outputs
            for part in output.parts
        )
        if not personal and all(whose is None for whose in groups):
            return None
        return RowPlan(tuple((whose, tuple(outputs)) for whose, outputs in groups.items()))

    def _outputs(self, index: int, value: Value) -> Iterable[tuple[Whose | None, PersonalOutput]]:
        """Yield what is personal in one output, by whose it is."""
        by_person: dict[Whose | None, dict[Part, None]] = {}
        for ref in value.refs:
            table = self._people.plan(ref.table)
            data_type = table.types.get(ref.column)
            if data_type in _UNTOLD:
                continue
            if data_type is None and not self._may_be_text(table, value, ref):
                continue
            whose = self._whose(ref, table, value)
            constant = ref.column in table.constants
            place = f"{table.table}.{ref.column}" if table.table else ref.column
            part = Part(data_type, f"db:{place}", constant)
            by_person.setdefault(whose, {})[part] = None
        if value.how == SAME and len(value.refs) > 1:
            by_person = self._of_one(by_person, value)
        for whose, parts in by_person.items():
            yield whose, PersonalOutput(index, tuple(parts), value.how, value.operations)

    def _of_one(
        self, by_person: dict[Whose | None, dict[Part, None]], value: Value
    ) -> dict[Whose | None, dict[Part, None]]:
        """One of several columns' values, we cannot see which: typed by the first."""
        parts = [part for found in by_person.values() for part in found if part.data_type]
        if not parts:
            return {}
        sure = len(by_person) == 1 and value.branches in (1, len(value.refs))
        whose = next(iter(by_person)) if sure else None
        return {whose: {parts[0]: None}}

    @staticmethod
    def _may_be_text(table: TablePlan, value: Value, ref: Ref) -> bool:
        return value.how == SAME and bool(table.owners or table.types) and ref.column in table.texts

    def _whose(self, ref: Ref, table: TablePlan, value: Value) -> Whose | None:
        keys = tuple(
            Key(prefix, self._places(ref.relation, ref.table, column, value))
            for column, prefix in table.owners
        )
        names = tuple(
            (column, places)
            for column in table.names
            if (places := self._places(ref.relation, ref.table, column, value))
        )
        if not names and not (keys and keys[0].places):
            return self._joined(ref, table, keys, value)
        return Whose(keys, names, table.table, table.owners[-1][1], table.login)

    def _joined(
        self, ref: Ref, table: TablePlan, keys: tuple[Key, ...], value: Value
    ) -> Whose | None:
        """Return whose a row is by the name of the person that it is joined with.

        ``SELECT users.email, notes.text … ON users.id = notes.user_id`` holds no key.
        """
        if not table.owners:
            return None
        wanted = self._equal.of(Ref(ref.relation, ref.table, table.owners[0][0]))
        for other in dict.fromkeys(ref for out in self._selected.outputs for ref in out.refs):
            person = self._people.plan(other.table)
            if other.relation == ref.relation or not person.names:
                continue
            if self._equal.of(Ref(other.relation, other.table, person.owners[0][0])) == wanted:
                names = tuple(
                    (column, places)
                    for column in person.names
                    if (places := self._places(other.relation, other.table, column, value))
                )
                if names:
                    return Whose(keys, names, person.table, person.owners[-1][1], person.login)
        return None

    def _places(self, relation: Any, table: Any, column: str, held: Value) -> tuple[Place, ...]:
        wanted = self._equal.of(Ref(relation, table, column))
        # What one part of a UNION is bound to says nothing of rows of the others.
        given = self._equal.given.get(wanted, []) if held.branches == 1 else []
        if held.many and not given and wanted not in self._constant:
            return ()  # values of several people went into it
        outputs: list[Place] = [
            ("output", index)
            for index, value in enumerate(self._selected.outputs)
            if value.how == SAME
            and not value.many
            and len(value.refs) == value.branches
            and any(self._equal.of(ref) == wanted for ref in value.refs)
        ]
        return tuple([*outputs, *given])


class _Classes:
    """Columns that are equal in every row, and what they are equal to from outside."""

    def __init__(self, pairs: Iterable[tuple[Value, Value]]) -> None:
        self._parent: dict[Ref, Ref] = {}
        self.given: dict[Ref, list[Place]] = {}
        given: list[tuple[Ref, Place]] = []
        for left, right in pairs:
            one, other = _single(left), _single(right)
            if one is not None and other is not None:
                self._parent[self.of(one)] = self.of(other)
            elif one is not None and right.given is not None:
                given.append((one, right.given))
            elif other is not None and left.given is not None:
                given.append((other, left.given))
        for ref, place in given:
            self.given.setdefault(self.of(ref), []).append(place)

    def of(self, ref: Ref) -> Ref:
        """Return the column that stands for all that are equal to ``ref``."""
        while ref in self._parent and self._parent[ref] != ref:
            ref = self._parent[ref]
        return ref


def _single(value: Value) -> Ref | None:
    if value.how != SAME or value.many or len(value.refs) != 1:
        return None
    return value.refs[0]
