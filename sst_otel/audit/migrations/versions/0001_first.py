"""The first tables.

``op`` is handed in (see :mod:`sst_otel.audit.schema`), not imported: Alembic's own proxy is one per
process and may at that moment belong to a migration of the application.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade(op: Any) -> None:
    """Create every table of design 4.4."""

    def text(name: str, **options: Any) -> Any:
        return sa.Column(name, sa.String(), nullable=False, **options)

    def time(name: str, **options: Any) -> Any:
        return sa.Column(name, sa.DateTime(timezone=True), nullable=False, **options)

    def tree(name: str) -> Any:
        return sa.Column(name, sa.JSON(), nullable=False)

    op.create_table(
        "subjects",
        text("subject", primary_key=True),
        text("owner_ref", unique=True),
        text("sealed"),
    )
    op.create_table("aliases", text("pseudonym", primary_key=True), text("subject"), time("at"))
    op.create_index("ix_aliases_subject", "aliases", ["subject"])
    op.create_table(
        "provenance_records",
        text("id", primary_key=True),
        text("tag_id", unique=True),
        sa.Column("subject", sa.String()),
        text("data_type"),
        time("first_seen"),
    )
    for name, columns in (
        ("first_seen", ["first_seen", "id"]),
        ("subject", ["subject", "first_seen"]),
        ("data_type", ["data_type", "first_seen"]),
    ):
        op.create_index(f"ix_provenance_records_{name}", "provenance_records", columns)
    op.create_table(
        "tag_sources",
        text("id", primary_key=True),
        text("record"),
        text("source"),
        tree("lineage"),
        tree("transformations"),
    )
    op.create_index("ix_tag_sources_record", "tag_sources", ["record"])
    op.create_table("stacks", text("id", primary_key=True), tree("frames"))
    op.create_table(
        "audit_logs",
        text("event_id", primary_key=True),
        text("event_type"),
        time("timestamp"),
        sa.Column("subject", sa.String()),
        text("service"),
        text("route"),
        sa.Column("destination", sa.Text(), nullable=False),
        text("recipient_name"),
        text("purpose"),
        text("country"),
        text("role"),
        tree("data_types"),
        tree("records"),
        tree("evidence"),
        tree("paths"),
        tree("metadata"),
        sa.Column("stack_id", sa.String()),
        text("key_id"),
        text("trace_id"),
        text("span_id"),
        time("received_at"),
    )
    for name, columns in (
        ("timestamp", ["timestamp", "event_id"]),
        ("subject", ["subject", "timestamp"]),
        ("recipient", ["recipient_name", "timestamp"]),
        ("event_type", ["event_type", "timestamp"]),
        ("destination", ["destination", "timestamp"]),
        ("trace", ["trace_id"]),
        ("stack", ["stack_id"]),
    ):
        op.create_index(f"ix_audit_logs_{name}", "audit_logs", columns)
    op.create_table(
        "audit_log_records",
        text("event_id", primary_key=True),
        text("record", primary_key=True),
        text("data_type"),
        time("timestamp"),
    )
    op.create_index("ix_audit_log_records_record", "audit_log_records", ["record", "timestamp"])
    op.create_index(
        "ix_audit_log_records_data_type", "audit_log_records", ["data_type", "event_id"]
    )
    op.create_table(
        "outcomes",
        text("event_id", primary_key=True),
        time("at", primary_key=True),
        text("outcome", primary_key=True),
    )
    op.create_table(
        "journal_offsets",
        text("name", primary_key=True),
        sa.Column("position", sa.BigInteger(), nullable=False),
        time("at"),
    )
