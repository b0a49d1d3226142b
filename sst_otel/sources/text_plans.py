"""Plans for the rows of SQL text, cached by statement.

A statement in which no word names anything personal is done with at that: the parser is not even
imported for it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any

from sst_otel.locks import new_lock
from sst_otel.missed import STATEMENTS, missed
from sst_otel.sources.credentials import may_look_up
from sst_otel.sources.people import People
from sst_otel.sources.row_changes import RowChanges
from sst_otel.sources.row_plan import RowPlan
from sst_otel.sources.row_planning import plan_rows
from sst_otel.sources.row_tagging import Given
from sst_otel.sources.schema_book import SchemaBook, declared_by
from sst_otel.sources.text_inserts import TextInserts, is_insert, is_insert_of_all
from sst_otel.sources.text_updates import TextUpdates, is_update
from sst_otel.sql_text import LONGEST, parse
from sst_otel.tagging import Tagger

_READS = re.compile(
    r"[\s(]*(select|with|values|table)\b|.*?\breturning\b", re.IGNORECASE | re.DOTALL
)
_CREATES = re.compile(r"\s*(--[^\n]*\s*)*create\s+(\w+\s+)?table\b", re.IGNORECASE)
_ANY_CREATE = re.compile(r"\bcreate\s+(\w+\s+)?table\b", re.IGNORECASE)
_DECLARES = re.compile(r"\s*declare\s+.*?\bcursor\b.*?\bfor\s+", re.IGNORECASE | re.DOTALL)
_WORD = re.compile(r"[^\W\d]\w+")
_MOST = 2_000
_MOST_WORDS = 300
_FOR_EVER = -1
Key = tuple[int, tuple[str, ...], str]


class TextPlans:
    """How rows of statements written as text are tagged.

    ``is_personal_name(word)``: whether a column of that name could be personal at all.
    ``tables(name, schema)``: the ``sqlalchemy.Table`` of that name, None where none is known.
    ``tagger``: tells who signs up by statements; without it nobody does. ``changes``: takes the
    rows that statements change.
    """

    def __init__(
        self,
        people: People,
        is_personal_name: Callable[[str], bool],
        tables: Callable[[str, str], Any],
        tagger: Tagger | None = None,
        changes: RowChanges | None = None,
    ) -> None:
        self._people = people
        self._is_personal_name = lru_cache(maxsize=10_000)(is_personal_name)
        self._tables = tables
        self._plans: dict[Key, tuple[int, RowPlan | None]] = {}
        self.silent: dict[int, bool] = {}
        """``hash(statement)`` → what :meth:`is_silent` answered."""
        self._lock = new_lock()
        self.book = SchemaBook(people.is_personal)
        self._inserts = (
            None
            if tagger is None
            else TextInserts(tagger, people, self._table, self._learn_columns)
        )
        self._updates = None if changes is None else TextUpdates(people, self._table, changes)

    def plan(self, statement: str, names: tuple[str, ...], dialect: str) -> RowPlan | None:
        """Return the plan of a statement's rows; None where nothing personal is in them.

        ``names``: the columns as the cursor describes them; ``dialect``: SQLAlchemy's name of it.
        """
        # By digests: a statement may have somebody's value written into it.
        key = (hash(statement), names, dialect)
        known = self._plans.get(key)
        if known is not None and known[0] in (self.book.version, _FOR_EVER):
            return known[1]
        plan = None
        version = _FOR_EVER  # nothing that is learnt later changes what no word speaks of
        if names and self._says_something(statement[:LONGEST], names):
            plan = self._make(statement, names, dialect)
            version = self.book.version
        if plan is None or not plan.holds_a_value():
            with self._lock:
                if len(self._plans) >= _MOST:
                    self._plans.clear()
                self._plans[key] = (version, plan)
        return plan

    def is_silent(self, statement: str) -> bool:
        """Whether a statement is known to give no personal rows, whatever its columns."""
        key = hash(statement)
        known = self.silent.get(key)
        if known is None:
            known = not (
                "*" in statement
                or _ANY_CREATE.search(statement)
                or self._says_something(statement, ())
                or is_insert_of_all(statement)
                or (
                    (is_insert(statement) or is_update(statement))
                    and self._names_something(statement, ())
                )
            )
            with self._lock:
                if len(self.silent) >= _MOST:
                    self.silent.clear()
                self.silent[key] = known
        return known

    def executed(
        self, statement: str, dialect: str, given: Given = None, number: Any = None
    ) -> None:
        """Learn from a statement that gives no rows: ``CREATE TABLE``, new accounts, changes.

        ``given``: its parameters; ``number``: what the driver says is the new row's.
        """
        if self._inserts is not None:
            self._inserts.written(statement, dialect, self.book.version, given, number)
        self._changed(statement, dialect, given, done=True)
        if len(statement) > 10 * LONGEST or not _ANY_CREATE.search(statement):
            return
        for one in statement.split(";"):  # a script; none of it is run by us
            if _CREATES.match(one) and len(one) <= LONGEST:
                self._learn(one, dialect)

    def executing(self, statement: str, dialect: str, given: Given) -> None:
        """Look at a statement that is about to change a row of somebody's, or make them one."""
        self._changed(statement, dialect, given)
        if self._inserts is not None:
            self._inserts.writing(statement, dialect, self.book.version, given)

    def returned(
        self, statement: str, dialect: str, given: Given
    ) -> Callable[[Sequence[Any]], None] | None:
        """Return what is to see the rows (values by position) that an ``INSERT`` returns."""
        self._changed(statement, dialect, given, done=True)
        if self._inserts is None:
            return None
        return self._inserts.reader(statement, dialect, self.book.version, given)

    def _changed(self, statement: str, dialect: str, given: Given, done: bool = False) -> None:
        if self._updates is not None:
            self._updates.written(statement, dialect, self.book.version, given, done)

    def _learn_columns(self, table: Any, columns: Sequence[str]) -> None:
        if table.metadata is self.book and not table.declared:
            self.book.note(table.name, columns)

    def _learn(self, statement: str, dialect: str) -> None:
        parsed = parse(statement, dialect, formats=False)
        if parsed is not None:
            from sqlglot import exp

            found = declared_by(parsed.tree, exp)
            if found is not None:
                self.book.declare(*found)

    def _says_something(self, statement: str, names: tuple[str, ...]) -> bool:
        if not _READS.match(statement) and not _DECLARES.match(statement):
            return False
        return may_look_up(statement) or self._names_something(statement, names)

    def _names_something(self, statement: str, names: tuple[str, ...]) -> bool:
        words = dict.fromkeys([*names, *_WORD.findall(statement)])
        return any(self._is_personal_name(word) for word in list(words)[:_MOST_WORDS])

    def _make(self, statement: str, names: tuple[str, ...], dialect: str) -> RowPlan | None:
        declared = _DECLARES.match(statement)
        text = statement[declared.end() :] if declared is not None else statement
        parsed = parse(text, dialect)
        if parsed is None:
            missed(STATEMENTS)
            return None
        from sst_otel.sources.text_columns import selected_by_text

        selected = selected_by_text(parsed, names, self._table)
        if selected is None:
            return None
        for ref in {ref for pair in selected.equal for value in pair for ref in value.refs}:
            self._note(ref)
        for value in selected.outputs:
            for ref in value.refs:
                self._note(ref)
        return plan_rows(selected, self._people)

    def _table(self, name: str, schema: str) -> Any:
        found = self._tables(name, schema) if name else None
        return found if found is not None else self.book.note(name, ())

    def _note(self, ref: Any) -> None:
        if ref.table.metadata is self.book:
            self.book.note(ref.table.name, (ref.column,))
