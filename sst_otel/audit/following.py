"""What follows from a row that is written: ids that are digests, and rows that are its parts."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from hashlib import sha256  # taken before it is hooked
from typing import Any


def stack_id(frames: Sequence[str]) -> str:
    """Return ``stacks.id`` of these frames."""
    return _digest(frames)


def source_id(row: Mapping[str, Any]) -> str:
    """Return ``tag_sources.id`` of a row's other columns."""
    return _digest(row)


def links(event: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the rows of ``audit_log_records`` of an event; a datum that is in it twice has one."""
    return [
        {
            "event_id": event["event_id"],
            "record": record,
            "data_type": data_type,
            "timestamp": event["timestamp"],
        }
        for record, data_type in dict(
            zip(event["records"], event["data_types"], strict=True)
        ).items()
    ]


def _digest(value: Any) -> str:
    text = json.dumps(value, sort_keys=True)
    return sha256(text.encode()).hexdigest()[:32]
