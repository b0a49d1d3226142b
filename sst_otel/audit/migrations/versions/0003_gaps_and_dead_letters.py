"""What was lost, and what could not be read, in tables of their own."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade(op: Any) -> None:
    """Create ``gaps`` and ``dead_letters``."""
    op.create_table(
        "gaps",
        sa.Column("id", sa.String(), primary_key=True, nullable=False),
        sa.Column("service", sa.String(), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=False),
        sa.Column("lost", sa.JSON(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
    )
    op.create_index("ix_gaps_until", "gaps", ["until"])
    op.create_table(
        "dead_letters",
        sa.Column("id", sa.String(), primary_key=True, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
    )
    op.create_index("ix_dead_letters_at", "dead_letters", ["at"])
