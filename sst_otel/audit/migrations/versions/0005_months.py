"""PostgreSQL: the tables of events by month, the rows that are there moved into their months."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from sst_otel.audit import partitions

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

_MOST = 120
"""Months made at once, the newest ones: a clock that was wrong by decades may have named many."""
_KEYS = {
    "audit_logs": "event_id",
    "audit_log_records": "event_id, record",
    "outcomes": "event_id, at, outcome",
}


def upgrade(op: Any) -> None:
    """Make every table anew as a partitioned one and copy its rows; nothing on SQLite."""
    connection = op.get_bind()
    if connection.dialect.name != "postgresql":
        return
    for table, key in _KEYS.items():
        indexes = [
            row[0]
            for row in connection.execute(
                sa.text(
                    "SELECT pg_get_indexdef(indexrelid) FROM pg_index "
                    "WHERE indrelid = CAST(:table AS regclass) AND NOT indisprimary ORDER BY 1"
                ),
                {"table": table},
            )
        ]
        for index in indexes:  # CREATE INDEX name ON schema.table USING ...
            op.execute(f"DROP INDEX {index.split()[2]}")
        op.execute(f"ALTER TABLE {table} DROP CONSTRAINT {table}_pkey")
        op.execute(f'ALTER TABLE {table} ALTER event_id TYPE VARCHAR COLLATE "C"')
        op.execute(f"ALTER TABLE {table} RENAME TO {table}_before")
        op.execute(f"CREATE TABLE {table} (LIKE {table}_before) PARTITION BY RANGE (event_id)")
        op.execute(f"ALTER TABLE {table} ADD PRIMARY KEY ({key})")
        for index in indexes:
            op.execute(index)
    partitions.prepare(connection)
    months = sa.text(
        "SELECT DISTINCT date_trunc('month', timestamp AT TIME ZONE 'UTC') "
        "FROM audit_logs_before ORDER BY 1 DESC LIMIT :most"
    )
    for (month,) in connection.execute(months, {"most": _MOST}).fetchall():
        partitions.make(connection, (month.year, month.month))
    for table in _KEYS:
        op.execute(f"INSERT INTO {table} SELECT * FROM {table}_before")  # noqa: S608  # our names
        op.execute(f"DROP TABLE {table}_before")
