"""PostgreSQL: functions that make and drop months, and remove old events, as the owner."""

from __future__ import annotations

from typing import Any

from sst_otel.audit import functions

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade(op: Any) -> None:
    """Make them; nothing on SQLite."""
    connection = op.get_bind()
    if connection.dialect.name == "postgresql":
        functions.prepare(connection)
