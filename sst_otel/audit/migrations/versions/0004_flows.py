"""The roll-up of the events by day, and the view over it."""

from __future__ import annotations

from datetime import timezone
from typing import Any

import sqlalchemy as sa

from sst_otel import semconv

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

_DAY = 86_400
_KEY = ("day", "service", "recipient", "purpose", "country", "role", "host", "data_type")


def upgrade(op: Any) -> None:
    """Create ``audit_flow_days`` and ``audit_flow``, and count what is there."""
    time = sa.DateTime(timezone=True)
    flows = op.create_table(
        "audit_flow_days",
        sa.Column("day", time, primary_key=True, nullable=False),
        *(sa.Column(name, sa.String(), primary_key=True, nullable=False) for name in _KEY[1:]),
        sa.Column("first_seen", time, nullable=False),
        sa.Column("last_seen", time, nullable=False),
        sa.Column("events", sa.BigInteger(), nullable=False),
    )
    op.execute(
        "CREATE VIEW audit_flow AS SELECT service, recipient, data_type, "
        "min(first_seen) AS first_seen, max(last_seen) AS last_seen, "
        "CAST(sum(events) AS BIGINT) AS events "
        "FROM audit_flow_days WHERE data_type <> '' GROUP BY service, recipient, data_type"
    )
    logs = sa.table(
        "audit_logs",
        sa.column("timestamp", time),
        *map(sa.column, ("service", "recipient_name", "purpose", "country", "role")),
        sa.column("data_types", sa.JSON()),
        sa.column("metadata", sa.JSON()),
    )
    connection = op.get_bind()
    events = connection.execute(sa.select(*logs.c).execution_options(stream_results=True))
    found: dict[tuple[Any, ...], list[Any]] = {}
    for at, *recipient, data_types, metadata in events:
        if at.tzinfo is not None:  # SQLite's are in UTC without saying so
            at = at.astimezone(timezone.utc)
        host = metadata.get(semconv.SERVER_ADDRESS)
        day = at.replace(hour=0, minute=0, second=0, microsecond=0)
        for data_type in {*data_types, ""}:
            key = (day, *recipient, host if isinstance(host, str) else "", data_type)
            row = found.setdefault(key, [at, at, 0])
            row[0], row[1], row[2] = min(at, row[0]), max(at, row[1]), row[2] + 1
    names = (*_KEY, "first_seen", "last_seen", "events")
    rows = [dict(zip(names, (*key, *value), strict=True)) for key, value in found.items()]
    if rows:
        connection.execute(flows.insert(), rows)
