"""Connections that SQLAlchemy opened: it has its own look at what they read and send."""

from __future__ import annotations

import sys

POOLED = "_sst_pooled"
"""Attribute of such a driver's connection; ``"threads"`` where all of its calls are SQLAlchemy's
but come from a thread that nobody called."""
_PLUMBING = ("sst_otel.", "opentelemetry.", "wrapt.", "psycopg.", "contextlib")
_MOST_FRAMES = 25


def called_by_sqlalchemy() -> bool:
    """Tell whether the code that uses the driver is SQLAlchemy's."""
    frame = sys._getframe(1)
    for _ in range(_MOST_FRAMES):
        name = frame.f_globals.get("__name__", "")
        if not name.startswith(_PLUMBING):
            return bool(name.startswith("sqlalchemy."))
        if frame.f_back is None:
            return False
        frame = frame.f_back
    return False
