"""Lists of things that have nothing to do with the person: offices, choices, facets.

A town under the key ``town`` is the visitor's only as far as the object is about the visitor. In a
list most of whose members say something else, and where nothing else of this person stands in the
member, the key proves nothing: that is how a table of offices looks to a customer of one of them.
"""

from __future__ import annotations

from collections import Counter, defaultdict

from sst_otel.matching import rules
from sst_otel.matching.hits import Hit
from sst_otel.matching.payload import Leaf, Place


def not_of_a_list(hits: list[Hit], identified: list[Hit], leaves: list[Leaf]) -> list[Hit]:
    """Drop values that only a key names and that are the exception in the list they stand in."""
    listed = [hit for hit in hits if hit.rule == rules.KEY and _is_listed(hit.leaf.place)]
    if not listed:
        return hits
    members: Counter[str] = Counter(_shape(leaf.place) for leaf in leaves if _is_listed(leaf.place))
    mine = Counter((_shape(hit.leaf.place), hit.datum.owner) for hit in listed)
    company: dict[tuple[int, object], set[str]] = defaultdict(set)
    for hit in (*hits, *identified):
        company[hit.leaf.group[-1], hit.datum.owner].add(hit.datum.data_type)
    dropped = set()
    for hit in listed:
        shape, owner = _shape(hit.leaf.place), hit.datum.owner
        alone = type(_last(hit.leaf.place)) is int or len(company[hit.leaf.group[-1], owner]) < 2
        if alone and mine[shape, owner] * 2 <= members[shape]:
            dropped.add(id(hit))
    return [hit for hit in hits if id(hit) not in dropped]


def _last(place: Place) -> object:
    return place if isinstance(place, str) else place[1]


def _is_listed(place: Place) -> bool:
    while not isinstance(place, str):
        place, inner = place
        if type(inner) is int:
            return True
    return False


def _shape(place: Place) -> str:
    """Return the path with positions left out: the same for all members of a list."""
    pieces = []
    while not isinstance(place, str):
        place, inner = place
        pieces.append("[]" if type(inner) is int else f".{inner}")
    return place + "".join(reversed(pieces))
