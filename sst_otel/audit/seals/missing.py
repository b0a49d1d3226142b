"""Judges rows that are gone: erased with their person, removed for their age, or lost."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sqlalchemy.engine import Connection

from sst_otel.audit import models
from sst_otel.audit.finding import found
from sst_otel.audit.seals import leaves
from sst_otel.audit.seals.leaves import Leaf
from sst_otel.audit.seals.ledger import Ledger

_LOGS = models.AuditLog.__table__
_LINKS = models.AuditLogRecord.__table__
_OUTCOMES = models.Outcome.__table__
_SUBJECTS = models.Subject.__table__
_ALIASES = models.Alias.__table__
_RECORDS = models.ProvenanceRecord.__table__
_SOURCES = models.TagSource.__table__
_PARENTS = models.TagParent.__table__
_GAPS = models.Gap.__table__
_ERASURES = models.Erasure.__table__

Why = str | None
"""``leaves.ERASED``, ``leaves.PRUNED``, or None."""
Judge = Callable[[Connection, Ledger, Sequence[Leaf]], list[Why]]


def judge(connection: Connection, ledger: Ledger, table: str, gone: Sequence[Leaf]) -> list[Why]:
    """Return for each leaf whose row is missing why that is right; None where nothing says so.

    What was pruned must have been old, and nothing that is there may still name it: whatever
    pruning would have kept is missed (:mod:`sst_otel.audit.retention`).
    """
    return _JUDGES[table](connection, ledger, gone)


def _old(_connection: Connection, ledger: Ledger, gone: Sequence[Leaf]) -> list[Why]:
    return [leaves.PRUNED if leaf.at < ledger.cutoff else None for leaf in gone]


def _kept(_connection: Connection, _ledger: Ledger, gone: Sequence[Leaf]) -> list[Why]:
    """Let nothing go: that somebody was erased is never removed."""
    return [None for _ in gone]


def _outcomes(connection: Connection, ledger: Ledger, gone: Sequence[Leaf]) -> list[Why]:
    events = [str(json.loads(leaf.key)[0]) for leaf in gone]
    there = _named(connection, _LOGS.c.event_id, events)
    judged: list[Why] = []
    for leaf, event_id in zip(gone, events, strict=True):
        event = ledger.get(_LOGS.name, event_id)
        at = leaf.at if event is None else min(leaf.at, event.at)
        judged.append(leaves.PRUNED if event_id not in there and at < ledger.cutoff else None)
    return judged


def _people(connection: Connection, ledger: Ledger, gone: Sequence[Leaf]) -> list[Why]:
    keys = [leaf.key for leaf in gone]
    columns = (_LOGS.c.subject, _RECORDS.c.subject, _ALIASES.c.subject, _ALIASES.c.pseudonym)
    named = {key for column in columns for key in _named(connection, column, keys)}
    return [
        leaves.ERASED if ledger.erased(leaf.key) else _unnamed(ledger, leaf, named) for leaf in gone
    ]


def _aliases(connection: Connection, ledger: Ledger, gone: Sequence[Leaf]) -> list[Why]:
    keys = [leaf.key for leaf in gone]
    columns = (_LOGS.c.subject, _RECORDS.c.subject)
    named = {key for column in columns for key in _named(connection, column, keys)}
    return [
        leaves.ERASED
        if ledger.erased(leaf.key) or ledger.erased(leaf.of)
        else _unnamed(ledger, leaf, named)
        for leaf in gone
    ]


def _records(connection: Connection, ledger: Ledger, gone: Sequence[Leaf]) -> list[Why]:
    keys = [leaf.key for leaf in gone]
    columns = (_LINKS.c.record, _PARENTS.c.parent)
    named = {key for column in columns for key in _named(connection, column, keys)}
    return [
        leaves.ERASED
        if ledger.erased(leaf.of)
        else (leaves.PRUNED if leaf.at < ledger.cutoff and leaf.key not in named else None)
        for leaf in gone
    ]


def _sources(connection: Connection, ledger: Ledger, gone: Sequence[Leaf]) -> list[Why]:
    """Let sources go with their datum, which is judged itself."""
    there = _named(connection, _RECORDS.c.id, [leaf.of or "" for leaf in gone])
    judged: list[Why] = []
    for leaf in gone:
        datum = ledger.get(_RECORDS.name, leaf.of)
        erased = datum is not None and ledger.erased(datum.of)
        why = leaves.ERASED if erased else leaves.PRUNED
        judged.append(None if leaf.of in there else why)
    return judged


def _unnamed(ledger: Ledger, leaf: Leaf, named: set[str]) -> Why:
    return leaves.PRUNED if leaf.at <= ledger.pruned_at and leaf.key not in named else None


def _named(connection: Connection, column: Any, keys: Sequence[str]) -> set[str]:
    """Return those of the keys that a row has in ``column``."""
    return {row[0] for row in found(connection, [column], column, set(keys))}


_JUDGES: Mapping[str, Judge] = {
    _LOGS.name: _old,
    _OUTCOMES.name: _outcomes,
    _SUBJECTS.name: _people,
    _ALIASES.name: _aliases,
    _RECORDS.name: _records,
    _SOURCES.name: _sources,
    _GAPS.name: _old,
    _ERASURES.name: _kept,
}
