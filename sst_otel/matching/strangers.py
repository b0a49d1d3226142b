"""Records of somebody else, which have a weak value in common with the person of the request.

A town under the key ``city`` is the caller's as long as nothing says otherwise. An e-mail address
in the same record that is not theirs, though the application knows theirs, says otherwise: staff
and shops send records of other people all the time. What is followed by identity does not depend on
this.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from sst_otel.datatypes.tokens import segments
from sst_otel.matching import rules
from sst_otel.matching.hits import Hit
from sst_otel.matching.leaf import Leaf
from sst_otel.registry.registry import Registry
from sst_otel.tags import Owner

_MAIL = "email"
_ADDRESS = re.compile(r"[\w+-]+(?:\.[\w+-]+)*@[\w-]+(?:\.[\w-]+)*\.[^\W\d_]{2,}")
"""A whole address: one with letters left out may be the caller's own."""
_BY_COINCIDENCE = frozenset({rules.KEY, rules.TOGETHER})
_OF_NAMES = frozenset({"first", "last", "given", "family", "full", "middle"})
"""``name`` alone names a first name, too."""
_RECORD = 2
"""Objects that make a record: the value's own, and the one around it (``{"email", "address"}``)."""


def not_of_strangers(
    hits: list[Hit],
    identified: list[Hit],
    leaves: list[Leaf],
    registry: Registry,
    names_type: Callable[[str, str], bool],
) -> list[Hit]:
    """Drop values that only a key or company names, in a record of somebody else.

    The address counts where it is called as the value is: ``email`` beside ``city``, not
    ``to_email`` beside it.
    """
    doubtful = [hit for hit in hits if hit.rule in _BY_COINCIDENCE and hit.datum.owner.ref]
    if not doubtful:
        return hits
    addresses = [
        leaf
        for leaf in leaves
        if leaf.structured and "@" in leaf.text and _ADDRESS.fullmatch(leaf.text.strip())
    ]
    if not addresses:
        return hits
    people = _Records(hits, identified)
    prefixes: dict[int, list[tuple[str, ...]]] = {}
    for leaf in addresses:
        if names_type(leaf.key, _MAIL):
            called = _prefix(leaf.key, _MAIL, names_type)
            prefixes.setdefault(leaf.group[-1], []).append(called)
    dropped = set()
    for hit in doubtful:
        owner, groups = hit.datum.owner, hit.leaf.group[-_RECORD:]
        if people.name(owner, groups) or not _has_address(registry, owner):
            continue
        mine = _prefix(hit.leaf.key, hit.datum.data_type, names_type)
        if any(mine in prefixes.get(group, ()) for group in groups):
            dropped.add(id(hit))
    return [hit for hit in hits if id(hit) not in dropped]


class _Records:
    """Who is named in which object by more than a coincidence."""

    def __init__(self, *found: list[Hit]) -> None:
        self._certain = set(self._named(found))

    @staticmethod
    def _named(found: tuple[list[Hit], ...]) -> Iterator[tuple[int, Owner]]:
        for hits in found:
            for hit in hits:
                if hit.rule not in _BY_COINCIDENCE:
                    for group in hit.leaf.group[-_RECORD:]:
                        yield group, hit.datum.owner

    def name(self, owner: Owner, groups: tuple[int, ...]) -> bool:
        """Whether one of the objects ``groups`` certainly has something of ``owner``."""
        return any((group, owner) in self._certain for group in groups)


def _has_address(registry: Registry, owner: Owner) -> bool:
    return any(datum.data_type == _MAIL for datum in registry.of_owner(owner.ref))


def _prefix(key: str, data_type: str, names_type: Callable[[str, str], bool]) -> tuple[str, ...]:
    """Return the words of ``key`` before those that name the type: ``shipping`` of a city."""
    parts = segments(key)
    words = parts[-1] if parts else []
    for start in range(len(words) - 1, 0, -1):
        if names_type("_".join(words[start:]), data_type):
            return tuple([word for word in words[:start] if word not in _OF_NAMES])
    return ()
