"""What an object was given by the application, kept beside it for as long as it lives.

A mail, a request or a message turns what it is given into other objects; only the ones given are
known by identity. Between building and sending lies whatever the application likes: a loop, a
retry, another function.
"""

from __future__ import annotations

import weakref
from collections.abc import Collection, Iterable, Iterator
from typing import Any

from sst_otel.shares import Part
from sst_otel.sinks.layers import current_layer

_MOST = 200
_SIZED: tuple[Any, ...] = (dict, list, tuple, str, bytes)
_PLAIN = (*_SIZED, int, float)


class Given:
    """The parts that objects of one library were given.

    Objects are told apart by ``id``: their classes may define equality.
    """

    __slots__ = ("_kept",)

    def __init__(self) -> None:
        self._kept: dict[int, tuple[weakref.ref[Any], tuple[Part, ...]]] = {}

    def __len__(self) -> int:
        return len(self._kept)

    def note(self, obj: Any, part: Part) -> None:
        """Keep ``part`` for ``obj``; raises ``TypeError`` where that takes no weak reference."""
        if len(self.to(obj)) < _MOST:
            self.keep(obj, [part])

    def keep(self, built: Any, parts: Iterable[Part], instead_of: Collection[str] = ()) -> None:
        """Add ``parts`` to what ``built`` was made of, ``instead_of`` those of these places."""
        former = self.to(built)
        kept = (*(part for part in former if part.where not in instead_of), *parts)
        if not kept:
            if former:
                self._kept.pop(id(built), None)
            return
        key, table = id(built), self._kept
        known = table.get(key)
        if known is not None and known[0]() is built:
            table[key] = (known[0], kept)
            return

        def gone(ref: weakref.ref[Any]) -> None:
            entry = table.get(key)
            if entry is not None and entry[0] is ref:
                del table[key]

        table[key] = (weakref.ref(built, gone), kept)

    def to(self, built: Any) -> tuple[Part, ...]:
        """Return what ``built`` was made of, as far as it is known."""
        entry = self._kept.get(id(built))
        return entry[1] if entry is not None and entry[0]() is built else ()


def trees(given: Iterable[tuple[str, Any]]) -> Iterator[Part]:
    """Yield the arguments ``(place, object)`` that can be read without asking the object."""
    for where, tree in given:
        kind = type(tree)
        if kind is bool or not issubclass(kind, _PLAIN) or _is_empty(kind, tree):
            continue  # libraries put an empty one where nothing was given
        if where != "headers":
            yield Part(where, tree)
        elif issubclass(kind, dict):
            yield Part(where, [pair for pair in dict.items(tree) if type(pair[0]) is str])


def _is_empty(kind: type, tree: Any) -> bool:
    """Whether a container or text has nothing in it; its own class is not asked."""
    return any(issubclass(kind, base) and not base.__len__(tree) for base in _SIZED)


def not_open(parts: tuple[Part, ...]) -> tuple[Part, ...]:
    """Return those of ``parts`` that no open layer has: a redirect is a copy of its request."""
    layer = current_layer()
    if layer is None or not parts:
        return parts
    held = {id(part) for outer in layer.chain() for part in outer.parts}
    return tuple(part for part in parts if id(part) not in held)
