"""Values too common to be recognised by content alone: only with a reason to look for them.

A weak value counts in a field whose key names its type, beside a certain value of the same person
in the same object, or beside a second weak one of that person; an account's id under more names
(:mod:`sst_otel.matching.accounts`). Below 12 bits (a gender, an age, an
income of 50000) only the key does. Candidates are the values of the request's scope and of the
people whom the payload names with certainty, never everybody's.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence

from sst_otel import semconv
from sst_otel.matching import rules
from sst_otel.matching.accounts import names_account
from sst_otel.matching.hashed import Found, digest_in, find_hashed
from sst_otel.matching.leaf import Leaf
from sst_otel.matching.texts import Texts
from sst_otel.registry.datum import DERIVED, Datum, strength
from sst_otel.registry.forms import NAME_PARTS, WeakForms
from sst_otel.registry.registry import Registry
from sst_otel.scope import Scope
from sst_otel.tags import Owner

WEAK_BITS = 12.0
"""From here two values of one person, or one beside a strong one, count without a key."""
_LONGEST_FIELD = 120
_TOLD_BY = {"birthday": ("age",)}
"""Types of which a number computed from a value of another type is one."""
_CLAIMS = {"sub": "user_id"}
"""Registered names of a token's claims (RFC 7519) → a name that tells the type anywhere."""
_STATE = "weak_forms"


