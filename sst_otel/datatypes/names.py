"""Which data type a field name means: the head-noun method.

A path becomes words; known phrases are looked up in its last segment; the phrase that ends
furthest right wins (``address_city`` is a city), then the longest. Words after it may make it
something else (``email_template``), so may a leading verb (``has_phone``), and words that are
personal only beside a person (``name``, ``state``) need a parent, sibling or context that is one.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from sst_otel.datatypes.phrases import Entry, PhraseBook
from sst_otel.datatypes.taxonomy import Taxonomy
from sst_otel.datatypes.tokens import context_words, phrase_words, segments, singular_candidates
from sst_otel.remembered import remembered

_SIBLINGS_LOOKED_AT = 200
_GENERIC_LEAVES = frozenset({"value", "val", "raw", "text", "data", "plain", "content", "input"})
_FAMILIES = (
    frozenset({"name", "first_name", "last_name", "username"}),
    frozenset({"street_address", "city", "postal_code", "region"}),
    frozenset({"geo_coarse", "city", "region", "country"}),
    frozenset({"user_id", "pseudonym", "cookie_id", "device_id"}),
    frozenset({"national_id", "tax_id"}),
)
_FAMILY_HEADS = ("name", "street_address", "geo_coarse", "user_id", "national_id")


@dataclass(frozen=True, slots=True)
class Match:
    """What a path says by itself."""

    data_type: str
    strength: str
    """``fields`` (certain), ``bare`` or ``contextual`` (see taxonomy.yaml)."""
    phrase: str
    hashed: bool
    """Whether the name says that the value is a digest."""
    owner: str
    """What stands before it: ``person``, ``address``, ``thing``, or ``""`` when nothing does."""


class FieldClassifier:
    """Tells data types by field names, with the phrases of one taxonomy.

    Answers are cached by path, by siblings and by context (each least recently used, bounded), so
    that a name met before costs two or three dictionary look-ups. Thread-safe.
    """

    def __init__(self, taxonomy: Taxonomy, cache_size: int = 8192) -> None:
        self.taxonomy = taxonomy
        self._book = PhraseBook(taxonomy)
        self._match = remembered(cache_size)(self._match_path)
        self._beside = remembered(1024)(self._sibling_evidence)
        self._place = remembered(1024)(self._context_kind)
        self.names_type = remembered(cache_size)(self._names_type)
        self.asks_for = remembered(1024)(self._asks_for)

    def classify(self, path: str, siblings: tuple[str, ...] = (), context: str = "") -> str | None:
        """Return the data type that the field at ``path`` holds, or None.

        ``path``: a field, column, header or key, nested or not (``billing[address][zip]``,
        ``user.contact.e-mail``, ``X-User-Email``). ``siblings``: the names beside it.
        ``context``: the form, table, model or route (``users``, ``shop.models.User``, ``/signup``).
        """
        match = self._match(path)
        if match is None:
            return None
        if match.strength != "fields" and not self._is_personal(match, siblings, context):
            return None
        if match.hashed:
            return "credential" if match.data_type == "password" else "pseudonym"
        return match.data_type

    def is_spoken(self, path: str) -> bool:
        """Return whether a field takes what its person says, once it is known who that is."""
        parts = segments(path)
        if parts and " ".join(parts[-1]) in self.taxonomy.words["said"]:
            return True
        match = self._match(path)
        return (
            match is not None
            and self.taxonomy.types[match.data_type].near == "author"
            and match.owner != "thing"
            and match.phrase not in self.taxonomy.words["written"]
        )

    def may_quote(self, path: str) -> bool:
        """Return whether a field takes text of people or for a model, which may hold their data."""
        if self.is_spoken(path):
            return True
        outer = segments(path)
        last = outer.pop() if outer else []
        words = self.taxonomy.words
        if not words["asked"].isdisjoint(last):
            return True
        named = _GENERIC_LEAVES.union(("body", "output", "parts")).issuperset(last)
        return named and any(not words["talks"].isdisjoint(segment) for segment in outer)

    def is_own_number(self, path: str, siblings: tuple[str, ...]) -> bool:
        """Return whether a field takes a number that people are given, beside their other data.

        ``membership_number`` beside ``email`` does; ``customer_id`` is the key of a record, and a
        ``customer_number`` alone says of which customer something else is.
        """
        match = self._match(path)
        return (
            match is not None
            and match.owner != "thing"
            and not self.taxonomy.words["issued"].isdisjoint(match.phrase.split())
            and "person" in self._beside(siblings)
        )

    def _asks_for(self, path: str) -> str:
        """Return whom a field is about who is not filling it in: ``guest 0`` of ``guests-0-mail``.

        Empty where its name says nothing of the kind. Of fields about the same one it is equal.
        ``asks_for`` is this method, cached.
        """
        others = self.taxonomy.words["others"]
        words = phrase_words(path)
        if others.isdisjoint(words) or "reply" in words:
            return ""
        return " ".join([word for word in words if word.isdecimal() or word in others])

    def explain(self, path: str, siblings: tuple[str, ...] = (), context: str = "") -> str:
        """Return in words why :meth:`classify` answers as it does; holds names only, no value."""
        match = self._match(path)
        if match is None:
            return "no phrase of the taxonomy names its last part"
        said = f'"{match.phrase}" names {match.data_type}'
        if match.strength == "fields":
            return said + (", as a digest" if match.hashed else "")
        if not self._is_personal(match, siblings, context):
            return said + " of a person only beside one, and nothing here tells of a person"
        return said + ", and what stands around it is a person's"

    def _is_personal(self, match: Match, siblings: tuple[str, ...], context: str) -> bool:
        if match.owner == "thing":
            return False
        near = self.taxonomy.types[match.data_type].near
        if match.owner == "address" and match.data_type == "user_id":
            return False
        if match.owner and (match.owner == near or near != "address" or match.strength == "bare"):
            return True
        if match.data_type == "street_address" and match.owner:
            return True
        place = self._place(context) if context else ""
        beside = self._beside(siblings) if siblings else frozenset()
        if match.phrase in self.taxonomy.words["measured"]:
            return "body" in beside and "freight" not in beside
        signed = "author" in beside
        if near == "author" and (match.strength == "bare" or (signed and self._writing(context))):
            return True
        if place == "thing":
            return "certain" in beside or (near == "holder" and signed)
        if match.strength == "bare":
            return True
        if match.phrase in self.taxonomy.words["written"]:
            return False
        if near == "address" and match.data_type != "street_address":
            return "address" in beside
        if match.data_type == "user_id":
            return place == "person"  # an order's or comment's id stands beside an e-mail too
        return place == "person" or "person" in beside or (near in beside and near == "address")

    def _names_type(self, key: str, data_type: str) -> bool:
        """Return whether the outgoing key ``key`` (or the end of a path) names ``data_type``.

        Knows short keys of vendors (``em``, ``ph``, ``zp``) and names of digests
        (``sha256_email_address``). A wider word names the narrower too: ``name`` a first name,
        ``location`` a city. ``names_type`` is this method, cached.
        """
        known = self.taxonomy.types.get(data_type)
        if known is None:
            return False
        parts = _without_generic_leaf(segments(key))
        if not parts:
            return False
        squashed = "".join(self._without_marks(parts[-1])[0])
        if squashed in known.keys and squashed not in self._book.single_words:
            return True
        match = self._match(key)
        if match is None or match.owner == "thing":
            return False
        words = self.taxonomy.words
        if match.phrase in words["written"] or match.phrase in words["penned"]:
            return False  # the text of anything, or who wrote it
        if match.data_type == data_type:
            # A bare id is the key of every record there is.
            return data_type != "user_id" or match.strength == "fields" or bool(match.owner)
        return any(
            head == match.data_type and data_type in family
            for head, family in zip(_FAMILY_HEADS, _FAMILIES, strict=True)
        )

    def _match_path(self, path: str) -> Match | None:
        parts = _without_generic_leaf([self._book.known_forms(words) for words in segments(path)])
        if not parts:
            return None
        leaf, hashed = self._without_marks(parts[-1])
        if not leaf:
            return None
        parents = parts[:-1]
        return self._match_leaf(parents, leaf, hashed) or self._match_squashed(
            parents, leaf, hashed
        )

    def _without_marks(self, leaf: list[str]) -> tuple[list[str], bool]:
        """Drop what says that the value is a digest (``sha256_``); tell whether it did."""
        marks = self.taxonomy.words["hashed"]
        if not any(word in marks and not word.isdecimal() for word in leaf):
            return leaf, False
        return [word for word in leaf if word not in marks and not word.isdecimal()], True

    def _match_squashed(
        self, parents: list[list[str]], leaf: list[str], hashed: bool
    ) -> Match | None:
        if len(leaf) == 1 or "".join(leaf) not in self._book.single_words:
            return None
        return self._match_leaf(parents, ["".join(leaf)], hashed)

    def _match_leaf(self, parents: list[list[str]], leaf: list[str], hashed: bool) -> Match | None:
        before = [word for words in parents for word in words]
        words = before + leaf
        first = len(before)
        found = self._book.rightmost(words, first)
        if found is None or not found[2].data_type:
            return None
        start, end, entry = self._book.whole_name(words, first, *found)
        lists = self.taxonomy.words
        if any(word in lists["leading"] for word in words[first:start]):
            return None
        for word in words[end:]:
            if word in lists["deny"]:
                return None
            if not (entry.loose_tail or word in lists["trailing"] or word.isdecimal()):
                return None
        owner = self._owner(entry, words[first:start], parents, start < first)
        return Match(entry.data_type, entry.strength, entry.phrase, hashed, owner)

    def _owner(
        self, entry: Entry, modifiers: list[str], parents: list[list[str]], spans: bool
    ) -> str:
        """Say whose a match is by the words before it, the nearest first."""
        neutral = self.taxonomy.words["neutral"]
        for word in reversed(modifiers):
            if word in neutral or word.isdecimal() or self._book.names(word, entry.data_type):
                continue
            return self._kind(word) or "thing"
        if spans:
            return "person"
        for words in reversed(parents):
            for word in reversed(words):
                kind = self._kind(word)
                if kind:
                    return kind
        return ""

    def _kind(self, word: str) -> str:
        words = self.taxonomy.words
        for form in (word, *singular_candidates(word)):
            if form in words["postal"]:
                return "address"
            if form in words["personal"]:
                return "person"
            if form in words["impersonal"]:
                return "thing"
        return ""

    def _context_kind(self, context: str) -> str:
        words = self._book.known_forms(context_words(context))
        for word in reversed(words):
            kind = self._kind(word)
            if kind:
                return "person" if kind == "address" else kind
        return ""

    def _writing(self, context: str) -> bool:
        """Tell whether a table or form is of what people write: posts, comments."""
        return not self.taxonomy.words["writings"].isdisjoint(context_words(context))

    def _sibling_evidence(self, siblings: Iterable[str]) -> frozenset[str]:
        found = set()
        authors = self.taxonomy.words["author"]
        freight = self.taxonomy.words["freight"]
        for _, sibling in zip(range(_SIBLINGS_LOOKED_AT), siblings, strict=False):
            parts = segments(sibling)
            if parts and " ".join(parts[-1]) in authors:
                found.add("author")
            if parts and not freight.isdisjoint(parts[-1]):
                found.add("freight")
            match = self._match(sibling)
            if match is None or match.strength == "contextual" or match.owner == "thing":
                continue
            for group in ("certain", "person", "address", "body"):
                if match.data_type in self.taxonomy.words[group]:
                    found.add(group)
        return frozenset(found)


def _without_generic_leaf(parts: list[list[str]]) -> list[list[str]]:
    while len(parts) > 1 and len(parts[-1]) == 1 and parts[-1][0] in _GENERIC_LEAVES:
        parts = parts[:-1]
    return parts
