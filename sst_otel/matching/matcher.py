"""What personal data a call carries, and whose: identity first, then content, then weak values.

The rules are those of the engine design, sections 2 and 3. Every hit keeps its evidence; a value
that several people share goes to the one whom the payload or the scope names.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from sst_otel import semconv
from sst_otel.matching import rules
from sst_otel.matching.content import Content, Found
from sst_otel.matching.parts import carries_mark, holds_marks, raw_text
from sst_otel.matching.payload import Leaf, Leaves
from sst_otel.matching.texts import Texts
from sst_otel.matching.weak import WeakValues
from sst_otel.registry.datum import DERIVED, Datum
from sst_otel.registry.identity import IDS
from sst_otel.registry.index import MAX_OWNERS
from sst_otel.registry.registry import Registry
from sst_otel.registry.text import phrase
from sst_otel.scope import Scope
from sst_otel.shares import Part
from sst_otel.tags import Owner

_LONGEST_EXPLAINED = 200
_NAME_PARTS = frozenset({"first_name", "last_name"})
_RANK = {
    name: rank
    for rank, name in enumerate(
        (
            semconv.EXACT,
            semconv.COMPOSED,
            semconv.NORMALIZED,
            semconv.ENCODED,
            semconv.HASHED,
            semconv.FIELD,
            semconv.DERIVED,
        )
    )
}


@dataclass(slots=True)
class Hit:
    """One datum recognised in one leaf."""

    datum: Datum
    evidence: str
    rule: str
    """Why it counts, a name of :mod:`sst_otel.matching.rules`."""
    leaf: Leaf
    ambiguous: bool = False


@dataclass(slots=True)
class Match:
    """What was found in one call, grouped by person."""

    owners: dict[Owner, list[Hit]] = field(default_factory=dict)
    """At most one hit per datum and owner, the best evidence of each."""
    unread: int = 0
    """Pieces of the payload that a budget left unread."""


class Matcher:
    """Looks calls up in the registry. ``names_type(key, data_type)`` judges payload keys."""

    def __init__(self, registry: Registry, names_type: Callable[[str, str], bool]) -> None:
        self._registry = registry
        self._names_type = names_type

    def match(self, parts: Iterable[Part], scope: Scope, handed_over: Iterable[Part] = ()) -> Match:
        """Return the findings of one call; ``scope`` is the hint for values that people share.

        ``handed_over``: the objects that outer layers were given. They count as far as they are in
        ``parts``, what really leaves: inside an SDK's call other calls are made, for a token say.
        """
        parts = tuple(parts)
        handed_over = tuple(handed_over)
        content = Content(self._registry.indexes())
        weak = WeakValues(self._registry, self._names_type, scope)
        quick = self._at_a_glance(parts, handed_over, content, weak)
        if quick is not None:
            return quick
        leaves = Leaves()
        for part in parts:
            leaves.add_part(part)
        sent = len(leaves.leaves)
        for part in handed_over:
            leaves.add_part(part)
        if len(leaves.leaves) > sent:
            leaves.leaves[:] = _as_sent(leaves.leaves[:sent], leaves.leaves[sent:])
        identified, explained = _identified(leaves.leaves)
        anchors = _Anchors(identified)
        hits: list[Hit] = []
        strong = _strong(content, leaves.leaves)
        for leaf, data, how, rule in sorted(strong, key=lambda found: len(found[1])):
            for hit in self._choose(leaf, data, how, rule, anchors, scope):
                hits.append(hit)
                anchors.add(hit)
        found = weak.find(leaves.leaves, anchors.owners_near, anchors.everybody(), explained)
        for leaf, data, how, rule in found:
            # A weak value that could be several people's says nothing about any of them.
            chosen = self._choose(leaf, data, how, rule, anchors, scope)
            hits += [hit for hit in chosen if not hit.ambiguous]
        return Match(_by_owner([*identified, *_not_reclaimed(identified, hits)]), leaves.unread)

    def _at_a_glance(
        self,
        parts: tuple[Part, ...],
        handed_over: tuple[Part, ...],
        content: Content,
        weak: WeakValues,
    ) -> Match | None:
        """Return what identity finds, where a look at the whole text shows that this is all.

        Most payloads hold nothing, or the very objects that were loaded: they need no parsing.
        None where the parts have to be taken apart.
        """
        texts = []
        unread = 0
        for part in parts:
            if IDS and carries_mark(part):
                return None
            raw = raw_text(part)
            if raw is None:
                return None
            texts.append(raw[0])
            unread += raw[1]
        everything = Texts(texts)
        found = content.find(everything)
        identified: list[Hit] = []
        explained: set[str] = set()
        if IDS and any([holds_marks(part.value) for part in handed_over]):
            leaves = Leaves()
            for part in handed_over:
                leaves.add_part(part)
            marked = [leaf for leaf in leaves.leaves if leaf.mark is not None]
            if any(leaf.text not in everything.joined for leaf in marked):
                return None
            identified, explained = _identified(marked)
        if found and not _all_explained(found, identified):
            return None
        owners = dict.fromkeys(hit.datum.owner for hit in identified)
        if content.digests and owners:
            return None  # a weak value's digest counts beside what is certain
        if weak.may_stand_among(content.words, owners, explained):
            return None
        return Match(_by_owner(identified), unread) if identified else Match(unread=unread)

    def _choose(
        self,
        leaf: Leaf,
        data: list[Datum],
        how: str,
        rule: str,
        anchors: _Anchors,
        scope: Scope,
    ) -> list[Hit]:
        """Decide whose a value is when several people have it."""
        owners = {datum.owner for datum in data}
        if len(owners) > MAX_OWNERS:
            return []
        if len(owners) > 1:
            owners = {owner for owner in owners if owner.known} or owners
        near = anchors.owners_near(leaf) & owners
        chosen = near if len(near) == 1 else owners
        if len(chosen) > 1:
            in_scope = {datum.owner for datum in data if datum in scope.data} & chosen
            own = scope.owner or scope.visitor
            if own in chosen:
                chosen = {own} if own is not None else chosen
            elif len(in_scope) == 1:
                chosen = in_scope
        ambiguous = len(chosen) > 1
        return [Hit(datum, how, rule, leaf, ambiguous) for datum in data if datum.owner in chosen]


def _as_sent(sent: list[Leaf], handed_over: list[Leaf]) -> list[Leaf]:
    """Return the leaves handed over that are part of what is sent, then what is sent."""
    texts = {leaf.text for leaf in sent}
    everything = "\n".join(texts)
    kept = [
        leaf
        for leaf in handed_over
        if leaf.text and (leaf.text in texts or leaf.text in everything)
    ]
    return kept + sent


def _identified(leaves: list[Leaf]) -> tuple[list[Hit], set[str]]:
    """Return what the identity table says of leaves, and the phrases it accounts for."""
    hits: list[Hit] = []
    explained: set[str] = set()
    for leaf in leaves:
        if leaf.mark is not None:
            hits += _identity_hits(leaf)
            if len(leaf.text) < _LONGEST_EXPLAINED:
                explained.add(_folded(leaf))
    return hits, explained


def _all_explained(found: list[Found], identified: list[Hit]) -> bool:
    """Whether what content shows is what identity has shown, or the same text of that person."""
    data = {hit.datum for hit in identified}
    texts = {(_folded(hit.leaf), hit.datum.owner) for hit in identified}
    return all(
        datum in data or (phrase(str(datum.value)), datum.owner) in texts
        for _, shown, _, _ in found
        for datum in shown
    )


def _strong(content: Content, leaves: list[Leaf]) -> list[tuple[Leaf, list[Datum], str, str]]:
    """Return what content alone shows, leaf by leaf."""
    unexplained: dict[str, list[Leaf]] = {}
    for leaf in leaves:
        if leaf.mark is None or leaf.mark.composed:
            # The bytes mostly repeat the objects they were made of.
            unexplained.setdefault(leaf.text, []).append(leaf)
    with_text = list(unexplained.values())
    return [
        (leaf, data, how, rule)
        for number, data, how, rule in content.find(Texts(list(unexplained)))
        for leaf in with_text[number]
    ]


class _Anchors:
    """Which people are certain to be meant in which object of the payload."""

    def __init__(self, hits: list[Hit]) -> None:
        self._owners: dict[int, set[Owner]] = {}
        for hit in hits:
            self.add(hit)

    def add(self, hit: Hit) -> None:
        if hit.ambiguous or not hit.datum.owner.ref:
            return
        for group in hit.leaf.group[-1:]:
            self._owners.setdefault(group, set()).add(hit.datum.owner)

    def everybody(self) -> set[Owner]:
        """Return all who are certain to be meant somewhere."""
        return {owner for owners in self._owners.values() for owner in owners}

    def owners_near(self, leaf: Leaf) -> set[Owner]:
        """Return the people named in the nearest object around ``leaf`` that names anybody."""
        for group in reversed(leaf.group):
            found = self._owners.get(group)
            if found:
                return found
        return set()


def _identity_hits(leaf: Leaf) -> list[Hit]:
    mark = leaf.mark
    assert mark is not None
    hits = []
    for datum in mark.data:
        if datum.data_type == DERIVED:
            hits.append(Hit(datum, semconv.DERIVED, rules.COMPUTED, leaf))
            hits += [Hit(root, semconv.DERIVED, rules.OPERAND, leaf) for root in datum.parents]
        elif mark.form:
            hits.append(Hit(datum, mark.form, rules.IDENTITY, leaf))
        elif mark.composed:
            hits.append(Hit(datum, semconv.COMPOSED, rules.COMPOSED, leaf))
        else:
            same = datum.value is mark.obj or datum.value == mark.obj
            how = semconv.EXACT if same else semconv.NORMALIZED
            hits.append(Hit(datum, how, rules.IDENTITY, leaf))
    return hits


def _folded(leaf: Leaf) -> str:
    if leaf.folded is None:
        leaf.folded = phrase(leaf.text)
    return leaf.folded


def _not_reclaimed(identified: list[Hit], hits: list[Hit]) -> list[Hit]:
    """Drop hits by content on a text that identity explains as another datum of that person."""
    if not hits:
        return hits
    explained: dict[tuple[str, Owner], set[str]] = {}
    for hit in identified:
        key = (_folded(hit.leaf), hit.datum.owner)
        explained.setdefault(key, set()).add(hit.datum.data_type)
    whole_names = {(id(hit.leaf), hit.datum.owner) for hit in hits if hit.datum.data_type == "name"}
    kept = []
    for hit in hits:
        if hit.datum.data_type in _NAME_PARTS and (id(hit.leaf), hit.datum.owner) in whole_names:
            continue  # the full name says it
        text = _folded(hit.leaf)
        types = explained.get((text, hit.datum.owner))
        if types and hit.datum.data_type not in types and phrase(str(hit.datum.value)) == text:
            continue
        kept.append(hit)
    return kept


def _by_owner(hits: list[Hit]) -> dict[Owner, list[Hit]]:
    best: dict[Owner, dict[Datum, Hit]] = {}
    for hit in hits:
        mine = best.setdefault(hit.datum.owner, {})
        known = mine.get(hit.datum)
        if known is None or _RANK[hit.evidence] < _RANK[known.evidence]:
            mine[hit.datum] = hit
    return {owner: list(found.values()) for owner, found in best.items()}
