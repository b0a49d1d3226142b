"""What known values were turned into by functions that leave nothing of them to recognise.

Salted digests, name-based UUIDs, checksums and rare encodings: the input is known when they are
made (:mod:`sst_otel.lineage.hooks`), so the output is noted and found by its text, in any thread.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from sst_otel.registry.datum import Datum, derive
from sst_otel.registry.text import tokens

MOST_OUTPUTS = 10_000
"""Outputs of one generation; beyond it none is noted, and the drop is counted."""
SHORTEST = 8
"""Letters that are compared at least: 32 bits of a hexadecimal digest that was cut."""
_OF_A_SENTENCE = 12
"""Letters of several words that are enough together, however short each is."""


class Output:
    """One text that a function made of known values."""

    __slots__ = ("anchor", "can_be_cut", "evidence", "offset", "operation", "sources", "words")

    def __init__(
        self,
        words: tuple[str, ...],
        sources: tuple[Datum, ...],
        evidence: str,
        can_be_cut: bool,
        operation: str,
    ) -> None:
        self.words = words
        """Its folded tokens; case says too little to keep it apart."""
        self.anchor = max(words, key=len)
        self.offset = words.index(self.anchor)
        self.sources = sources
        """What it was made of; several people's only where they have that value in common."""
        self.evidence = evidence
        self.can_be_cut = can_be_cut
        """Whether its first letters alone tell it, as of a digest."""
        self.operation = operation
        """What computed it, where it is a value of its own (a checksum); else empty."""

    def __repr__(self) -> str:
        return f"<Output of {len(self.sources)} data>"

    def data(self) -> list[Datum]:
        """Return what it tells of whom, as things stand now: owners change when people sign up."""
        if not self.operation:
            return list(self.sources)
        return [*derive(self.sources, self.anchor, self.operation), *self.sources]

    def stands_at(self, words: Sequence[str], position: int) -> bool:
        """Whether it stands in ``words`` with its longest token at ``position``."""
        word = words[position]
        if len(self.words) > 1:
            start = position - self.offset
            return start >= 0 and tuple(words[start : start + len(self.words)]) == self.words
        return word == self.anchor or (self.can_be_cut and self.anchor.startswith(word))


class Made:
    """The outputs of one generation."""

    def __init__(self) -> None:
        self._outputs: dict[str, list[Output]] = {}
        self._count = 0
        self.documents: dict[int, tuple[Datum, ...]] = {}
        """Hash of a serialised text → the data in it."""

    def __bool__(self) -> bool:
        return bool(self._outputs or self.documents)

    def keep(self, document: int, data: tuple[Datum, ...]) -> bool:
        """Note what a serialised text, known by its hash, holds; False beyond the budget."""
        if len(self.documents) >= MOST_OUTPUTS and document not in self.documents:
            return False
        self.documents[document] = data
        return True

    def add(
        self,
        text: str,
        sources: tuple[Datum, ...],
        evidence: str,
        *,
        can_be_cut: bool = False,
        operation: str = "",
    ) -> bool:
        """Note that ``text`` was made of ``sources``; False when the budget is used up.

        A word under :data:`SHORTEST` letters says too little, and so do few words.
        """
        words = tuple(tokens(text))
        longest = max(map(len, words), default=0)
        if longest < SHORTEST and (len(words) < 2 or sum(map(len, words)) < _OF_A_SENTENCE):
            return True
        if self._count >= MOST_OUTPUTS:
            return False
        output = Output(words, sources, evidence, can_be_cut, operation)
        same = self._outputs.setdefault(output.anchor[:SHORTEST], [])
        if not any(other.words == words and other.sources == sources for other in same):
            same.append(output)
            self._count += 1
        return True

    def find(self, words: Sequence[str]) -> Iterator[tuple[int, Output]]:
        """Yield position and output for each that stands in ``words`` (folded tokens)."""
        outputs = self._outputs
        if not outputs:
            return
        for position, word in enumerate(words):
            if word[:SHORTEST] in outputs:
                for output in outputs[word[:SHORTEST]]:
                    if output.stands_at(words, position):
                        yield position, output
