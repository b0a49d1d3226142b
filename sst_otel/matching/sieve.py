"""Long lists of a large payload: which members are read, where a look at all of it told by what.

A batch of ten thousand rows costs ten times what writing it as JSON costs when every field becomes
a leaf. Where the words of what was found stand in no text of a member, and no object that is
followed, nothing is found in it.
"""

from __future__ import annotations

import marshal
from collections.abc import Collection, Iterable, Sequence
from typing import Any

from sst_otel.matching.decode import is_respelled, respell
from sst_otel.matching.flat import texts_in
from sst_otel.registry.text import bounded, bounded_bytes

LARGE = 30_000
"""Characters of a payload that is sieved."""
_LONG = 64
"""Members of a list that is."""
_TOGETHER = 64
_MOST_WORDS = 64
"""Each is looked for in everything; where there are more, most members are read anyway."""
_SPARE = 20
"""Members without anything that are read beside as many as have something: rules ask whether most
of a list says nothing of the person."""
_CONTAINERS = frozenset({dict, list, tuple})
_FORMAT = 2
"""Of ``marshal``: a length of four bytes before each text, so that no letter stands there."""
_LONGEST_NUMBER = 40


class Sieve:
    """Tells members of lists by the ``words`` of what was found in ``everything``, which is sent.

    ``followed``: objects that the identity table knows may be among them.
    """

    def __init__(self, words: Iterable[str], everything: str, followed: bool) -> None:
        self.everything = everything
        if "\\" in everything:
            self.everything += f"\n{respell(everything)}"  # many libraries escape letters
        self._words = [f" {bounded(word).strip()} " for word in words]
        self._bytes: list[bytes] | None = None
        if not followed and everything.isascii() and not is_respelled(everything):
            self._bytes = [word.rstrip().encode("ascii") for word in self._words]
        self._numbers = [packed for word in words for packed in _packed(word)]

    def kept(self, members: Sequence[Any]) -> Iterable[int]:
        """Return the positions of the members that have to be read."""
        size = len(members)
        if size < _LONG or not _CONTAINERS.issuperset(map(type, members)):
            return range(size)
        kept: list[int] = []
        spare: list[int] = []
        for start in range(0, size, _TOGETHER):
            positions = range(start, min(start + _TOGETHER, size))
            if not self._may_hold(members[start : positions.stop]):
                spare += positions
                continue
            for position in positions:
                holds = self._may_hold(members[position : position + 1])
                (kept if holds else spare).append(position)
        return sorted([*kept, *spare[: len(kept) + _SPARE]])

    def _may_hold(self, members: Any) -> bool:
        if self._bytes is not None:
            try:
                packed = marshal.dumps(members, _FORMAT)
            except ValueError:
                return True  # an object of another kind, or nested too deeply
            text = bounded_bytes(packed)
            return any([word in text for word in self._bytes]) or any(
                [number in packed for number in self._numbers]
            )
        texts = texts_in(list(members), lambda _: None)
        if texts is None:
            return True
        joined = "\n".join(texts)
        if is_respelled(joined):
            joined += f"\n{respell(joined)}"
        spaced = bounded(joined)
        return any([word in spaced for word in self._words])


def sieve_of(everything: str, words: Collection[str], followed: bool) -> Sieve | None:
    """Return a :class:`Sieve`; None for a small payload, and where it could not tell."""
    if len(words) > _MOST_WORDS or len(everything) < LARGE:
        return None
    return Sieve(words, everything, followed)


def _packed(word: str) -> list[bytes]:
    """Return how ``marshal`` writes the numbers that are written as ``word``."""
    if len(word) > _LONGEST_NUMBER or not any(map(str.isdecimal, word)):
        return []
    numbers: list[int | float] = []
    for kind in (int, float):
        try:
            numbers += [kind(word), -kind(word)]
        except ValueError:
            continue
    return [marshal.dumps(number, _FORMAT) for number in numbers]
