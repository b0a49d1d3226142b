"""The filters of the API, the pages and the command: named, checked, in one shape."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta, timezone
from typing import Any
from urllib.parse import parse_qsl

TEXTS = ("owner_id", "destination", "recipient", "data_type", "event_type", "trace_id")
LOG_FILTERS = (*TEXTS, "since", "until", "limit", "cursor")
PROVENANCE_FILTERS = ("owner_id", "data_type", "since", "until", "limit", "cursor")
MAX_LIMIT = 1000
DEFAULT_LIMIT = 100
_MAX_TEXT = 500
_MAX_SECONDS = 253_402_300_799.0  # the end of the year 9999


class ParameterError(ValueError):
    """A filter that cannot be used. ``name`` is the parameter; its value is never quoted."""

    def __init__(self, name: str, problem: str) -> None:
        super().__init__(f"{name}: {problem}")
        self.name = name
        self.problem = problem


def query_parameters(query: str) -> dict[str, str]:
    """Return the parameters of a query string; empty ones (an unused form field) are left out.

    Raises :class:`ParameterError` for one given twice and for a query that is not UTF-8.
    """
    try:
        pairs = parse_qsl(query, max_num_fields=50, errors="strict")
    except ValueError:
        raise ParameterError("query", "cannot be read") from None
    found: dict[str, str] = {}
    for name, value in pairs:
        if name in found:
            raise ParameterError(name[:50], "is given twice")
        if value.strip():
            found[name] = value.strip()
    return found


def filters(raw: Mapping[str, str], known: Sequence[str], *, limit: int) -> dict[str, Any]:
    """Return keyword arguments for the reader; ``limit`` is used where none is given.

    Unknown names raise: a misspelt filter must not widen the answer. A limit above
    :data:`MAX_LIMIT` is lowered to it. ``since`` and ``until`` become epoch seconds.
    """
    unknown = sorted(set(raw) - set(known))
    if unknown:
        raise ParameterError(unknown[0][:50], f"is not a filter; known: {', '.join(known)}")
    used: dict[str, Any] = {"limit": limit}
    for name, text in raw.items():
        if len(text) > _MAX_TEXT or "\x00" in text:
            raise ParameterError(name, f"must be a text of at most {_MAX_TEXT} characters")
        if name == "limit":
            used[name] = _limit(text)
        elif name in ("since", "until"):
            used[name] = moment(name, text)
        else:
            used[name] = text
    if used.get("since", -math.inf) > used.get("until", math.inf):
        raise ParameterError("until", "is before since")
    return used


def partly(text: str) -> str:
    """Return the destination filter for what a person types: any part of the destination."""
    return text if "*" in text else f"*{text}*"


def _limit(text: str) -> int:
    if not (text.isascii() and text.isdigit()) or int(text) < 1:
        raise ParameterError("limit", f"must be a whole number from 1 to {MAX_LIMIT}")
    return min(int(text), MAX_LIMIT)


def moment(name: str, text: str) -> float:
    """Return epoch seconds of ``text``: epoch seconds, or ISO 8601 (UTC where it names no zone).

    ``since`` is inclusive and ``until`` exclusive; a bare date means the beginning of that day for
    ``since`` and its end for ``until``, so that ``until=2026-11-22`` includes that day.
    """
    try:
        return _in_range(float(text))
    except ValueError:
        pass
    try:
        if len(text) == 10:
            day = date.fromisoformat(text)
            stamp = datetime(day.year, day.month, day.day, tzinfo=timezone.utc)
            if name == "until":
                stamp += timedelta(days=1)
        else:
            # Python 3.10 does not read "Z", and a "+" in a query string arrives as a blank.
            zoned = text.replace("Z", "+00:00")
            stamp = datetime.fromisoformat(zoned.replace(" ", "+") if "T" in zoned else zoned)
            if stamp.tzinfo is None:
                stamp = stamp.replace(tzinfo=timezone.utc)
        return _in_range(stamp.timestamp())
    except (ValueError, OverflowError):
        raise ParameterError(
            name, "must be seconds since 1970 or ISO 8601, such as 2026-11-22T16:00:00Z"
        ) from None


def _in_range(seconds: float) -> float:
    if not 0 <= seconds <= _MAX_SECONDS:
        raise ValueError("out of range")
    return seconds
