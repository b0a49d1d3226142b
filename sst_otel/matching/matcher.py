"""What personal data a call carries, and whose: identity first, then content, then weak values.

The rules are those of the engine design, sections 2 and 3. Every hit keeps its evidence; a value
that several people share goes to the one whom the payload or the scope names.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from sst_otel import semconv
from sst_otel.matching import rules
from sst_otel.matching.anchors import Anchors
from sst_otel.matching.choices import not_of_a_list
from sst_otel.matching.claims import BEGINS
from sst_otel.matching.compression import Budget
from sst_otel.matching.content import Content, Found
from sst_otel.matching.copies import may_hold_copies, written
from sst_otel.matching.decode import respell
from sst_otel.matching.flat import holds_marks, short_texts
from sst_otel.matching.hits import (
    Hit,
    by_owner,
    folded,
    not_beside,
    not_reclaimed,
    not_the_callers,
    of_the_scope,
)
from sst_otel.matching.labels import has_labels, labelled
from sst_otel.matching.leaf import Leaf, is_part
from sst_otel.matching.parts import (
    LONGEST_CELL,
    TABLE,
    carries_mark,
    raw_text,
)
from sst_otel.matching.payload import Leaves
from sst_otel.matching.program import not_the_programs
from sst_otel.matching.sieve import LARGE, Sieve, sieve_of
from sst_otel.matching.strangers import not_of_strangers
from sst_otel.matching.texts import Texts
from sst_otel.matching.view import View, taken_apart
from sst_otel.matching.visitors import to_accounts
from sst_otel.matching.weak import WeakValues
from sst_otel.registry.datum import Datum
from sst_otel.registry.identity import IDS, Mark
from sst_otel.registry.registry import Registry
from sst_otel.registry.text import phrase
from sst_otel.registry.typed import is_of_another, not_everybodys, without_typists
from sst_otel.scope import Scope
from sst_otel.shares import Part
from sst_otel.tags import Owner

_BODIES = frozenset({"json", "data"})
"""Arguments that a client library makes the whole body of."""
_PUNCTUATION = 4
"""Characters around and between a value's words that a field of it alone may have."""
_BESIDE_BODY = frozenset({"url", "headers"})


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
        sentences = written(scope) if scope.composed else []
        budget = Budget()
        view = self._at_a_glance(parts, handed_over, content, weak, sentences, budget)
        if not isinstance(view, View):
            budget.cut = 0  # it is counted anew
            view = taken_apart(parts, handed_over, sentences, view, budget)
            view.strong = _strong(content, view.leaves)
        elif view.is_all:
            return self._grouped(view.identified, scope, view.unread + content.unread)
        anchors = Anchors(view.identified)
        hits: list[Hit] = []
        for leaf, data, how, rule in sorted(view.strong, key=_by_certainty):
            for hit in self._choose(leaf, data, how, rule, anchors, scope):
                hits.append(hit)
                anchors.add(hit)
        everybody, labels = anchors.everybody(), labelled(view.leaves)
        found = weak.find(
            view.leaves,
            anchors.owners_near,
            anchors.owners_around,
            everybody,
            view.explained,
            labels,
        )
        for leaf, data, how, rule in found:
            # A weak value that could be several people's says nothing about any of them.
            chosen = self._choose(leaf, data, how, rule, anchors, scope)
            hits += [hit for hit in chosen if not hit.ambiguous]
        kept = not_the_programs(not_reclaimed(view.identified, hits), view.leaves, scope)
        kept = not_the_callers(kept, scope)
        kept = not_of_a_list(kept, view.identified, view.leaves)
        kept = not_of_strangers(
            kept, view.identified, view.leaves, self._registry, self._names_type
        )
        every = [*_still_nobodys(view.identified, kept), *kept]
        return self._grouped(every, scope, view.unread + content.unread)

    def _grouped(self, hits: list[Hit], scope: Scope, unread: int) -> Match:
        hits = to_accounts(hits, self._registry)
        return Match(by_owner(hits, self._registry.mailboxes, scope.owner), unread)

    def _at_a_glance(
        self,
        parts: tuple[Part, ...],
        handed_over: tuple[Part, ...],
        content: Content,
        weak: WeakValues,
        sentences: list[Mark],
        budget: Budget,
    ) -> View | Sieve | None:
        """Return what identity finds, where a look at the whole text shows nothing else certain.

        Most payloads hold nothing, or the very objects that were loaded: they need no parsing.
        A sieve or None where the parts have to be taken apart.
        """
        texts = []
        unread = 0
        for part in parts:
            if IDS and carries_mark(part):
                return None
            raw = raw_text(part, parts, budget)
            if raw is None:
                return None
            texts.append(raw[0])
            unread += raw[1]
        unread += budget.cut
        everything = "\n".join(texts)
        if BEGINS in everything:
            return None
        view, unsettled = View([], unread), everything
        leaves = Leaves(followed=True)
        followed = bool(IDS) and any([holds_marks(part.value) for part in handed_over])
        if followed:
            leaves.add_parts(handed_over)
            view = View([leaf for leaf in leaves.leaves if is_part(leaf.text, everything)], unread)
            for leaf in leaves.leaves:
                if leaf.mark is not None:
                    if not is_part(leaf.text, everything):
                        return None
                    # A string of the document, whole, and somebody's: that is settled.
                    if not (leaf.mark.composed or _is_nobodys(leaf.mark)):
                        unsettled = unsettled.replace(f'"{leaf.text}"', '""')
            if leaves.unread:
                return None
        if sentences and may_hold_copies(sentences, everything, view.leaves):
            return None
        found = content.find(Texts([unsettled]))
        if content.documents:
            return None
        owners = dict.fromkeys([hit.datum.owner for hit in view.identified])
        if found and not _all_explained(found, view.identified):
            if content.told_by is None or content.digests or len(everything) < LARGE:
                return None
            owners.update(dict.fromkeys([datum.owner for _, data, _, _ in found for datum in data]))
            words = weak.longest_words(content.distinct, owners, view.explained)
            return sieve_of(everything, words | content.told_by, followed)
        if content.digests and owners:
            return None  # a weak value's digest counts beside what is certain
        longest = weak.longest_among(content.words, content.distinct, owners, view.explained)
        if longest:
            if has_labels(everything):
                return None
            if parts[0].where.startswith(TABLE):
                # Keys link the rows of one database and are not reported.
                short = _short_of(parts, [], LONGEST_CELL)
                if short is None or weak.is_among(short, owners, but="user_id"):
                    return None
                view.is_all = True
                return view
            if not any(part.where in _BODIES for part in handed_over):
                return None
            # The body was made of these objects: what it holds besides them is no weak value.
            leaves = Leaves()
            leaves.add_parts(part for part in parts if part.where in _BESIDE_BODY)
            most = 2 * longest + _PUNCTUATION
            short = _short_of(handed_over, leaves.leaves, most)
            if short is None or weak.is_among(short, owners, view.explained):
                leaves = Leaves()
                leaves.add_parts(handed_over)
                if leaves.unread:
                    return None
                # Libraries that make JSON escape every letter that is not ASCII.
                said = f"{everything}\n{respell(everything)}" if "\\" in everything else everything
                view = View([leaf for leaf in leaves.leaves if is_part(leaf.text, said)], unread)
                handed = len(leaves.leaves)
                leaves.add_parts(part for part in parts if part.where in _BESIDE_BODY)
                view.leaves += leaves.leaves[handed:]
                return view
        view.is_all = True
        return view

    def _choose(
        self,
        leaf: Leaf,
        data: list[Datum],
        how: str,
        rule: str,
        anchors: Anchors,
        scope: Scope,
    ) -> list[Hit]:
        """Decide whose a value is when several people have it."""
        if leaf.encoded and how in (semconv.EXACT, semconv.NORMALIZED):
            how = semconv.ENCODED
        around = anchors.owners_near(leaf)
        if rule == rules.STORED:
            data = not_beside(around, of_the_scope(data, scope))
        data = not_everybodys(data)
        owners = {datum.owner for datum in data}
        if len(owners) > 1:
            owners = {owner for owner in owners if owner.known} or owners
            owners = without_typists(owners, data, self._registry)
        near = around & owners
        chosen = near if len(near) == 1 else owners
        if len(chosen) > 1:
            in_scope = {datum.owner for datum in data if datum in scope.data} & chosen
            own = scope.owner or scope.visitor
            if own is not None and is_of_another(own, data, self._registry):
                chosen -= {own}
                in_scope -= {own}
            if own in chosen:
                chosen = {own} if own is not None else chosen
            elif len(in_scope) == 1:
                chosen = in_scope
        ambiguous = len(chosen) > 1
        return [Hit(datum, how, rule, leaf, ambiguous) for datum in data if datum.owner in chosen]


