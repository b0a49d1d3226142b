"""The texts of attributes and bodies, and the same values with some texts replaced.

Values are of OpenTelemetry's ``AnyValue``: texts, numbers, bytes, lists and maps of them. Nothing
is changed in place: what holds none of the replaced texts is returned as the object it was.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any

from sst_otel import semconv
from sst_otel.datatypes.forms import as_text
from sst_otel.matching.decode import text_of

UNREADABLE = "{unreadable}"
"""What stands for what could not be looked at."""
_OURS = frozenset(
    value
    for name, value in vars(semconv).items()
    if name.isupper() and isinstance(value, str) and value.startswith("sst.")
) | {semconv.OWNER_REF}
"""Names of our attributes and events: they hold no value, and ids that must stay whole."""
_SHORTEST = 5
"""Characters of a strong value in ASCII, the least: an e-mail, a full name."""
_LEAST = 1_000_000
"""Of a number that is a strong value: seven digits."""
_DEEPEST = 40
_NUMBERS = frozenset({int, float})
_AS_THEY_ARE = frozenset({bool, type(None)})
_LISTS = (list, tuple, set, frozenset)
_NAMED = frozenset({str, int, float})
_KEYS = frozenset({str, int, float, bool, bytes, type(None)})
"""Of maps: a key of the application's own type is asked nothing."""


def is_ours(name: Any) -> bool:
    """Whether an event or an attribute of this name is one of ours."""
    return type(name) is str and name in _OURS


class Collected:
    """What stands in some telemetry. ``names(key)``: the types of data that a key names."""

    __slots__ = ("_names", "pairs", "texts", "unreadable")

    def __init__(self, names: Callable[[str], Collection[str]]) -> None:
        self._names = names
        self.texts: dict[str, None] = {}
        self.pairs: dict[tuple[str, str], None] = {}
        """Values under keys that name a type."""
        self.unreadable = 0
        """Objects that are no values, and values too deep inside others."""

    def attributes(self, given: Mapping[Any, Any] | None, above: str = "", depth: int = 0) -> None:
        """Add the names and values of attributes, or of a map."""
        if not given:
            return
        texts, names = self.texts, self._names
        for key, value in given.items():
            if type(key) is not str:
                self.value(key, "", depth + 1)
                self.value(value, "", depth + 1)
            elif key not in _OURS:
                if len(key) >= _SHORTEST:
                    texts[key] = None
                path = f"{above}.{key}" if above else key
                if type(value) is str:  # most are
                    if len(value) >= _SHORTEST or not value.isascii():
                        texts[value] = None
                    if names(path):
                        self.pairs[path, value] = None
                else:
                    self.value(value, path, depth + 1)

    def value(self, value: Any, key: str = "", depth: int = 0) -> None:
        """Add what a value holds; ``key``: the path that leads to it."""
        kind = type(value)
        if kind in _AS_THEY_ARE:
            return
        if kind in _NAMED and key and self._names(key):
            self.pairs[key, as_text(value)] = None
        if kind is str:
            if len(value) >= _SHORTEST or not value.isascii():
                self.texts[value] = None
        elif kind in _NUMBERS:
            if not -_LEAST < value < _LEAST:
                self.texts[as_text(value)] = None
        elif kind is bytes or kind is bytearray:
            self.texts[text_of(bytes(value))] = None
        elif isinstance(value, str):
            self.value(str.__str__(value), key, depth)
        elif depth < _DEEPEST and isinstance(value, Mapping) and _KEYS.issuperset(map(type, value)):
            self.attributes(value, key, depth)
        elif depth < _DEEPEST and isinstance(value, _LISTS):
            for inner in value:
                self.value(inner, key, depth + 1)
        elif not isinstance(value, (int, float)):
            self.unreadable += 1


@dataclass(frozen=True, slots=True)
class Swaps:
    """What to put for what."""

    texts: Mapping[str, str]
    pairs: Mapping[tuple[str, str], str]
    """For whole values under their keys."""

    def text(self, text: Any) -> Any:
        """Return what to put for a text that is a name or a description."""
        return self.texts.get(text, text) if isinstance(text, str) else text

    def attributes(self, given: Any, above: str = "", depth: int = 0) -> Any:
        """Return a map with names and values replaced; ours stay as they are."""
        if not given:
            return given
        texts, pairs = self.texts, self.pairs
        changes: dict[Any, tuple[Any, Any]] = {}
        for key, value in given.items():
            if type(key) is not str:
                shown, path = key, ""
            elif key in _OURS:
                continue
            else:
                shown, path = texts.get(key, key), f"{above}.{key}" if above else key
            if type(value) is str:
                changed = texts.get(value) or (pairs.get((path, value)) if pairs else None) or value
            else:
                changed = self.value(value, path, depth + 1)
            if shown is not key or changed is not value:
                changes[key] = shown, changed
        if not changes:
            return given
        return dict([changes.get(key, (key, value)) for key, value in given.items()])

    def value(self, value: Any, key: str = "", depth: int = 0) -> Any:
        """Return a value with texts replaced, :data:`UNREADABLE` for what is no value."""
        kind = type(value)
        if kind in _AS_THEY_ARE:
            return value
        if kind in _NUMBERS or isinstance(value, str):
            text = as_text(value) if kind in _NUMBERS else str.__str__(value)
            found = self.texts.get(text) or self.pairs.get((key, text))
            return value if found is None else found
        if kind is bytes or kind is bytearray:
            found = self.texts.get(text_of(bytes(value)))
            return value if found is None else found.encode()
        if depth < _DEEPEST and isinstance(value, Mapping) and _KEYS.issuperset(map(type, value)):
            return self.attributes(value, key, depth)
        if depth < _DEEPEST and isinstance(value, _LISTS):
            inner = [self.value(one, key, depth + 1) for one in value]
            if all(one is other for one, other in zip(inner, value, strict=True)):
                return value
            return inner if isinstance(value, list) else tuple(inner)
        return value if isinstance(value, (int, float)) else UNREADABLE
