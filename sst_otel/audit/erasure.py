"""Erases a person from the store: what is left of their events leads to nobody, key or not.

Gone are their rows of ``subjects``, ``aliases``, ``provenance_records`` with ``tag_sources`` and
``tag_parents``, those of every visitor they turned out to have been, and the dead letters that name
them. The events stay, with random surrogates that nothing resolves any more, and so do the counts
of the roll-up. That it was done, and when, stays as a row of ``erasures``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.engine import Connection

from sst_otel.audit import models, tombstones
from sst_otel.audit.finding import chunks, found
from sst_otel.audit.inserting import add_missing
from sst_otel.audit.seals import blocks, leaves, salts
from sst_otel.shares import new_event_id

HOLD_DAYS = 30
"""Days for which older records that arrive late find nobody, unless another number is asked for."""
_DAY = 86_400.0
_SUBJECTS = models.Subject.__table__
_ALIASES = models.Alias.__table__
_RECORDS = models.ProvenanceRecord.__table__
_SOURCES = models.TagSource.__table__
_PARENTS = models.TagParent.__table__
_LETTERS = models.DeadLetter.__table__
_ERASURES = models.Erasure.__table__


@dataclass(frozen=True, slots=True)
class Person:
    """Everything under which the store knows a person."""

    refs: frozenset[str]
    """The owner_refs that were asked for, theirs, and their visitors'."""
    subjects: frozenset[str]
    records: frozenset[str]
    """``provenance_records.id``."""
    letters: frozenset[str]
    """``dead_letters.id``."""

    def __bool__(self) -> bool:
        """Whether the store has anything of them."""
        return bool(self.subjects or self.letters)


def find(connection: Connection, refs: Iterable[str]) -> Person:
    """Return the person whom one of these owner_refs means, by an alias too."""
    columns = [_SUBJECTS.c.subject, _SUBJECTS.c.owner_ref, _SUBJECTS.c.sealed]
    asked = {row[0] for row in found(connection, columns, _SUBJECTS.c.owner_ref, set(refs))}
    as_visitor = found(connection, [_ALIASES.c.subject], _ALIASES.c.pseudonym, asked)
    asked |= {row[0] for row in as_visitor}
    visitors = found(connection, [_ALIASES.c.pseudonym], _ALIASES.c.subject, asked)
    subjects = asked | {row[0] for row in visitors}
    known = list(found(connection, columns, _SUBJECTS.c.subject, subjects))
    names = {*refs, *(row[1] for row in known)}
    data = [_RECORDS.c.id, _RECORDS.c.tag_id]
    tags = {row[0]: row[1] for row in found(connection, data, _RECORDS.c.subject, subjects)}
    traces = {*names, *(row[2] for row in known if row[2]), *tags.values()}
    return Person(
        frozenset(names),
        frozenset(subjects),
        frozenset(tags),
        frozenset(_letters_naming(connection, traces)),
    )


def erase(connection: Connection, person: Person, now: float, hold_days: int) -> dict[str, int]:
    """Delete a person's rows; return how many of which table went, by its name.

    Whoever is still due for an earlier erasure goes with them. Older records that arrive within
    ``hold_days`` days find nobody. The caller holds the store's write lock alone.
    """
    removed = _forget(connection, {*person.subjects, *tombstones.due(connection)}, person.records)
    letters = _delete(connection, _LETTERS.c.id, person.letters)
    tombstones.settled(connection)
    tombstones.remove_old(connection, now)
    tombstones.set_up(connection, person.refs, now, now + hold_days * _DAY)
    return {**removed, _LETTERS.name: letters}


def erase_due(connection: Connection, now: float) -> None:
    """Erase visitors whom late aliases named since the person's erasure; forget old tombstones."""
    subjects = set(tombstones.due(connection))
    if subjects:
        columns = [_RECORDS.c.id]
        records = {row[0] for row in found(connection, columns, _RECORDS.c.subject, subjects)}
        note(connection, _forget(connection, subjects, records), now)
    tombstones.settled(connection)
    tombstones.remove_old(connection, now)


def note(connection: Connection, removed: Mapping[str, int], now: float) -> None:
    """Write down that somebody was erased."""
    row: dict[str, Any] = {"id": new_event_id(now), "at": now, "removed": dict(removed)}
    add_missing(connection, _ERASURES, [row])
    blocks.note(connection, [leaves.line_of(_ERASURES.name, row, "", now)])


def _forget(
    connection: Connection, subjects: Iterable[str], records: Iterable[str]
) -> dict[str, int]:
    subjects, records = set(subjects), set(records)
    salts.forget(connection, subjects)
    sources = _delete(connection, _SOURCES.c.record, records)
    parents = _delete(connection, _PARENTS.c.record, records)
    parents += _delete(connection, _PARENTS.c.parent, records)
    data = _delete(connection, _RECORDS.c.id, records)
    aliases = _delete(connection, _ALIASES.c.pseudonym, subjects)
    aliases += _delete(connection, _ALIASES.c.subject, subjects)
    people = _delete(connection, _SUBJECTS.c.subject, subjects)
    return {
        _SUBJECTS.name: people,
        _ALIASES.name: aliases,
        _RECORDS.name: data,
        _SOURCES.name: sources,
        _PARENTS.name: parents,
    }


def _delete(connection: Connection, column: Any, keys: Iterable[str]) -> int:
    statements = (delete(column.table).where(column.in_(few)) for few in chunks(keys))
    return sum(int(connection.execute(statement).rowcount) for statement in statements)


def _letters_naming(connection: Connection, names: Iterable[str]) -> set[str]:
    needles = [name.encode() for name in names if name]
    query = select(_LETTERS.c.id, _LETTERS.c.body).execution_options(stream_results=True)
    return {
        row[0]
        for row in connection.execute(query)
        if any(needle in bytes(row[1]) for needle in needles)
    }
