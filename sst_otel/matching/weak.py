"""Values too common to be recognised by content alone: only with a reason to look for them.

A weak value counts in a field whose key names its type, beside a certain value of the same person
in the same object, or beside a second weak one of that person. Below 12 bits (a gender, an age, an
income of 50000) only the key does. Candidates are the values of the request's scope and of the
people whom the payload names with certainty, never everybody's.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator

from sst_otel import semconv
from sst_otel.datatypes import digest_forms, renderings
from sst_otel.matching import rules
from sst_otel.matching.payload import Leaf
from sst_otel.registry.datum import Datum
from sst_otel.registry.registry import STRONG_BITS, Registry, strength
from sst_otel.registry.text import phrase
from sst_otel.scope import Scope
from sst_otel.tags import Owner

WEAK_BITS = 12.0
"""From here two values of one person, or one beside a strong one, count without a key."""
_LONGEST_FIELD = 120
_MAX_CANDIDATES = 2_000
_ALGORITHMS = {32: hashlib.md5, 40: hashlib.sha1, 64: hashlib.sha256}

Found = tuple[Leaf, list[Datum], str, str]
"""The leaf, the data, the evidence, and the rule that found them."""


class WeakValues:
    """The weak values that one call may carry."""

    def __init__(
        self, registry: Registry, names_type: Callable[[str, str], bool], scope: Scope
    ) -> None:
        self._registry = registry
        self._names_type = names_type
        self._scope = scope

    def find(
        self,
        leaves: list[Leaf],
        owners_near: Callable[[Leaf], set[Owner]],
        explained: set[str],
    ) -> Iterator[Found]:
        """Yield ``(leaf, data, evidence, rule)``; identity accounts for the ``explained`` texts."""
        open_leaves = [
            leaf
            for leaf in leaves
            if leaf.structured and leaf.mark is None and 0 < len(leaf.text) <= _LONGEST_FIELD
        ]
        if not open_leaves:
            return
        near = {id(leaf): owners_near(leaf) for leaf in open_leaves}
        table = self._table(near.values())
        if not table:
            return
        together: dict[int, dict[Owner, list[tuple[Leaf, Datum]]]] = {}
        for leaf in open_leaves:
            folded = phrase(leaf.text)
            if folded in explained:
                continue
            named = [
                datum
                for datum in table.get(folded, ())
                if self._names_type(leaf.key, datum.data_type)
            ]
            if named:
                yield leaf, named, semconv.FIELD, rules.KEY
                continue
            for datum in table.get(folded, ()):
                if strength(datum) < WEAK_BITS:
                    continue
                if datum.owner in near[id(leaf)]:
                    yield leaf, [datum], semconv.EXACT, rules.BESIDE
                elif datum in self._scope.data:
                    people = together.setdefault(leaf.group[-1], {})
                    people.setdefault(datum.owner, []).append((leaf, datum))
            if len(folded) in _ALGORITHMS:
                yield from self._hashed(leaf, folded, near[id(leaf)])
        for people in together.values():
            for leaf, datum in self._of_one_person(people):
                yield leaf, [datum], semconv.EXACT, rules.TOGETHER

    def _of_one_person(
        self, people: dict[Owner, list[tuple[Leaf, Datum]]]
    ) -> list[tuple[Leaf, Datum]]:
        """Return the values of the one person who has several of those in an object."""
        several = {
            owner: found
            for owner, found in people.items()
            if len({datum.data_type for _, datum in found}) > 1
        }
        if len(several) > 1:
            own = self._scope.owner or self._scope.visitor
            return several.get(own, []) if own is not None else []
        return next(iter(several.values()), [])

    def _table(self, near: Iterable[set[Owner]]) -> dict[str, list[Datum]]:
        """Return the candidates by the folded forms they may be written in."""
        candidates = dict.fromkeys(self._scope.data)
        for owner in {owner for owners in near for owner in owners}:
            candidates.update(dict.fromkeys(self._registry.of_owner(owner.ref)))
        table: dict[str, list[Datum]] = {}
        for datum in list(candidates)[:_MAX_CANDIDATES]:
            if strength(datum) >= STRONG_BITS:
                continue
            for form in _folded(datum):
                table.setdefault(form, []).append(datum)
        return table

    def _hashed(self, leaf: Leaf, digest: str, near: set[Owner]) -> Iterator[Found]:
        """Yield a weak value's digest: few constants exist, so only under its own key."""
        algorithm = _ALGORITHMS[len(digest)]
        for owner in near:
            for datum in self._registry.of_owner(owner.ref):
                if strength(datum) >= STRONG_BITS:
                    continue
                if not self._names_type(leaf.key, datum.data_type):
                    continue
                for form in digest_forms(datum.data_type, datum.value):
                    data = form.encode("utf-8", "replace")
                    if algorithm(data, usedforsecurity=False).hexdigest() == digest:
                        yield leaf, [datum], semconv.HASHED, rules.KEY_DIGEST
                        break


def _folded(datum: Datum) -> tuple[str, ...]:
    if datum.folded is None:
        forms = (phrase(form) for form in renderings(datum.data_type, datum.value))
        datum.folded = tuple(dict.fromkeys(form for form in forms if form))
    return datum.folded
