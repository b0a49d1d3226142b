"""Lists of things that have nothing to do with the person: offices, choices, facets.

A town under the key ``town`` is the visitor's only as far as the object is about the visitor. In a
list most of whose members say something else, and where nothing else of this person stands in the
member, the key proves nothing: that is how a table of offices looks to a customer of one of them.
Towns and countries are what such tables are made of, so in a list they need somebody around them;
in a list of one as well where the row is a count: so many orders from France. Two weak values in
one member, of a list that tells nothing of anybody else, are a row of a public table that happens
to have them.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict

from sst_otel.matching import rules
from sst_otel.matching.hits import Hit
from sst_otel.matching.leaf import Leaf, Place
from sst_otel.tags import Owner

_PLACES = frozenset({"city", "country", "geo_coarse", "postal_code", "region"})
"""Types of which the tables of shops, depots and tariffs are made; two of them are one town."""
_NUMBER = re.compile(r"-?\d+(?:\.\d+)?")


def not_of_a_list(hits: list[Hit], identified: list[Hit], leaves: list[Leaf]) -> list[Hit]:
    """Drop values that only a key or company names, exceptions in the list they stand in."""
    listed = [
        hit for hit in hits if hit.rule in (rules.KEY, rules.TOGETHER) and is_listed(hit.leaf.place)
    ]
    if not listed:
        return hits
    members = Counter(shape(leaf) for leaf in leaves if is_listed(leaf.place))
    mine = Counter((shape(hit.leaf), hit.datum.owner) for hit in listed)
    told = {id(hit.leaf): hit.leaf for hit in (*hits, *identified)}
    anybodys = Counter(shape(leaf) for leaf in told.values() if is_listed(leaf.place))
    company: dict[tuple[int, Owner], set[str]] = defaultdict(set)
    certain: set[tuple[int, Owner]] = set()
    for hit in (*hits, *identified):
        place, owner = hit.leaf.group[-1], hit.datum.owner
        company[place, owner].add(hit.datum.data_type)
        if hit.rule != rules.KEY:
            certain.add((place, owner))
    beside_it: dict[int, list[Leaf]] = defaultdict(list)
    for leaf in leaves:
        beside_it[leaf.group[-1]].append(leaf)
    dropped = set()
    for hit in listed:
        like, owner = shape(hit.leaf), hit.datum.owner
        if hit.rule == rules.TOGETHER:
            if anybodys[like] * 2 <= members[like]:
                dropped.add(id(hit))
            continue
        beside = company[hit.leaf.group[-1], owner]
        alone = len(beside) < 2 or (
            type(_last(hit.leaf.place)) is int and hit.leaf.group[-1] > 0  # no row of a table
        )
        exceptional = alone and mine[like, owner] * 2 <= members[like]
        public = beside <= _PLACES and (
            members[like] > 1 or _is_counted(hit.leaf, beside_it[hit.leaf.group[-1]])
        )
        if exceptional or (
            public and certain.isdisjoint([(group, owner) for group in hit.leaf.group])
        ):
            dropped.add(id(hit))
    return [hit for hit in hits if id(hit) not in dropped]


def _is_counted(leaf: Leaf, beside: list[Leaf]) -> bool:
    """Whether nothing but numbers stands beside a value: a row that says how many there are."""
    others = [other.text for other in beside if other.place != leaf.place]
    return bool(others) and all(_NUMBER.fullmatch(text) for text in others)


def _last(place: Place) -> object:
    return place if isinstance(place, str) else place[1]


def is_listed(place: Place) -> bool:
    """Whether a leaf stands in a list somewhere."""
    while not isinstance(place, str):
        place, inner = place
        if type(inner) is int:
            return True
    return False


def shape(leaf: Leaf) -> str:
    """Return the path with positions left out: the same for all members of a list.

    A field that is called what stands beside it (``{"name": …, "value": …}``) ends in its name.
    """
    place = leaf.place
    pieces: list[str] = []
    while not isinstance(place, str):
        place, inner = place
        last = leaf.key if not pieces else inner
        pieces.append("[]" if type(inner) is int else f".{last}")
    return place + "".join(reversed(pieces))
