"""PostgreSQL: functions that remove old events refuse to remove those of the last days."""

from __future__ import annotations

from typing import Any

from sst_otel.audit import functions

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade(op: Any) -> None:
    """Make them anew; nothing on SQLite."""
    connection = op.get_bind()
    if connection.dialect.name == "postgresql":
        functions.prepare(connection)
