"""Which datum was made of which, in a table that can be walked both ways by its indexes."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_BATCH = 1_000


def upgrade(op: Any) -> None:
    """Create ``tag_parents`` and fill it from the lists in ``tag_sources``."""
    parents = op.create_table(
        "tag_parents",
        sa.Column("record", sa.String(), primary_key=True, nullable=False),
        sa.Column("parent", sa.String(), primary_key=True, nullable=False),
    )
    op.create_index("ix_tag_parents_parent", "tag_parents", ["parent", "record"])
    connection = op.get_bind()
    sources = sa.table(
        "tag_sources", sa.column("record", sa.String()), sa.column("lineage", sa.JSON())
    )
    found = connection.execute(sa.select(sources.c.record, sources.c.lineage))
    pairs = {(record, parent): None for record, lineage in found for parent in lineage}
    rows = [{"record": record, "parent": parent} for record, parent in pairs]
    for start in range(0, len(rows), _BATCH):
        connection.execute(parents.insert(), rows[start : start + _BATCH])
