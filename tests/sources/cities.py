"""A value that nobody recognises without the scope it belongs to, and who was told to have it."""

from __future__ import annotations

from tests.support import Tracking

CITY = "Leipzig"


def cities(tracking: Tracking) -> list[str]:
    return [owner for _, owner, types in tracking.shares() if types == ("city",)]


def another(city: str) -> str:
    """Return an equal text that is another object, as a queue on disk would."""
    return "".join(list(city))
