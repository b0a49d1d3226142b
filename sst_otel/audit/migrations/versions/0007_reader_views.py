"""The views that dashboards and reports read."""

from __future__ import annotations

from typing import Any

from sst_otel.audit import views

revision = "0007"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade(op: Any) -> None:
    """Make them."""
    views.make(op.get_bind())
