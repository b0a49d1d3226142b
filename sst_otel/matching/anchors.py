"""Which people are certain to be meant in which object of a payload."""

from __future__ import annotations

from sst_otel.matching.hits import Hit
from sst_otel.matching.leaf import Leaf
from sst_otel.tags import Owner


class Anchors:
    """Which people are certain to be meant in which object of the payload."""

    def __init__(self, hits: list[Hit]) -> None:
        self._owners: dict[int, set[Owner]] = {}
        self._inside: dict[int, set[Owner]] = {}
        """The same, with those named in the objects inside of it."""
        for hit in hits:
            self.add(hit)

    def add(self, hit: Hit) -> None:
        """Take a hit for certain, unless it could be several people's."""
        if hit.ambiguous or not hit.datum.owner.ref:
            return
        for group in reversed(hit.leaf.group):
            self._owners.setdefault(group, set()).add(hit.datum.owner)
            if group > 0:  # a row of a table (below zero) is no object beside others
                break
        for group in hit.leaf.group:
            self._inside.setdefault(group, set()).add(hit.datum.owner)

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

    def owners_around(self, leaf: Leaf) -> set[Owner]:
        """Return the person named in the objects beside those that ``leaf`` is in, if it is one.

        Google's identifiers of one person are a list of objects: the mail, the phone, the address.
        """
        for group in reversed(leaf.group):
            found = self._inside.get(group)
            if found:
                return found if len(found) == 1 else set()
        return set()
