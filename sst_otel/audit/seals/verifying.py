"""Verifies a store: batches, anchor, and every row against its leaf."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from sqlalchemy import exists, select
from sqlalchemy.engine import Connection

from sst_otel.audit import models
from sst_otel.audit.columns import microseconds
from sst_otel.audit.seals import leaves
from sst_otel.audit.seals.chain import check_anchor, check_batches
from sst_otel.audit.seals.ledger import Ledger
from sst_otel.audit.seals.report import Report
from sst_otel.audit.seals.rows import check_rows
from sst_otel.audit.seals.signing import Verifier

_MOST = 100
_SALTS = models.SealSalt.__table__
_SUBJECTS = models.Subject.__table__
_RECORDS = models.ProvenanceRecord.__table__


def verify(
    connection: Connection,
    verifier: Verifier,
    *,
    since: float | None = None,
    anchor: Path | None = None,
    stopping: Callable[[], bool] = lambda: False,
) -> Report:
    """Return what is wrong, and how much was looked at, in the one state ``connection`` shows.

    ``since``: epoch seconds; batches sealed before have their headers checked, not their rows.
    Raises ``ValueError`` for an anchor that is none, ``OSError``, SQLAlchemy's errors, and
    :class:`~sst_otel.audit.seals.ledger.StoppedError` soon after ``stopping`` says so.
    """
    report = Report()
    ledger = Ledger(stopping)
    try:
        start = None if since is None else microseconds(since)
        check_batches(connection, verifier, start, ledger, report)
        if anchor is not None:
            check_anchor(anchor, connection, verifier, report)
        check_rows(connection, ledger, since, report)
        if since is None:
            _check_salts(connection, report)
        report.erased = ledger.count(leaves.ERASED)
    finally:
        ledger.close()
    return report


def _check_salts(connection: Connection, report: Report) -> None:
    """Find salts that erasure or pruning should have dropped: they help to find the person."""
    query = select(_SALTS.c.id).where(
        ~exists().where(_SUBJECTS.c.subject == _SALTS.c.id),
        ~exists().where(_RECORDS.c.id == _SALTS.c.id),
    )
    for row in connection.execute(query.limit(_MOST)):
        report.add("inserted", _SALTS.name, row[0], "a salt of nobody")
