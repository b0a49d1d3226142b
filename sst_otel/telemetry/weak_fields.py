"""Values too common to be told by content (``F``, ``54``, ``US``), under keys that name their type.

Of an attribute the key is its name; in a query, a JSON text or a statement it is what stands before
the sign: ``gender=F``, ``"age": 54``, ``country = 'US'``.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Mapping
from functools import lru_cache

from sst_otel.datatypes import FieldClassifier
from sst_otel.datatypes.tokens import phrase_words
from sst_otel.matching.decode import is_respelled, respell
from sst_otel.matching.texts import Texts
from sst_otel.registry.datum import Datum
from sst_otel.registry.registry import Registry
from sst_otel.registry.text import bounded, phrase

_PAIR = re.compile(
    r"(?P<key>[A-Za-z_][\w.\-]{0,60})[\"'`\])\\]{0,3}\s{0,3}[=:]\s{0,3}"
    r"(?:\\?\"(?P<double>[^\"\\]{1,120})|'(?P<single>[^']{1,120})|(?P<bare>[^\s\"'&;,}{)(\]\[]{1,120}))"
)
_LONGEST = 120


class WeakFields:
    """Weak values of everybody, by the keys they stand under. ``label`` names data."""

    def __init__(
        self,
        registry: Registry,
        classifier: FieldClassifier,
        label: Callable[[Iterable[Datum]], str],
    ) -> None:
        self._registry = registry
        self._label = label
        types = classifier.taxonomy.types
        self._words = frozenset(
            words[-1]
            for kind in types.values()
            for named in (*kind.fields, *kind.bare, *kind.contextual, *kind.keys)
            if (words := phrase_words(named))
        )
        self.types_of = lru_cache(maxsize=4096)(
            lambda key: tuple(kind for kind in types if classifier.names_type(key, kind))
        )
        """The types of data that a key names."""

    def texts(self, given: Collection[str], joined: Texts) -> dict[str, None]:
        """Return those of the texts in which a key may stand that names a type."""
        if self._words.isdisjoint(bounded(joined.joined).split()):
            return {}
        with_keys = [text for text in given if "=" in text or ":" in text]
        words = self._words
        return {text: None for text in with_keys if not words.isdisjoint(bounded(text).split())}

    def known(self) -> Known:
        """Return the weak values there are now."""
        return Known(self._registry.weak_written(), self.types_of, self._label)


class Known:
    """The weak values that were known at one time."""

    __slots__ = ("_label", "_tables", "_types_of")

    def __init__(
        self,
        tables: tuple[Mapping[tuple[str, str], list[Datum]], ...],
        types_of: Callable[[str], tuple[str, ...]],
        label: Callable[[Iterable[Datum]], str],
    ) -> None:
        self._tables = tables
        self._types_of = types_of
        self._label = label

    def __bool__(self) -> bool:
        return bool(self._tables)

    def without(self, text: str) -> str:
        """Return ``text`` with weak values replaced that stand under a key of their type."""
        pieces = []
        at = 0
        for match in _PAIR.finditer(text):
            where = match.lastgroup or ""
            label = self.value_of(match["key"], match[where])
            if label is not None:
                start, end = match.span(where)
                pieces += [text[at:start], label]
                at = end
        return "".join([*pieces, text[at:]])

    def value_of(self, key: str, text: str) -> str | None:
        """Return what to put for ``text`` under ``key``; None where it may stay."""
        if len(text) > _LONGEST or text[:1] == "{":
            return None
        types = self._types_of(key)
        if not types:
            return None
        written = phrase(respell(text) if is_respelled(text) else text)
        for kind in types:
            data = [datum for table in self._tables for datum in table.get((kind, written), ())]
            if data:
                return self._label(data)
        return None
