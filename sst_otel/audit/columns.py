"""Types of the audit store's columns, alike on SQLite and PostgreSQL."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Any

from sqlalchemy import BigInteger, DateTime, Integer, String
from sqlalchemy.types import TypeDecorator

EVENT_ID = String().with_variant(String(collation="C"), "postgresql")
"""Compared byte by byte: what UUIDv7 are in the order of time by, and the partitions' ranges."""
NUMBER = BigInteger().with_variant(Integer(), "sqlite")
"""Counted up by the database; SQLite does that for this type alone."""


def microseconds(at: float) -> int:
    """Return epoch seconds as whole microseconds, as either database keeps them."""
    return round(at * 1e6)


class UtcTime(TypeDecorator):  # type: ignore[type-arg]  # SQLAlchemy 1.4's is not generic
    """Epoch seconds (float) in Python, a UTC timestamp in the database, to the microsecond."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Any) -> Any:
        """Turn epoch seconds into the database's timestamp."""
        return None if value is None else datetime.fromtimestamp(value, timezone.utc)

    def process_result_value(self, value: Any, dialect: Any) -> Any:
        """Turn the database's timestamp into epoch seconds."""
        if value is None:
            return None
        if value.tzinfo is None:  # SQLite keeps no zone
            value = value.replace(tzinfo=timezone.utc)
        return value.timestamp()
