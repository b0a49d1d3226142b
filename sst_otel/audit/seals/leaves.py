"""Leaves: what is known of every row that was written, in one canonical line each.

A line is a JSON array without spaces, in ASCII::

    [table, key, microseconds, of, digest]

``digest`` is SHA-256 of the row as a JSON object with sorted keys, times as whole microseconds
since 1970, and columns that are null left out, so that a column may be added later without a word
about older rows. In front of it stand the version byte and, for rows that name a person or a datum,
a random salt (:mod:`sst_otel.audit.seals.salts`). The hash of a leaf is RFC 6962's, of the line.

A table whose rows follow from others needs none: ``stacks`` (the id is the digest of the frames,
and the event names it), ``audit_log_records`` (from the event) and ``tag_parents`` (from
``tag_sources``). A row that changes gets a new leaf each time; the latest counts.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha256  # taken before it is hooked
from typing import Any

from sst_otel.audit import models
from sst_otel.audit.columns import UtcTime, microseconds

VERSION = b"\x01"
"""Of the forms of this module; the first byte of what is digested."""
ERASED = "erased"
"""Stands for the table in a leaf that says: the person with the surrogate ``key`` was erased."""
PRUNED = "pruned"
"""Stands for the table in a leaf that says: all older than ``key`` (microseconds) was removed."""

_LOGS = models.AuditLog.__table__
_OUTCOMES = models.Outcome.__table__
_SUBJECTS = models.Subject.__table__
_ALIASES = models.Alias.__table__
_RECORDS = models.ProvenanceRecord.__table__
_SOURCES = models.TagSource.__table__
_GAPS = models.Gap.__table__
_ERASURES = models.Erasure.__table__

SALTED = frozenset({_SUBJECTS.name, _RECORDS.name})
PASSING = frozenset({_LOGS.name, _OUTCOMES.name, _GAPS.name})
"""Tables whose rows go when they are old; rows of the others stay as long as they are needed."""
TABLES: Mapping[str, Any] = {
    table.name: table
    for table in (_LOGS, _OUTCOMES, _SUBJECTS, _ALIASES, _RECORDS, _SOURCES, _GAPS, _ERASURES)
}
"""The tables whose rows have leaves."""
_TIME = {
    _LOGS.name: "timestamp",
    _OUTCOMES.name: "at",
    _ALIASES.name: "at",
    _RECORDS.name: "first_seen",
    _GAPS.name: "until",
    _ERASURES.name: "at",
}
_OF = {_ALIASES.name: "subject", _RECORDS.name: "subject", _SOURCES.name: "record"}
"""Which column says to whom or what a row belongs; by it a missing row is judged."""

Row = Mapping[str, Any]
_text = json.encoder.encode_basestring_ascii
_sorted = json.JSONEncoder(separators=(",", ":"), sort_keys=True).encode


@dataclass(frozen=True, slots=True)
class Leaf:
    """A line, read."""

    table: str
    key: str
    """The row's primary key, as of :func:`key_of`."""
    at: int
    """The time of the row, or of writing where it has none; microseconds since 1970."""
    of: str | None
    """The person an alias or a datum belongs to, or the datum a source belongs to."""
    digest: str
    """SHA-256 of the row in hex; ``""`` of an act, which has no row."""


def line_of(table: str, row: Row, salt: str, now: float) -> str:
    """Return the line of a row as it was written, in Python's values; ``now``: epoch seconds."""
    time = _TIME.get(table)
    at = microseconds(now if time is None else row[time])
    of = _OF.get(table)
    return _line(
        table, key_of(table, row), at, None if of is None else row[of], digest(table, row, salt)
    )


def act(kind: str, key: str, now: float) -> str:
    """Return the line of an act: :data:`ERASED` or :data:`PRUNED`."""
    return _line(kind, key, microseconds(now), None, "")


def read(line: str) -> Leaf:
    """Return a line's leaf; raises ``ValueError`` where it is none."""
    try:
        table, key, at, of, digest = json.loads(line)
        leaf = Leaf(table, key, at, of, digest)
    except (TypeError, ValueError):
        raise ValueError("not a leaf") from None
    if not all(isinstance(text, str) for text in (table, key, digest, of or "")) or type(at) != int:  # noqa: E721
        raise ValueError("not a leaf")
    return leaf


def leaf_hash(line: str) -> bytes:
    """Return the hash of a leaf, 32 bytes (RFC 6962 section 2.1)."""
    return sha256(b"\x00" + line.encode()).digest()


def canonical(table: str, row: Row) -> str:
    """Return the row as text, whatever database it came from."""
    times = _times(table)
    values = {name: value for name, value in row.items() if value is not None}
    for name in times:
        if name in values:
            values[name] = microseconds(values[name])
    return text_of(values)


def text_of(values: Row) -> str:
    """Return values that JSON has as canonical text."""
    return _sorted(values)


def digest(table: str, row: Row, salt: str) -> str:
    """Return SHA-256 in hex of version, salt and canonical row."""
    return digest_of(canonical(table, row), salt)


def digest_of(text: str, salt: str) -> str:
    """Return SHA-256 in hex of version, salt and a canonical row."""
    return sha256(VERSION + salt.encode() + text.encode()).hexdigest()


def key_of(table: str, row: Row) -> str:
    """Return the primary key as one text; several columns as a JSON array."""
    names = _key(table)
    if len(names) == 1:
        return str(row[names[0]])
    times = _times(table)
    parts = [str(microseconds(row[one])) if one in times else _text(row[one]) for one in names]
    return f"[{','.join(parts)}]"


def _line(table: str, key: str, at: int, of: str | None, digest: str) -> str:
    """Return the array; a tenth of the time that a JSON encoder takes for it."""
    owner = "null" if of is None else _text(of)
    return f'["{table}",{_text(key)},{at},{owner},"{digest}"]'


@lru_cache(maxsize=64)
def _times(table: str) -> tuple[str, ...]:
    return tuple(one.name for one in TABLES[table].columns if isinstance(one.type, UtcTime))


@lru_cache(maxsize=64)
def _key(table: str) -> tuple[str, ...]:
    return tuple(one.name for one in TABLES[table].primary_key)
