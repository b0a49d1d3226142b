"""What all tables of the audit store are declared with."""

from __future__ import annotations

from typing import Any

from sqlalchemy import MetaData
from sqlalchemy.orm import declarative_base

# Marked as ours: sources read the application's tables (sst_otel.sources.known_tables).
Base: Any = declarative_base(metadata=MetaData(info={"sst_otel": True}))
