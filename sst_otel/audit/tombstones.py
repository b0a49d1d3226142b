"""Records of an erased person that arrive late: stored as if they had been there before.

A collector's queue, a journal of another machine, a request that is sent again may bring what was
recorded before the erasure. So for some weeks a digest of the owner_ref says "erased at that time":
what is older loses its person on arrival. Whoever holds the installation's key can test by it
whether somebody was erased, never which rows were theirs; then it removes itself. What is recorded
after the erasure is stored as anybody's.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from hashlib import sha256  # taken before it is hooked

from sqlalchemy import delete, select
from sqlalchemy.engine import Connection

from sst_otel import semconv
from sst_otel.audit import models
from sst_otel.audit.finding import found
from sst_otel.audit.inserting import add_missing
from sst_otel.audit.records import AliasRecord, Record, ShareRecord, TagRecord

_STONES = models.Tombstone.__table__
_SUBJECTS = models.Subject.__table__
_DIGEST = _STONES.c.digest


@dataclass(frozen=True, slots=True)
class Sorted:
    """Records as they are to be written."""

    records: Sequence[Record]
    nobodys: Sequence[ShareRecord] = ()
    """Shares whose ``owner_ref`` and ``tag_ids`` are random surrogates that lead nowhere."""


def set_up(connection: Connection, refs: Iterable[str], erased_at: float, until: float) -> None:
    """Remember until ``until`` that these owner_refs were erased at ``erased_at``."""
    digests = sorted({_digest(ref) for ref in refs})
    connection.execute(delete(_STONES).where(_DIGEST.in_(digests)))
    rows = [
        {"digest": digest, "erased_at": erased_at, "until": until, "subject": None}
        for digest in digests
        if until > erased_at
    ]
    add_missing(connection, _STONES, rows)


def remove_old(connection: Connection, now: float) -> None:
    """Forget those whose time is over, unless somebody is still to be erased for it."""
    over = delete(_STONES).where(_STONES.c.until <= now, _STONES.c.subject.is_(None))
    connection.execute(over)


def due(connection: Connection) -> list[str]:
    """Return the subjects that are still to be erased."""
    return [
        row[0]
        for row in connection.execute(
            select(_STONES.c.subject).where(_STONES.c.subject.is_not(None))
        )
    ]


def settled(connection: Connection) -> None:
    """Note that whoever was due has been erased."""
    connection.execute(_STONES.update().where(_STONES.c.subject.is_not(None)).values(subject=None))


def sort(connection: Connection, records: Sequence[Record], now: float) -> Sorted:
    """Take the person out of records from before their erasure; ``now``: time of arrival.

    A share stays, as nobody's; tags and aliases go. A visitor whom a late alias names is erased
    with the person: what comes of them from now on here, what is stored when the next erasure or
    pruning runs, since whoever takes records in need not have the right to remove any.
    """
    owned = [one for one in records if isinstance(one, (ShareRecord, TagRecord, AliasRecord))]
    refs = {one.owner_ref for one in owned}
    refs |= {one.pseudonym_ref for one in owned if isinstance(one, AliasRecord)}
    refs.discard("")
    if not refs:
        return Sorted(records)
    erased = _erased(connection, refs, now)
    if not erased:
        return Sorted(records)
    _follow(connection, owned, erased)
    kept: list[Record] = []
    nobodys: list[ShareRecord] = []
    for record in records:
        if not _is_late(record, erased):
            kept.append(record)
        elif isinstance(record, ShareRecord):
            nobodys.append(_without_person(record))
    return Sorted(kept, nobodys)


_Erased = dict[str, tuple[float, float]]
"""owner_ref to when it was erased, and until when that counts."""


def _erased(connection: Connection, refs: Iterable[str], now: float) -> _Erased:
    of = {_digest(ref): ref for ref in refs}
    columns = [_DIGEST, _STONES.c.erased_at, _STONES.c.until]
    rows = found(connection, columns, _DIGEST, of)
    return {of[digest]: (at, until) for digest, at, until in rows if until > now}


def _follow(connection: Connection, owned: Iterable[Record], erased: _Erased) -> None:
    """Add the visitors whom late aliases name."""
    visitors = {
        one.pseudonym_ref: erased[one.owner_ref]
        for one in owned
        if isinstance(one, AliasRecord) and _is_late(one, erased) and one.owner_ref in erased
    }
    new = visitors.keys() - erased.keys()
    columns = [_SUBJECTS.c.owner_ref, _SUBJECTS.c.subject]
    stored = {row[0]: row[1] for row in found(connection, columns, _SUBJECTS.c.owner_ref, new)}
    rows = [
        {
            "digest": _digest(ref),
            "erased_at": visitors[ref][0],
            "until": visitors[ref][1],
            "subject": stored.get(ref),
        }
        for ref in sorted(new)
    ]
    add_missing(connection, _STONES, rows)
    erased.update((ref, visitors[ref]) for ref in new)


def _is_late(record: Record, erased: _Erased) -> bool:
    if not isinstance(record, (ShareRecord, TagRecord, AliasRecord)):
        return False
    refs = [record.owner_ref]
    if isinstance(record, AliasRecord):
        refs.append(record.pseudonym_ref)
    return any(ref in erased and record.at <= erased[ref][0] for ref in refs)


def _without_person(share: ShareRecord) -> ShareRecord:
    tags = {tag_id: secrets.token_hex(16) for tag_id in share.tag_ids}
    return replace(
        share,
        owner_ref=secrets.token_hex(16),
        owner_sealed="",
        tag_ids=tuple(tags[tag_id] for tag_id in share.tag_ids),
        metadata={k: v for k, v in share.metadata.items() if k != semconv.RECEIVED_TAG_IDS},
    )


def _digest(ref: str) -> str:
    return sha256(f"sst.erased|{ref}".encode()).hexdigest()
