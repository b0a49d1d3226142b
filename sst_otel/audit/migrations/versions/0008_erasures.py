"""What was erased, and whose late records are to find nobody."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade(op: Any) -> None:
    """Create ``erasures`` and ``tombstones``."""
    op.create_table(
        "erasures",
        sa.Column("id", sa.String(), primary_key=True, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("removed", sa.JSON(), nullable=False),
    )
    op.create_table(
        "tombstones",
        sa.Column("digest", sa.String(), primary_key=True, nullable=False),
        sa.Column("erased_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=False),
        sa.Column("subject", sa.String()),
    )
