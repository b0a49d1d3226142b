"""Leaves of the rows, the batches they are sealed in, and their salts."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from sst_otel.audit.seals.covering import cover

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade(op: Any) -> None:
    """Create the tables, and note a leaf for every row that is there."""
    number = sa.BigInteger()
    time = sa.DateTime(timezone=True)
    op.create_table(
        "seal_blocks",
        sa.Column(
            "id",
            number.with_variant(sa.Integer(), "sqlite"),
            sa.Identity(),
            primary_key=True,
            nullable=False,
        ),
        sa.Column("leaves", sa.Integer(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("batch", number),
    )
    op.create_index("ix_seal_blocks_batch", "seal_blocks", ["batch"])
    op.create_table(
        "seal_batches",
        sa.Column("seq", number, primary_key=True, autoincrement=False, nullable=False),
        sa.Column("sealed_at", time, nullable=False),
        sa.Column("first_block", number),
        sa.Column("last_block", number),
        sa.Column("leaves", number, nullable=False),
        sa.Column("lasting", number, nullable=False),
        sa.Column("newest", time),
        *(
            sa.Column(name, sa.String(), nullable=False)
            for name in ("root", "previous", "hash", "key_id", "signature")
        ),
    )
    op.create_table(
        "seal_salts",
        sa.Column("id", sa.String(), primary_key=True, nullable=False),
        sa.Column("salt", sa.String(), nullable=False),
    )
    op.create_table(
        "seal_verifications",
        sa.Column("at", time, primary_key=True, nullable=False),
        sa.Column("problems", number, nullable=False),
        sa.Column("first_event", sa.String()),
    )
    cover(op.get_bind())
