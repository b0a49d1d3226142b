"""Plans how the rows of one statement are tagged, once per statement; pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from typing import Any

from sst_otel.sources.credentials import is_credential
from sst_otel.sources.expressions import SAME, Ref, Selected, Value
from sst_otel.sources.people import People
from sst_otel.sources.row_plan import Key, Part, PersonalOutput, Place, RowPlan, Whose
from sst_otel.sources.table_plan import TablePlan

_UNTOLD = frozenset({"password", "credential"})
"""Secrets are nobody's description, and safest where they are not kept."""


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
        credentials = tuple(self._credentials())
        if not personal and all(whose is None or whose.same is not None for whose in groups):
            groups = {}
        if not groups and not credentials:
            return None
        people = tuple((whose, tuple(outputs)) for whose, outputs in groups.items())
        return RowPlan(people, credentials)

    def _credentials(self) -> Iterator[tuple[Place, Whose]]:
        """Yield what the rows' table was asked for by a credential, and whose its rows are."""
        for left, right in self._selected.equal:
            for held, other in ((left, right), (right, left)):
                if len(held.refs) != 1 or held.how != SAME or held.many or other.given is None:
                    continue
                ref = held.refs[0]
                table = self._people.plan(ref.table)
                if other.given[0] != "parameter" or not is_credential(table.table, ref.column):
                    continue
                keys = tuple(
                    Key(prefix, self._places(ref.relation, ref.table, column, held))
                    for column, prefix in table.owners[:1]
                )
                if keys and keys[0].places:
                    yield other.given, Whose(keys, (), table.table, keys[0].prefix, False)

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
            return self._joined(ref, table, keys, value) or self._referred(ref, table, value)
        row = self._key(ref, table.row, value)
        return Whose(keys, names, table.table, table.owners[-1][1], table.login, row)

    def _referred(self, ref: Ref, table: TablePlan, value: Value) -> Whose | None:
        """Return whose a row is by what was seen of the row that it refers to, or of itself."""
        key = self._key(ref, table.through, value) or self._key(ref, table.row, value)
        same = None
        if key is None and table.owners and not value.many:
            same = self._equal.of(Ref(ref.relation, ref.table, table.owners[0][0]))
        if key is None and same is None:
            return None
        return Whose((), (), table.table if key else "", "", False, None, key, same)

    def _key(self, ref: Ref, wanted: tuple[str, str] | None, value: Value) -> Key | None:
        if wanted is None:
            return None
        places = self._places(ref.relation, ref.table, wanted[0], value)
        return Key(wanted[1], places) if places else None

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
