"""Records that nobody can read or no database takes: put aside, so that they hold up no other."""

from __future__ import annotations

from collections.abc import Iterable
from hashlib import sha256  # taken before it is hooked

from sqlalchemy.engine import Connection

from sst_otel.audit import models
from sst_otel.audit.inserting import add_missing
from sst_otel.audit.records import Record

UNREADABLE = "unreadable"
REFUSED = "refused"


def bury(connection: Connection, letters: Iterable[tuple[bytes, str]], now: float) -> None:
    """Put log records (protobuf) aside with their reason; what is there already stays."""
    rows = [
        {"id": sha256(body).hexdigest(), "at": now, "reason": reason, "body": body}
        for body, reason in letters
    ]
    add_missing(connection, models.DeadLetter.__table__, rows)


def letter_of(record: Record) -> bytes:
    """Return a record as it is put aside."""
    from sst_otel.audit.otlp import request_of

    [logs] = request_of([record]).resource_logs
    return logs.scope_logs[0].log_records[0].SerializeToString(deterministic=True)
