"""The taxonomy's phrases as a look-up table from words to data types."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from sst_otel.datatypes.taxonomy import DataType, Taxonomy
from sst_otel.datatypes.tokens import phrase_words, singular_candidates


@dataclass(frozen=True, slots=True)
class Entry:
    """One phrase and what it means."""

    data_type: str
    """Empty for a phrase that looks personal and is not."""
    strength: str
    phrase: str
    loose_tail: bool
    span: bool


_HALVES = {
    "first_name": frozenset({"last_name"}),
    "last_name": frozenset({"first_name"}),
    "name": frozenset({"first_name"}),
}
"""The last half of a name, as its field says it → what may stand before it."""


def _whole(words: Sequence[str]) -> Entry:
    return Entry("name", "fields", " ".join(words), False, False)


class PhraseBook:
    """All phrases of a taxonomy, also written as one word (``firstname``)."""

    def __init__(self, taxonomy: Taxonomy) -> None:
        self._entries: dict[tuple[str, ...], Entry] = {}
        for strength in ("fields", "bare", "contextual"):
            for data_type in taxonomy.types.values():
                self._add(data_type, strength)
        for phrase in taxonomy.words["never"]:
            self._entries[phrase_words(phrase)] = Entry("", "", phrase, False, True)
        self._longest = max(map(len, self._entries))
        self.single_words = frozenset(words[0] for words in self._entries if len(words) == 1)
        """Phrases of one word, compounds included."""
        whose = taxonomy.words["personal"] | taxonomy.words["postal"]
        self._vocabulary = frozenset(
            {word for words in self._entries for word in words}
            | {word for phrases in taxonomy.words.values() for word in phrases}
        )
        self._joints, self._halves = taxonomy.words["joint"], taxonomy.words["half"]
        self._prefixes = tuple(sorted((w for w in whose if len(w) > 3), key=len, reverse=True))

    def _add(self, data_type: DataType, strength: str) -> None:
        phrases: tuple[str, ...] = getattr(data_type, strength)
        for phrase in phrases:
            words = phrase_words(phrase)
            entry = Entry(data_type.name, strength, phrase, data_type.loose_tail, data_type.span)
            self._entries.setdefault(words, entry)
            if len(words) > 1 and len("".join(words)) > 3:
                self._entries.setdefault(("".join(words),), entry)

    def known_forms(self, words: Sequence[str]) -> list[str]:
        """Return words as the phrases know them (:meth:`known_form`)."""
        return [known for word in words for known in self.known_form(word)]

    def known_form(self, word: str) -> tuple[str, ...]:
        """Return ``word`` as the phrases know it: singular, or split after a word for a person.

        ``emails`` gives ``("email",)``, ``useremail`` gives ``("user", "email")``; a word that
        stays unknown is returned as it is.
        """
        if word in self._vocabulary:
            return (word,)
        for candidate in singular_candidates(word):
            if candidate in self._vocabulary:
                return (candidate,)
        for prefix in self._prefixes:
            rest = word[len(prefix) :]
            if rest and word.startswith(prefix) and rest in self.single_words:
                return (prefix, rest)
        return (word,)

    def names(self, word: str, data_type: str) -> bool:
        """Return whether ``word`` alone names ``data_type`` (``phone`` in ``phone_mobile``)."""
        entry = self._entries.get((word,))
        return entry is not None and entry.data_type == data_type

    def rightmost(self, words: Sequence[str], first: int) -> tuple[int, int, Entry] | None:
        """Return start, end and meaning of the phrase ending furthest right, then the longest.

        Phrases must end after index ``first`` (where the last segment begins); only those that
        may span begin before it.
        """
        for start, end in self._windows(len(words), first):
            entry = self._entries.get(tuple(words[start:end]))
            if entry is not None and (start >= first or entry.span):
                return start, end, entry
        return None

    def whole_name(
        self, words: Sequence[str], first: int, start: int, end: int, entry: Entry
    ) -> tuple[int, int, Entry]:
        """Return what :meth:`rightmost` has found, or the whole name that it is the last half of.

        ``firstname_lastname``, ``vor_und_zuname``, ``name_et_prenom``: after the other half's
        phrase, or after a joint and what stands for a half.
        """
        if entry.data_type not in _HALVES:
            return start, end, entry
        joint = start - first > 1 and words[start - 1] in self._joints
        before = start - joint
        other = self.rightmost(words[:before], first) if before > first else None
        if other is not None and other[1] == before and other[0] >= first:
            kind = other[2].data_type
            if kind in _HALVES[entry.data_type] or (joint and kind == "name"):
                return other[0], end, _whole(words[other[0] : end])
        if joint and words[before - 1] in self._halves:
            return before - 1, end, _whole(words[before - 1 : end])
        return start, end, entry

    def _windows(self, count: int, first: int) -> Iterator[tuple[int, int]]:
        for end in range(count, first, -1):
            for start in range(max(0, end - self._longest), end):
                yield start, end
