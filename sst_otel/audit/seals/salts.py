"""Salts of the leaves that commit to a person or a datum, a row each; erasure drops them.

Whoever has the installation's key can compute the ``owner_ref`` and the tag ids of anybody they
can name. A plain digest of such a row would tell them, after an erasure still, whose its surrogate
was; a digest with 128 random bits in front tells nothing once those are gone.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Collection, Iterable

from sqlalchemy import delete, exists, select
from sqlalchemy.engine import Connection

from sst_otel.audit import models
from sst_otel.audit.finding import chunks, found
from sst_otel.audit.inserting import add_missing
from sst_otel.audit.seals import leaves
from sst_otel.audit.seals.blocks import note

_SALTS = models.SealSalt.__table__
_SUBJECTS = models.Subject.__table__
_RECORDS = models.ProvenanceRecord.__table__


def make(connection: Connection, ids: Iterable[str]) -> dict[str, str]:
    """Make a salt for each new row of ``subjects`` or ``provenance_records``, by its surrogate."""
    made = {one: secrets.token_hex(16) for one in ids}
    add_missing(connection, _SALTS, [{"id": one, "salt": salt} for one, salt in made.items()])
    return made


def of(connection: Connection, ids: Collection[str]) -> dict[str, str]:
    """Return the salts of these surrogates; one that has none is left out."""
    return {row[0]: row[1] for row in found(connection, list(_SALTS.c), _SALTS.c.id, ids)}


def forget(connection: Connection, subjects: Iterable[str]) -> None:
    """Drop the salts of people and of their data, and note that each was erased.

    ``subjects``: surrogates (``subjects.subject``), those of their pseudonyms included. To be
    called in the transaction that deletes their rows, before it deletes them.
    """
    people = sorted(set(subjects))
    for few in chunks(people):
        theirs = select(_RECORDS.c.id).where(_RECORDS.c.subject.in_(few))
        connection.execute(delete(_SALTS).where(_SALTS.c.id.in_(theirs)))
        connection.execute(delete(_SALTS).where(_SALTS.c.id.in_(few)))
    now = time.time()
    note(connection, [leaves.act(leaves.ERASED, subject, now) for subject in people])


def sweep(connection: Connection) -> None:
    """Drop the salts of rows that are no longer there."""
    connection.execute(
        delete(_SALTS).where(
            ~exists().where(_SUBJECTS.c.subject == _SALTS.c.id),
            ~exists().where(_RECORDS.c.id == _SALTS.c.id),
        )
    )
