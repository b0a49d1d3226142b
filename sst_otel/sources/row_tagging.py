"""Rows as they are fetched: each personal output is tagged as its row's person's."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sst_otel.registry.datum import FOLLOWED, Datum, derive
from sst_otel.registry.identity import MARKABLE, mark
from sst_otel.scope import PROCESS, Scope, current_scope
from sst_otel.sources import credentials
from sst_otel.sources.cells import key_text, scalar, tag_cell
from sst_otel.sources.directory import Directory
from sst_otel.sources.expressions import COMPOSED, SAME
from sst_otel.sources.recognised import is_one_persons, recognised
from sst_otel.sources.row_plan import Part, PersonalOutput, Place, RowPlan, Whose
from sst_otel.tagging import Tagger
from sst_otel.tags import NOBODY, Owner

Given = Mapping[Any, Any] | Sequence[Any] | None
"""One set of parameters, by name or by position; None where there are several sets."""
Row = Sequence[Any]
_MOST_UNSEEN = 2_000
_MOST_STRANGERS = 200
"""Rows of one result that are nobody's before the registry is not asked about others."""
_SHARED = range(-5, 257)
"""Integers of which the interpreter has one object each."""


class RowTagger:
    """Tags rows by plans, for every source that fetches some."""

    def __init__(self, tagger: Tagger, directory: Directory) -> None:
        self._tagger = tagger
        self._directory = directory
        self._unseen: dict[tuple[str, str], Datum] = {}

    def reader(self, plan: RowPlan, given: Given) -> Callable[[Row], None]:
        """Return what tags one row (its values by position) of one execution with ``given``."""
        tagger = self._tagger
        people = []
        for whose, outputs in plan.people:
            cells = [
                (output.index, part.data_type, part.source, part.constant)
                for output in outputs
                if output.how == SAME
                for part in output.parts
            ]
            made = [output for output in outputs if output.how != SAME]
            joined = whose is not None and whose.same is not None
            people.append((whose, cells, made, is_one_persons(cells, joined)))
        session_name = self._session_name(plan)
        asked = current_scope()
        senders = [
            sender
            for place, sender in plan.credentials
            if credentials.is_sent(value_at(place, (), given), asked)
        ]

        strangers = 0

        def read(row: Row) -> None:
            nonlocal strangers
            scope = current_scope()
            for sender in senders:
                credentials.name(tagger, asked, self._owner(sender, row, given))
            for whose, cells, made, alone in people:
                owner = NOBODY
                if whose is not None:
                    owner = self._owner(whose, row, given)
                    if session_name is not None and whose.login and owner.known:
                        self._same_person(session_name, owner, whose, row)
                if alone and not owner.ref:
                    registry = tagger.registry if strangers < _MOST_STRANGERS else None
                    owner = recognised(cells, row, scope, registry)
                    strangers += not owner.ref
                unsigned = not owner.ref and whose is not None and whose.is_told()
                for index, data_type, source, constant in cells:
                    value = row[index]
                    if value is not None and not (unsigned and data_type == "user_content"):
                        tag_cell(tagger, value, data_type, owner, source, scope, constant)
                for output in made:
                    self._made(row[output.index], output, owner, scope)

        return read

    def _owner(self, whose: Whose, row: Row, given: Given) -> Owner:
        for key in whose.keys:
            if not key.places:
                break
            for place in key.places:
                text = key_text(value_at(place, row, given))
                if text is not None:
                    owner = self._directory.person(key.prefix, text)
                    if whose.row is not None and key is whose.keys[0]:
                        own = _name(whose.row.places, row, given)
                        if own is not None:
                            self._directory.learn_row(whose.row.prefix, own, owner)
                    for column, places in whose.names:
                        name = _name(places, row, given)
                        if name is not None:
                            self._directory.learn(owner, whose.table, column, name)
                            if whose.login:
                                self._directory.learn_account(owner, name)
                    return owner
        if whose.through is not None:
            text = _name(whose.through.places, row, given)
            return (text and self._directory.whose_row(whose.through.prefix, text)) or NOBODY
        return self._by_name(whose, row, given)

    def _by_name(self, whose: Whose, row: Row, given: Given) -> Owner:
        for column, places in whose.names:
            name = _name(places, row, given)
            if name is None:
                continue
            found = self._directory.whose(whose.table, column, name)
            if found is not None:
                return found
            if whose.login and any(kind != "output" for kind, _ in places):
                return self._directory.called(whose.table, column, name)
        return NOBODY

    def _session_name(self, plan: RowPlan) -> Owner | None:
        """Return whom the session names by something else than a key, e.g. by e-mail."""
        scope = current_scope()
        if scope is PROCESS or not any(
            whose is not None and whose.login for whose, _ in plan.people
        ):
            return None
        known = scope.known_owner()
        # A key: any count in the row could be the same number.
        return known if known is not None and known.id and not known.id.isdigit() else None

    def _same_person(self, known: Owner, owner: Owner, whose: Whose, row: Row) -> None:
        if known == owner:
            return
        for _, places in whose.names:
            if any(kind == "output" and key_text(row[at]) == known.id for kind, at in places):
                self._tagger.alias(known, owner)
                return

    def _made(self, stored: Any, output: PersonalOutput, owner: Owner, scope: Scope) -> None:
        """Tag what the database has made of columns whose own values are not in the row."""
        value = scalar(stored)
        if type(value) not in MARKABLE or not value:
            return
        handling = self._tagger.selection.source
        data = tuple(
            self._column(part, owner)
            for part in output.parts
            if part.data_type and handling(part.source) == FOLLOWED
        )
        if not data:
            return
        if output.how == COMPOSED:
            mark(value, data, scope, composed=True)
            return
        derived = derive(data, value, output.operations[-1])
        for datum in derived:
            datum.operations = output.operations
            if type(value) is int and value in _SHARED and value > 1 and scope is not PROCESS:
                scope.data[datum] = None  # it has no identity; under a key like "age" it counts
        mark(value, derived, scope)

    def _column(self, part: Part, owner: Owner) -> Datum:
        """Return the datum that stands for a person's value of a column, which stayed behind."""
        key = (owner.ref, part.source)
        found = self._unseen.get(key)
        if found is None:
            if len(self._unseen) >= _MOST_UNSEEN:
                self._unseen.clear()
            assert part.data_type is not None
            found = self._unseen[key] = Datum(owner, part.data_type, "", part.source)
        return found


def value_at(place: Place, row: Row, given: Given) -> Any:
    """Return the value that stands at ``place`` of one row or of what was given."""
    kind, where = place
    if kind == "output":
        return row[where]
    if kind == "literal":
        return where
    if isinstance(given, Mapping):
        return given.get(where)
    if given is not None and type(where) is int and where < len(given):
        return given[where]
    return None


def _name(places: tuple[Place, ...], row: Row, given: Given) -> str | None:
    for place in places:
        text = key_text(value_at(place, row, given))
        if text:
            return text
    return None


def only_given(sets: Any) -> Given:
    """Return the one set of parameters of an execution, None where there are several."""
    if isinstance(sets, Mapping):
        return sets
    if sets is not None and len(sets) == 1:
        only = sets[0]
        return only if isinstance(only, (Mapping, Sequence)) else None
    return None
