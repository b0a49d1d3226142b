"""What an object was given by the application, kept beside it for as long as it lives.

A mail, a request or a message turns what it is given into other objects; only the ones given are
known by identity. Objects are told apart by ``id``: their classes may define equality.
"""

from __future__ import annotations

import weakref
from typing import Any

from sst_otel.shares import Part

_MOST = 200


class Given:
    """The parts that objects of one library were given."""

    def __init__(self) -> None:
        self._of: dict[int, tuple[weakref.ref[Any], list[Part]]] = {}

    def note(self, obj: Any, part: Part) -> None:
        """Keep ``part`` for ``obj``; raises ``TypeError`` where that takes no weak reference."""
        key = id(obj)
        entry = self._of.get(key)
        if entry is None or entry[0]() is not obj:
            entry = self._of[key] = (weakref.ref(obj, lambda _: self._of.pop(key, None)), [])
        if len(entry[1]) < _MOST:
            entry[1].append(part)

    def to(self, obj: Any) -> list[Part]:
        """Return what ``obj`` was given, in order."""
        entry = self._of.get(id(obj))
        return entry[1] if entry is not None and entry[0]() is obj else []
