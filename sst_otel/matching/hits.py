"""Hits: what one leaf shows of one datum, and which of several say the same."""

from __future__ import annotations

from dataclasses import dataclass

from sst_otel import semconv
from sst_otel.matching import rules
from sst_otel.matching.leaf import Leaf
from sst_otel.matching.senders import not_the_sites
from sst_otel.registry.datum import DERIVED, STRONG_BITS, Datum, strength
from sst_otel.registry.mailboxes import Mailboxes
from sst_otel.registry.text import phrase
from sst_otel.scope import Scope
from sst_otel.tags import Owner

_NAME_PARTS = frozenset({"first_name", "last_name"})
_CREDENTIALS = "header.authorization"
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


def identity_hits(leaf: Leaf) -> list[Hit]:
    """Return what the identity table says of a leaf that carries a mark."""
    mark = leaf.mark
    assert mark is not None
    hits = []
    letters = ""
    for datum in mark.data:
        if datum.data_type == DERIVED and _is_cut(datum):
            letters = letters or _letters(leaf.text)
            root = datum.parents[0]
            if _letters(str(root.value)) in letters:  # its pieces, put together again
                how = semconv.COMPOSED if mark.composed else semconv.NORMALIZED
                hits.append(Hit(root, how, rules.COMPOSED, leaf))
                continue
        if datum.data_type == DERIVED:
            hits.append(Hit(datum, semconv.DERIVED, rules.COMPUTED, leaf))
            hits += [Hit(root, semconv.DERIVED, rules.OPERAND, leaf) for root in datum.parents]
        elif mark.form:
            hits.append(Hit(datum, mark.form, rules.CONVERTED, leaf))
        elif mark.composed:
            hits.append(Hit(datum, semconv.COMPOSED, rules.COMPOSED, leaf))
        else:
            same = datum.value is mark.obj or datum.value == mark.obj
            how = semconv.EXACT if same else semconv.NORMALIZED
            hits.append(Hit(datum, how, rules.IDENTITY, leaf))
    return hits


def _is_cut(datum: Datum) -> bool:
    """Whether a derived value is a piece of the text, or of the digits, of one source value."""
    if type(datum.value) is not str or len(datum.parents) != 1:
        return False
    root = datum.parents[0].value
    piece = _letters(datum.value)
    return type(root) in (str, int) and bool(piece) and piece in _letters(str(root))


def _letters(text: str) -> str:
    return "".join(filter(str.isalnum, text.casefold()))


def folded(leaf: Leaf) -> str:
    """Return the phrase of a leaf's text."""
    if leaf.folded is None:
        leaf.folded = phrase(leaf.text)
    return leaf.folded


def not_reclaimed(identified: list[Hit], hits: list[Hit]) -> list[Hit]:
    """Drop hits by content on a text that identity explains as another datum of that person.

    Or as the same words of somebody else: a namesake whose name stands nowhere in it.
    """
    if not hits:
        return hits
    explained: dict[tuple[str, Owner], set[str]] = {}
    whose: dict[tuple[str, str, str], set[Owner]] = {}
    for hit in identified:
        key = (folded(hit.leaf), hit.datum.owner)
        explained.setdefault(key, set()).add(hit.datum.data_type)
        if hit.datum.owner.ref:
            whose.setdefault(_words(hit), set()).add(hit.datum.owner)
    whole_names = {(id(hit.leaf), hit.datum.owner) for hit in hits if hit.datum.data_type == "name"}
    kept = []
    for hit in hits:
        if hit.datum.data_type in _NAME_PARTS and (id(hit.leaf), hit.datum.owner) in whole_names:
            continue  # the full name says it
        owners = whose.get(_words(hit)) if whose else None
        if owners and hit.datum.owner not in owners:
            continue
        text = folded(hit.leaf)
        types = explained.get((text, hit.datum.owner))
        if types and hit.datum.data_type not in types and phrase(str(hit.datum.value)) == text:
            continue
        kept.append(hit)
    return kept


def _words(hit: Hit) -> tuple[str, str, str]:
    """Return the text a hit is in, its type and its words."""
    return folded(hit.leaf), hit.datum.data_type, phrase(str(hit.datum.value))


def not_the_callers(hits: list[Hit], scope: Scope) -> list[Hit]:
    """Drop what content finds in credentials, as far as it is the account the application has.

    A user and a password are followed or they are the caller's own, who may be a person here as
    well; of a token only what the request has touched counts.
    """
    return [hit for hit in hits if not _in_credentials(hit, scope)]


def _in_credentials(hit: Hit, scope: Scope) -> bool:
    if not hit.leaf.path.lower().startswith(_CREDENTIALS):
        return False
    return hit.datum not in scope.data or not (hit.leaf.encoded or hit.rule == rules.DECODED)


def of_the_scope(data: list[Datum], scope: Scope) -> list[Datum]:
    """Return the data of a stored text, or the scope's own of the same words.

    Two people in one town are greeted alike: the greeting is whose the program greets now.
    """
    if any(datum in scope.data for datum in data):
        return data
    own = {(datum.data_type, phrase(str(datum.value))): datum for datum in scope.data}
    same = [own.get((datum.data_type, phrase(str(datum.value)))) for datum in data]
    found = [datum for datum in same if datum is not None]
    return found if len(found) == len(data) else data


def not_beside(people: set[Owner], data: list[Datum]) -> list[Datum]:
    """Drop what is too common to tell one of two people who are told the same, where others stand.

    ``people``: who is certain to be meant beside the text.
    """
    if not people or any(datum.owner in people for datum in data):
        return data
    return [datum for datum in data if strength(datum) >= STRONG_BITS]


def by_owner(
    hits: list[Hit], mailboxes: Mailboxes, acting: Owner | None = None
) -> dict[Owner, list[Hit]]:
    """Return at most one hit per datum and owner, the best evidence of each.

    ``mailboxes`` are the application's own, and so is what it sends mails from; ``acting``: who
    has caused the call.
    """
    best: dict[Owner, dict[Datum, Hit]] = {}
    for hit in not_the_sites(hits, acting):
        if mailboxes.explain(hit.datum):
            continue
        mine = best.setdefault(hit.datum.owner, {})
        known = mine.get(hit.datum)
        if known is None or _RANK[hit.evidence] < _RANK[known.evidence]:
            mine[hit.datum] = hit
    return {owner: list(found.values()) for owner, found in best.items()}