class WeakValues:
    """The weak values that one call may carry."""

    def __init__(
        self, registry: Registry, names_type: Callable[[str, str], bool], scope: Scope
    ) -> None:
        self._registry = registry
        self._names_type = names_type
        self._scope = scope

    def longest_among(
        self,
        words: Sequence[str],
        distinct: Collection[str],
        owners: Collection[Owner],
        explained: set[str],
    ) -> int:
        """Return the length of the longest candidate that stands in a text of these words, or 0.

        ``distinct``: the same words without repetitions.
        ``explained``: phrases that identity accounts for, ``owners``: who is certainly meant.
        """
        if not self._scope.data and not owners:
            return 0
        spaced = ""
        longest = 0
        for table in self._tables(owners):
            for form in table.among(distinct):
                if len(form) > longest and form not in explained:
                    spaced = spaced or f" {' '.join(words)} "
                    if f" {form} " in spaced:
                        longest = len(form)
        return longest

    def longest_words(
        self, words: Collection[str], owners: Collection[Owner], explained: set[str]
    ) -> set[str]:
        """Return the longest word of each candidate that may stand in a text of these words."""
        longest = {
            max(form.split(), key=len)
            for table in self._tables(owners)
            for form in table.among(words)
            if form not in explained
        }
        return longest.intersection(words)

    def is_among(
        self,
        texts: Sequence[str],
        owners: Collection[Owner],
        explained: Collection[str] = (),
        but: str = "",
    ) -> bool:
        """Whether one of ``texts`` is, whole, a candidate that identity does not account for.

        ``but``: a type of which candidates do not count.
        """
        phrases = Texts(list(texts)).phrases()
        return any(
            datum.data_type != but
            for table in self._tables(owners)
            for form in table.those_of(phrases).difference(explained)
            for datum in table.get(form)
        )

    def find(
        self,
        leaves: list[Leaf],
        owners_near: Callable[[Leaf], set[Owner]],
        owners_around: Callable[[Leaf], set[Owner]],
        everybody: Iterable[Owner],
        explained: set[str],
        labelled: Iterable[Leaf] = (),
    ) -> Iterator[Found]:
        """Yield ``(leaf, data, evidence, rule)``; identity accounts for the ``explained`` texts.

        ``everybody``: all who are certainly meant somewhere in the payload. ``labelled``: pieces
        of running text, in which only their key is a reason. ``owners_around``: who is meant in the
        objects beside, where nobody is in those that ``owners_near`` looks at.
        """
        tables = self._tables(everybody)
        if not tables:
            return
        open_leaves = [
            leaf
            for leaf in leaves
            if leaf.structured and leaf.mark is None and 0 < len(leaf.text) <= _LONGEST_FIELD
        ]
        fields = len(open_leaves)
        open_leaves += labelled
        if not open_leaves:
            return
        folded_texts = Texts([leaf.text for leaf in open_leaves]).phrases()
        known = {phrase for table in tables for phrase in table.those_of(folded_texts)}
        together: dict[int, dict[Owner, list[tuple[Leaf, Datum]]]] = {}
        for number, (leaf, folded) in enumerate(zip(open_leaves, folded_texts, strict=True)):
            digest = digest_in(leaf.text)
            if folded in explained or not (folded in known or digest):
                continue
            data = dict.fromkeys(datum for table in tables for datum in table.get(folded))
            near = owners_near(leaf)
            for whole in [datum for datum in data if datum.data_type == "name" and datum.parents]:
                del data[whole]  # first and last name, which the program has put together
                if self._names_type(leaf.key, "name"):
                    yield leaf, list(whole.parents), semconv.FIELD, rules.KEY
                elif (
                    number < fields
                    and strength(whole) >= WEAK_BITS
                    and whole.parents[0].owner in near
                ):
                    yield leaf, list(whole.parents), semconv.EXACT, rules.BESIDE
            for part in [
                datum for datum in data if datum.data_type in NAME_PARTS and datum.parents
            ]:
                del data[part]
                if any(datum.owner == part.owner for datum in data):
                    continue  # it has a column of its own
                if self._names_type(leaf.key, part.data_type):
                    yield leaf, list(part.parents), semconv.FIELD, rules.KEY
                elif number < fields and strength(part) >= WEAK_BITS and part.owner in near:
                    yield leaf, list(part.parents), semconv.EXACT, rules.BESIDE
            key = _CLAIMS.get(leaf.key, leaf.key) if leaf.encoded else leaf.key
            named = [
                datum
                for datum in data
                if self._names_type(key, datum.data_type)
                or (datum.owner in near and names_account(leaf, datum))
            ]
            if named:
                yield leaf, named, semconv.FIELD, rules.KEY
                continue
            computed = [datum for datum in data if self._names_origin(leaf.key, datum)]
            if computed:
                origins = [origin for datum in computed for origin in datum.parents]
                yield leaf, computed, semconv.DERIVED, rules.COMPUTED
                yield leaf, origins, semconv.DERIVED, rules.OPERAND
                continue
            if number >= fields:
                continue
            for datum in data:
                if strength(datum) < WEAK_BITS:
                    continue
                if datum.owner in near:
                    yield leaf, [datum], semconv.EXACT, rules.BESIDE
                elif datum.owner.ref and datum in self._scope.data:
                    people = together.setdefault(leaf.group[-1], {})
                    people.setdefault(datum.owner, []).append((leaf, datum))
            if digest is not None:
                around = () if near else owners_around(leaf)
                yield from find_hashed(leaf, digest, near, around, self._registry, self._names_type)
        for people in together.values():
            for leaf, datum in self._of_one_person(people):
                yield leaf, [datum], semconv.EXACT, rules.TOGETHER

    def _names_origin(self, key: str, datum: Datum) -> bool:
        """Whether ``key`` names what a small computed number (an age, a band) was computed from."""
        return datum.data_type == DERIVED and any(
            self._names_type(key, told)
            for origin in datum.parents
            for told in (origin.data_type, *_TOLD_BY.get(origin.data_type, ()))
        )

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

    def _tables(self, owners: Iterable[Owner]) -> list[WeakForms]:
        """Return the candidates: the scope's own, and those of the people who are meant."""
        scope = self._scope
        found = []
        if scope.data:
            own = scope.state.get(_STATE)
            if own is None or not own.is_of(scope.data):
                own = scope.state[_STATE] = WeakForms(scope.data)
            found.append(own.read())
        for owner in owners:
            found += self._registry.weak_of(owner.ref)
        return found