def _short_of(parts: tuple[Part, ...], beside: list[Leaf], longest: int) -> list[str] | None:
    """Return the texts among which a weak value of ``longest`` characters could stand alone.

    None where that takes reading the parts whole.
    """
    found = [leaf.text for leaf in beside if leaf.structured and leaf.mark is None]
    for part in parts:
        short = short_texts(part.value, longest)
        if short is None:
            return None
        found += short
    return [text for text in found if len(text) <= longest]


def _all_explained(found: list[Found], identified: list[Hit]) -> bool:
    """Whether what content shows is what identity has shown, or the same text of that person."""
    data = {hit.datum for hit in identified}
    texts = {(folded(hit.leaf), hit.datum.owner) for hit in identified}
    return all(
        datum in data or (phrase(str(datum.value)), datum.owner) in texts
        for _, shown, _, _ in found
        for datum in shown
    )


def _strong(content: Content, leaves: list[Leaf]) -> list[tuple[Leaf, list[Datum], str, str]]:
    """Return what content alone shows, leaf by leaf."""
    unexplained: dict[str, list[Leaf]] = {}
    for leaf in leaves:
        if leaf.mark is None or leaf.mark.composed or _is_nobodys(leaf.mark):
            # The bytes mostly repeat the objects they were made of.
            unexplained.setdefault(leaf.text, []).append(leaf)
    with_text = list(unexplained.values())
    return [
        (leaf, data, how, rule)
        for number, data, how, rule in content.find(Texts(list(unexplained)))
        for leaf in with_text[number]
    ]


def _by_certainty(found: tuple[Leaf, list[Datum], str, str]) -> tuple[bool, int]:
    _, data, _, rule = found
    return rule == rules.STORED, len(data)


def _is_nobodys(mark: Mark) -> bool:
    """Whether an object holds values whose owner nothing has told yet."""
    return not any([datum.owner.ref or datum.parents for datum in mark.data])


def _still_nobodys(identified: list[Hit], hits: list[Hit]) -> list[Hit]:
    """Drop what identity finds without an owner where content knows whose the same value is."""
    told = {(id(hit.leaf), hit.datum.data_type) for hit in hits if hit.datum.owner.ref}
    if not told:
        return identified
    return [
        hit
        for hit in identified
        if hit.datum.owner.ref or (id(hit.leaf), hit.datum.data_type) not in told
    ]
